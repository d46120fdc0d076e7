"""`/badges/`: the learner's own badges; and what anybody may see: keys, lists, the issuer, and a check."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tracker import clock
from tracker.addresses import url
from tracker.badges import actions, queries, signing
from tracker.badges.forms import CheckForm
from tracker.badges.rules import CONTEXTS, LONGEST_TOKEN
from tracker.milestones.rules.snapshot import read as read_snapshot
from tracker.people import limits
from tracker.people.requests import LearnerRequest

CHECKS = ((limits.MINUTE, 30),)
KEPT_SECONDS = 300
# Token, file and what a form puts around them, each letter of which may take three.
LONGEST_BODY = 8 * LONGEST_TOKEN


# --- the learner's own ------------------------------------------------------------------------------------


@require_safe
def badges(request: LearnerRequest) -> HttpResponse:
    """Milestones that Cairn has seen evidence for, each with its badge."""
    return _badges_page(request)


def _badges_page(request: LearnerRequest, *, refused: str = "", status: int = 200) -> HttpResponse:
    content = {
        "nav": "milestones",
        "lines": queries.lines_of(request.user.pk),
        "refused": refused,
        "check_url": url("check-badge"),
    }
    return render(request, "badges/badges.html", content, status=status)


@require_POST
def issue_badge(request: LearnerRequest, completion_id: int) -> HttpResponse:
    """Signs a badge; a second time it is the same one."""
    names_files = request.POST.get("names_files") == "1"
    try:
        made = actions.issue(request.user, completion_id, names_files=names_files, now=clock.now())
    except actions.Refused as refusal:
        return _badges_page(request, refused=str(refusal), status=422)
    if made is None:
        raise Http404
    messages.success(request, "Signed. Download it, or show it in a portfolio.")
    return redirect("badges")


@require_POST
def withdraw_badge(request: LearnerRequest, badge_id: UUID) -> HttpResponse:
    """Nobody who checks it is told that it is good any more."""
    if not actions.withdraw(request.user, badge_id, clock.now()):
        raise Http404
    messages.success(request, "Withdrawn. Whoever checks it is told so.")
    return redirect("badges")


@require_safe
def badge_file(request: LearnerRequest, badge_id: UUID, form: str) -> HttpResponse:
    """The badge as a token, or as a picture that holds it."""
    found = queries.badge(request.user.pk, badge_id)
    if found is None:
        raise Http404
    if form == "svg":
        name = read_snapshot(found.completion.snapshot).milestone
        content = render_to_string("badges/badge.svg", {"token": found.jwt, "name": name})
        answer = HttpResponse(content, content_type="image/svg+xml")
    else:
        answer = HttpResponse(found.jwt, content_type="application/vc+jwt")
    answer["Content-Disposition"] = f'attachment; filename="badge.{form}"'
    answer["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return answer


# --- for anybody ------------------------------------------------------------------------------------------


def _published(content: str, media_type: str) -> HttpResponse:
    answer = HttpResponse(content, content_type=media_type)
    answer["Cache-Control"] = f"public, max-age={KEPT_SECONDS}"
    # Pages of other sites check badges too, and there is nothing here that is not public.
    answer["Access-Control-Allow-Origin"] = "*"
    return answer


@login_not_required
@require_safe
def issuer(_request: HttpRequest) -> HttpResponse:
    """This Cairn as an issuer, in the words of Open Badges."""
    found = {"@context": list(CONTEXTS), **signing.issuer().as_profile()}
    return _published(queries.as_json(found), "application/ld+json")


@login_not_required
@require_safe
def key_set(_request: HttpRequest) -> HttpResponse:
    """Every public key, as a JWK set (RFC 7517)."""
    return _published(queries.as_json({"keys": queries.public_keys()}), "application/jwk-set+json")


@login_not_required
@require_safe
def badge_key(_request: HttpRequest, kid: str) -> HttpResponse:
    """One public key, at the address that badges name."""
    found = queries.public_key(kid)
    if found is None:
        raise Http404
    return _published(queries.as_json(found), "application/jwk+json")


@login_not_required
@require_safe
def badge_status(_request: HttpRequest, number: int) -> HttpResponse:
    """Which badges were withdrawn, as a signed Bitstring Status List."""
    found = queries.signed_status_list(number, clock.now())
    if found is None:
        raise Http404
    return _published(found, "application/vc+jwt")


# It changes nothing and acts for nobody, so no cookie is set for a form.
@csrf_exempt
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def check_badge(request: HttpRequest) -> HttpResponse:
    """Whether a badge is good, and why not."""
    content: dict[str, Any] = {"form": CheckForm(), "issuer": signing.issuer().name}
    status = 200
    if request.method == "POST":
        # Both before the body is read: anybody may post here.
        left = limits.spend(f"badge:{limits.address_of(request)}", CHECKS, clock.now())
        said = request.META.get("CONTENT_LENGTH") or "0"
        if left and left.is_over:
            content["refused"], status = "That were many checks in a short time. Wait a minute.", 429
        elif not (said.isascii() and said.isdigit()) or int(said) > LONGEST_BODY:
            content["refused"], status = "This is no badge: it is too long.", 413
        elif not (form := CheckForm(request.POST, request.FILES)).is_valid():
            content["form"], status = form, 422
        else:
            content["form"] = form
            try:
                content["badge"] = queries.checked(form.cleaned_data["token"], form.cleaned_data["address"])
            except signing.NotOurs as refusal:
                content["refused"], status = str(refusal), 422
    answer = HttpResponse(render_to_string("badges/check.html", content), status=status)
    answer["Cache-Control"] = "private, no-store"
    answer["X-Robots-Tag"] = "noindex"
    return answer
