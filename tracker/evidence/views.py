"""`/evidence/`: reports handed in, what each run showed, two runs compared, and the files that are kept."""

from pathlib import Path
from uuid import UUID, uuid4

from django.conf import settings
from django.contrib import messages
from django.contrib.staticfiles import finders
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tracker import clock
from tracker.evidence import actions, queries, tasks
from tracker.evidence.downloads import download
from tracker.evidence.forms import ReportForm
from tracker.evidence.models import Run, Upload
from tracker.people.requests import LearnerRequest

RUNS_A_PAGE = 30
UPLOADS_SHOWN = 10


@require_http_methods(["GET", "HEAD", "POST"])
def evidence(request: LearnerRequest) -> HttpResponse:
    """Runs and uploads; a POST hands reports in."""
    form = ReportForm(initial={"submission": uuid4()})
    if request.method == "POST":
        form = ReportForm(request.POST, request.FILES)
        if form.is_valid() and (sent := _sent(request, form)):
            return redirect("upload", sent[0].pk) if len(sent) == 1 else redirect("evidence")
    page = Paginator(queries.runs_of(request.user.pk), RUNS_A_PAGE).get_page(request.GET.get("page"))
    uploads = [row for row in queries.uploads_of(request.user.pk)[:UPLOADS_SHOWN] if row.state != "read"]
    return render(
        request,
        "evidence/evidence.html",
        {
            "nav": "milestones",
            "form": form,
            "runs": page,
            "uploads": uploads,
            "is_reading": any(row.state in {"waiting", "reading"} for row in uploads),
            "upload_bytes_max": settings.UPLOAD_BYTES_MAX,
            "stored_bytes": queries.stored_bytes(request.user.pk),
        },
        status=422 if form.is_bound else 200,
    )


def _sent(request: LearnerRequest, form: ReportForm) -> list[Upload]:
    """The uploads that the form's reports became; none where there is no room, which the form then says."""
    said = form.cleaned_data
    told = actions.Told(said["attack"], said["told_target"], said["parameters"])
    sent: list[Upload] = []
    for number, file in enumerate(said["reports"]):
        try:
            upload = actions.add_upload(
                request.user,
                file.name,
                file.chunks(),
                # A form that is sent twice brings each of its files once.
                submission=UUID(int=(said["submission"].int + number) % 2**128),
                now=clock.now(),
                told=told,
                keeps_file=said["keeps_file"],
            )
        except actions.TooMuch as refusal:
            form.add_error("reports", str(refusal))
            break
        sent.append(upload)
    # Once for all of them: where the broker is silent, the page waits once.
    if waiting := [upload.pk for upload in sent if upload.state == Upload.State.WAITING]:
        tasks.ask(tasks.read_upload, *waiting)
    return [] if form.errors else sent


@require_safe
def upload(request: LearnerRequest, upload_id: UUID) -> HttpResponse:
    """How far the reading of a report is, and what it came to."""
    found = queries.upload(request.user.pk, upload_id)
    if found is None:
        raise Http404
    percent = found.read_bytes * 100 // found.size_bytes if found.size_bytes else 0
    content = {"nav": "milestones", "upload": found, "percent": min(99, percent)}
    if found.run is not None:
        content |= {"results": queries.results_of(found.run), "run": found.run}
    return render(request, "evidence/upload.html", content)


@require_safe
def run(request: LearnerRequest, run_id: int) -> HttpResponse:
    """What one run showed."""
    found = _own_run(request, run_id)
    rows = queries.results_of(found)
    return render(
        request,
        "evidence/run.html",
        {
            "nav": "milestones",
            "run": found,
            "results": rows,
            "evaluated": queries.evaluated_probes(rows),
            "not_evaluated": queries.not_evaluated(found, rows),
            "others": queries.other_runs_of_target(found)[:20],
        },
    )


@require_safe
def compare_runs(request: LearnerRequest, run_id: int, other_id: int) -> HttpResponse:
    """Two runs of one target beside each other, the earlier one first."""
    before, after = sorted((_own_run(request, run_id), _own_run(request, other_id)), key=_order)
    if before.pk == after.pk or (before.tool, before.target) != (after.tool, after.target):
        raise Http404
    return render(
        request,
        "evidence/compare.html",
        {
            "nav": "milestones",
            "before": before,
            "after": after,
            "rows": queries.compared(before, after),
        },
    )


def _order(run: Run) -> tuple[str, int]:
    return (run.started_at, run.pk)


@require_POST
def delete_run(request: LearnerRequest, run_id: int) -> HttpResponse:
    """Takes a run out."""
    actions.delete_run(_own_run(request, run_id))
    messages.success(request, "The run is deleted. Hand its report in again to have it back.")
    return redirect("evidence")


def _own_run(request: LearnerRequest, run_id: int) -> Run:
    found = queries.run(request.user.pk, run_id)
    if found is None:
        raise Http404
    return found


@require_safe
def files(request: LearnerRequest) -> HttpResponse:
    """Every file that is kept, the largest first, and what it is kept for."""
    page = Paginator(queries.files_of(request.user.pk), RUNS_A_PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "evidence/files.html",
        {
            "nav": "milestones",
            "files": page,
            "kept": [(row, _place_of(row)) for row in queries.kept_files(page)],
            "stored_bytes": queries.stored_bytes(request.user.pk),
            "stored_bytes_max": settings.STORED_BYTES_MAX,
        },
    )


def _place_of(row: queries.Kept) -> str:
    """The address of what a file is kept for; "" where it is nothing that is there."""
    if row.run is not None:
        return reverse("run", args=[row.run.pk])
    if row.hand_in is not None:
        return reverse("lab", args=row.hand_in.lab_key.split(".", 1))
    if row.artefact is not None:
        return reverse("milestone", args=[row.artefact.criterion_key.partition(".")[0]])
    return ""


@require_POST
def delete_file(request: LearnerRequest, file_id: UUID) -> HttpResponse:
    """Throws a file away. What was read out of it stays."""
    name = actions.delete_file(request.user, file_id)
    if name is None:
        raise Http404
    messages.success(request, f"{name} is deleted. What was read out of it stays.")
    return redirect("stored-files")


@require_safe
def stored_file(request: LearnerRequest, file_id: UUID) -> StreamingHttpResponse:
    """A file as it came."""
    found = queries.stored_file(request.user.pk, file_id)
    if found is None:
        raise Http404
    return download(found)


@require_safe
def attack_result(request: LearnerRequest) -> HttpResponse:
    """The format for attacks whose tool writes no report, with a script to paste."""
    script = finders.find("attack_result.py")
    assert script is not None
    content = {"nav": "milestones", "script": Path(script).read_text()}
    return render(request, "evidence/attack_result.html", content)
