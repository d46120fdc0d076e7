"""The milestones pages: the trail of what is completed, one page for each, and the year in review."""

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from curriculum.catalogue import Module, NoCurriculum, catalogue
from tracker import clock
from tracker.evidence.actions import TooMuch
from tracker.evidence.forms import ArtefactForm
from tracker.evidence.queries import artefact
from tracker.journal.rules import EARLIEST
from tracker.milestones import actions, queries
from tracker.milestones.forms import AdditionForm, BackingForm, RetrospectiveForm
from tracker.milestones.models import Completion
from tracker.milestones.queries import Record
from tracker.milestones.rules.retrospective import QUESTIONS, editable_until, is_editable
from tracker.milestones.rules.year import YearReview, bars_of, month_ticks
from tracker.milestones.year import first_year, year_review
from tracker.people.requests import LearnerRequest
from tracker.plans.access import own_module
from tracker.plans.models import Plan
from tracker.plans.queries import active_plan
from tracker.recall.queries import strengths


@require_safe
def milestones(request: LearnerRequest) -> HttpResponse:
    """The trail of what is completed, and what comes next."""
    plan = active_plan(request.user.pk)
    today = clock.today(request.user.zone_info)
    years = queries.trail(request.user.pk, memory=strengths(request.user.pk, today))
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
        {
            "plan": plan,
            "years": years,
            "stones": sum(len(each.stones) for each in years),
            "this_year": today.year,
            "ahead": ahead,
            "nav": "milestones",
        },
    )


@require_safe
def milestone(request: LearnerRequest, module_key: str) -> HttpResponse:
    """One milestone: the frozen record where it is completed, else its criteria."""
    records = queries.records_of(request.user.pk, module_key)
    if records and (records[0].reopened_at is None or not _is_own(request, module_key)):
        return _record_page(request, records, records[0])
    plan, _, module = own_module(request, module_key)
    return _criteria_page(request, plan, module, earlier=records)


def _is_own(request: LearnerRequest, module_key: str) -> bool:
    """Whether the plan has this module, so that its criteria can be worked on."""
    try:
        own_module(request, module_key)
    except Http404:
        return False
    return True


@require_safe
def completion(request: LearnerRequest, module_key: str, number: int) -> HttpResponse:
    """One of the records of a milestone, earlier ones too."""
    records = queries.records_of(request.user.pk, module_key)
    return _record_page(request, records, _numbered(records, number))


def _numbered(records: list[Record], number: int) -> Record:
    found = next((record for record in records if record.number == number), None)
    if found is None:
        raise Http404
    return found


def _record_page(
    request: LearnerRequest,
    records: list[Record],
    record: Record,
    *,
    form: RetrospectiveForm | None = None,
    addition: AdditionForm | None = None,
) -> HttpResponse:
    """A frozen record with what was said of it since. A form that was refused keeps what was typed."""
    said = record.retrospective
    editable = is_editable(record.completed_at, clock.now())
    if form is None and editable:
        initial = {name: getattr(said, name) for name, _ in QUESTIONS} if said else None
        form = RetrospectiveForm(initial=initial)
    is_refused = bool((form and form.errors) or (addition and addition.errors))
    return render(
        request,
        "milestones/record.html",
        {
            "record": record,
            "earlier": [each for each in records if each.number != record.number],
            "others": [
                each for each in queries.records(request.user.pk) if each.module_key != record.module_key
            ],
            "kept": queries.kept_files(request.user.pk, record),
            "may_reopen": record.reopened_at is None and _is_own(request, record.module_key),
            "form": form if editable else None,
            "editable_until": editable_until(record.completed_at),
            "addition": addition or AdditionForm(),
            "is_refused": is_refused,
            "lost_answers": None if editable else form,
            "nav": "milestones",
        },
        status=422 if is_refused else 200,
    )


@require_safe
def compare_milestones(request: LearnerRequest, module_key: str, other_key: str) -> HttpResponse:
    """Two completed milestones side by side."""
    found = {record.module_key: record for record in queries.records(request.user.pk)}
    if module_key not in found or other_key not in found or module_key == other_key:
        raise Http404
    return render(
        request,
        "milestones/compare.html",
        {"one": found[module_key], "other": found[other_key], "nav": "milestones"},
    )


