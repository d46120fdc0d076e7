"""`/settings/`: profile and zone, the reminder, mail kept as files, my data, leaving; people for staff."""

import json

from csp.constants import NONE, UNSAFE_INLINE
from csp.decorators import csp_replace
from django.conf import settings as project
from django.contrib import messages
from django.contrib.auth import logout
from django.core.paginator import Paginator
from django.core.serializers.json import DjangoJSONEncoder
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tracker import clock
from tracker.desk import actions, export
from tracker.milestones.queries import completed_by
from tracker.operations import mailfiles
from tracker.people import actions as people_actions
from tracker.people import queries as people_queries
from tracker.people.forms import LeaveForm, ZoneForm
from tracker.people.models import User
from tracker.people.requests import LearnerRequest
from tracker.people.rules import offered_zones
from tracker.people.views import CLEAR_SITE_DATA
from tracker.plans import queries as plans_queries
from tracker.recall import queries as recall_queries
from tracker.reminders import actions as reminders_actions
from tracker.reminders import channels as reminders_channels
from tracker.reminders import mail as reminders_mail
from tracker.reminders import queries as reminders_queries
from tracker.reminders.forms import CONSENT_WORDING, ReminderForm


@require_safe
def settings(request: LearnerRequest) -> HttpResponse:
    """Every setting on one page."""
    return _settings_page(request)


def _settings_page(
    request: LearnerRequest, *, zone: ZoneForm | None = None, reminder: ReminderForm | None = None
) -> HttpResponse:
    recipient = reminders_queries.recipient_of(request.user.pk)
    return render(
        request,
        "desk/settings.html",
        {
            "nav": "settings",
            "confirmed": people_queries.address_is_confirmed(request.user),
            "zone_form": zone or ZoneForm(initial={"zone": request.user.zone}),
            "recipient": recipient,
            "next_mail_at": reminders_queries.next_mail_at(recipient),
            "reminder_form": reminder or ReminderForm(initial=reminders_queries.form_values(recipient)),
            "channel": reminders_channels.channel_of(request.user.pk),
            "wording": CONSENT_WORDING,
            "reminders": reminders_queries.latest_of(request.user.pk),
            "zones": offered_zones(),
        },
        status=422 if zone or reminder else 200,
    )


@require_POST
def change_zone(request: LearnerRequest) -> HttpResponse:
    """A new time zone."""
    form = ZoneForm(request.POST)
    if not form.is_valid():
        return _settings_page(request, zone=form)
    actions.change_zone(request.user, form.cleaned_data["zone"], now=clock.now())
    messages.success(request, f"Your days and weeks now follow {form.cleaned_data['zone']}.")
    return redirect("settings")


@require_POST
def change_reminder(request: LearnerRequest) -> HttpResponse:
    """Day and hour of the weekly mail, and whether it comes at all."""
    form = ReminderForm(request.POST)
    if not form.is_valid():
        return _settings_page(request, reminder=form)
    reminders_actions.set_reminder(
        request.user,
        form.cleaned_data["weekday"],
        form.cleaned_data["hour"],
        wording=CONSENT_WORDING if form.cleaned_data["consent"] else "",
        place="settings",
        rhythm=form.cleaned_data["rhythm"],
        now=clock.now(),
    )
    if not form.cleaned_data["consent"]:
        said = "No weekly mail will come."
    elif people_queries.address_is_confirmed(request.user):
        said = "The weekly mail is set."
    else:
        said = "The weekly mail is set, and waits until your address is confirmed."
    messages.success(request, said)
    return redirect("settings")


@require_safe
def preview_reminder(request: LearnerRequest) -> HttpResponse:
    """What the weekly mail would say now, as text."""
    letter = _letter_now(request)
    return render(request, "desk/preview.html", {"nav": "settings", "letter": letter})


# The mail brings its styles along, as mails must. It may do nothing else: no script, no request, no form.
@csp_replace(  # type: ignore[arg-type] # it takes views of any request; here they are a learner's
    {
        "default-src": [NONE],
        "script-src": [NONE],
        "style-src": [UNSAFE_INLINE],
        "form-action": [NONE],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "sandbox": ["allow-popups", "allow-top-navigation-by-user-activation"],
    }
)
@require_safe
def preview_reminder_html(request: LearnerRequest) -> HttpResponse:
    """The same as mail programs show it."""
    return HttpResponse(_letter_now(request).html)


