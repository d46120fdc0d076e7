"""The curriculum that comes with the product: what is in it, counted and named."""

import re
from collections.abc import Iterator

import pytest

from curriculum.checks import item_keys
from curriculum.reading import Content
from curriculum.schema import Module, positional
from tests.fixtures.curriculum import real_content

SPECIALIST = "ai-security-engineer"
BUILDER = "security-aware-mle"
LEAD = "t-shaped-lead"
MODULE_KEYS = [
    "mindset",
    "foundations",
    "atlas",
    "stride",
    "owasp",
    "garak",
    "agents",
    "findings",
    "evasion",
    "counterfit",
    "poisoning",
    "privacy",
    "supply-chain",
    "defence",
    "compliance",
    "work-project",
    "portfolio",
]


def keys_of(content: Content) -> list[tuple[str, str]]:
    return [(key, kind) for module in content.modules for key, kind, _ in item_keys(module)]


def test_the_modules_are_those_of_the_outline() -> None:
    modules = real_content().modules
    assert [module.key for module in modules] == MODULE_KEYS
    assert [module.number for module in modules] == list(range(1, 18))
    assert sum(len(module.labs) for module in modules) >= 35
    assert sum(len(module.questions) for module in modules) >= 89


@pytest.mark.parametrize(
    ("track", "least", "most"), [(SPECIALIST, 360, 390), (BUILDER, 200, 215), (LEAD, 50, 70)]
)
def test_the_required_hours_of_each_track(track: str, least: int, most: int) -> None:
    minutes = sum(
        activity.minutes
        for module in real_content().modules
        for activity in module.activities
        if activity.tracks.get(track) == "required"
    )
    assert least * 60 <= minutes <= most * 60


def test_the_tracks_and_what_each_builds_on() -> None:
    tracks = {track.key: track.builds_on for track in real_content().tracks}
    assert tracks == {SPECIALIST: (), BUILDER: (), LEAD: (SPECIALIST, BUILDER)}


def test_work_is_counted_in_quarters_of_an_hour() -> None:
    for module in real_content().modules:
        for activity in module.activities:
            assert activity.minutes % 15 == 0, activity.key
            assert activity.minutes <= 600, activity.key


def test_counterfit_is_the_only_elective_and_the_poison_detector_is_optional() -> None:
    content = real_content()
    assert {track.key: track.electives for track in content.tracks} == {
        SPECIALIST: (),
        BUILDER: ("counterfit",),
        LEAD: (),
    }
    optional = {
        activity.key
        for module in content.modules
        for activity in module.activities
        if activity.tracks.get(BUILDER) == "optional" and module.key != "counterfit"
    }
    assert {"poisoning.build-poison-detector", "poisoning.measure-detector-curve"} <= optional


@pytest.mark.parametrize(("track", "least", "most"), [(SPECIALIST, 15, 25), (BUILDER, 4, 15), (LEAD, 0, 5)])
def test_the_share_of_each_track_that_may_be_left_out(track: str, least: int, most: int) -> None:
    """In percent of the required minutes. The builder's track has optional work besides."""
    required = [
        activity
        for module in real_content().modules
        for activity in module.activities
        if activity.tracks.get(track) == "required"
    ]
    minutes = sum(activity.minutes for activity in required)
    spare = sum(activity.minutes for activity in required if activity.if_left_out)
    assert least * minutes <= 100 * spare <= most * minutes


def test_more_than_half_of_every_module_stays_when_all_is_left_out_that_may_be() -> None:
    for module in real_content().modules:
        for track, minutes in module.minutes.items():
            staying = sum(
                activity.minutes
                for activity in module.activities
                if activity.tracks.get(track) == "required" and not activity.if_left_out
            )
            assert 2 * staying > minutes or not minutes, f"{module.key} in {track}"


def test_every_lab_of_a_track_keeps_an_activity_that_works_on_it() -> None:
    """Some criteria ask for the evidence of each lab in words, where no check sees it."""
    for module in real_content().modules:
        for track in (SPECIALIST, BUILDER, LEAD):
            required = [row for row in module.activities if row.tracks.get(track) == "required"]
            staying = {row.lab for row in required if not row.if_left_out}
            assert {row.lab for row in required if row.lab} <= staying, f"{module.key} in {track}"


def test_what_is_lost_is_one_plain_sentence() -> None:
    said = {
        activity.key: activity.if_left_out
        for module in real_content().modules
        for activity in module.activities
        if activity.if_left_out
    }
    assert len(said) == len(set(said.values()))
    for key, text in said.items():
        assert text.isascii(), key
        assert 60 <= len(text) <= 160, key
        assert re.fullmatch(r"You[^!?]+\.", text), key


