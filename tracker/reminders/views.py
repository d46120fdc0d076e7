"""Ending the weekly mail from the mail itself."""

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from tracker import clock
from tracker.reminders import actions, queries


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
