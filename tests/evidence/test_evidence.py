"""Handing in: files in parts, reports read once, runs that are one person's, labs that judge themselves."""

import gzip
import hashlib
import os
import socket
import time
from collections.abc import Mapping
from datetime import timedelta
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from curriculum.catalogue import Catalogue
from tests.badges.factories import make_evidenced
from tests.curriculum.labs.example import Handed, as_json, example
from tests.evidence.factories import EVALS, make_artefact, make_report, make_run, make_upload
from tests.evidence.reports.build import as_lines, garak
from tests.fixtures.cast import NOW, browser_of, make_learner, make_plan
from tracker.celery import app
from tracker.evidence import actions, judging, queries, tasks
from tracker.evidence.models import Artefact, FilePart, HandIn, Result, Run, StoredFile, Upload
from tracker.evidence.rules.reports.report import Eval
from tracker.milestones import queries as milestones_queries
from tracker.milestones.rules.snapshot import read as read_snapshot
from tracker.people.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch, now: Any) -> None:
    """What is enqueued is done at once, by the real task in the real reading process."""

    def ask(task: Any, *row_ids: Any, within: float = 0) -> bool:
        for row_id in row_ids:
            task(str(row_id))
        return True

    monkeypatch.setattr(tasks, "ask", ask)


real_ask = tasks.ask


def file(content: bytes, name: str = "a.report.jsonl") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def send(learner: User, *files: SimpleUploadedFile, **fields: Any) -> Any:
    """The form for reports, as a browser sends it."""
    return browser_of(learner).post(
        reverse("evidence"), {"submission": str(uuid4()), "reports": list(files), **fields}, follow=True
    )


# --- files ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, actions.PART_BYTES, actions.PART_BYTES + 1, 3 * actions.PART_BYTES - 7])
def test_a_file_comes_back_as_it_came(alice: User, size: int) -> None:
    content = os.urandom(size)
    pieces = [content[place : place + 70_001] for place in range(0, size, 70_001)]
    stored = actions.store_file(alice, "x.bin", pieces, NOW)
    assert (stored.size_bytes, stored.sha256) == (size, hashlib.sha256(content).hexdigest())
    assert b"".join(queries.content_of(stored)) == content
    assert max(len(part) for part in queries.content_of(stored)) <= actions.PART_BYTES


def test_what_is_too_large_is_refused_and_nothing_of_it_kept(alice: User, settings: Any) -> None:
    settings.UPLOAD_BYTES_MAX, settings.STORED_BYTES_MAX = 1_000, 1_500
    with pytest.raises(actions.TooMuch, match="larger than"):
        make_upload(alice, b"x" * 1_001)
    make_upload(alice, b"x" * 1_000)
    with pytest.raises(actions.TooMuch, match="Delete one"):
        make_upload(alice, b"y" * 600)
    with pytest.raises(actions.TooMuch, match="is empty"):
        actions.add_upload(alice, "x", [b""], submission=uuid4(), now=NOW)
    assert (StoredFile.objects.count(), FilePart.objects.count(), Upload.objects.count()) == (1, 1, 1)


def test_a_request_too_large_is_refused_unread(alice: User, settings: Any) -> None:
    class Unread:
        def read(self, *_: object) -> bytes:
            raise AssertionError("the body was read")

    browser = browser_of(alice)
    answer = browser.generic("POST", reverse("evidence"), b"", CONTENT_LENGTH=str(2 * 10**9))
    assert answer.status_code == 413
    assert b"2000 MB" in answer.content


def test_every_kept_file_can_be_deleted_and_leaves_what_was_read(
    alice: User, charlie: User, curriculum: Catalogue
) -> None:
    make_plan(alice, curriculum)
    send(alice, file(as_lines(garak())), keeps_file="on")
    for _ in range(2):
        hand_in(alice, "lab-scan", {"scan_record.json": b"{}"})
    make_artefact(alice, "mindset.proof")
    waiting = make_upload(alice)
    browser, there = browser_of(alice), reverse("stored-files")
    page = unescape(browser.get(there).content.decode())
    for said in ("report of a run", "handed in for a lab", "backs a criterion"):
        assert said in page
    kept = {row.pk for row in StoredFile.objects.all()}
    assert len(kept) == 5
    # Not somebody else's, and not what a worker has to read.
    for who, pk in ((charlie, Run.objects.get().file_id), (alice, waiting.file_id)):
        assert browser_of(who).post(reverse("delete-file", args=[pk])).status_code == 404
    for pk in kept - {waiting.file_id}:
        assert browser.post(reverse("delete-file", args=[pk])).status_code == 302
    assert {row.pk for row in StoredFile.objects.all()} == {waiting.file_id}
    assert not Artefact.objects.exists()
    assert (Run.objects.count(), HandIn.objects.filter(state="judged").count()) == (1, 2)
    assert browser.get(reverse("lab", args=["garak", "lab-scan"])).status_code == 200


