"""`/cohorts/`: what a lead sees of those who agreed; joining, leaving, and answering a proposal."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from curriculum.catalogue import newest_revision
from tracker import clock
from tracker.addresses import secret_url
from tracker.cohorts import actions, queries
from tracker.cohorts.forms import JoinForm, NameForm, ProposalForm
from tracker.cohorts.models import Cohort, Membership, Proposal
from tracker.people import limits
from tracker.people.requests import LearnerRequest

GUESSES = ((limits.MINUTE, 20),)


@require_http_methods(["GET", "HEAD", "POST"])
def cohorts(request: LearnerRequest) -> HttpResponse:
    """The cohorts that the learner leads and those that they are in. POST makes one."""
    form, status = NameForm(), 200
    if request.method == "POST":
        form, status = NameForm(request.POST), 422
        if form.is_valid():
            try:
                made, token = actions.make_cohort(request.user, form.cleaned_data["name"], now=clock.now())
                return _cohort_page(request, made, invite=secret_url("join-cohort", token))
            except actions.Refused as refusal:
                form.add_error("name", str(refusal))
    content = {
        "nav": "settings",
        "led": queries.led_by(request.user.pk),
        "joined": queries.joined_by(request.user.pk),
        "form": form,
    }
    return render(request, "cohorts/cohorts.html", content, status=status)


# --- for the lead -----------------------------------------------------------------------------------------


def _led(request: LearnerRequest, pk: int) -> Cohort:
    found = queries.led(request.user.pk, pk)
    if found is None:
        raise Http404
    return found


@require_safe
def cohort(request: LearnerRequest, pk: int) -> HttpResponse:
    """Plan against actual of the members, by name."""
    return _cohort_page(request, _led(request, pk))


def _cohort_page(request: LearnerRequest, found: Cohort, *, status: int = 200, **more: Any) -> HttpResponse:
    now = clock.now()
    proposal = queries.latest_proposal(found)
    members = queries.members_of(found, now, proposal)
    number = queries.may_propose(proposal, members)
    content = {
        "nav": "settings",
        "cohort": found,
        "members": members,
        "is_inviting": found.invite_expires_at > now,
        "proposal": proposal,
        "proposal_form": ProposalForm(initial={"revision": number}) if number else None,
        "number": number,
        **more,
    }
    return render(request, "cohorts/cohort.html", content, status=status)


@require_safe
def cohort_csv(request: LearnerRequest, pk: int) -> HttpResponse:
    """The same as a table."""
    found = _led(request, pk)
    content = queries.table_of(queries.members_of(found, clock.now()))
    answer = HttpResponse(content, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="cohort.csv"'
    return answer


@require_POST
def invite_anew(request: LearnerRequest, pk: int) -> HttpResponse:
    """Another invitation, shown this once."""
    found = _led(request, pk)
    token = actions.invite_anew(found, now=clock.now())
    return _cohort_page(request, _led(request, pk), invite=secret_url("join-cohort", token))


@require_POST
def end_cohort(request: LearnerRequest, pk: int) -> HttpResponse:
    """The cohort is gone. Nothing of its members is."""
    found = _led(request, pk)
    actions.end_cohort(found)
    messages.success(request, f"{found.name} is ended. You see nobody's plan by it any more.")
    return redirect("cohorts")


@require_POST
def remove_member(request: LearnerRequest, pk: int, membership_id: int) -> HttpResponse:
    """Takes a member out."""
    if not actions.remove_member(_led(request, pk), membership_id):
        raise Http404
    messages.success(request, "Taken out. You see nothing of theirs any more.")
    return redirect("cohort", pk)


@require_POST
def propose_revision(request: LearnerRequest, pk: int) -> HttpResponse:
    """Proposes the newest revision of the curriculum to the members."""
    found = _led(request, pk)
    form = ProposalForm(request.POST)
    if form.is_valid():
        said = form.cleaned_data
        try:
            actions.propose(found, said["revision"], said["note"], now=clock.now())
        except actions.Refused as refusal:
            # The number that the page shows, and what was typed.
            form = ProposalForm({"revision": newest_revision(), "note": said["note"]})
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "Proposed. Each member takes it or leaves it.")
            return redirect("cohort", pk)
    return _cohort_page(request, found, proposal_form=form, status=422)


# --- for a member -----------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def join_cohort(request: LearnerRequest, token: str) -> HttpResponse:
    """What joining shares, and the form that joins."""
    now = clock.now()
    found = queries.invited_by(token, now)
    if found is None:
        left = limits.spend(f"cohort:{request.user.pk}", GUESSES, now)
        if left and left.is_over:
            return HttpResponse("That was tried too often. Wait a minute.\n", "text/plain", status=429)
        raise Http404
    there = queries.membership(request.user.pk, found.pk)
    form, status = JoinForm(initial={"name": there.name if there else ""}), 200
    if request.method == "POST":
        form, status = JoinForm(request.POST), 422
        if form.is_valid():
            try:
                actions.join(request.user, found, form.cleaned_data["name"], now=now)
            except actions.Refused as refusal:
                form.add_error("name", str(refusal))
            else:
                messages.success(request, f"You are in {found.name}. You can leave at any time.")
                return redirect("cohorts")
    content = {"nav": "settings", "cohort": found, "token": token, "form": form, "there": there}
    return render(request, "cohorts/join.html", content, status=status)


@require_POST
def leave_cohort(request: LearnerRequest, pk: int) -> HttpResponse:
    """The lead sees nothing any more."""
    if not actions.leave(request.user, pk):
        raise Http404
    messages.success(request, "You have left. Its lead sees nothing of yours any more.")
    return redirect("cohorts")


def _proposed(request: LearnerRequest, pk: int) -> tuple[Proposal, Membership]:
    found = queries.proposed_to(request.user.pk, pk)
    if found is None:
        raise Http404
    return found


@require_POST
def take_proposal(request: LearnerRequest, pk: int) -> HttpResponse:
    """The plan follows the revision from now on; it can be undone as any change of the plan."""
    proposal, membership = _proposed(request, pk)
    if actions.take(request.user, proposal, membership, now=clock.now()):
        messages.success(request, f"Your plan follows revision {proposal.revision} now.")
        return redirect("plan")
    messages.info(request, "There is nothing to take: your plan follows it, or has no such track in it.")
    return redirect("cohorts")


@require_POST
def leave_proposal(request: LearnerRequest, pk: int) -> HttpResponse:
    """The plan stays as it is."""
    proposal, membership = _proposed(request, pk)
    if actions.leave_it(request.user, proposal, membership, now=clock.now()):
        messages.success(request, "Left. Your plan stays as it is; you can still take it later.")
    else:
        messages.info(request, "There is nothing to leave: your plan follows it.")
    return redirect("cohorts")