def _letter_now(request: LearnerRequest) -> reminders_mail.Letter:
    """The learner's mail of today; a 404 for who has set none."""
    leased = reminders_queries.as_leased(request.user.pk)
    if leased is None:
        raise Http404
    found = plans_queries.facts_of(request.user.pk, clock.today(request.user.zone_info))
    completed = completed_by([request.user.pk])[request.user.pk]
    asked = recall_queries.days([found]).get(request.user.pk)
    return reminders_mail.weekly_letter(
        leased, plans_queries.stand(found), clock.now(), "", completed, asked.question_key if asked else ""
    )


@require_POST
def send_reminder(request: LearnerRequest) -> HttpResponse:
    """Sends the mail now, once a week."""
    row = reminders_actions.ask_for_mail(request.user, clock.now())
    if row is None:
        messages.info(
            request, "Nothing is sent: there was one this week already, or no mail is wanted or can come."
        )
    else:
        messages.success(request, "It comes within a minute or two.")
    return redirect("settings")


def _is_own(user: User, letter: mailfiles.Letter) -> bool:
    return user.email.lower() in letter.readers


@require_safe
def mail(request: LearnerRequest) -> HttpResponse:
    """Mail kept as files: one's own, and for staff everybody's."""
    if not project.MAIL_AS_FILES:
        raise Http404
    shown = list(mailfiles.letters(None if request.user.is_staff else request.user.email))
    return render(request, "desk/mail.html", {"nav": "settings", "letters": shown})


@require_safe
def letter(request: LearnerRequest, name: str) -> HttpResponse:
    """One message. Links that open an account are for their reader alone."""
    found = mailfiles.letter(name) if project.MAIL_AS_FILES else None
    own = found is not None and _is_own(request.user, found)
    if found is None or not (own or request.user.is_staff):
        raise Http404
    text = found.text if own else mailfiles.masked(found.text)
    return render(request, "desk/letter.html", {"nav": "settings", "letter": found, "text": text, "own": own})


@require_safe
def letter_file(request: LearnerRequest, name: str) -> HttpResponse:
    """One's own message as the file it is, to open in a mail program."""
    found = mailfiles.letter(name) if project.MAIL_AS_FILES else None
    if found is None or not _is_own(request.user, found):
        raise Http404
    return HttpResponse(
        mailfiles.raw_letter(name),
        content_type="message/rfc822",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@require_safe
def my_data(request: LearnerRequest) -> HttpResponse:
    """Everything that is one's own as one JSON file."""
    return HttpResponse(
        json.dumps(export.everything_of(request.user), cls=DjangoJSONEncoder, indent=1, ensure_ascii=False),
        content_type="application/json",
        headers={"Content-Disposition": 'attachment; filename="cairn.json"'},
    )


@require_http_methods(["GET", "HEAD", "POST"])
def leave(request: LearnerRequest) -> HttpResponse:
    """Deletes the account in seven days, once its address is typed."""
    form = LeaveForm(request.POST or None, learner=request.user)
    if request.method == "POST" and form.is_valid():
        people_actions.ask_for_deletion(request.user, clock.now())
        logout(request)
        left = render(request, "desk/left.html", {"days": people_actions.DAYS_TO_UNDO_DELETION})
        left["Clear-Site-Data"] = CLEAR_SITE_DATA
        return left
    return render(
        request, "desk/leave.html", {"nav": "settings", "form": form}, status=422 if form.is_bound else 200
    )


@require_POST
def stay(request: LearnerRequest) -> HttpResponse:
    """Takes back the wish to delete the account."""
    people_actions.keep_account(request.user)
    messages.success(request, "Your account stays.")
    return redirect("settings")


def staff_only(request: LearnerRequest) -> None:
    """Raises Http404 for everybody else: that there is a page for staff is not said."""
    if not request.user.is_staff:
        raise Http404


@require_safe
def people(request: LearnerRequest) -> HttpResponse:
    """Staff see who has an account."""
    staff_only(request)
    page = Paginator(User.objects.order_by("email"), 50).get_page(request.GET.get("page"))
    return render(request, "desk/people.html", {"nav": "settings", "page": page})


@require_POST
def set_active(request: LearnerRequest, pk: int) -> HttpResponse:
    """Staff lock an account out, or let it in again."""
    staff_only(request)
    person = get_object_or_404(User, pk=pk)
    active = {"1": True, "0": False}.get(request.POST.get("active", ""))
    if active is None:
        messages.error(request, "An account is active or deactivated; nothing was changed.")
    elif person == request.user and not active:
        messages.error(request, "You would lock yourself out; another member of staff has to do that.")
    else:
        people_actions.set_active(person, active=active)
        messages.success(request, f"{person.email} is {'active' if active else 'deactivated'}.")
    return redirect("people")