def test_every_key_is_unique_and_names_its_thing() -> None:
    keys = keys_of(real_content())
    assert len(keys) == len({key for key, _ in keys})
    starts = {"lab": "lab-", "question": "ask-", "criterion": "proof-", "resource": "res-"}
    for key, kind in keys:
        name = key.split(".", 1)[1]
        assert not positional(name)
        assert re.search(r"\d", name) is None, f"{key}: a number in a key is a place or a date in disguise"
        assert name.startswith(starts.get(kind, ""))
        assert 4 <= len(name) <= 40


def test_every_criterion_is_backed_by_a_lab_or_a_named_artefact() -> None:
    for module in real_content().modules:
        labs = {lab.key for lab in module.labs}
        for criterion in module.milestone.criteria:
            if criterion.backed_by.lab is None:
                assert criterion.backed_by.artefact
            else:
                assert criterion.backed_by.lab in labs


def test_every_lab_has_evidence_and_a_criterion_that_needs_it() -> None:
    for module in real_content().modules:
        named = {criterion.backed_by.lab for criterion in module.milestone.criteria}
        all_labs = any("each" in (c.backed_by.artefact or "") for c in module.milestone.criteria)
        for lab in module.labs:
            assert lab.evidence.files
            assert lab.key in named or all_labs, lab.key


def test_every_lab_has_a_rule_that_a_machine_can_check_in_each_of_its_tracks() -> None:
    for module in real_content().modules:
        for lab in module.labs:
            for track in lab.tracks:
                rules = [rule for rule in lab.evidence.rules if not rule.tracks or track in rule.tracks]
                assert any(rule.attested is None for rule in rules), f"{lab.key} in {track}"


def test_every_question_has_a_source_and_checks_something() -> None:
    for module in real_content().modules:
        for question in module.questions:
            assert question.source.strip(), question.key
            assert question.checks, question.key


def test_what_is_read_is_asked_about() -> None:
    """A learner who knows the answers may leave the reading out, so every reading needs a question."""
    checked = {key for module in real_content().modules for row in module.questions for key in row.checks}
    readings = {
        activity.key
        for module in real_content().modules
        for activity in module.activities
        if activity.kind == "read"
    }
    assert readings - checked == set()


def test_what_the_role_asks_for_is_taught_but_for_the_pay() -> None:
    rows = real_content().role
    assert len(rows) == 36
    (left_out,) = [row for row in rows if not row.modules]
    assert "salary" in left_out.asks
    assert left_out.left_out
    assert {key for row in rows for key in row.modules} >= set(MODULE_KEYS) - {"counterfit"}


def sections(module: Module) -> Iterator[int]:
    """The number of words before the first heading of a primer, and after each."""
    words = 0
    for text in module.primer.splitlines():
        if text.startswith("#"):
            yield words
            words = 0
        else:
            words += len(text.split())
    yield words


def test_a_primer_can_be_read_in_a_sitting_and_has_headings_to_hold_on_to() -> None:
    for module in real_content().modules:
        assert 500 <= len(module.primer.split()) <= 1_600, module.key
        assert max(sections(module)) <= 350, module.key
        assert "\n# " not in f"\n{module.primer}", f"{module.key}: the page's own heading is the first"


def test_no_tactic_is_covered_without_a_technique_of_its_own() -> None:
    content = real_content()
    atlas = next(framework for framework in content.frameworks if framework.key == "mitre-atlas")
    topics = {(row.edition, topic.id): topic for row in atlas.editions for topic in row.topics}
    for module in content.modules:
        covered = [
            topics[cover.edition, cover.topic] for cover in module.covers if cover.framework == "mitre-atlas"
        ]
        behind = {tactic for topic in covered for tactic in topic.groups}
        bare = {topic.id for topic in covered if topic.kind == "tactic"} - behind
        assert not bare, f"{module.key} covers {bare} without a technique"


