"""`/settings/tokens/`: what programs act with: made, shown once, listed with their last use, revoked."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from tracker import clock
from tracker.people import actions, queries
from tracker.people.forms import TokenForm
from tracker.people.requests import LearnerRequest


@require_http_methods(["GET", "HEAD", "POST"])
def tokens(request: LearnerRequest) -> HttpResponse:
    """The learner's tokens. POST makes one and shows it, this once: the answer is the only place it is in."""
    now = clock.now()
    form = TokenForm(request.POST or None)
    made, shown = None, ""
    if request.method == "POST" and form.is_valid():
        try:
            made, shown = actions.make_token(
                request.user,
                name=form.cleaned_data["name"],
                scope=form.cleaned_data["scope"],
                expires_at=form.expires_at(now),
                now=now,
            )
            form = TokenForm()
        except actions.TooManyTokens as refusal:
            form.add_error(None, str(refusal))
    return render(
        request,
        "desk/tokens.html",
        {
            "nav": "settings",
            "form": form,
            "made": made,
            "shown": shown,
            "live": queries.live_tokens(request.user.pk, now),
            "ended": queries.ended_tokens(request.user.pk, now),
        },
        status=422 if request.method == "POST" and made is None else 200,
    )


@require_POST
def revoke_token(request: LearnerRequest, pk: int) -> HttpResponse:
    """The token does nothing from now on."""
    token = actions.revoke_token(request.user, pk, now=clock.now())
    if token is None:
        raise Http404
    messages.success(request, f"Revoked: {token.name}. It does nothing from now on.")
    return redirect("tokens")