def test_a_file_deleted_after_completion_stays_in_the_record(alice: User, curriculum: Catalogue) -> None:
    completed = make_evidenced(alice, make_plan(alice, curriculum), curriculum)
    for stored in StoredFile.objects.all():
        browser_of(alice).post(reverse("delete-file", args=[stored.pk]))
    assert not StoredFile.objects.exists()
    page = browser_of(alice).get(reverse("completion", args=["mindset", 1])).content.decode()
    for named in read_snapshot(completed.snapshot).files():
        assert named.sha256 in page
    assert milestones_queries.records(alice.pk)[0].state == "evidenced"


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\a\\report.jsonl", "report.jsonl"),
        ("..", "file"),
        ("a\u202egpj.exe", "agpj.exe"),
        ("<script>.svg", "script.svg"),
        ("x" * 300 + ".json", None),
    ],
)
def test_a_name_leads_nowhere(alice: User, sent: str, kept: str | None) -> None:
    stored = actions.store_file(alice, sent, [b"{}"], NOW)
    assert stored.name == (kept or stored.name)
    assert len(stored.name) <= 120
    assert not set("/\\<>\0") & set(stored.name)


def test_a_file_is_only_ever_downloaded(alice: User, charlie: User, curriculum: Catalogue) -> None:
    content = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
    stored = actions.store_file(alice, "<img src=x>.svg", [content], NOW)
    assert stored.media_type == "XML text"
    answer = browser_of(alice).get(reverse("stored-file", args=[stored.pk]))
    assert answer.getvalue() == content
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"] == 'attachment; filename="img src=x.svg"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer["Content-Security-Policy"]
    assert browser_of(charlie).get(reverse("stored-file", args=[stored.pk])).status_code == 404


# --- reports ----------------------------------------------------------------------------------------------


def test_a_report_becomes_a_run_and_its_prompts_are_gone(alice: User) -> None:
    answer = send(alice, file(as_lines(garak("0.17.1"))))
    assert answer.status_code == 200
    run = Run.objects.get()
    assert (run.tool, run.version, run.state) == ("garak", "0.17.1", "complete")
    assert [(row.probe, row.hits, row.evaluated) for row in queries.results_of(run)] == [
        ("alpha.One", 1, 4),
        ("beta.Two", 1, 4),
    ]
    assert StoredFile.objects.count() == 0
    page = browser_of(alice).get(reverse("run", args=[run.pk])).content.decode()
    assert "alpha.One" in page
    assert "1 of 4" in page
    assert run.sha256 in page


def test_the_file_stays_where_the_learner_says_so(alice: User) -> None:
    content = as_lines(garak())
    send(alice, file(content), keeps_file="on")
    run = Run.objects.get()
    assert run.file is not None
    assert b"".join(queries.content_of(run.file)) == content
    browser_of(alice).post(reverse("delete-run", args=[run.pk]))
    assert (Run.objects.count(), StoredFile.objects.count(), FilePart.objects.count()) == (0, 0, 0)


def test_what_is_no_report_is_refused_with_a_sentence_and_leaves_nothing(alice: User) -> None:
    answer = send(alice, file(b"PK\x03\x04 not a report", "report.jsonl"))
    upload = Upload.objects.get()
    assert upload.state == "refused"
    assert upload.sentence in answer.content.decode().replace("&#x27;", "'")
    assert (Run.objects.count(), Result.objects.count(), StoredFile.objects.count()) == (0, 0, 0)


def test_the_same_run_counts_once_whatever_it_is_called(alice: User) -> None:
    content = as_lines(garak())
    send(alice, file(content))
    send(alice, file(content, "renamed.txt"))
    send(alice, file(gzip.compress(content), "packed.gz"))
    assert Run.objects.count() == 1
    assert list(Upload.objects.order_by("uploaded_at", "pk").values_list("state", flat=True)) == ["read"] * 3
    assert Upload.objects.filter(was_known=True).count() == 2
    assert StoredFile.objects.count() == 0


