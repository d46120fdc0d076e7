"""`/journal/import/` and `/journal/export.*`: study from other programs' files, and the journal as a file."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from curriculum.catalogue import Activity, Catalogue, Module
from tracker import clock
from tracker.desk.forms import DayOrderForm, ImportForm, PersonForm, SubjectsForm
from tracker.desk.views.journal import search_asked
from tracker.journal import actions, queries
from tracker.journal.models import ImportBatch, StudySession, WaitingFile
from tracker.journal.rules.importing import NewWeek, OpenSubject, Outcome, numbered, open_subjects, sort_out
from tracker.journal.rules.tables import (
    DayOrderUnclear,
    NotATable,
    Row,
    SeveralPeople,
    Table,
    read_table,
    write_table,
)
from tracker.library import words
from tracker.people.models import User
from tracker.people.requests import LearnerRequest
from tracker.plans import queries as plans_queries
from tracker.plans.subjects import Subject, content_of, read_subject, subject_title

FORMAT = "cairn-journal/1"
# What a page shows of a file that may have 20,000 rows; sums are always of all.
SESSIONS_SHOWN = 300
WEEKS_SHOWN = 120
LINES_SHOWN = 200
SUBJECTS_SHOWN = 100
IMPORTS_SHOWN = 10
WROTE = {
    "toggl": "a report of Toggl Track",
    "clockify": "a report of Clockify",
    "timewarrior": "an export of timewarrior",
    "plain": "a plain list",
    "cairn": "a file of Cairn",
}


# ------------------------------------------------------------------------------------------ a file comes in


@require_http_methods(["GET", "HEAD", "POST"])
def import_file(request: LearnerRequest) -> HttpResponse:
    """A file is chosen or pasted; what can be read waits to be confirmed."""
    form = ImportForm(request.POST, request.FILES) if request.method == "POST" else ImportForm()
    if not form.is_valid():
        return _import_page(request, form)
    content = form.read()
    catalogue = content_of(plans_queries.active_plan(request.user.pk))
    try:
        _table(content, request.user, catalogue)
    except (DayOrderUnclear, SeveralPeople):
        pass  # which is asked on the next page
    except NotATable as refusal:
        form.add_error("file" if form.cleaned_data["file"] else "pasted", str(refusal))
        return _import_page(request, form)
    waiting = actions.keep_waiting_file(request.user, form.name, content, now=clock.now())
    return redirect("import-preview", waiting.pk)


def _import_page(
    request: LearnerRequest, form: ImportForm, *, said: str = "", status: int = 0
) -> HttpResponse:
    return render(
        request,
        "desk/import.html",
        {
            "nav": "journal",
            "form": form,
            "imports": queries.imports_of(request.user.pk)[:IMPORTS_SHOWN],
            "said": said,
        },
        status=status or (422 if form.is_bound else 200),
    )


def _table(
    content: bytes, learner: User, catalogue: Catalogue, *, day_first: bool | None = None, person: str = ""
) -> Table:
    """What a file says. Raises NotATable and its questions."""
    if content.startswith(b"{") and FORMAT.encode() in content[:100]:
        raise NotATable(
            "This is the JSON that Cairn exports, which is for other programs. Import the CSV instead."
        )
    keys = {module.key for module in catalogue.modules}
    keys |= {activity.key for module in catalogue.modules for activity in module.activities}
    return read_table(content, zone=learner.zone_info, day_first=day_first, person=person, keys=keys)


def _waiting_table(waiting: WaitingFile, learner: User, catalogue: Catalogue) -> Table:
    """What a file that waits says, with the answers there are. Raises NotATable and its questions."""
    return _table(
        bytes(waiting.content), learner, catalogue, day_first=waiting.day_first, person=waiting.person
    )


def _gone(request: LearnerRequest, pk: UUID) -> HttpResponse:
    """For a file that does not wait: what it ended in, where that is the reader's own; else a 404."""
    batch = queries.import_made_of(request.user.pk, pk)
    if batch is not None:
        return redirect("import-batch", batch.pk)
    said = "That file waits no longer: one waits at a time, for an hour. Choose it again."
    return _import_page(request, ImportForm(), said=said, status=404)


def _refused(request: LearnerRequest, refusal: NotATable) -> HttpResponse:
    """For a file of which the answers showed that it cannot be read."""
    return _import_page(request, ImportForm(), said=str(refusal), status=422)


# -------------------------------------------------------------------------------------------- what it asks


