"""Rows of evidence for tests."""

from uuid import UUID, uuid4

from tests.fixtures.cast import NOW
from tracker.evidence import actions
from tracker.evidence.models import Artefact, HandIn, Run, Upload
from tracker.evidence.rules.judge import Judged
from tracker.evidence.rules.reports.report import Eval, Report
from tracker.people.models import User

EVALS = (
    Eval("encoding.InjectBase64", "encoding.DecodeMatch", 90, 120),
    Eval("encoding.InjectHex", "encoding.DecodeMatch", 0, 0, 12),
    Eval("promptinject.HijackHateHumans", "promptinject.AttackRogueString", 60, 100),
)


def make_report(**fields: object) -> Report:
    """A complete report of garak."""
    values: dict[str, object] = {
        "tool": "garak",
        "version": "0.17.1",
        "target": "rest.RestGenerator http://127.0.0.1:9000",
        "state": "complete",
        "evals": EVALS,
        "run_id": str(uuid4()),
        "started_at": "2026-11-18T09:30:00",
        "requested": ("encoding", "promptinject.HijackHateHumans"),
        "attempts": 220,
    }
    return Report(**(values | fields))  # type: ignore[arg-type]


def make_upload(
    learner: User, content: bytes = b"", *, name: str = "a.report.jsonl", **told: object
) -> Upload:
    """A report that waits."""
    return actions.add_upload(
        learner,
        name,
        [content or uuid4().bytes],
        submission=uuid4(),
        now=NOW,
        **told,  # type: ignore[arg-type]
    )


def make_run(
    learner: User, *, keeps_file: bool = False, name: str = "a.report.jsonl", **fields: object
) -> Run:
    """A run as an upload brings it."""
    upload = actions.take_upload(make_upload(learner, name=name, keeps_file=keeps_file).pk, NOW)
    assert upload is not None
    run = actions.finish_upload(upload, make_report(**fields), NOW)
    assert run is not None
    return run


def make_hand_in(
    learner: User,
    lab_key: str = "garak.lab-scan",
    *,
    outcomes: tuple[Judged, ...] = (),
    track_key: str = "ai-security-engineer",
    revision: int = 1,
    name: str = "scan_record.json",
    submission: UUID | None = None,
) -> HandIn:
    """A hand-in that was judged."""
    made = actions.hand_in(
        learner,
        lab_key,
        [(name, name, [b"{}"])],
        track_key=track_key,
        revision=revision,
        submission=submission or uuid4(),
        now=NOW,
    )
    taken = actions.take_hand_in(made.pk, NOW)
    assert taken is not None
    assert actions.finish_hand_in(taken, outcomes, {}, NOW)
    made.refresh_from_db()
    return made


def make_artefact(learner: User, criterion_key: str, title: str = "What shows it") -> Artefact:
    """A file that backs a criterion."""
    return actions.add_file(learner, criterion_key, title, "report.pdf", [b"%PDF-1.7 ", uuid4().bytes], NOW)


def everything_handed_in(learner: User) -> None:
    """A row in every table of evidence."""
    make_run(learner, keeps_file=True)
    make_hand_in(learner)
    actions.state_rule(learner, "garak.lab-scan", "It was seen.", "By me.", NOW)
    make_artefact(learner, "mindset.proof")