def test_a_run_that_was_partial_is_whole_once_the_whole_report_comes(alice: User) -> None:
    whole = garak()
    send(alice, file(as_lines(whole[:-4])))
    run = Run.objects.get()
    assert run.state == "partial"
    send(alice, file(as_lines(whole)))
    run.refresh_from_db()
    assert (Run.objects.count(), run.state, run.results.count()) == (1, "complete", 2)
    # The other way round nothing is lost.
    send(alice, file(as_lines(whole[:-4])))
    run.refresh_from_db()
    assert (run.state, run.results.count()) == ("complete", 2)


def test_somebody_elses_run_is_refused(alice: User, charlie: User) -> None:
    content = as_lines(garak())
    send(alice, file(content))
    for again in (content, gzip.compress(content)):
        answer = send(charlie, file(again))
        assert "handed in by somebody else" in answer.content.decode()
    assert Run.objects.get().learner == alice
    assert StoredFile.objects.count() == 0


def test_several_reports_at_once_and_the_same_form_twice(alice: User) -> None:
    first, second = as_lines(garak()), as_lines([*garak("0.12.0")])
    second = second.replace(b"6f1a0000", b"6f1b0000")
    submission = str(uuid4())
    for _ in range(2):
        answer = send(alice, file(first), file(second, "b.jsonl"), submission=submission)
        assert answer.status_code == 200
    assert (Run.objects.count(), Upload.objects.count()) == (2, 2)


def test_attack_and_target_are_of_one_report(alice: User) -> None:
    answer = send(alice, file(b"{}"), file(b"{}", "b"), attack="hop_skip_jump")
    assert answer.status_code == 422
    assert Upload.objects.count() == 0


@pytest.mark.parametrize("fields", [{}, {"submission": "x"}, {"reports": "no file"}])
def test_a_form_without_a_file_says_so(alice: User, fields: dict[str, str]) -> None:
    answer = browser_of(alice).post(reverse("evidence"), {"submission": str(uuid4()), **fields})
    assert answer.status_code == 422


def test_a_worker_that_never_comes_back_is_replaced_and_then_given_up(alice: User) -> None:
    upload = make_upload(alice, as_lines(garak()))
    at = NOW
    for _ in range(actions.MOST_ATTEMPTS):
        taken = actions.take_upload(upload.pk, at)
        assert taken is not None
        assert actions.take_upload(upload.pk, at + timedelta(minutes=1)) is None
        at += actions.TAKEN_FOR
    assert actions.take_upload(upload.pk, at) is None
    upload.refresh_from_db()
    assert (upload.state, upload.sentence) == ("refused", actions.GAVE_UP)
    # The worker that comes back late changes nothing.
    assert taken is not None
    assert actions.finish_upload(taken, make_report(), at) is None
    assert Run.objects.count() == 0


def test_what_waits_is_looked_for_again(alice: User, time_machine: Any) -> None:
    upload = make_upload(alice, as_lines(garak()))
    tasks.look_for_waiting()
    upload.refresh_from_db()
    assert upload.state == "waiting"  # its message may still be on its way
    time_machine.move_to(NOW + tasks.MESSAGE_LOST_AFTER, tick=False)
    tasks.look_for_waiting()
    upload.refresh_from_db()
    assert upload.state == "read"


