"""`/settings/calendar/`: the address at which a calendar program reads the plan: made, replaced, ended."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from tracker import clock
from tracker.addresses import secret_url
from tracker.people.requests import LearnerRequest
from tracker.reminders import actions, queries


@require_http_methods(["GET", "HEAD", "POST"])
def calendar(request: LearnerRequest) -> HttpResponse:
    """Whether there is an address. POST makes one and shows it, this once: the answer alone has it.

    An address that is there is replaced by who asks for that; a form that was open since before it was
    made would else void it unseen.
    """
    shown, refusal = "", ""
    if request.method == "POST":
        replaces = {"make": False, "replace": True}.get(request.POST.get("do", ""))
        if replaces is None:
            refusal = "Choose what to do; nothing was changed."
        else:
            try:
                token = actions.make_feed_address(request.user, replaces=replaces, now=clock.now())
                shown = secret_url("calendar-feed", token)
            except actions.HasAddress:
                refusal = "There is an address already, and it stays. You can make a new one below."
    return render(
        request,
        "desk/calendar.html",
        {
            "nav": "settings",
            "shown": shown,
            "opened": f"webcal:{shown.partition(':')[2]}",
            "refusal": refusal,
            "feed": queries.feed_of(request.user.pk),
        },
        status=422 if refusal else 200,
    )


@require_POST
def end_calendar(request: LearnerRequest) -> HttpResponse:
    """The address is void from now on; once more changes nothing."""
    actions.end_feed_address(request.user)
    messages.success(request, "The calendar address has ended. It shows nothing from now on.")
    return redirect("calendar")
