"""Search over the curriculum: what is found, in which order, and that no query breaks it."""

import re
from collections.abc import Sequence
from html import unescape

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from curriculum.catalogue import Catalogue
from tracker.library.search import MAX_QUERY, MAX_WORDS, SHOWN, Entry, Found, Index, index, words_in

VOCABULARY = (
    "poison",
    "poisoning",
    "prompt",
    "injection",
    "aml.t0051",
    "aml.t0051.001",
    "llm01:2025",
    "art. 3",
)
words = st.sampled_from(VOCABULARY)
phrases = st.lists(words, max_size=4).map(" ".join)
# A page asked within a test takes some milliseconds, and now and then many.
PATIENT = settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def make_entry(
    title: str, text: str = "", *, where: str = "", ids: Sequence[str] = (), weight: float = 1.0
) -> Entry:
    return Entry(
        kind="Activity",
        title=title,
        where=where,
        url="/",
        text=text,
        words_of_title=words_in(title),
        ids=frozenset(name.casefold() for name in ids),
        weight=weight,
    )


def titles(found: Found) -> list[str]:
    return [entry.title for entry in found.entries]


# ----------------------------------------------------------------------------------------- any set of entries


@given(st.lists(st.builds(make_entry, phrases, phrases, where=phrases), max_size=12), phrases, st.data())
def test_an_entry_is_found_by_the_beginning_of_each_of_its_words(
    entries: list[Entry], query: str, data: st.DataObject
) -> None:
    shortened = [word[: data.draw(st.integers(1, len(word)))] for word in sorted(words_in(query))]
    asked = words_in(" ".join(shortened))
    assume(len(asked) <= MAX_WORDS)
    wanted = [
        entry
        for entry in entries
        if asked
        and all(
            any(held.startswith(word) for held in words_in(f"{entry.title} {entry.text} {entry.where}"))
            for word in asked
        )
    ]
    found = Index(entries).find(" ".join(shortened))
    assert found.total == len(found.entries) == len(wanted)
    assert sorted(map(id, found.entries)) == sorted(map(id, wanted))


@given(st.lists(st.builds(make_entry, phrases, phrases), max_size=12), phrases)
def test_case_and_spaces_make_no_difference(entries: list[Entry], query: str) -> None:
    known = Index(entries)
    found = known.find(query)
    for same in (query.upper(), query.title(), f"  {query}\t\n"):
        assert known.find(same).entries == found.entries


@given(st.lists(st.builds(make_entry, phrases, phrases), max_size=12), phrases, words)
def test_one_word_more_never_finds_more(entries: list[Entry], query: str, word: str) -> None:
    assume(len(words_in(f"{query} {word}")) <= MAX_WORDS)
    assume(words_in(query))
    known = Index(entries)
    assert {*map(id, known.find(f"{query} {word}").entries)} <= {*map(id, known.find(query).entries)}


@given(st.lists(st.builds(make_entry, phrases, phrases), max_size=12), st.text(max_size=300))
def test_any_text_is_a_query(entries: list[Entry], query: str) -> None:
    found = Index(entries).find(query)
    assert len(found.query) <= MAX_QUERY
    assert len(found.entries) == min(found.total, SHOWN) <= len(entries)


def test_the_id_itself_stands_before_what_only_begins_with_it() -> None:
    known = Index(
        [
            make_entry("AML.T0051.001 Indirect", ids=["AML.T0051.001"]),
            make_entry("What is AML.T0051?", weight=5.0),
            make_entry("AML.T0051 Prompt injection", ids=["AML.T0051"], weight=0.1),
        ]
    )
    assert titles(known.find("aml.t0051"))[0] == "AML.T0051 Prompt injection"
    assert titles(known.find("aml.t0051.001")) == ["AML.T0051.001 Indirect"]


def test_a_whole_word_of_the_title_stands_before_its_beginning_and_that_before_the_text() -> None:
    known = Index(
        [
            make_entry("Garak", "poison"),
            make_entry("Poisoning a model"),
            make_entry("To poison a classifier"),
        ]
    )
    assert titles(known.find("poison")) == ["To poison a classifier", "Poisoning a model", "Garak"]


def test_only_the_best_are_shown_and_all_are_counted() -> None:
    found = Index([make_entry(f"poison {number}") for number in range(SHOWN + 5)]).find("poison")
    assert (len(found.entries), found.total) == (SHOWN, SHOWN + 5)


# -------------------------------------------------------------------------------------- the curriculum itself


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("AML.T0051", "AML.T0051 LLM Prompt Injection"),
        ("aml.t0051", "AML.T0051 LLM Prompt Injection"),
        ("LLM01:2025", "LLM01:2025 Prompt Injection"),
        ("asi01", "ASI01 Agent Goal Hijack"),
    ],
)
def test_an_id_is_found_first(curriculum: Catalogue, query: str, first: str) -> None:
    assert titles(index(curriculum.revision).find(query))[0] == first


def test_an_id_of_several_editions_is_found_in_the_newest_first(curriculum: Catalogue) -> None:
    names = [edition.name for edition in curriculum.framework("mitre-atlas").editions]
    found = index(curriculum.revision).find("AML.T0051").entries[:2]
    assert [entry.where for entry in found] == [f"MITRE ATLAS {name}" for name in reversed(names)]