def test_a_silent_broker_holds_up_neither_page_nor_look(
    alice: User, monkeypatch: pytest.MonkeyPatch, time_machine: Any
) -> None:
    """It takes the connection and says nothing, as one does whose machine hangs."""
    monkeypatch.setattr(tasks, "ask", real_ask)
    monkeypatch.setattr(tasks, "TASK_WAITS", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        monkeypatch.setattr(app.conf, "broker_write_url", address)
        begun = time.monotonic()
        assert send(alice, file(as_lines(garak()))).status_code == 200
        for _ in range(20):
            make_upload(alice)
        time_machine.move_to(NOW + tasks.MESSAGE_LOST_AFTER, tick=False)
        tasks.look_for_waiting()
    # One wait each, not one a row.
    assert time.monotonic() - begun < 10
    assert Upload.objects.filter(state="waiting").count() == 21


def test_what_is_given_up_leaves_no_file(alice: User) -> None:
    upload = make_upload(alice, keeps_file=True)
    Upload.objects.update(attempts=actions.MOST_ATTEMPTS)
    assert actions.take_upload(upload.pk, NOW) is None
    assert Upload.objects.get().state == "refused"
    assert StoredFile.objects.count() == 0


def test_a_run_has_one_file_that_is_its_own(alice: User) -> None:
    whole = garak()
    partial, complete = as_lines(whole[:-4]), as_lines(whole)
    send(alice, file(partial), keeps_file="on")
    assert Run.objects.get().file is not None
    # The whole report takes the place of the partial one, and so does its file.
    send(alice, file(complete))
    assert Run.objects.get().file is None
    assert StoredFile.objects.count() == 0
    # A file that is kept later, of a run that is known, is the run's; one more of the same is not kept.
    for content in (complete, complete, gzip.compress(complete)):
        send(alice, file(content), keeps_file="on")
        kept = Run.objects.get().file
        assert kept is not None
        assert b"".join(queries.content_of(kept)) == complete
        assert StoredFile.objects.count() == 1
    assert not Upload.objects.filter(file__isnull=False).exists()


def test_a_file_that_came_meanwhile_goes_with_its_run(alice: User) -> None:
    content = as_lines(garak())
    send(alice, file(content))
    looked_at = queries.run(alice.pk, Run.objects.get().pk)
    assert looked_at is not None
    send(alice, file(content), keeps_file="on")
    assert StoredFile.objects.count() == 1
    actions.delete_run(looked_at)
    actions.delete_run(looked_at)  # a second click
    assert (Run.objects.count(), StoredFile.objects.count()) == (0, 0)


def test_all_or_nothing_is_kept(alice: User) -> None:
    upload = actions.take_upload(make_upload(alice).pk, NOW)
    assert upload is not None
    # More passed than evaluated, which the database refuses.
    bad = make_report(evals=(*EVALS, Eval("x.Y", "z", 5, 4)))
    with pytest.raises(IntegrityError):
        actions.finish_upload(upload, bad, NOW)
    assert (Run.objects.count(), Result.objects.count()) == (0, 0)


def test_two_runs_of_one_target_are_compared(alice: User, charlie: User) -> None:
    before = make_run(alice, started_at="2026-11-01T10:00:00")
    after = make_run(
        alice,
        started_at="2026-11-08T10:00:00",
        evals=(Eval("encoding.InjectBase64", "encoding.DecodeMatch", 119, 120), EVALS[2]),
    )
    other = make_run(alice, target="another")
    page = browser_of(alice).get(reverse("compare-runs", args=[after.pk, before.pk]))
    rows = {row.probe: row.change for row in page.context["rows"]}
    assert rows == {
        "encoding.InjectBase64": "fell",
        "promptinject.HijackHateHumans": "same",
        "encoding.InjectHex": "",
    }
    assert browser_of(alice).get(reverse("compare-runs", args=[after.pk, other.pk])).status_code == 404
    assert browser_of(charlie).get(reverse("compare-runs", args=[after.pk, before.pk])).status_code == 404


def test_pages_ask_no_more_for_many_runs(alice: User) -> None:
    def asked(name: str, *arguments: object) -> int:
        browser = browser_of(alice)
        with CaptureQueriesContext(connection) as captured:
            assert browser.get(reverse(name, args=arguments)).status_code == 200
        return len(captured)

    run = make_run(alice)
    few = (asked("evidence"), asked("run", run.pk))
    for _ in range(12):
        make_run(alice)
    assert (asked("evidence"), asked("run", run.pk)) == few


# --- labs -------------------------------------------------------------------------------------------------


def as_bytes(files: Mapping[str, Handed]) -> dict[str, bytes]:
    """The files of an example of which none is a tool's report."""
    return {name: content for name, content in files.items() if isinstance(content, bytes)}


def hand_in(learner: User, lab: str, files: dict[str, bytes], module: str = "garak") -> Any:
    return browser_of(learner).post(
        reverse("lab", args=[module, lab]),
        {"submission": str(uuid4()), "handed_in": [file(content, name) for name, content in files.items()]},
        follow=True,
    )


@pytest.mark.parametrize(
    ("module", "slug"),
    [
        ("mindset", "lab-first-break"),  # json
        ("foundations", "lab-weak-api"),  # junit, jsonl
        ("stride", "lab-threat-model"),  # yaml
        ("garak", "lab-detector-audit"),  # csv
        ("work-project", "lab-assessment"),  # markdown
    ],
)
def test_a_lab_judges_itself(
    alice: User, curriculum: Catalogue, module: str, slug: str, time_machine: Any
) -> None:
    make_plan(alice, curriculum)
    lab = curriculum.lab(f"{module}.{slug}")
    handed = example(module, lab.key)
    for files, wanted in ((handed.refused, "missing"), (handed.accepted, "met")):
        time_machine.shift(60)
        page = hand_in(alice, slug, as_bytes(files), module)
        assert page.status_code == 200
        standing = page.context["standing"]
        for line in standing.lines:
            if not line.is_attested and line.outcome == "missing":
                assert wanted == "missing"
                assert line.sentence in handed.because
        if wanted == "missing":
            assert standing.outcome == "missing"
    for line in standing.lines:
        if line.is_attested:
            browser_of(alice).post(
                reverse("state-rule", args=[module, slug]), {"sentence": line.sentence, "note": ""}
            )
    standing = queries.lab_standings(alice.pk, [lab], "ai-security-engineer")[lab.key]
    assert standing.outcome == ("claimed" if any(row.is_attested for row in standing.lines) else "met")


def test_a_report_among_the_files_of_a_lab_is_a_run_too(alice: User, curriculum: Catalogue) -> None:
    make_plan(alice, curriculum)
    report = gzip.compress(as_lines(garak(attempts=3)))
    page = hand_in(alice, "lab-scan", {"My.report.jsonl.gz": report, "scan_record.json": b"{}"})
    standing = page.context["standing"]
    assert standing.outcome == "missing"
    lines = {line.sentence: line for line in standing.lines}
    assert lines["The report is by garak 0.15.1 or newer."].outcome == "met"
    assert Run.objects.get().learner == alice
    # Only the plain file is kept: the report holds prompts.
    assert StoredFile.objects.get().name == "scan_record.json"


def test_somebody_elses_report_refuses_the_hand_in_with_its_reason(
    alice: User, bob: User, curriculum: Catalogue
) -> None:
    report = as_lines(garak(attempts=3))
    send(bob, file(report))
    make_plan(alice, curriculum)
    page = hand_in(alice, "lab-scan", {"My.report.jsonl": report, "scan_record.json": b"{}"})
    assert (HandIn.objects.get().state, HandIn.objects.get().sentence) == ("refused", actions.NOT_YOURS)
    assert actions.NOT_YOURS in unescape(page.content.decode())
    assert (Run.objects.get().learner, StoredFile.objects.count()) == (bob, 0)


def test_what_cannot_be_read_refuses_the_hand_in_and_keeps_the_one_before(
    alice: User, curriculum: Catalogue, time_machine: Any
) -> None:
    make_plan(alice, curriculum)
    good = example("mindset", "mindset.lab-first-break").accepted
    hand_in(alice, "lab-first-break", as_bytes(good), "mindset")
    time_machine.shift(60)
    page = hand_in(alice, "lab-first-break", {"first_break.json": b"{" * 100_000}, "mindset")
    assert HandIn.objects.filter(state="refused").count() == 1
    assert StoredFile.objects.count() == 1
    assert page.context["standing"].hand_in.state == "judged"
    assert HandIn.objects.get(state="refused").sentence in unescape(page.content.decode())


def test_files_that_a_lab_does_not_ask_for_are_named(alice: User, curriculum: Catalogue) -> None:
    make_plan(alice, curriculum)
    page = hand_in(alice, "lab-scan", {"notes.txt": b"x", "scan_record.json": b"{}"})
    assert page.status_code == 422
    assert "notes.txt is none of the files that this lab asks for" in page.content.decode()
    page = hand_in(alice, "lab-scan", {"scan_record.json": b"{}", "SCAN_record.json": b"{}"})
    assert page.status_code == 422
    assert HandIn.objects.count() == 0


def test_a_rule_may_be_claimed_with_a_reason_and_is_never_met_by_it(
    alice: User, charlie: User, curriculum: Catalogue
) -> None:
    for learner in (alice, charlie):
        make_plan(learner, curriculum)
    page = hand_in(alice, "lab-first-break", {"x.json": as_json({})}, "mindset")
    line = next(
        line for line in page.context["standing"].lines if line.outcome == "missing" and not line.is_attested
    )
    there = reverse("state-rule", args=["mindset", "lab-first-break"])
    browser = browser_of(alice)
    browser.post(there, {"sentence": line.sentence, "note": ""})
    lab = curriculum.lab("mindset.lab-first-break")

    def outcome(learner: User) -> str:
        standing = queries.lab_standings(learner.pk, [lab], "ai-security-engineer")[lab.key]
        return next(row.outcome for row in standing.lines if row.sentence == line.sentence)

    assert outcome(alice) == "missing"  # a reason is asked for
    browser.post(there, {"sentence": line.sentence, "note": "Measured by hand, see the note."})
    assert (outcome(alice), outcome(charlie)) == ("claimed", "missing")
    browser.post(
        reverse("take-back-statement", args=["mindset", "lab-first-break"]), {"sentence": line.sentence}
    )
    assert outcome(alice) == "missing"
    assert browser.post(there, {"sentence": "Another rule.", "note": "x"}).status_code == 404


def test_every_lab_takes_its_own_files_by_name(curriculum: Catalogue) -> None:
    for module in curriculum.modules:
        for lab in module.labs:
            for wanted in lab.files:
                place = judging.place_of(lab, wanted.name.replace("*", "mine"))
                assert place is not None
                assert judging._wanted(lab, place) == wanted


# --- artefacts --------------------------------------------------------------------------------------------


def test_a_criterion_is_evidenced_by_a_file_and_claimed_by_a_link(alice: User, curriculum: Catalogue) -> None:
    make_plan(alice, curriculum)
    module = curriculum.module("mindset")
    criterion = module.criteria[0]
    there = reverse("add-artefact", args=["mindset", criterion.key])
    browser = browser_of(alice)

    def state() -> str:
        page = browser.get(reverse("milestone", args=["mindset"]))
        states = {row[0].criterion.key: str(row[0].state) for row in page.context["rows"]}
        return states[criterion.key]

    browser.post(there, {"url": "https://example.org/report"})
    assert state() == "claimed"
    browser.post(there, {"commit": "0123456789abcdef", "url": "https://example.org/r/0123456"})
    browser.post(there, {"file": file(b"%PDF-1.7", "report.pdf")})
    browser.post(there, {"file": file(b"%PDF-1.7", "again.pdf")})  # the same content is the same file
    assert state() == "evidenced"
    assert Artefact.objects.count() == 3
    kept = Artefact.objects.get(kind="file")
    browser.post(reverse("remove-artefact", args=["mindset", kept.pk]))
    assert state() == "claimed"
    assert StoredFile.objects.count() == 0


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"url": "javascript:alert(1)"},
        {"url": "not a link"},
        {"commit": "nope"},
        {"file": SimpleUploadedFile("a", b"x"), "url": "https://example.org/"},
        {"file": SimpleUploadedFile("a", b"")},
    ],
)
def test_what_backs_nothing_is_refused_on_the_page(
    alice: User, curriculum: Catalogue, fields: dict[str, Any]
) -> None:
    make_plan(alice, curriculum)
    key = curriculum.module("mindset").criteria[0].key
    answer = browser_of(alice).post(reverse("add-artefact", args=["mindset", key]), fields)
    assert answer.status_code == 422
    assert Artefact.objects.count() == 0


