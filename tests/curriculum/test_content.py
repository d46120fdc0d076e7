"""The curriculum that comes with the product: what is in it, counted and named."""

import re

from curriculum.schema import Content, item_keys, positional
from tests.fixtures.curriculum import real_content

SPECIALIST = "ai-security-engineer"
BUILDER = "security-aware-mle"
MODULE_KEYS = [
    "mindset",
    "foundations",
    "atlas",
    "stride",
    "owasp",
    "garak",
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


def test_the_counts_are_those_of_the_outline() -> None:
    modules = real_content().modules
    assert [module.key for module in modules] == MODULE_KEYS
    assert [module.number for module in modules] == list(range(1, 17))
    assert sum(len(module.activities) for module in modules) == 123
    assert sum(len(module.labs) for module in modules) == 35
    assert sum(len(module.questions) for module in modules) == 89
    assert sum(len(module.milestone.criteria) for module in modules) == 51
    assert sum(len(module.resources) for module in modules) == 79
    assert len({resource.url for module in modules for resource in module.resources}) == 57


def test_the_required_minutes_of_both_tracks() -> None:
    def minutes(track: str) -> int:
        return sum(
            activity.minutes
            for module in real_content().modules
            for activity in module.activities
            if activity.tracks.get(track) == "required"
        )

    assert [track.key for track in real_content().tracks] == [SPECIALIST, BUILDER]
    assert minutes(SPECIALIST) == 360 * 60 == 21_600
    assert minutes(BUILDER) == 208 * 60 == 12_480


def test_the_minutes_by_kind_of_work() -> None:
    sums: dict[str, int] = {}
    for module in real_content().modules:
        for activity in module.activities:
            sums[activity.kind] = sums.get(activity.kind, 0) + activity.minutes
    assert sums == {"read": 3750, "practise": 7185, "build": 6210, "write": 2700, "measure": 1755}


def test_counterfit_is_the_only_elective_and_the_poison_detector_optional() -> None:
    content = real_content()
    assert {track.key: track.electives for track in content.tracks} == {
        SPECIALIST: (),
        BUILDER: ("counterfit",),
    }
    optional = {
        activity.key
        for module in content.modules
        for activity in module.activities
        if activity.tracks.get(BUILDER) == "optional" and module.key != "counterfit"
    }
    assert optional == {"poisoning.build-poison-detector", "poisoning.measure-detector-curve"}


def test_every_key_is_unique_and_names_its_thing() -> None:
    keys = keys_of(real_content())
    assert len(keys) == len({key for key, _ in keys}) == 123 + 35 + 89 + 51 + 79 + 16
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
            assert lab.evidence.rules
            assert lab.key in named or all_labs, lab.key


def test_no_tactic_is_covered_without_a_technique_of_its_own() -> None:
    content = real_content()
    atlas = next(framework for framework in content.frameworks if framework.key == "mitre-atlas")
    topics = {topic.id: topic for topic in atlas.editions[0].topics}
    for module in content.modules:
        covered = [topics[cover.topic] for cover in module.covers if cover.framework == "mitre-atlas"]
        behind = {tactic for topic in covered for tactic in topic.groups}
        bare = {topic.id for topic in covered if topic.kind == "tactic"} - behind
        assert not bare, f"{module.key} covers {bare} without a technique"


def test_the_frameworks_and_their_editions() -> None:
    counts = {
        (framework.key, edition.edition): len(edition.topics)
        for framework in real_content().frameworks
        for edition in framework.editions
    }
    assert counts["mitre-atlas", "5.6.0"] == 16 + 170 + 35
    assert counts["owasp-llm", "1.1"] == counts["owasp-llm", "2025"] == counts["owasp-llm", "2026"] == 10
    assert counts["owasp-agentic", "2026"] == 10
    assert counts["owasp-ml", "2023"] == counts["owasp-api", "2023"] == 10
    assert counts["stride", "1999"] == 6
    assert counts["nist-adversarial-ml", "E2025"] == 5 + 25
    assert counts["nist-genai-profile", "2024"] == 12
    assert counts["nist-ai-rmf", "1.0"] >= 4 + 19
    assert counts["eu-ai-act", "2026/1744"] >= 35


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


def test_corrections_of_the_second_reading_are_in() -> None:
    content = real_content()
    labs = {lab.key: lab for module in content.modules for lab in module.labs}
    answers = {question.key: question.answer for module in content.modules for question in module.questions}
    assert "November 2022" in answers["counterfit.ask-last-code-change"]
    assert "184 days" in answers["supply-chain.ask-log-retention"]
    assert "system_prompt_sources" in labs["garak.lab-scan"].needs
    assert any("0.15.1" in rule for rule in labs["garak.lab-scan"].evidence.rules)
    assert any("false-omission" in rule for rule in labs["garak.lab-detector-audit"].evidence.rules)
    assert any("L2 distance of 2.0" in rule for rule in labs["evasion.lab-query-budget"].evidence.rules)
    assert any("benign_control" in rule for rule in labs["foundations.lab-weak-api"].evidence.rules)
    assert labs["findings.lab-regression-pack"].evidence.files[1:] == ("before.junit.xml", "after.junit.xml")
    assert set(labs["defence.lab-defence-pack"].variants) == {BUILDER}
    assert not any("*.report.jsonl" in file for file in labs["privacy.lab-canary"].evidence.files)
    foundations = next(module for module in content.modules if module.key == "foundations")
    covered = {cover.topic for cover in foundations.covers}
    assert "LLM04:2026" in covered
    assert "LLM10:2026" not in covered


def test_prose_speaks_to_the_learner_and_names_no_place_of_ours() -> None:
    text = real_content().canonical().decode()
    for word in ("role article", "this project", "judgement", "/work/", "file://", "localhost"):
        assert word not in text, word
    for module in real_content().modules:
        sentences = re.split(r"(?<=[.!?]) ", module.why)
        assert 2 <= len(sentences) <= 4, module.key