def test_the_frameworks_and_their_editions() -> None:
    counts = {
        (framework.key, edition.edition): len(edition.topics)
        for framework in real_content().frameworks
        for edition in framework.editions
    }
    assert counts["mitre-atlas", "5.6.0"] == 16 + 170 + 35 + 57
    assert counts["owasp-llm", "1.1"] == counts["owasp-llm", "2025"] == counts["owasp-llm", "2026"] == 10
    assert counts["owasp-agentic", "2026"] == 10
    assert counts["owasp-ml", "2023"] == counts["owasp-api", "2023"] == 10
    assert counts["stride", "1999"] == 6
    assert counts["nist-adversarial-ml", "E2025"] == 5 + 25
    assert counts["nist-genai-profile", "2024"] == 12
    assert counts["nist-ai-rmf", "1.0"] >= 4 + 19
    assert counts["eu-ai-act", "2026/1744"] >= 35
    assert {"mitre-atlas", "garak", "counterfit"} <= {key for key, _ in counts}


def test_the_same_id_in_three_editions_is_three_risks() -> None:
    owasp = next(framework for framework in real_content().frameworks if framework.key == "owasp-llm")
    names = {
        topic.id: topic.name for edition in owasp.editions for topic in edition.topics if "LLM06" in topic.id
    }
    assert names == {
        "LLM06": "Sensitive Information Disclosure",
        "LLM06:2025": "Excessive Agency",
        "LLM06:2026": "Unbounded Consumption",
    }


def test_all_sixteen_tactics_and_twenty_risks_are_taught() -> None:
    covered = {(cover.framework, cover.topic) for module in real_content().modules for cover in module.covers}
    tactics = {topic for framework, topic in covered if topic.startswith("AML.TA")}
    assert len(tactics) == 16
    assert {("owasp-llm", f"LLM{number:02}:2026") for number in range(1, 11)} <= covered
    assert {("owasp-agentic", f"ASI{number:02}") for number in range(1, 11)} <= covered
    assert {("stride", letter) for letter in "STRIDE"} <= covered


def test_only_the_work_project_is_scoped_by_the_learner() -> None:
    assert [module.key for module in real_content().modules if module.learner_scoped] == ["work-project"]


def test_the_skills_matrix() -> None:
    skills = {skill.key: skill for skill in real_content().skills}
    assert len(skills) == 6
    assert {key for key, skill in skills.items() if skill.kind == "surplus"} == {
        "model-training",
        "python-ml-frameworks",
    }
    assert {key: skill.targets[SPECIALIST] for key, skill in skills.items()} == {
        "model-training": 2,
        "python-ml-frameworks": 3,
        "adversarial-ml": 4,
        "threat-modelling": 4,
        "infrastructure": 3,
        "compliance": 3,
    }
    for skill in skills.values():
        assert set(skill.targets) == {SPECIALIST, BUILDER, LEAD}


def test_corrections_of_the_second_reading_are_in() -> None:
    content = real_content()
    labs = {lab.key: lab for module in content.modules for lab in module.labs}

    def asked_of(key: str) -> str:
        return labs[key].evidence.model_dump_json(by_alias=True)

    answers = {question.key: question.answer for module in content.modules for question in module.questions}
    assert "November 2022" in answers["counterfit.ask-last-code-change"]
    assert "184 days" in answers["supply-chain.ask-log-retention"]
    assert "system_prompt_sources" in asked_of("garak.lab-scan")
    assert "0.15.1" in asked_of("garak.lab-scan")
    assert "false_omission" in asked_of("garak.lab-detector-audit")
    assert "The bound on the L2 distance is 2.0 or less." in asked_of("evasion.lab-query-budget")
    assert "benign_control" in asked_of("foundations.lab-weak-api")
    asked = [file.name for file in labs["findings.lab-regression-pack"].evidence.files]
    assert {"before.junit.xml", "after.junit.xml"} <= set(asked)
    assert set(labs["defence.lab-defence-pack"].variants) == {BUILDER}
    assert not any("*.report.jsonl" in file.name for file in labs["privacy.lab-canary"].evidence.files)
    foundations = next(module for module in content.modules if module.key == "foundations")
    covered = {cover.topic for cover in foundations.covers}
    assert "LLM04:2026" in covered
    assert "LLM10:2026" not in covered


def test_prose_speaks_to_the_learner_and_names_no_place_of_ours() -> None:
    text = real_content().canonical().decode()
    for word in ("role article", "this project", "/work/", "file://", "localhost"):
        assert word not in text, word
    for module in real_content().modules:
        assert 80 <= len(module.why.split()) <= 160, module.key


def test_no_prose_has_a_dash_as_long_as_an_em() -> None:
    for module in real_content().modules:
        text = module.model_dump_json()
        assert "\u2014" not in text, f"{module.key}: {text[max(0, text.find(chr(0x2014)) - 60) :][:120]}"
    assert "\u2014" not in real_content().canonical().decode()
