"""The curriculum to read: open to everybody, whole, and no topic without its edition."""

import re
from collections.abc import Iterator
from datetime import date
from html import unescape

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from curriculum.catalogue import Catalogue, Edition, Framework, Link
from curriculum.schema import edition_slug
from tests.fixtures.cast import browser_of, make_plan
from tests.fixtures.newer import ADDED, forget_revisions, newer_content, publish
from tracker.library.words import BASIS_WORDS, TOPIC_WORDS, short_date
from tracker.people.models import User

pytestmark = pytest.mark.usefixtures("curriculum")


def editions(content: Catalogue) -> Iterator[tuple[Framework, Edition]]:
    for framework in content.frameworks:
        for edition in framework.editions:
            yield framework, edition


def topic_path(framework_key: str, edition: str, topic_id: str) -> str:
    return reverse("topic", args=[framework_key, edition_slug(edition), topic_id])


def read(client: Client, path: str) -> str:
    """The words of a page as they are read."""
    answer = client.get(path)
    assert answer.status_code == 200, path
    return unescape(answer.text).replace("\N{NO-BREAK SPACE}", " ")


def oddity(topic_id: str) -> int:
    """How many characters an address has to write in another way, or may cut it at."""
    return len(re.findall(r"[^\w.]", topic_id))


def some_topics(edition: Edition) -> set[str]:
    """The first, the last and the oddest of each kind: spaces, colons, brackets, slashes, the longest."""
    chosen: set[str] = set()
    for kind in {topic.kind for topic in edition.topics}:
        ids = [topic.topic_id for topic in edition.topics if topic.kind == kind]
        chosen |= {
            ids[0],
            ids[-1],
            max(ids, key=len),
            max(ids, key=lambda name: len(re.findall(r"[^\w.]", name))),
        }
    return chosen


# ------------------------------------------------------------------------------------------------- frameworks


def test_every_framework_and_edition_is_listed_and_named(client: Client, curriculum: Catalogue) -> None:
    listed = read(client, reverse("frameworks"))
    for framework, edition in editions(curriculum):
        path = reverse("framework", args=[framework.key, edition_slug(edition.name)])
        assert f'href="{path}"' in listed
        text = read(client, path)
        assert re.search(rf"<h1[^>]*>{re.escape(framework.title)} {re.escape(edition.name)}</h1>", text)
        assert f"{len(edition.topics)} topics are taught here" in text


def test_the_page_of_an_edition_lists_each_of_its_topics_once(client: Client, curriculum: Catalogue) -> None:
    for framework, edition in editions(curriculum):
        text = client.get(reverse("framework", args=[framework.key, edition_slug(edition.name)])).text
        listed = re.findall(r'<li(?: class="retired")?><p><a href="([^"]+)">', text)
        wanted = [topic_path(framework.key, edition.name, topic.topic_id) for topic in edition.topics]
        assert sorted(listed) == sorted(wanted)


def test_two_editions_of_a_framework_have_two_addresses(curriculum: Catalogue) -> None:
    for framework in curriculum.frameworks:
        slugs = [edition_slug(edition.name) for edition in framework.editions]
        assert len(set(slugs)) == len(slugs)


def test_a_topic_of_every_kind_has_its_page_with_its_edition(client: Client, curriculum: Catalogue) -> None:
    kinds: set[str] = set()
    for framework, edition in editions(curriculum):
        for topic_id in sorted(some_topics(edition)):
            text = read(client, topic_path(framework.key, edition.name, topic_id))
            topic = edition.find_topic(topic_id)
            assert topic is not None
            assert f">{topic_id}</span> {topic.name}</h1>" in text
            assert f"{TOPIC_WORDS[topic.kind][0]} of {framework.title} {edition.name}" in text
            kinds.add(topic.kind)
    assert kinds == {topic.kind for _, edition in editions(curriculum) for topic in edition.topics}


def test_an_id_may_hold_spaces_colons_and_brackets(curriculum: Catalogue) -> None:
    """The test above walks over such ids: there are some."""
    ids = "".join(topic_id for _, edition in editions(curriculum) for topic_id in some_topics(edition))
    assert set(" :()") <= set(ids)


def test_a_topic_says_where_it_is_taught(client: Client, curriculum: Catalogue) -> None:
    for module in curriculum.modules:
        for cover in module.covers[:2]:
            text = read(client, topic_path(cover.framework, cover.edition, cover.topic_id))
            for key in cover.taught_in:
                assert (
                    f'href="{reverse("curriculum-activity", args=[module.key, key.split(".")[1]])}"' in text
                )


