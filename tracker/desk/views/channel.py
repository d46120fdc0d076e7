"""`/settings/channel/`: where the weekly message goes, which is mail, ntfy or a web hook; its test."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from tracker import clock
from tracker.people import limits
from tracker.people.requests import LearnerRequest
from tracker.reminders import channel_trial, channels, destinations, queries, tasks
from tracker.reminders.forms import ChannelForm, CodeForm
from tracker.reminders.models import Channel

# Each test is a request to a machine that its learner names: few are enough to get an address right.
TRIALS = ((limits.HOUR, 10),)


@require_http_methods(["GET", "HEAD", "POST"])
def channel(request: LearnerRequest) -> HttpResponse:
    """What is chosen, and what became of its test. POST chooses; the answer has a web hook's secret, once."""
    if request.method != "POST":
        return _page(request)
    form = ChannelForm(request.POST)
    if not form.is_valid():
        return _page(request, form=form)
    chosen = channels.choose(
        request.user,
        form.cleaned_data["kind"],
        address=form.cleaned_data["address"],
        token=form.cleaned_data["token"],
        now=clock.now(),
    )
    if chosen.kind == Channel.Kind.HOOK:
        return _page(request, shown=chosen.secret)
    if chosen.kind == Channel.Kind.MAIL:
        messages.success(request, "The weekly message goes by mail.")
    else:
        messages.success(request, "Saved. Send a test next; until it is confirmed, the message goes by mail.")
    return redirect("channel")


def _page(
    request: LearnerRequest,
    *,
    form: ChannelForm | None = None,
    code: CodeForm | None = None,
    shown: str = "",
) -> HttpResponse:
    now, found = clock.now(), channels.channel_of(request.user.pk)
    is_mail = found is None or found.kind == Channel.Kind.MAIL
    said = ""
    if found and not is_mail and found.tested_at and found.trial != Channel.Trial.NONE:
        said = destinations.trial_words(found.trial, found.trial_reason, now - found.tested_at)
    initial = {"kind": found.kind, "address": found.address} if found else {}
    return render(
        request,
        "desk/channel.html",
        {
            "nav": "settings",
            "channel": None if is_mail else found,
            "recipient": queries.recipient_of(request.user.pk),
            "said": said,
            "form": form or ChannelForm(initial=initial),
            "code_form": code or CodeForm(),
            "shown": shown,
        },
        status=422 if form or code else 200,
    )


@require_POST
def test_channel(request: LearnerRequest) -> HttpResponse:
    """Asks for a test message. A worker sends it: no page waits for another machine."""
    now = clock.now()
    left = limits.spend(f"channel:{request.user.pk}", TRIALS, now)
    if left and left.is_over:
        messages.error(request, "There were ten tests in this hour, which is as many as there may be.")
        return redirect("channel")
    try:
        row = channels.ask_for_trial(request.user, now)
    except channels.Refused as refusal:
        messages.error(request, str(refusal))
    else:
        if tasks.ask_for_channel_trial(row):
            messages.success(request, "The test is on its way. This page says what became of it.")
        else:
            channel_trial.could_not_ask(row)
            messages.error(request, "The queue is away. The test is not sent.")
    return redirect("channel")


@require_POST
def confirm_channel(request: LearnerRequest) -> HttpResponse:
    """The code that the test brought: from now on the message goes there."""
    form = CodeForm(request.POST)
    if form.is_valid():
        try:
            row = channels.confirm(request.user, form.cleaned_data["code"], clock.now())
        except channels.Refused as refusal:
            form.add_error("code", str(refusal))
        else:
            messages.success(request, f"Confirmed. The weekly message goes to {row.words} from now on.")
            return redirect("channel")
    return _page(request, code=form)
