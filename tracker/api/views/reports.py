"""Reports of tools: handed in as they are, listed, and what each of them showed."""

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import IO, Annotated
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import Q
from django.http import Http404
from ninja import Query
from ninja.responses import Status

from tracker.api import schemas
from tracker.api.cursors import cursor_of, no_cursor, place_of
from tracker.api.door import PIECE, ApiRequest, May, Takes
from tracker.api.operations import Section
from tracker.api.problems import Problem, refused
from tracker.evidence import actions, queries, tasks
from tracker.evidence.models import NAME_LENGTH, Run, Upload
from tracker.evidence.rules.reports.rates import Rate
from tracker.people.models import ApiToken

section = Section("Reports")

MOST_A_PAGE = 100
LONGEST_NAME = 255  # as long as file systems have them; what is kept of it is shorter


def run_of(run: Run) -> schemas.Run:
    """A run as programs see it."""
    return schemas.Run(
        id=run.pk,
        tool=run.tool,
        version=run.version,
        target=run.target,
        state=Run.State(run.state),
        why_partial=run.why_partial,
        started_at=run.started_at,
        read_at=run.read_at,
    )


def run_with_results(run: Run) -> schemas.RunWithResults:
    """A run with its results."""
    rows = queries.results_of(run)
    return schemas.RunWithResults(
        **run_of(run).model_dump(),
        requested=run.requested,
        evaluated=queries.evaluated_probes(rows),
        not_evaluated=queries.not_evaluated(run, rows),
        results=[
            schemas.Result(
                probe=row.probe,
                detector=row.detector,
                passed=row.passed,
                evaluated=row.evaluated,
                not_scored=row.not_scored,
                attack_success_rate=_rate(row.rate),
            )
            for row in rows
        ],
    )


def _rate(rate: Rate | None) -> schemas.Rate | None:
    return schemas.Rate(share=rate.share, low=rate.low, high=rate.high) if rate else None


def report_of(upload: Upload) -> schemas.Report:
    """An upload as programs see it."""
    return schemas.Report(
        id=upload.pk,
        state=Upload.State(upload.state),
        sentence=upload.sentence,
        name=upload.name,
        size_bytes=upload.size_bytes,
        read_bytes=upload.read_bytes,
        sha256=upload.sha256,
        attack=upload.attack,
        target=upload.told_target,
        keep=upload.keeps_file,
        uploaded_at=upload.uploaded_at,
        finished_at=upload.finished_at,
        was_known=upload.was_known,
        run=run_of(upload.run) if upload.run else None,
    )


def place_after(cursor: str) -> tuple[datetime, UUID]:
    """The moment and id of the upload that a cursor stands after. Raises the 422."""
    try:
        moment, number = place_of(cursor)
        uploaded_at, pk = datetime.fromisoformat(moment), UUID(number)
    except ValueError:
        raise no_cursor() from None
    if uploaded_at.tzinfo is None or cursor_of(uploaded_at.isoformat(), pk) != cursor:
        raise no_cursor()
    return uploaded_at, pk


@section.operation("GET", "/reports", name="api-reports", may=May.READ, answers={200: schemas.Reports})
def list_reports(
    request: ApiRequest,
    cursor: Annotated[str, Query(max_length=200, description="`next` of the page before.")] = "",
    limit: Annotated[int, Query(ge=1, le=MOST_A_PAGE, description="How many a page holds.")] = 50,
) -> schemas.Reports:
    """Reports that were handed in, by program or by page, the newest first."""
    found = queries.uploads_of(request.learner.pk)
    if cursor:
        uploaded_at, pk = place_after(cursor)
        # The first condition is for the index; the second leaves out what was shown of that moment.
        found = found.filter(Q(uploaded_at__lte=uploaded_at), Q(uploaded_at__lt=uploaded_at) | Q(pk__lt=pk))
    rows = list(found[: limit + 1])
    last = rows[limit - 1] if len(rows) > limit else None
    return schemas.Reports(
        items=[report_of(row) for row in rows[:limit]],
        next=cursor_of(last.uploaded_at.isoformat(), last.pk) if last else None,
    )


@section.operation(
    "POST",
    "/reports",
    name="api-reports",
    may=May.LOG,
    answers={202: schemas.Report},
    takes=Takes.FILE,
    located="api-report",
)
def send_report(
    request: ApiRequest,
    name: Annotated[
        str, Query(max_length=LONGEST_NAME, pattern=schemas.PLAIN, description="What the file is called.")
    ] = "report",
    attack: Annotated[
        str,
        Query(max_length=NAME_LENGTH, pattern=schemas.PLAIN, description="Of Counterfit, which names none."),
    ] = "",
    target: Annotated[
        str,
        Query(max_length=NAME_LENGTH, pattern=schemas.PLAIN, description="Of Counterfit, which names none."),
    ] = "",
    keep: Annotated[
        bool, Query(description="Keep the file itself, with its prompts and outputs, after it was read.")
    ] = False,
) -> Status[schemas.Report]:
    """Hands a tool's report in, as it is.

    A worker reads it: ask `/reports/{report_id}` until its state is `read` or `refused`. What it is follows
    from its content. A run that is here already counts once, whatever the file is called.
    """
    try:
        upload = actions.add_upload(
            request.learner,
            name,
            _pieces(request.sent_file),
            submission=uuid4(),
            now=request.now,
            told=actions.Told(attack.strip(), target.strip()),
            keeps_file=keep,
            sent_with=request.token,
        )
    except actions.TooMuch as refusal:
        raise refused(("", str(refusal))) from None
    if upload.state == Upload.State.WAITING:
        # With a key this is inside the transaction that keeps the answer.
        transaction.on_commit(partial(tasks.ask, tasks.read_upload, upload.pk))
    return Status(202, report_of(upload))


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    while piece := file.read(PIECE):
        yield piece


@section.operation(
    "GET",
    "/reports/{uuid:report_id}",
    name="api-report",
    may=May.ANY,
    answers={200: schemas.ReportWithResults},
    refuses=(403, 404),
)
def read_report(request: ApiRequest, report_id: UUID) -> schemas.ReportWithResults:
    """How far a report is, and what its run showed.

    A token of scope `log` may read those that it sent itself.
    """
    upload = queries.upload(request.learner.pk, report_id)
    if upload is None:
        raise Http404
    if request.token.scope == ApiToken.Scope.LOG and upload.sent_with_id != request.token.pk:
        raise Problem("scope", "This report was not sent with this token; that needs one of scope 'read'.")
    return schemas.ReportWithResults(
        **report_of(upload).model_dump(exclude={"run"}),
        run=run_with_results(upload.run) if upload.run else None,
    )