def test_every_topic_and_every_key_is_found_first_by_its_id(curriculum: Catalogue) -> None:
    known = index(curriculum.revision)
    ids = {
        topic.topic_id
        for framework in curriculum.frameworks
        for edition in framework.editions
        for topic in edition.topics
    }
    for module in curriculum.modules:
        ids |= {module.key, *(row.key for row in module.activities), *(row.key for row in module.labs)}
    missed = []
    for name in sorted(ids):
        found = known.find(name).entries
        if not found or name.casefold() not in found[0].ids:
            missed.append(name)
    assert missed == []


def test_the_beginning_of_a_word_is_enough_and_every_word_is_needed(curriculum: Catalogue) -> None:
    known = index(curriculum.revision)
    assert known.find("poi").total >= known.find("poison").total >= known.find("poisoning").total > 0
    assert known.find("garak").total > known.find("garak detectors").total > 0
    assert known.find("garak zzqxv").total == 0


def test_what_one_types_is_found_letter_by_letter(curriculum: Catalogue) -> None:
    known = index(curriculum.revision)
    question = curriculum.module("garak").questions[0]
    for typed in ("AML.T0051 LLM Prompt Injection", curriculum.module("garak").title, question.prompt[:30]):
        totals = [known.find(typed[:length]).total for length in range(1, len(typed) + 1)]
        assert totals == sorted(totals, reverse=True)
        assert totals[-1] > 0


def asked(client: Client, query: str) -> str:
    answer = client.get(reverse("search"), {"q": query})
    assert answer.status_code == 200
    return str(answer.text)


@pytest.mark.django_db
def test_the_page_says_what_was_found(client: Client, curriculum: Catalogue) -> None:
    assert "Nothing holds all of these words" in asked(client, "zzqxv")
    for nothing in ("", "   ", "\t"):
        assert "The beginning of a word is enough" in asked(client, nothing)
    text = asked(client, "AML.T0051")
    assert 'value="AML.T0051"' in text
    edition = curriculum.framework("mitre-atlas").editions[-1]
    address = reverse("topic", args=["mitre-atlas", edition.name, "AML.T0051"])
    assert text.index(f'href="{address}"') < text.index("LLM Prompt Injection", text.index("<h1"))
    assert f"MITRE ATLAS {edition.name}" in text


@pytest.mark.django_db
@pytest.mark.parametrize(
    "query", ["x" * 10_000, "poison " * 1_500, "a.b:c/d-" * 1_250], ids=["word", "words", "id"]
)
def test_ten_thousand_characters_are_cut_short(client: Client, curriculum: Catalogue, query: str) -> None:
    text = asked(client, query)
    kept = re.search(r'<input id="q"[^>]* value="([^"]*)"', text)
    assert kept
    assert kept[1] == " ".join(query[:MAX_QUERY].split())


@pytest.mark.django_db
@pytest.mark.parametrize(
    "query", ["\0", "AML\0.T0051", "\x1b[31m poison", "\r\n\r\nSet-Cookie: x=1", "\u202epoison"]
)
def test_control_characters_are_a_query_like_any_other(
    client: Client, curriculum: Catalogue, query: str
) -> None:
    asked(client, query)


@pytest.mark.django_db
def test_what_was_asked_is_shown_as_text(client: Client, curriculum: Catalogue) -> None:
    text = asked(client, '"><script>alert(1)</script>')
    assert "<script>alert" not in text
    assert "&quot;&gt;&lt;script&gt;" in text


@PATIENT
@given(query=st.text(max_size=120))
def test_no_text_breaks_the_page(client: Client, curriculum: Catalogue, query: str) -> None:
    # A lone surrogate cannot be sent at all.
    assume(not any("\ud800" <= character <= "\udfff" for character in query))
    asked(client, query)


@PATIENT
@given(query=st.lists(st.integers(0, 255), max_size=60).map(bytes))
def test_no_bytes_break_the_page(client: Client, curriculum: Catalogue, query: bytes) -> None:
    sent = "".join(f"%{byte:02x}" for byte in query)
    assert client.get(f"{reverse('search')}?q={sent}").status_code == 200


@pytest.mark.django_db
def test_every_entry_leads_to_a_page_that_has_it(client: Client, curriculum: Catalogue) -> None:
    known = index(curriculum.revision)
    chosen: dict[str, list[Entry]] = {}
    for word in ("garak", "AML.T00", "AML.M", "LLM0", "GOVERN", "Art", "spoofing", "assumptions"):
        for entry in known.find(word).entries:
            chosen.setdefault(entry.kind, []).append(entry)
    assert set(chosen) >= {
        "Module",
        "Activity",
        "Lab",
        "Recall",
        "Technique",
        "Mitigation",
        "Risk",
        "Article",
    }
    for found in chosen.values():
        for entry in found[:4]:
            path, _, anchor = entry.url.partition("#")
            answer = client.get(path)
            assert answer.status_code == 200, entry.url
            assert not anchor or f' id="{anchor}"' in answer.text, entry.url
            if entry.kind != "Recall":
                assert re.findall(r"\w+", entry.title)[0] in unescape(answer.text)


@pytest.mark.django_db
def test_a_search_takes_one_query_however_much_it_finds(client: Client, curriculum: Catalogue) -> None:
    asked(client, "poison")
    for query in ("zzqxv", "AML.T0051", "a", ""):
        with CaptureQueriesContext(connection) as captured:
            asked(client, query)
        assert len(captured) == 1, query


@pytest.mark.usefixtures("no_curriculum")
def test_before_a_curriculum_is_loaded_there_is_nothing_to_search(client: Client) -> None:
    assert client.get(reverse("search")).status_code == 404