@require_http_methods(["GET", "HEAD", "POST"])
def import_answers(request: LearnerRequest, pk: UUID) -> HttpResponse:
    """What the file leaves open: the order of its days, whose time it is, what its subjects mean."""
    waiting = queries.waiting_file(request.user.pk, pk, clock.now())
    if waiting is None:
        return _gone(request, pk)
    plan = plans_queries.active_plan(request.user.pk)
    catalogue = content_of(plan)
    said = request.POST if request.method == "POST" else None
    form: Form
    question = ""
    try:
        table = _waiting_table(waiting, request.user, catalogue)
    except DayOrderUnclear as unclear:
        form, question = DayOrderForm(said), str(unclear)
    except SeveralPeople as several:
        form, question = PersonForm(said, people=several.people), str(several)
    except NotATable as refusal:
        return _refused(request, refusal)
    else:
        subjects = open_subjects(table.rows)
        if not subjects:
            return redirect("import-preview", pk)
        chosen = titles_named(subjects, catalogue) if waiting.subjects is None else waiting.subjects
        track_key = plan.track_key if plan else catalogue.tracks[0].key
        form = SubjectsForm(said, subjects=subjects, content=catalogue, track_key=track_key, chosen=chosen)
    if form.is_valid():
        answers = {"subjects": form.chosen} if isinstance(form, SubjectsForm) else form.cleaned_data
        actions.answer_of_waiting_file(waiting, **answers)
        return redirect("import-preview", pk)
    context = {"nav": "journal", "waiting": waiting, "form": form, "question": question}
    return render(request, "desk/import_answers.html", context, status=422 if form.is_bound else 200)


def titles_named(subjects: tuple[OpenSubject, ...], catalogue: Catalogue) -> dict[str, str]:
    """By folded subject the key of the one module or activity that has it as its title."""
    titled: dict[str, list[str]] = {}
    for module in catalogue.modules:
        items: tuple[Module | Activity, ...] = (module, *module.activities)
        for item in items:
            titled.setdefault(item.title.casefold(), []).append(item.key)
    named = ((subject.folded, titled.get(subject.folded, ())) for subject in subjects)
    return {name: keys[0] for name, keys in named if len(keys) == 1}


# -------------------------------------------------------------------------------------------------- preview


@dataclass(frozen=True, slots=True)
class Reading:
    """A file that waits, read with all answers. `meant` are subjects with what the learner says they are."""

    table: Table
    rows: tuple[Row, ...]
    meant: tuple[tuple[OpenSubject, str], ...]


def _reading(request: LearnerRequest, waiting: WaitingFile, catalogue: Catalogue) -> Reading | HttpResponse:
    """The file as it would be imported; where something is open, the answer that leads there."""
    try:
        table = _waiting_table(waiting, request.user, catalogue)
    except (DayOrderUnclear, SeveralPeople):
        return redirect("import-answers", waiting.pk)
    except NotATable as refusal:
        return _refused(request, refusal)
    subjects = open_subjects(table.rows)
    if subjects and waiting.subjects is None:
        return redirect("import-answers", waiting.pk)
    chosen = {
        name: read_subject(key, catalogue) or Subject() for name, key in (waiting.subjects or {}).items()
    }
    rows = numbered(
        table.rows, {name: (subject.module_key, subject.activity_key) for name, subject in chosen.items()}
    )
    meant = tuple((each, chosen.get(each.folded, Subject()).value) for each in subjects[:SUBJECTS_SHOWN])
    return Reading(table, rows, meant)


@require_http_methods(["GET", "HEAD", "POST"])
def import_preview(request: LearnerRequest, pk: UUID) -> HttpResponse:
    """What the import of a file that waits would do; POST does exactly that, or shows what else it would."""
    now = clock.now()
    waiting = queries.waiting_file(request.user.pk, pk, now)
    if waiting is None:
        return _gone(request, pk)
    catalogue = content_of(plans_queries.active_plan(request.user.pk))
    reading = _reading(request, waiting, catalogue)
    if isinstance(reading, HttpResponse):
        return reading
    if request.method != "POST":
        return _preview(request, waiting, reading, catalogue)
    try:
        batch = actions.import_sessions(
            request.user,
            waiting,
            reading.rows,
            made_by=reading.table.format,
            unread=len(reading.table.refusals),
            seen=request.POST.get("seen", ""),
            now=now,
        )
    except actions.NotAsShown:
        messages.warning(
            request, "Nothing is imported: something changed since this was shown. Look at it again."
        )
        return redirect("import-preview", pk)
    return redirect("import-batch", batch.pk)


def _preview(
    request: LearnerRequest, waiting: WaitingFile, reading: Reading, catalogue: Catalogue
) -> HttpResponse:
    table = reading.table
    logged = queries.logged_for_import(request.user.pk)
    outcome = sort_out(reading.rows, logged, clock.today(request.user.zone_info))
    refusals = sorted((*table.refusals, *outcome.refusals), key=lambda refusal: refusal.line)
    return render(
        request,
        "desk/import_preview.html",
        {
            "nav": "journal",
            "waiting": waiting,
            "wrote": WROTE[table.format],
            "remarks": table.remarks,
            "questions": outcome.questions[:LINES_SHOWN],
            "outcome": outcome,
            "subjects": [(subject, subject_title(value, catalogue)) for subject, value in reading.meant],
            "there": outcome.there[:LINES_SHOWN],
            "there_more": max(0, len(outcome.there) - LINES_SHOWN),
            "corrected": outcome.there_as("corrected since"),
            "deleted": outcome.there_as("deleted since"),
            "refusals": refusals[:LINES_SHOWN],
            "refused": len(refusals),
            "refused_more": max(0, len(refusals) - LINES_SHOWN),
            **_weeks(outcome, catalogue),
        },
    )


