"""The milestones pages: the trail of what is completed, and one page for each."""

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from curriculum.catalogue import Module, catalogue
from tracker import clock
from tracker.evidence.actions import TooMuch
from tracker.evidence.forms import ArtefactForm
from tracker.evidence.queries import artefact
from tracker.milestones import actions, queries
from tracker.milestones.forms import BackingForm
from tracker.people.requests import LearnerRequest
from tracker.plans.access import own_module
from tracker.plans.models import Plan
from tracker.plans.queries import active_plan


@require_safe
def milestones(request: LearnerRequest) -> HttpResponse:
    """What is completed, and what comes next."""
    plan = active_plan(request.user.pk)
    ahead = []
    if plan is not None:
        content = catalogue(plan.revision)
        ahead = [
            standing
            for standing in queries.milestones(
                request.user.pk, content.modules_in(plan.track_key), plan.track_key
            )
            if not standing.completed_on
        ]
    return render(
        request,
        "milestones/milestones.html",
        {"plan": plan, "records": queries.records(request.user.pk), "ahead": ahead, "nav": "milestones"},
    )


@require_safe
def milestone(request: LearnerRequest, module_key: str) -> HttpResponse:
    """One milestone: the frozen record where it is completed, else its criteria."""
    record = queries.record(request.user.pk, module_key)
    if record is not None:
        return render(request, "milestones/record.html", {"record": record, "nav": "milestones"})
    plan, _, module = own_module(request, module_key)
    return _criteria_page(request, plan, module)


def _criteria_page(
    request: HttpRequest,
    plan: Plan,
    module: Module,
    *,
    open_key: str = "",
    form: BackingForm | None = None,
    artefact_form: ArtefactForm | None = None,
) -> HttpResponse:
    """The criteria, each with its form; the one that was refused keeps what was typed."""
    assert request.user.pk is not None
    standing = queries.milestone(request.user.pk, module, plan.track_key)
    rows = [
        (
            item,
            artefact_form
            if artefact_form is not None and item.criterion.key == open_key
            else ArtefactForm(auto_id=f"{item.criterion.key.replace('.', '-')}-artefact-%s"),
            form
            if form is not None and item.criterion.key == open_key
            else BackingForm(
                initial={"link": item.tick.link, "note": item.tick.note} if item.tick else None,
                prefix=None,
                auto_id=f"{item.criterion.key.replace('.', '-')}-%s",
            ),
            item.criterion.key == open_key,
        )
        for item in standing.criteria
    ]
    return render(
        request,
        "milestones/milestone.html",
        {
            "standing": standing,
            "module": module,
            "rows": rows,
            "upload_bytes_max": settings.UPLOAD_BYTES_MAX,
            "open_activities": queries.open_activities(request.user.pk, module, plan.track_key),
            "nav": "milestones",
        },
        status=422 if open_key else 200,
    )


def _own_criterion(request: LearnerRequest, module_key: str, criterion_key: str) -> tuple[Plan, Module]:
    """The plan and the module of a criterion of the learner's own track; a 404 for any other."""
    plan, _, module = own_module(request, module_key)
    if criterion_key not in {criterion.key for criterion in module.criteria_in(plan.track_key)}:
        raise Http404
    return plan, module


@require_POST
def add_artefact(request: LearnerRequest, module_key: str, criterion_key: str) -> HttpResponse:
    """Backs a criterion with a file, a link or a commit."""
    plan, module = _own_criterion(request, module_key, criterion_key)
    form = ArtefactForm(request.POST, request.FILES, auto_id=f"{criterion_key.replace('.', '-')}-artefact-%s")
    if form.is_valid():
        said = form.cleaned_data
        file = said["file"]
        try:
            if file:
                pieces = file.chunks()
                actions.add_file(
                    request.user, module, criterion_key, said["title"], file.name, pieces, now=clock.now()
                )
            else:
                actions.add_link(
                    request.user,
                    module,
                    criterion_key,
                    said["title"],
                    url=said["url"],
                    commit=said["commit"],
                    now=clock.now(),
                )
        except TooMuch as refusal:
            form.add_error("file", str(refusal))
        except actions.MilestoneIsCompleted as refusal:
            messages.info(request, str(refusal))
    if form.errors:
        return _criteria_page(request, plan, module, open_key=criterion_key, artefact_form=form)
    return redirect("milestone", module_key)


@require_POST
def remove_artefact(request: LearnerRequest, module_key: str, artefact_id: UUID) -> HttpResponse:
    """Takes an artefact away, and its file."""
    _, _, module = own_module(request, module_key)
    found = artefact(request.user.pk, artefact_id)
    if found is None or found.criterion_key.partition(".")[0] != module.key:
        raise Http404
    try:
        actions.remove_artefact(request.user, module, found)
    except actions.MilestoneIsCompleted as refusal:
        messages.info(request, str(refusal))
    return redirect("milestone", module_key)


@require_POST
def tick_criterion(request: LearnerRequest, module_key: str, criterion_key: str) -> HttpResponse:
    """Backs a criterion with a link or a note."""
    plan, module = _own_criterion(request, module_key, criterion_key)
    form = BackingForm(request.POST, auto_id=f"{criterion_key.replace('.', '-')}-%s")
    if not form.is_valid():
        return _criteria_page(request, plan, module, open_key=criterion_key, form=form)
    try:
        actions.tick_criterion(request.user, module, criterion_key, now=clock.now(), **form.cleaned_data)
    except actions.MilestoneIsCompleted as refusal:
        messages.info(request, str(refusal))
    return redirect("milestone", module_key)


@require_POST
def untick_criterion(request: LearnerRequest, module_key: str, criterion_key: str) -> HttpResponse:
    """Takes a criterion back."""
    _, module = _own_criterion(request, module_key, criterion_key)
    try:
        actions.untick_criterion(request.user, module, criterion_key)
    except actions.MilestoneIsCompleted as refusal:
        messages.info(request, str(refusal))
    return redirect("milestone", module_key)


@require_POST
def complete_milestone(request: LearnerRequest, module_key: str) -> HttpResponse:
    """Puts the stone on the cairn: the record is frozen."""
    plan, _, module = own_module(request, module_key)
    try:
        actions.complete_milestone(
            request.user, plan, module, now=clock.now(), on=clock.today(request.user.zone_info)
        )
    except actions.CriteriaAreOpen as refusal:
        messages.error(request, str(refusal))
    return redirect("milestone", module_key)
