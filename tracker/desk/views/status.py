"""`/status/`: how the weekly mail runs, for staff; and a test mail."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from tracker import clock
from tracker.desk.views.settings import staff_only
from tracker.people import queries as people_queries
from tracker.people.requests import LearnerRequest
from tracker.reminders import status as reminders_status
from tracker.reminders import tasks, trial


@require_safe
def status(request: LearnerRequest) -> HttpResponse:
    """Last tick, what waits and for how long, what is next, what became of the last mails, what failed."""
    staff_only(request)
    found = reminders_status.status(clock.now())
    return render(
        request,
        "desk/status.html",
        {
            "nav": "settings",
            "status": found,
            "facts": reminders_status.facts(found),
            "confirmed": people_queries.address_is_confirmed(request.user),
        },
    )


@require_POST
def send_test_mail(request: LearnerRequest) -> HttpResponse:
    """Asks for a test mail to one's own address. A worker sends it: no page waits for a mail server."""
    staff_only(request)
    now = clock.now()
    try:
        row = trial.ask(request.user, now)
    except trial.Refused as refusal:
        messages.error(request, str(refusal))
    else:
        if tasks.ask_for_trial(row):
            messages.success(request, "The test mail is on its way. This page says what became of it.")
        else:
            trial.could_not_ask(row, now)
            messages.error(request, "The queue is away. The test mail is not sent.")
    return redirect("status")
