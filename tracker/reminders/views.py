"""Open without a log-in to who has the address: what a mail's links lead to, and the calendar feed."""

import hashlib
from uuid import UUID, uuid4

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from tracker import clock
from tracker.journal.actions import LongDay, Refused
from tracker.people import limits
from tracker.reminders import actions, calendar, queries, rules
from tracker.reminders.forms import MailLogForm
from tracker.reminders.models import Reminder


@csrf_exempt
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows and changes nothing: scanners follow every link. POST ends the mail (RFC 8058).

    The token is all that POST asks for, and this is all it can do. The answer is a page, never a redirect,
    which mail programs that post on a click do not follow.
    """
    if request.method == "POST":
        recipient = actions.unsubscribe(token, clock.now())
    else:
        recipient = queries.recipient_with(token)
    if recipient is None:
        raise Http404
    return render(
        request,
        "reminders/unsubscribe.html",
        {"is_subscribed": recipient.next_due_at is not None, "recipient": recipient},
    )


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def log_from_mail(request: HttpRequest, token: str) -> HttpResponse:
    """Logs study for whose mail carries the token; says nothing of the account but what the mail said.

    GET shows and changes nothing. POST logs, or takes back what this link has logged.
    """
    now = clock.now()
    reminder = queries.with_log_token(token, now)
    if reminder is None:
        raise Http404
    if request.method != "POST":
        choices = queries.log_choices(reminder)
        # The mail's link beside an activity names it.
        named = request.GET.get("on", "")
        initial = {"activity": named} if named in dict(choices) else {}
        form = MailLogForm(activities=choices, initial=initial)
        return _log_page(request, token, reminder, form)
    if undone := submission_in(request.POST.get("undo", "")):
        if actions.undo_from_mail(token, undone, now=now) is None:
            raise Http404
        return redirect(_address(token, undone))
    form = MailLogForm(request.POST, activities=queries.log_choices(reminder))
    submission = submission_in(request.POST.get("submission", "")) or uuid4()
    if form.is_valid():
        try:
            logged = actions.log_from_mail(
                token,
                form.entry_on(reminder, now),
                submission=submission,
                now=now,
                confirmed=form.is_confirmed,
            )
        except LongDay:
            # The sum of the day is the account's own, and no mail said it.
            form.question = "With this, that day has more than 16 hours. Is that right?"
        except Refused as refusal:
            form.add_error({"minutes": "length"}.get(refusal.field, refusal.field), str(refusal))
        except actions.LinkIsUsedUp:
            form.add_error(
                None, f"This link has logged {rules.LOGS_A_MAIL} times, which is as often as it may."
            )
        else:
            if logged is None:
                raise Http404
            return redirect(_address(token, submission))
    return _log_page(request, token, reminder, form)


def _log_page(request: HttpRequest, token: str, reminder: Reminder, form: MailLogForm) -> HttpResponse:
    said = submission_in(request.GET.get("logged", ""))
    return render(
        request,
        "reminders/log_from_mail.html",
        {
            "form": form,
            "submission": uuid4(),
            "left": rules.LOGS_A_MAIL - len(reminder.log_submissions),
            "session": queries.logged_with(token, said, clock.now()) if said else None,
            "titles": dict(queries.log_choices(reminder)),
        },
        status=422 if form.is_bound else 200,
    )


def _address(token: str, submission: UUID) -> str:
    return f"{reverse('log-from-mail', args=[token])}?logged={submission}"


def submission_in(text: str) -> UUID | None:
    """The number that a page gave its form; None where it is none."""
    try:
        return UUID(text)
    except ValueError:
        return None


# A calendar program asks every few minutes at most, and a person has a handful of them.
FEED_READS = ((limits.MINUTE, 20), (limits.HOUR, 120))


@csrf_exempt
@login_not_required
@require_safe
def calendar_feed(request: HttpRequest, token: str) -> HttpResponse:
    """The plan as a calendar, for who has the address. One that is not, or no longer, good is 404 in one way.

    What is answered is plain text where it is no calendar: programs read it.
    """
    now = clock.now()
    feed = queries.feed_with(token)
    if feed is None:
        address = f"refused:{limits.address_of(request)}"
        left = limits.spend(address, [(limits.MINUTE, settings.API_REFUSALS_A_MINUTE)], now)
        return _too_many(left) if left and left.is_over else _no_feed()
    left = limits.spend(f"calendar:{feed.learner_id}", FEED_READS, now)
    if left and left.is_over:
        return _too_many(left)
    contents = calendar.contents_of(feed.learner, now)
    read = actions.note_read(feed, contents.fingerprint, now=now)
    if read is None:
        return _no_feed()
    body = calendar.written(contents, read)
    answer = HttpResponse(
        body,
        content_type="text/calendar; charset=utf-8",
        headers={
            # It may be kept, and is asked about each time.
            "Cache-Control": "private, no-cache",
            "Content-Disposition": 'inline; filename="cairn.ics"',
            "ETag": quote_etag(hashlib.sha256(body).hexdigest()[:32]),
            "X-Robots-Tag": "noindex",
        },
    )
    same = get_conditional_response(request, etag=answer["ETag"], response=answer)
    assert isinstance(same, HttpResponse)  # the answer, or one that says that it is the same
    return same


def _no_feed() -> HttpResponse:
    return HttpResponse(
        "There is no calendar at this address.\n",
        status=404,
        content_type="text/plain; charset=utf-8",
        headers={"Cache-Control": "no-store"},
    )


def _too_many(left: limits.Left) -> HttpResponse:
    return HttpResponse(
        "This was asked for too often. Try again later.\n",
        status=429,
        content_type="text/plain; charset=utf-8",
        headers={"Cache-Control": "no-store", **left.headers},
    )
