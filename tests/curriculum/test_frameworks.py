"""The frameworks that come with the product: what is in each edition, counted, and who ties them."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date
from functools import cache

import pytest

from curriculum import loader
from curriculum.framework_file import rendered
from curriculum.plain_yaml import MAX_FILE_BYTES, parse_document, read_document
from curriculum.schema import Edition, Framework, Topic

FILES = sorted(path.name for path in (loader.CONTENT / "frameworks").glob("*.yaml"))
KEYS = [name.removesuffix(".yaml") for name in FILES]


@cache
def framework(key: str) -> Framework:
    return Framework.model_validate(read_document(loader.CONTENT, f"frameworks/{key}.yaml").data)


def edition(key: str, name: str) -> Edition:
    return next(known for known in framework(key).editions if known.edition == name)


def topics(key: str, name: str) -> dict[str, Topic]:
    return {topic.id: topic for topic in edition(key, name).topics}


def kinds(key: str, name: str) -> dict[str, int]:
    return dict(Counter(topic.kind for topic in edition(key, name).topics))


def links(key: str, name: str, to: str) -> list[tuple[str, str, str]]:
    """The ties of an edition to a framework, as (topic, topic there, basis)."""
    return [
        (link.topic, link.to_topic, link.basis)
        for link in framework(key).links
        if link.edition == name and link.to_framework == to
    ]


# -------------------------------------------------------------------------------------------- what is in them


def test_these_frameworks_and_editions_are_known() -> None:
    assert {key: [known.edition for known in framework(key).editions] for key in KEYS} == {
        "counterfit": ["1.1.0"],
        "eu-ai-act": ["2026/1744"],
        "garak": ["0.17.1"],
        "mitre-atlas": ["5.6.0", "2026.09"],
        "nist-adversarial-ml": ["E2025"],
        "nist-ai-rmf": ["1.0"],
        "nist-genai-profile": ["2024"],
        "owasp-agentic": ["2026"],
        "owasp-api": ["2023"],
        "owasp-llm": ["1.1", "2025", "2026"],
        "owasp-ml": ["2023"],
        "stride": ["1999", "Microsoft AI-ML", "STRIDE-AI 2021"],
    }


def test_atlas() -> None:
    known = topics("mitre-atlas", "5.6.0")
    assert kinds("mitre-atlas", "5.6.0") == {
        "tactic": 16,
        "technique": 101 + 69,
        "mitigation": 35,
        "case-study": 57,
    }
    techniques = [topic for topic in known.values() if topic.kind == "technique"]
    assert sum(1 for topic in techniques if topic.parent) == 69
    assert all(topic.groups for topic in techniques)
    assert Counter(topic.note for topic in techniques) == {
        "maturity: feasible": 17,
        "maturity: demonstrated": 89,
        "maturity: realized": 64,
    }
    # 244 ties of mitigations, and two that stand in the wrong field of the published file.
    assert sum(len(topic.relates) for topic in known.values() if topic.kind == "mitigation") == 244 + 2
    assert all(topic.relates for topic in known.values() if topic.kind == "case-study")
    assert (known["AML.CS0009"].name, known["AML.CS0009"].note) == ("Tay Poisoning", "incident, 2016-03-23")


def test_atlas_second_hand() -> None:
    assert kinds("mitre-atlas", "2026.09") == {"tactic": 16, "technique": 120 + 88, "mitigation": 40}
    assert "second hand" in edition("mitre-atlas", "2026.09").title
    known = topics("mitre-atlas", "2026.09")
    assert sum(1 for topic in known.values() if topic.parent) == 88
    assert not any(topic.relates for topic in known.values())
    # The order of tactics changed: the third was the thirteenth.
    assert (list(topics("mitre-atlas", "5.6.0"))[12], list(known)[2]) == ("AML.TA0001", "AML.TA0001")


def test_owasp() -> None:
    for name in ("1.1", "2025", "2026"):
        assert kinds("owasp-llm", name) == {"risk": 10}
    assert kinds("owasp-agentic", "2026") == {"risk": 10}
    assert kinds("owasp-ml", "2023") == kinds("owasp-api", "2023") == {"risk": 10}
    assert all(
        (topic.note or "").startswith("Appendix 1: CWE-") for topic in edition("owasp-llm", "2026").topics
    )


def test_nist() -> None:
    assert kinds("nist-ai-rmf", "1.0") == {"function": 4, "category": 19, "subcategory": 72}
    rmf = topics("nist-ai-rmf", "1.0")
    below = Counter(topic.id.split()[0] for topic in rmf.values() if topic.kind == "subcategory")
    assert below == {"GOVERN": 19, "MAP": 18, "MEASURE": 22, "MANAGE": 13}
    assert len({topic.name for topic in rmf.values()}) == len(rmf)
    assert kinds("nist-genai-profile", "2024") == {"risk": 12}
    assert kinds("nist-adversarial-ml", "E2025") == {"objective": 5, "attack": 25}


def test_attacks_of_nist_stand_under_each_of_their_objectives() -> None:
    aml = topics("nist-adversarial-ml", "E2025")
    several = {topic.id: topic.groups for topic in aml.values() if len(topic.groups) > 1}
    four = ("NISTAML.01", "NISTAML.02", "NISTAML.03", "NISTAML.04")
    assert several == {
        "NISTAML.012": ("NISTAML.01", "NISTAML.02"),
        "NISTAML.015": four,
        "NISTAML.018": four,
    }
    both = {
        topic.id[-3:] for topic in aml.values() if topic.kind == "attack" and " and " in (topic.note or "")
    }
    assert both == {"013", "023", "024", "031", "033", "051"}


def test_the_ai_act() -> None:
    act = edition("eu-ai-act", "2026/1744").topics
    assert sum(1 for topic in act if topic.kind == "article" and topic.parent is None) == 30
    assert sum(1 for topic in act if topic.kind == "annex") == 5
    assert sum(1 for topic in act if topic.parent == "Art. 15(5)") == 5


def test_stride() -> None:
    assert "".join(topics("stride", "1999")) == "STRIDE"
    assert kinds("stride", "Microsoft AI-ML") == {"threat": 12}
    assert kinds("stride", "STRIDE-AI 2021") == {"threat": 6, "asset": 17}
    assets = [topic for topic in edition("stride", "STRIDE-AI 2021").topics if topic.kind == "asset"]
    assert all(topic.groups for topic in assets)
    assert next(topic.groups for topic in assets if topic.name == "Deployed models") == tuple("STRIDE")


def test_garak() -> None:
    assert kinds("garak", "0.17.1") == {"probe-family": 41, "probe": 189}
    known = topics("garak", "0.17.1")
    probes = [topic for topic in known.values() if topic.kind == "probe"]
    assert all(topic.id == f"{topic.parent}.{topic.name}" for topic in probes)
    assert sum(1 for topic in probes if (topic.note or "").startswith("active by default")) == 93
    tiers = Counter((topic.note or "").split("tier: ")[1].split(";")[0] for topic in probes)
    # The unlisted tier of the package has two more, its own test probes.
    assert tiers == {
        "of concern": 59,
        "compete with the state of the art": 78,
        "informational": 26,
        "unlisted": 26,
    }
    assert "called xss before 0.13.1" in (known["web_injection"].note or "")


def test_counterfit() -> None:
    assert kinds("counterfit", "1.1.0") == {"attack": 71}
    attacks = topics("counterfit", "1.1.0")
    notes = [(topic.note or "").split("; ") for topic in attacks.values()]
    assert Counter(note[0] for note in notes) == {"ART": 21, "AugLy": 31, "TextAttack": 19}
    assert Counter(note[1].removeprefix("category ") for note in notes) == {
        "evasion": 33,
        "common-corruption": 31,
        "inference": 4,
        "inversion": 3,
    }
    assert "is model extraction" in (attacks["copycat_cnn"].note or "")


# -------------------------------------------------------------------------------------- maps between editions


def test_every_row_of_a_map_names_topics_of_its_editions() -> None:
    for key in KEYS:
        for known in framework(key).maps:
            before, after = topics(key, known.from_edition), topics(key, known.to_edition)
            for row in known.rows:
                assert row.from_ in before, (key, row)
                assert row.to is None or row.to in after, (key, row)
            assert len({row.from_ for row in known.rows}) == len(known.rows)


def test_ids_of_owasp_are_followed_over_three_editions() -> None:
    steps = {
        (known.from_edition, known.to_edition): {row.from_: (row.to, row.how) for row in known.rows}
        for known in framework("owasp-llm").maps
    }
    assert {pair: len(rows) for pair, rows in steps.items()} == {("1.1", "2025"): 10, ("2025", "2026"): 10}
    assert steps["1.1", "2025"]["LLM06"] == ("LLM02:2025", "moved")
    assert steps["1.1", "2025"]["LLM07"] == (None, "gone")
    assert steps["1.1", "2025"]["LLM10"] == (None, "gone")
    assert steps["2025", "2026"]["LLM07:2025"] == ("LLM08:2026", "renamed")
    assert steps["2025", "2026"]["LLM06:2025"] == ("LLM03:2026", "moved")


def test_the_map_of_atlas_says_what_its_editions_show() -> None:
    (known,) = framework("mitre-atlas").maps
    before, after = topics("mitre-atlas", "5.6.0"), topics("mitre-atlas", "2026.09")
    rows = {row.from_: row for row in known.rows}
    for topic in before.values():
        now = after.get(topic.id)
        if topic.kind == "case-study":  # not known in the later edition
            assert topic.id not in rows
        elif now is None:
            assert rows[topic.id].to != topic.id
        elif now.name != topic.name:
            assert rows[topic.id].how == "renamed"
        elif (now.parent, set(now.groups)) != (topic.parent, set(topic.groups)):
            assert rows[topic.id].how == "moved"
        else:
            assert topic.id not in rows
    assert {row.from_: row.to for row in rows.values() if row.from_ != row.to} == {
        "AML.T0019": "AML.T0115.000",
        "AML.T0058": "AML.T0115.001",
        "AML.T0104": "AML.T0115.002",
    }


# ------------------------------------------------------------------------------------ ties between frameworks


def test_every_tie_has_both_ends_a_basis_and_a_source() -> None:
    total = 0
    for key in KEYS:
        for link in framework(key).links:
            assert link.topic in topics(key, link.edition), link
            assert link.to_topic in topics(link.to_framework, link.to_edition), link
            assert link.to_framework != key, link
            assert link.basis in ("owner", "third-party", "ours")
            assert len(link.source) > 10
            assert link.basis != "ours" or link.source.startswith("Our judgement"), link
            total += 1
    assert total == 724


def test_owner_stands_only_where_the_owner_says_so() -> None:
    owned = {
        (key, link.edition, link.to_framework)
        for key in KEYS
        for link in framework(key).links
        if link.basis == "owner"
    }
    assert owned == {
        ("owasp-llm", "2025", "mitre-atlas"),
        ("owasp-llm", "2025", "owasp-ml"),
        ("owasp-llm", "2025", "owasp-api"),
        ("owasp-llm", "2026", "mitre-atlas"),
        ("owasp-llm", "2026", "nist-ai-rmf"),
        ("owasp-llm", "2026", "nist-genai-profile"),
        ("owasp-llm", "2026", "owasp-agentic"),
        ("nist-adversarial-ml", "E2025", "mitre-atlas"),
    }


def test_the_appendix_of_2026_is_there_in_full() -> None:
    def owned(to: str) -> list[str]:
        return [there for _, there, basis in links("owasp-llm", "2026", to) if basis == "owner"]

    assert len(owned("mitre-atlas")) == 46
    assert all(topic.startswith("AML.TA") for topic in owned("mitre-atlas"))
    assert len(owned("owasp-agentic")) == 31
    assert len(owned("nist-genai-profile")) == 39
    assert len(owned("nist-ai-rmf")) == 25
    assert all(re.fullmatch(r"[A-Z]+ \d", topic) for topic in owned("nist-ai-rmf"))


def test_the_pages_of_2025_name_these_techniques() -> None:
    pages: dict[str, set[str]] = {}
    for topic, there, basis in links("owasp-llm", "2025", "mitre-atlas"):
        if basis == "owner":
            pages.setdefault(topic[:5], set()).add(there.removeprefix("AML."))
    assert pages == {
        "LLM01": {"T0051.000", "T0051.001", "T0054"},
        "LLM02": {"T0024.000", "T0024.001", "T0024.002"},
        "LLM03": {"T0010"},
        "LLM04": {"T0018", "CS0009"},
        "LLM07": {"T0051.000"},
        "LLM09": {"T0048.002"},
        "LLM10": {"T0024", "T0029", "T0034", "T0025", "TA0000"},
    }


def test_nist_names_four_mitigations_of_atlas_and_nothing_else() -> None:
    owned = [row for row in links("nist-adversarial-ml", "E2025", "mitre-atlas") if row[2] == "owner"]
    assert [(topic, there) for topic, there, _ in owned] == [
        ("NISTAML.018", f"AML.M000{number}") for number in (0, 1, 2, 4)
    ]


def test_tags_of_garak_are_tied_to_the_list_of_2023() -> None:
    tags = links("garak", "0.17.1", "owasp-llm")
    stated = [link for link in framework("garak").links if link.to_edition == "1.1"]
    assert stated
    assert all(link.basis == "third-party" and "2023" in link.source for link in stated)
    assert not any(link.to_topic == "LLM03" for link in stated), "no probe can show poisoning"
    assert ("web_injection", "LLM06", "third-party") in tags
    assert ("web_injection", "LLM02:2025", "third-party") in tags
    assert ("web_injection", "LLM02:2026", "third-party") in tags
    assert ("suffix", "LLM01:2026", "ours") in tags
    assert all(basis == "ours" for _, _, basis in links("garak", "0.17.1", "mitre-atlas"))


def test_every_letter_of_stride_is_tied_to_atlas() -> None:
    rows = links("stride", "1999", "mitre-atlas")
    assert {topic for topic, _, _ in rows} == set("STRIDE")
    assert [there for topic, there, _ in rows if topic == "R"] == ["AML.M0024"]


# ----------------------------------------------------------------------------------------- days of the AI Act


def test_every_day_of_the_ai_act_has_a_source_and_was_checked() -> None:
    rows = framework("eu-ai-act").dates
    assert len(rows) == 48
    articles = {topic.id for topic in edition("eu-ai-act", "2026/1744").topics if topic.id.count(" ") == 1}
    assert {row.topic for row in rows} <= articles
    for row in rows:
        assert len(row.source) > 10
        assert date.fromisoformat(row.checked_on) == date(2026, 11, 22)
        assert date.fromisoformat(row.enacted_on) <= date.fromisoformat(row.applies_on)
    without = {topic for topic in articles if topic.startswith("Art.")} - {row.topic for row in rows}
    assert without == {"Art. 43", "Art. 15(5)", "Art. 26(6)"}, "43 follows high-risk status"


@pytest.mark.parametrize("article", [6, *range(9, 18), 19, 20, 25, 26, 27])
def test_the_days_of_high_risk_systems_show_what_was_enacted_and_what_holds(article: int) -> None:
    rows = [row for row in framework("eu-ai-act").dates if row.topic == f"Art. {article}"]
    assert [(row.enacted_on, row.applies_on) for row in rows] == [
        ("2026-08-02", "2027-12-02"),
        ("2027-08-02", "2028-08-02"),
    ]
    assert all("2026/1744" in row.source for row in rows)


# -------------------------------------------------------------------------------------------------- the files


@pytest.mark.parametrize("key", KEYS)
def test_a_file_is_well_within_the_limits_and_written_again_the_same(key: str) -> None:
    text = (loader.CONTENT / "frameworks" / f"{key}.yaml").read_text()
    assert len(text.encode()) < MAX_FILE_BYTES / 4
    again = rendered(framework(key))
    assert Framework.model_validate(parse_document(f"{key}.yaml", again).data) == framework(key)


def test_every_reference_inside_an_edition_is_to_a_topic_of_it() -> None:
    for key in KEYS:
        for known in framework(key).editions:
            ids = {topic.id for topic in known.topics}
            assert len(ids) == len(known.topics), (key, known.edition)
            for topic in known.topics:
                named = {*topic.groups, *topic.relates, *([topic.parent] if topic.parent else [])}
                assert named <= ids, (key, topic)
                assert not topic.retired