def test_a_completed_milestone_keeps_what_it_had(alice: User, curriculum: Catalogue) -> None:
    make_plan(alice, curriculum)
    module = curriculum.module("mindset")
    for criterion in module.criteria_in("ai-security-engineer"):
        make_artefact(alice, criterion.key)
    browser = browser_of(alice)
    browser.post(reverse("complete-milestone", args=["mindset"]))
    first = Artefact.objects.select_related("file").first()
    assert first is not None
    assert first.file is not None
    sha256 = first.file.sha256
    browser.post(reverse("remove-artefact", args=["mindset", first.pk]))
    assert Artefact.objects.filter(pk=first.pk).exists()  # the record is frozen
    StoredFile.objects.all().delete()  # as a deletion of files would
    page = browser.get(reverse("milestone", args=["mindset"])).content.decode()
    assert sha256 in page
    assert "Evidenced" in page


def test_charlie_sees_nothing_of_alices(alice: User, curriculum: Catalogue) -> None:
    charlie = make_learner("Charlie")
    for learner in (alice, charlie):
        make_plan(learner, curriculum)
    run = make_run(alice, target="alices-own")
    make_artefact(alice, curriculum.module("mindset").criteria[0].key, "alices-own")
    browser = browser_of(charlie)
    for path in (
        reverse("evidence"),
        reverse("milestone", args=["mindset"]),
        reverse("lab", args=["mindset", "lab-first-break"]),
    ):
        assert "alices-own" not in browser.get(path).content.decode()
    assert browser.get(reverse("run", args=[run.pk])).status_code == 404
