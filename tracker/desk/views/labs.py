"""A lab of the learner's own track: its files handed in, and each of its rules with what became of it."""

from collections.abc import Iterable
from uuid import uuid4

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from curriculum.catalogue import Lab, Module
from tracker import clock
from tracker.evidence import actions, judging, queries, tasks
from tracker.evidence.forms import LabForm, StatementForm
from tracker.evidence.models import HandIn
from tracker.people.requests import LearnerRequest
from tracker.plans.access import own_module
from tracker.plans.models import Plan

SHOWN_BEFORE = 10


def _own_lab(request: LearnerRequest, module_key: str, slug: str) -> tuple[Plan, Module, Lab]:
    """The lab in the learner's own track; a 404 for any other."""
    plan, _, module = own_module(request, module_key)
    labs = {lab.slug: lab for lab in module.labs_in(plan.track_key)}
    if slug not in labs:
        raise Http404
    return plan, module, labs[slug]


@require_http_methods(["GET", "HEAD", "POST"])
def lab(request: LearnerRequest, module_key: str, slug: str) -> HttpResponse:
    """Where the learner stands with a lab; a POST hands its files in."""
    plan, module, found = _own_lab(request, module_key, slug)
    form = LabForm(initial={"submission": uuid4()})
    if request.method == "POST":
        form = LabForm(request.POST, request.FILES)
        if form.is_valid():
            handed_in = _handed_in(request, plan, found, form)
            if handed_in is not None:
                return redirect("lab", module.key, found.slug)
    standing = queries.lab_standings(request.user.pk, [found], plan.track_key)[found.key]
    before = list(queries.hand_ins_of(request.user.pk, found.key)[:SHOWN_BEFORE])
    # One that was refused pushes nothing out, but who handed it in is told.
    refused = before[0].sentence if before and before[0].state == HandIn.State.REFUSED else ""
    return render(
        request,
        "desk/lab.html",
        {
            "nav": "plan",
            "module": module,
            "lab": found,
            "form": form,
            "standing": standing,
            "is_reading": standing.hand_in is not None
            and standing.hand_in.state in {HandIn.State.WAITING, HandIn.State.READING},
            "before": before,
            "refused": refused,
            "upload_bytes_max": settings.UPLOAD_BYTES_MAX,
            "rules": found.rules_in(plan.track_key),
        },
        status=422 if form.is_bound else 200,
    )


def _handed_in(request: LearnerRequest, plan: Plan, lab: Lab, form: LabForm) -> HandIn | None:
    """The hand-in that the form's files became; None where it says why not."""
    files: dict[str, tuple[str, str, Iterable[bytes]]] = {}
    for file in form.cleaned_data["handed_in"]:
        place = judging.place_of(lab, file.name)
        if place is None:
            wanted = ", ".join(row.name for row in lab.files)
            form.add_error("handed_in", f"{file.name} is none of the files that this lab asks for: {wanted}.")
        elif place in files:
            form.add_error("handed_in", f"{place} is there twice.")
        else:
            files[place] = (place, file.name, file.chunks())
    if form.errors:
        return None
    try:
        made = actions.hand_in(
            request.user,
            lab.key,
            list(files.values()),
            track_key=plan.track_key,
            revision=plan.revision,
            submission=form.cleaned_data["submission"],
            now=clock.now(),
        )
    except actions.TooMuch as refusal:
        form.add_error("handed_in", str(refusal))
        return None
    if made.state == HandIn.State.WAITING:
        tasks.ask(tasks.judge_hand_in, made.pk)
    return made


@require_POST
def state_rule(request: LearnerRequest, module_key: str, slug: str) -> HttpResponse:
    """The learner states what no machine sees, or says why a rule does not hold here."""
    plan, module, found = _own_lab(request, module_key, slug)
    form = StatementForm(request.POST)
    rules = {rule.sentence: rule for rule in found.rules_in(plan.track_key)}
    sentence = str(form.data.get("sentence", ""))
    if sentence not in rules:
        raise Http404
    if not form.is_valid():
        messages.error(request, "A reason has 2,000 characters at most. Nothing was kept.")
    elif rules[sentence].attested is None and not form.cleaned_data["note"]:
        messages.error(request, "Say why it counts all the same; one sentence is enough.")
    else:
        actions.state_rule(request.user, found.key, sentence, form.cleaned_data["note"], clock.now())
    return redirect("lab", module.key, found.slug)


@require_POST
def take_back_statement(request: LearnerRequest, module_key: str, slug: str) -> HttpResponse:
    """The learner takes a statement back."""
    _, module, found = _own_lab(request, module_key, slug)
    actions.take_back_statement(request.user, found.key, request.POST.get("sentence", "")[:400])
    return redirect("lab", module.key, found.slug)