@pytest.mark.parametrize("basis", sorted(BASIS_WORDS))
def test_a_link_says_on_whose_word_it_stands(client: Client, curriculum: Catalogue, basis: str) -> None:
    links: list[Link] = [
        link for framework in curriculum.frameworks for link in framework.links if link.basis == basis
    ]
    for link in links[:: max(1, len(links) // 5)]:
        there = topic_path(link.to_framework, link.to_edition, link.to_topic)
        here = topic_path(link.framework, link.edition, link.topic_id)
        for path, other, edition in ((here, there, link.to_edition), (there, here, link.edition)):
            text = read(client, path)
            row = re.search(rf'<tr><th scope="row"><a href="{re.escape(other)}">.*?</tr>', text, re.DOTALL)
            assert row, (path, other)
            said = BASIS_WORDS[basis]
            assert f"{said[0].upper()}{said[1:]}: {link.source}" in row[0]
            assert edition in row[0]


def test_a_map_says_what_became_of_a_topic_and_who_says_so(client: Client, curriculum: Catalogue) -> None:
    maps = [(framework, known) for framework in curriculum.frameworks for known in framework.maps]
    assert maps
    for framework, known in maps:
        for row in {row.how: row for row in known.rows}.values():
            text = read(client, topic_path(framework.key, known.from_edition, row.from_topic))
            assert f"Later, in {known.to_edition}:" in text
            assert f"({BASIS_WORDS[known.basis]}: {known.source})" in text
            if row.to_topic:
                there = topic_path(framework.key, known.to_edition, row.to_topic)
                assert f'href="{there}"' in text
                assert f"Before, in {known.from_edition}:" in read(client, there)
            else:
                assert "gone" in text


def test_the_calendar_of_the_act_shows_the_day_enacted_and_the_day_in_force(
    client: Client, curriculum: Catalogue
) -> None:
    act = curriculum.framework("eu-ai-act")
    moved = [row for row in act.dates if row.applies_on != row.enacted_on]
    kept = [row for row in act.dates if row.applies_on == row.enacted_on]
    assert moved
    assert kept
    edition = act.editions[-1]
    page = read(client, reverse("framework", args=[act.key, edition_slug(edition.name)]))
    rows = re.findall(r"<tr>.*?</tr>", page, re.DOTALL)
    for row in act.dates:
        days = [said(day) for day in (row.enacted_on, row.applies_on, row.checked_on)]
        shown = [text for text in rows if f">{row.topic_id}</a>" in text and row.what in text]
        assert any(all(day in text for day in days) for text in shown), row
        assert any(("moved" in text) == (row in moved) for text in shown), row
    row = moved[0]
    text = read(client, topic_path(act.key, edition.name, row.topic_id))
    assert said(row.enacted_on) in text
    assert said(row.applies_on) in text
    assert row.source in text


def said(day: date) -> str:
    """`2 Aug 2026`, whatever stands before it."""
    return f"{short_date(day)} {day.year}".replace("\N{NO-BREAK SPACE}", " ")


def test_a_topic_shows_what_it_is_part_of_and_what_it_holds(client: Client, curriculum: Catalogue) -> None:
    edition = curriculum.framework("mitre-atlas").editions[-1]
    part = next(topic for topic in edition.topics if topic.parent)
    text = read(client, topic_path("mitre-atlas", edition.name, part.topic_id))
    assert f'href="{topic_path("mitre-atlas", edition.name, part.parent)}"' in text
    whole = read(client, topic_path("mitre-atlas", edition.name, part.parent))
    assert f'href="{topic_path("mitre-atlas", edition.name, part.topic_id)}"' in whole
    grouped = next(topic for topic in edition.topics if topic.groups)
    text = read(client, topic_path("mitre-atlas", edition.name, grouped.topic_id))
    for group in grouped.groups:
        assert f'href="{topic_path("mitre-atlas", edition.name, group)}"' in text


@pytest.mark.parametrize(
    "path",
    [
        "/curriculum/frameworks/no-such/5.6.0/",
        "/curriculum/frameworks/mitre-atlas/0.0/",
        "/curriculum/frameworks/mitre-atlas/5.6.0/AML.T9999/",
        "/curriculum/frameworks/mitre-atlas/5.6.0/aml.t0051/",
        "/curriculum/frameworks/mitre-atlas/5.6.0/LLM01:2025/",
        "/curriculum/frameworks/owasp-llm/1.1/LLM01:2025/",
        "/curriculum/frameworks/mitre-atlas/5.6.0/%00/",
        "/curriculum/frameworks/mitre-atlas/5.6.0/AML.T0051/more/",
        "/curriculum/modules/no-such/",
        "/curriculum/modules/garak/no-such/",
        "/curriculum/modules/garak/rate-six-skills/",
        "/curriculum/modules/mindset/mindset.rate-six-skills/",
    ],
)
def test_what_is_not_there_is_404(client: Client, path: str) -> None:
    assert client.get(path).status_code == 404


# ------------------------------------------------------------------------------------- modules and activities


def test_the_first_page_names_every_module_track_and_revision(client: Client, curriculum: Catalogue) -> None:
    text = read(client, reverse("curriculum"))
    for module in curriculum.modules:
        assert f'href="{reverse("curriculum-module", args=[module.key])}"' in text
    for track in curriculum.tracks:
        assert track.title in text
    assert f"Revision {curriculum.revision} of" in text


def test_every_link_within_a_module_page_leads_to_one_place(client: Client, curriculum: Catalogue) -> None:
    for module in curriculum.modules:
        text = client.get(reverse("curriculum-module", args=[module.key])).text
        ids = re.findall(r'\sid="([^"]+)"', text)
        assert len(set(ids)) == len(ids), sorted(name for name in ids if ids.count(name) > 1)
        assert set(re.findall(r'href="#([^"]+)"', text)) <= set(ids)


def test_every_activity_has_its_page_with_every_step(client: Client, curriculum: Catalogue) -> None:
    for module in curriculum.modules:
        for activity in module.activities:
            answer = client.get(reverse("curriculum-activity", args=[module.key, activity.slug]))
            assert answer.status_code == 200
            steps = answer.text.split('<ol class="steps">')[1].split("</ol>\n</section>")[0]
            assert steps.count('<li class="prose">') == len(activity.steps)
            ids = re.findall(r'\sid="([^"]+)"', answer.text)
            assert len(set(ids)) == len(ids), (activity.key, sorted(n for n in ids if ids.count(n) > 1))


def test_one_reads_a_module_from_its_first_activity_to_its_last(
    client: Client, curriculum: Catalogue
) -> None:
    module = curriculum.module("garak")
    path, seen = reverse("curriculum-activity", args=[module.key, module.activities[0].slug]), []
    while path:
        seen.append(path)
        found = re.search(r'<a class="btn" href="([^"]+)">Next: ', client.get(path).text)
        path = found[1] if found else ""
    assert seen == [reverse("curriculum-activity", args=[module.key, row.slug]) for row in module.activities]


def test_the_role_says_which_module_teaches_what_it_asks(client: Client, curriculum: Catalogue) -> None:
    text = read(client, reverse("role"))
    for row in curriculum.role:
        assert row.asks in text
        assert row.module_keys or row.left_out in text
    for skill in curriculum.skills:
        assert all(level in text for level in skill.levels)


def test_everybody_reads_the_newest_also_who_studies_an_older_one(
    client: Client, alice: User, curriculum: Catalogue
) -> None:
    forget_revisions()
    make_plan(alice, curriculum)
    path = reverse("curriculum-activity", args=["mindset", ADDED[0].split(".")[1]])
    for browser in (client, browser_of(alice)):
        assert browser.get(path).status_code == 404
    publish(newer_content())
    for browser in (client, browser_of(alice)):
        assert browser.get(path).status_code == 200
        assert "Revision 2 of" in browser.get(reverse("curriculum")).text
    forget_revisions()


def test_no_page_holds_anything_inline_or_from_elsewhere(client: Client, curriculum: Catalogue) -> None:
    for path in (
        reverse("curriculum"),
        reverse("search") + "?q=poison",
        reverse("role"),
        reverse("frameworks"),
        reverse("curriculum-module", args=["garak"]),
        topic_path("mitre-atlas", "5.6.0", "AML.T0051"),
    ):
        text = client.get(path).text
        for inline in (" style=", "<style", " onclick", " onload", "javascript:"):
            assert inline not in text, path
        assert not re.findall(r'<(?:script|link|img|iframe)[^>]+(?:src|href)="(?:https?:)?//', text), path


# ------------------------------------------------------------------------------------------------------ speed


def queries(client: Client, path: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(path).status_code == 200
    return len(captured)


def test_a_page_of_the_curriculum_takes_one_query_whatever_is_on_it(
    client: Client, curriculum: Catalogue
) -> None:
    paths = [reverse(name) for name in ("curriculum", "role", "frameworks")]
    paths += [reverse("curriculum-module", args=[module.key]) for module in curriculum.modules]
    paths += [
        reverse("curriculum-activity", args=[module.key, module.activities[-1].slug])
        for module in curriculum.modules
    ]
    for framework, edition in editions(curriculum):
        paths.append(reverse("framework", args=[framework.key, edition_slug(edition.name)]))
        paths.append(topic_path(framework.key, edition.name, edition.topics[0].topic_id))
    client.get(paths[0])
    assert {path: number for path in paths if (number := queries(client, path)) != 1} == {}


def test_a_learner_reads_every_module_at_the_same_price(alice: User, curriculum: Catalogue) -> None:
    make_plan(alice, curriculum)
    web = browser_of(alice)
    paths = [reverse("curriculum-module", args=[module.key]) for module in curriculum.modules]
    paths += [reverse("curriculum"), topic_path("mitre-atlas", "5.6.0", "AML.T0051")]
    web.get(paths[0])
    assert len({queries(web, path) for path in paths}) == 1