@dataclass(frozen=True, slots=True)
class ShownWeek:
    """A week that an import adds to. `lines` are its sessions with their titles, none past a page's worth."""

    new: NewWeek
    lines: tuple[tuple[Row, str], ...]


def _weeks(outcome: Outcome, catalogue: Catalogue) -> dict[str, Any]:
    """The weeks as the preview shows them: sessions as far as a page bears it, then sums, then one sum."""
    found = outcome.weeks
    weeks = []
    left = SESSIONS_SHOWN
    for new in found[:WEEKS_SHOWN]:
        shown = new.rows if len(new.rows) <= left else ()
        left = left - len(shown) if shown else 0
        lines = tuple((row, subject_title(row.activity_key or row.module_key, catalogue)) for row in shown)
        weeks.append(ShownWeek(new, lines))
    older = found[WEEKS_SHOWN:]
    return {
        "weeks": weeks,
        "older": len(older),
        "older_minutes": sum(week.minutes for week in older),
        "is_cut": any(not week.lines for week in weeks),
    }


# ------------------------------------------------------------------------------------------------ afterwards


def _own_batch(request: LearnerRequest, pk: int) -> ImportBatch:
    """The learner's own import; a 404 for anybody else's."""
    return get_object_or_404(ImportBatch, pk=pk, learner=request.user)


@require_safe
def import_batch(request: LearnerRequest, pk: int) -> HttpResponse:
    """What an import did, and its undo."""
    batch = _own_batch(request, pk)
    return render(
        request,
        "desk/import_batch.html",
        {
            "nav": "journal",
            "batch": batch,
            "wrote": WROTE[batch.made_by],
            "can_be_taken_back": clock.now() <= batch.made_at + queries.IMPORTS_CAN_BE_TAKEN_BACK,
            "until": batch.made_at + queries.IMPORTS_CAN_BE_TAKEN_BACK,
        },
    )


@require_POST
def take_back_import(request: LearnerRequest, pk: int) -> HttpResponse:
    """Takes all sessions of an import out of every sum."""
    batch = _own_batch(request, pk)
    try:
        taken = actions.take_back_import(batch, now=clock.now())
    except actions.TooLate as refusal:
        messages.error(request, str(refusal))
        return redirect("import-batch", pk)
    messages.success(request, f"Taken back: {words.count(taken, 'session')}.")
    return redirect("import-batch", pk)


@require_POST
def put_back_import(request: LearnerRequest, pk: int) -> HttpResponse:
    """Puts the sessions of an import that was taken back where they were."""
    batch = _own_batch(request, pk)
    try:
        put_back = actions.put_back_import(batch)
    except actions.Refused as refusal:
        messages.error(request, f"Nothing is put back. {refusal}")
        return redirect("import-batch", pk)
    if put_back:
        messages.success(request, f"Put back: {words.count(put_back, 'session')}.")
    else:
        messages.info(request, "There is nothing to put back: the file was imported again since.")
    return redirect("import-batch", pk)


# ------------------------------------------------------------------------------------------------ the way out


@require_safe
def journal_csv(request: LearnerRequest) -> HttpResponse:
    """One's own sessions, or those that the journal looks for, as the CSV that the import reads back."""
    rows = (queries.row_of(session) for session in _asked_for(request))
    # Excel takes a file for UTF-8 only where it begins with this mark.
    return _file("\ufeff" + write_table(rows), "text/csv; charset=utf-8", "cairn-journal.csv")


@require_safe
def journal_json(request: LearnerRequest) -> HttpResponse:
    """One's own sessions, or those that the journal looks for, as JSON for other programs."""
    told = {
        "format": FORMAT,
        "sessions": [
            {
                "source_id": queries.row_of(session).source_id,
                "date": session.studied_on.isoformat(),
                "zone": session.zone,
                "minutes": session.minutes,
                "module_key": session.module_key,
                "activity_key": session.activity_key,
                "confidence": session.confidence,
                "note": session.note,
                "source": session.source,
                "logged_at": session.logged_at.isoformat(),
            }
            for session in _asked_for(request)
        ],
    }
    text = json.dumps(told, indent=1, ensure_ascii=False)
    return _file(text, "application/json", "cairn-journal.json")


def _asked_for(request: LearnerRequest) -> Iterator[StudySession]:
    search = search_asked(request, content_of(plans_queries.active_plan(request.user.pk)))
    return queries.sessions_in_order(request.user.pk, search.module_key, search.text)


def _file(text: str, content_type: str, name: str) -> HttpResponse:
    return HttpResponse(
        text.encode(),
        content_type=content_type,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
