"""Proof and claims, for tests that need some there."""

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from tests.fixtures.cast import NOW
from tracker.coverage import actions
from tracker.coverage.models import Claim
from tracker.coverage.rules.layer import ATLAS, Layer
from tracker.coverage.rules.levels import Level
from tracker.evidence.models import HandIn, Result, Run
from tracker.people.models import User

EDITION = "5.6.0"
SCAN = "garak.lab-scan"


def make_claims(learner: User, name: str = "A layer") -> None:
    """One claim on prompt injection."""
    actions.claim_layer(
        learner, ATLAS, EDITION, Layer(name, EDITION, {"AML.T0051": Level.PRACTISED}, ()), now=NOW
    )
    assert Claim.objects.filter(learner=learner, source=name).exists()


def make_run(learner: User, *results: tuple[str, int, int], **fields: Any) -> Run:
    """A whole run of garak against a model: probe, passed, evaluated."""
    run = Run.objects.create(
        learner=learner,
        **{
            "tool": "garak",
            "version": "0.17.1",
            "target": "openai.OpenAICompatible example",
            "state": "complete",
            "sha256": uuid4().hex * 2,
            "read_at": NOW,
            **fields,
        },
    )
    Result.objects.bulk_create(
        Result(
            run=run, position=place, probe=probe, detector="always.Fail", passed=passed, evaluated=evaluated
        )
        for place, (probe, passed, evaluated) in enumerate(results)
    )
    return run


def make_hand_in(learner: User, lab_key: str = SCAN, outcomes: Sequence[str] = ("met", "met")) -> HandIn:
    """A judged hand-in with these outcomes."""
    return HandIn.objects.create(
        learner=learner,
        submission=uuid4(),
        lab_key=lab_key,
        track_key="ai-security-engineer",
        revision=1,
        state=HandIn.State.JUDGED,
        judged=[
            {"sentence": f"Rule {at}.", "outcome": said, "found": ""} for at, said in enumerate(outcomes)
        ],
        handed_in_at=NOW,
    )