@require_POST
def reopen_milestone(request: LearnerRequest, module_key: str) -> HttpResponse:
    """Opens a completed milestone again; its record stays."""
    _, _, module = own_module(request, module_key)
    if actions.reopen_milestone(request.user, module.key, now=clock.now()) is not None:
        messages.success(
            request,
            f"{module.milestone_title} is open again. Its record stays below, as an earlier completion.",
        )
    return redirect("milestone", module_key)


def _own_completion(request: LearnerRequest, module_key: str, number: int) -> Completion:
    found = queries.completion(request.user.pk, module_key, number)
    if found is None:
        raise Http404
    return found


@require_POST
def answer_retrospective(request: LearnerRequest, module_key: str, number: int) -> HttpResponse:
    """Keeps the answers to the three questions, within a week of the completion."""
    found = _own_completion(request, module_key, number)
    form = RetrospectiveForm(request.POST)
    if form.is_valid():
        try:
            actions.answer_retrospective(found, form.cleaned_data, now=clock.now())
        except actions.RetrospectiveIsFrozen as refusal:
            form.add_error(None, str(refusal))
    if form.errors:
        records = queries.records_of(request.user.pk, module_key)
        return _record_page(request, records, _numbered(records, number), form=form)
    return redirect("completion", module_key, number)


@require_POST
def add_to_retrospective(request: LearnerRequest, module_key: str, number: int) -> HttpResponse:
    """Adds a dated note to a retrospective."""
    found = _own_completion(request, module_key, number)
    form = AdditionForm(request.POST)
    if not form.is_valid():
        records = queries.records_of(request.user.pk, module_key)
        return _record_page(request, records, _numbered(records, number), addition=form)
    actions.add_to_retrospective(
        found, form.cleaned_data["text"], now=clock.now(), on=clock.today(request.user.zone_info)
    )
    return redirect("completion", module_key, number)


@require_POST
def star_retrospective(request: LearnerRequest, module_key: str, number: int) -> HttpResponse:
    """Takes a retrospective into the year in review (`starred` is 1), or out."""
    found = _own_completion(request, module_key, number)
    if not actions.star_retrospective(found, is_starred=request.POST.get("starred") == "1"):
        messages.info(request, "There is nothing to choose yet: answer a question first, or add a note.")
    return redirect("completion", module_key, number)


def _review(request: LearnerRequest, year: int) -> YearReview:
    """The review of a year that has begun; a 404 for any other."""
    today = clock.today(request.user.zone_info)
    if not EARLIEST.year <= year <= today.year:
        raise Http404
    try:
        return year_review(request.user, year, today)
    except NoCurriculum:
        raise Http404("No curriculum is loaded yet.") from None


@require_safe
def year_in_review(request: LearnerRequest, year: int) -> HttpResponse:
    """A year: hours by kind and week, modules, maps then and now, chosen retrospectives."""
    review = _review(request, year)
    today = clock.today(request.user.zone_info)
    first = first_year(request.user.pk)
    return render(
        request,
        "milestones/year.html",
        {
            "review": review,
            "strips": [(kind, kind.path(review.tallest)) for kind in review.kinds],
            "ticks": month_ticks(review.weeks),
            "maps": [(row, bars_of(row.before, row.of), bars_of(row.after, row.of)) for row in review.maps],
            "before": year - 1 if first is not None and first < year else None,
            "after": year + 1 if year < today.year else None,
            "nav": "milestones",
        },
    )


@require_safe
def year_pdf(request: LearnerRequest, year: int) -> HttpResponse:
    """The same review as a PDF."""
    # It takes fpdf2 and fontTools half a second to be imported: only who asks for a PDF waits for it.
    from tracker.milestones import pdf  # noqa: PLC0415

    answer = HttpResponse(pdf.year_pdf(_review(request, year)), content_type="application/pdf")
    answer["Content-Disposition"] = f'attachment; filename="cairn-{year}.pdf"'
    return answer


def _criteria_page(
    request: HttpRequest,
    plan: Plan,
    module: Module,
    *,
    open_key: str = "",
    form: BackingForm | None = None,
    artefact_form: ArtefactForm | None = None,
    earlier: list[Record] | None = None,
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
            "earlier": queries.records_of(request.user.pk, module.key) if earlier is None else earlier,
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
