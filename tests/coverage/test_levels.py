"""Levels from proof: what gives which, that more proof lowers none, and what gives nothing."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curriculum.catalogue import Catalogue
from tests.fixtures.curriculum import load_test_curriculum
from tracker.coverage.queries import said_of_topics
from tracker.coverage.rules.content import Content
from tracker.coverage.rules.levels import (
    HandedIn,
    Level,
    Probed,
    Proof,
    Seen,
    Standing,
    ToolRun,
    Work,
    in_words,
    standings,
)

ON = date(2026, 11, 19)
SCAN = "garak.run-six-families"
LAB = "garak.lab-scan"
# Taught in the scan, and tied to the family `encoding` by our own reading.
OBFUSCATION = "AML.T0068"
MET = HandedIn(LAB, ON, met=4, claimed=0, missing=0)


@pytest.fixture
def content(curriculum: Catalogue) -> Content:
    return said_of_topics(curriculum.revision, ())


def run(*probes: Probed, **fields: Any) -> ToolRun:
    values: dict[str, Any] = {
        "pk": 7,
        "tool": "garak",
        "version": "0.17.1",
        "target": "a model",
        "is_complete": True,
        "is_self_test": False,
        "on": ON,
        "probes": probes or (Probed("encoding.InjectBase64", 200, 256),),
    }
    return ToolRun(**{**values, **fields})


def stands(
    content: Content,
    proof: Proof,
    topic_id: str = OBFUSCATION,
    framework: str = "mitre-atlas",
    edition: str = "5.6.0",
) -> Standing:
    found = content.frameworks[framework]
    shown = next(row for row in found.editions if row.name == edition)
    return standings(Seen(content, proof), found, shown)[topic_id]


def test_nothing_shown_is_untouched(content: Content) -> None:
    standing = stands(content, Proof())
    assert (standing.level, standing.reasons, standing.state) == (Level.UNTOUCHED, (), "untouched")
    assert SCAN in standing.teachings


@pytest.mark.parametrize(
    ("work", "said"),
    [
        (Work(SCAN, "done", ON, 0, None), "Marked as done."),
        (Work(SCAN, "known", ON, 0, None), "Known before, in your own words."),
        (Work(SCAN, "", None, 90, ON), "1\N{NO-BREAK SPACE}h\N{NO-BREAK SPACE}30 logged."),
        (Work(SCAN, "done", ON, 45, ON), "Marked as done, 45\N{NO-BREAK SPACE}min logged."),
    ],
)
def test_a_mark_or_time_on_an_activity_that_teaches_it_is_studied(
    content: Content, work: Work, said: str
) -> None:
    standing = stands(content, Proof(work=(work,)))
    assert standing.level == Level.STUDIED
    (reason,) = standing.reasons
    assert reason.sentence.endswith(said)
    assert (reason.about, reason.on) == (("activity", SCAN), ON)


def test_work_on_another_activity_says_nothing(content: Content) -> None:
    assert stands(content, Proof(work=(Work("mindset.first-break", "done", ON, 60, ON),))).level == 0


@pytest.mark.parametrize(
    ("handed", "level"),
    [
        (MET, Level.EVIDENCED),
        (replace(MET, claimed=1), Level.PRACTISED),
        (replace(MET, missing=1), Level.PRACTISED),
        (replace(MET, met=0, missing=4), Level.PRACTISED),
        (replace(MET, met=0), Level.PRACTISED),  # a lab without a rule proves nothing
    ],
)
def test_a_lab_is_evidence_when_every_rule_is_met(content: Content, handed: HandedIn, level: Level) -> None:
    assert stands(content, Proof(hand_ins=(handed,))).level == level


def test_a_later_hand_in_that_shows_less_takes_nothing_back(content: Content) -> None:
    worse = replace(MET, on=date(2026, 11, 30), met=1, missing=3)
    standing = stands(content, Proof(hand_ins=(MET, worse)))
    assert standing.level == Level.EVIDENCED
    assert standing.reasons[0].on == ON


@pytest.mark.parametrize(
    ("fields", "level"),
    [
        ({}, Level.EVIDENCED),
        ({"is_complete": False}, Level.PRACTISED),
        ({"is_self_test": True}, Level.PRACTISED),
    ],
)
def test_a_run_is_evidence_when_it_is_whole_and_against_a_model(
    content: Content, fields: dict[str, Any], level: Level
) -> None:
    standing = stands(content, Proof(runs=(run(**fields),)))
    assert standing.level == level
    (reason,) = standing.reasons
    assert reason.about == ("run", "7")
    assert reason.tie is not None
    assert (reason.tie.topic_id, reason.tie.basis) == ("encoding", "ours")


def test_what_could_not_be_scored_counts_as_nothing_and_is_said(content: Content) -> None:
    standing = stands(content, Proof(runs=(run(Probed("encoding.InjectBase64", 0, 0)),)))
    assert (standing.level, standing.reasons) == (Level.UNTOUCHED, ())
    (note,) = standing.notes
    assert "no output could be scored" in note


def test_a_family_under_its_old_name_is_the_same(content: Content) -> None:
    proof = Proof(runs=(run(Probed("xss.MarkdownImageExfil", 3, 9)),))
    assert stands(content, proof, "web_injection", "garak", "0.17.1").level == Level.EVIDENCED
    assert stands(content, proof, "AML.T0077").level == Level.EVIDENCED


def test_a_probe_of_before_0_11_is_the_full_one(content: Content) -> None:
    found = content.frameworks["garak"].editions[0]
    full = next(row.topic_id for row in found.topics if row.topic_id.endswith("Full"))
    small = full.removesuffix("Full")
    assert found.find_topic(small) is not None
    for version, level_of_full, level_of_small in (("0.10.3.1", 3, 0), ("0.11", 0, 3), ("", 0, 3)):
        proof = Proof(runs=(run(Probed(small, 1, 2), version=version),))
        assert stands(content, proof, full, "garak", "0.17.1").level == level_of_full
        assert stands(content, proof, small, "garak", "0.17.1").level == level_of_small


def test_a_technique_takes_nothing_from_its_parts(content: Content) -> None:
    """promptinject is tied to Direct alone, a part of LLM Prompt Injection."""
    proof = Proof(runs=(run(Probed("promptinject.HijackHateHumans", 1, 2)),))
    assert stands(content, proof, "AML.T0051.000").level == Level.EVIDENCED
    assert stands(content, proof, "AML.T0051").level == Level.UNTOUCHED


def test_what_nobody_teaches_is_outside_and_no_gap(content: Content) -> None:
    standing = stands(content, Proof(), "AML.T0090")
    assert (standing.is_taught, standing.state) == (False, "outside")
    assert in_words(standing) == "This curriculum does not teach it."
    shown = stands(content, Proof(runs=(run(Probed("goat.GOATAttack", 1, 2)),)), "goat", "garak", "0.17.1")
    assert (shown.is_taught, shown.state) == (False, "evidenced")


def test_the_tag_of_a_report_is_said_where_it_means_another_topic(content: Content) -> None:
    # garak numbers its tags by the list of 2023: llm06 is LLM02 of 2025.
    probe = Probed("web_injection.MarkdownImageExfil", 1, 2, ("owasp:llm06", "owasp:llm02:x", "cwe:79"))
    standing = stands(content, Proof(runs=(run(probe),)), "LLM05:2025", "owasp-llm", "2025")
    assert standing.reasons[0].tag_said == (
        "The report's own tag says owasp:llm06 (LLM02:2025), by the numbers of 1.1."
    )
    same = replace(probe, tags=("owasp:llm02",))
    standing = stands(content, Proof(runs=(run(same),)), "LLM05:2025", "owasp-llm", "2025")
    assert standing.reasons[0].tag_said == ""


def test_a_tag_that_no_tie_follows_is_said_and_gives_no_level(content: Content) -> None:
    probe = Probed("grandma.Win10", 1, 2, ("owasp:llm10",))
    standing = stands(content, Proof(runs=(run(probe),)), "LLM10", "owasp-llm", "1.1")
    assert standing.level == Level.UNTOUCHED
    assert standing.notes == (
        "Reports tag grandma with owasp:llm10, by the numbers of 1.1. This map does not tie it to this "
        "topic, so it gives no level.",
    )


def test_of_many_runs_of_a_family_those_that_say_most_are_told(content: Content) -> None:
    weak = [run(pk=number, is_complete=False) for number in range(8)]
    empty = [run(Probed("encoding.InjectBase64", 0, 0), pk=number) for number in range(10, 18)]
    standing = stands(content, Proof(runs=(*weak, *empty, run(pk=99))))
    assert standing.level == Level.EVIDENCED
    assert standing.reasons[0].about == ("run", "99")
    assert len(standing.reasons) == 5
    assert standing.notes == ("12 more runs of encoding, which would change nothing here.",)


# ----------------------------------------------------------------------------------------------- properties

# A property runs many times over one curriculum, which no fixture of a test can give it.
_KEPT: list[Content] = []


@pytest.fixture(autouse=True)
def kept_content(db: None) -> None:
    _KEPT[:] = [said_of_topics(load_test_curriculum().revision, ())]


WORK = st.builds(
    Work,
    st.sampled_from([SCAN, "garak.repeat-one-family", "garak.write-own-suite", "mindset.first-break"]),
    st.sampled_from(["", "done", "known"]),
    st.just(ON),
    st.integers(0, 600),
    st.just(ON),
)
HAND_IN = st.builds(
    HandedIn,
    st.sampled_from([LAB, "garak.lab-own-suite", "no.such-lab"]),
    st.just(ON),
    st.integers(0, 3),
    st.integers(0, 2),
    st.integers(0, 2),
)
RUN = st.builds(
    run,
    st.builds(
        Probed,
        st.sampled_from(
            ["encoding.InjectBase64", "dan.Dan_11_0", "xss.X", "promptinject.HijackHateHumans", "?"]
        ),
        st.just(0),
        st.integers(0, 9),
        st.sampled_from([(), ("owasp:llm01",), ("owasp:llm07", "quality:x")]),
    ),
    tool=st.sampled_from(["garak", "counterfit", "promptfoo", "pyrit", "?"]),
    version=st.sampled_from(["", "0.9.0.8", "0.17.1", "0.16.1.pre1", "…"]),
    is_complete=st.booleans(),
    is_self_test=st.booleans(),
)
PROOF = st.builds(
    Proof,
    work=st.lists(WORK, max_size=3, unique_by=lambda row: row.activity_key).map(tuple),
    hand_ins=st.lists(HAND_IN, max_size=3).map(tuple),
    runs=st.lists(RUN, max_size=3).map(tuple),
)


@given(
    PROOF, PROOF, st.sampled_from([("mitre-atlas", "2026.09"), ("owasp-llm", "2025"), ("garak", "0.17.1")])
)
def test_more_proof_never_lowers_a_level(some: Proof, more: Proof, place: tuple[str, str]) -> None:
    (content,) = _KEPT
    framework = content.frameworks[place[0]]
    edition = next(row for row in framework.editions if row.name == place[1])
    known = {row.activity_key: row for row in (*more.work, *some.work)}
    both = Proof(tuple(known.values()), (*some.hand_ins, *more.hand_ins), (*some.runs, *more.runs))
    before, after = (standings(Seen(content, proof), framework, edition) for proof in (some, both))
    for topic_id, standing in before.items():
        assert after[topic_id].level >= standing.level
        assert standing.level == max((row.level for row in standing.reasons), default=0)
