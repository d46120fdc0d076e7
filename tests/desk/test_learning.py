"""What a learner reads and says of themselves: activities, self-checks, skills, a newer curriculum."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from curriculum.catalogue import Catalogue, Module
from tests.fixtures.cast import NOW, TODAY, browser_of, make_plan, make_session
from tests.fixtures.newer import (
    ADDED,
    MENDED,
    MENDED_SUMMARY,
    RETIRED,
    SENTENCE,
    forget_revisions,
    mended_content,
    newer_content,
    publish,
)
from tracker.journal.models import StudySession
from tracker.people.models import User
from tracker.plans import actions, queries
from tracker.plans.models import Mark, Plan, PlanChange, SelfCheckAnswer, SkillRating

pytestmark = pytest.mark.usefixtures("now")
HOME = "mindset"
NEWER = "The curriculum has a newer revision"


@pytest.fixture(autouse=True)
def only_our_revisions() -> Iterator[None]:
    forget_revisions()
    yield
    forget_revisions()


@pytest.fixture
def web(alice: User, curriculum: Catalogue) -> Client:
    make_plan(alice, curriculum)
    return browser_of(alice)


def read(web: Client, path: str, status: int = 200) -> str:
    """The words of a page as they are read."""
    answer = web.get(path)
    assert answer.status_code == status, path
    return words_of(answer.text)


def words_of(text: str) -> str:
    return unescape(text).replace("\N{NO-BREAK SPACE}", " ")


def activity_path(key: str) -> str:
    return reverse("activity", args=key.split("."))


def plan_of(learner: User) -> Plan:
    plan = queries.active_plan(learner.pk)
    assert plan is not None
    return plan


def mark(learner: User, key: str, kind: str, content: Catalogue) -> None:
    actions.mark_activity(learner, plan_of(learner), key, kind, content=content, now=NOW, on=TODAY)


def everything_said() -> tuple[list[Any], ...]:
    """Every row about plans and what learners said, to see that nothing was changed."""
    models = (Plan, PlanChange, Mark, SelfCheckAnswer, SkillRating)
    return tuple(list(model.objects.order_by("pk").values()) for model in models)


# ------------------------------------------------------------------------------------ reading an activity


def test_an_activity_says_what_to_do_and_takes_a_tick_and_a_log(web: Client, curriculum: Catalogue) -> None:
    activity = curriculum.activity(MENDED)
    text = read(web, activity_path(MENDED))
    assert text.split('<ol class="steps">')[1].count('<li class="prose">') >= len(activity.steps)
    assert f'<option value="{MENDED}" selected>' in text
    address = reverse("mark-activity", args=[HOME, MENDED])
    answer = web.post(address, {"kind": "done", "page": "activity"}, headers={"HX-Request": "true"})
    assert "Done on" in words_of(answer.text)
    assert "module-facts" not in answer.text
    assert "Done on Thu 19 Nov" in read(web, activity_path(MENDED))


def test_every_activity_of_the_track_has_its_page_and_no_other(alice: User, curriculum: Catalogue) -> None:
    make_plan(alice, curriculum, track_key="t-shaped-lead")
    web = browser_of(alice)
    for module in curriculum.modules:
        for activity in module.activities:
            status = 200 if "t-shaped-lead" in activity.needs else 404
            assert web.get(activity_path(activity.key)).status_code == status, activity.key
    for path in ("/plan/garak/rate-six-skills/", "/plan/mindset/no-such/", "/plan/no-such/rate-six-skills/"):
        assert web.get(path).status_code == 404


def test_without_a_plan_there_is_nothing_of_ones_own_to_read(alice: User, curriculum: Catalogue) -> None:
    web = browser_of(alice)
    paths = [activity_path(MENDED), reverse("newer-curriculum")]
    paths += [reverse(name, args=[HOME]) for name in ("self-check", "self-check-result")]
    for path in paths:
        assert web.get(path).status_code == 404
        assert web.post(path).status_code in {404, 405}
    assert "No plan yet" in read(web, reverse("skills-matrix"))
    assert "No plan yet" in words_of(web.post(reverse("skills-matrix"), {"level-adversarial-ml": "2"}).text)
    assert not SkillRating.objects.exists()


def test_mended_words_are_read_at_once_and_say_so(web: Client, alice: User, curriculum: Catalogue) -> None:
    before = read(web, activity_path(MENDED))
    assert "Text updated on" not in before
    publish(mended_content())
    text = read(web, activity_path(MENDED))
    assert MENDED_SUMMARY in text
    # It was mended at half past midnight where Alice is.
    assert "Text updated on Wed 18 Nov 2026." in text
    assert "Text updated on" not in read(web, activity_path("mindset.read-two-cases"))
    assert MENDED_SUMMARY in read(web, reverse("module", args=[HOME]))
    # Who begins now has never read anything else.
    make_plan(alice, publish(mended_content()))
    assert "Text updated on" not in read(web, activity_path(MENDED))


# -------------------------------------------------------------------------------------- a newer curriculum


def test_the_notice_comes_with_the_revision_and_without_a_restart(web: Client) -> None:
    for name in ("today", "plan"):
        assert NEWER not in read(web, reverse(name))
    publish(newer_content())
    for name in ("today", "plan"):
        text = read(web, reverse(name))
        assert f"{NEWER}: {SENTENCE}." in text
        assert f'href="{reverse("newer-curriculum")}"' in text


def test_mended_words_alone_are_no_notice(web: Client) -> None:
    publish(mended_content())
    assert NEWER not in read(web, reverse("today"))
    assert "Nothing newer." in read(web, reverse("newer-curriculum"))


def test_the_preview_shows_before_and_after_and_changes_nothing(
    web: Client, alice: User, curriculum: Catalogue
) -> None:
    mark(alice, RETIRED, "done", curriculum)
    publish(newer_content())
    said = everything_said()
    stands = queries.standing(alice.pk, TODAY)
    text = read(web, reverse("newer-curriculum"))
    assert everything_said() == said
    assert SENTENCE in text
    assert "Wed 18 Nov 2026" in text
    assert text.index("Something new: mindset.read-one-report, 1 h") > text.index(">Added</h2>")
    assert f"{curriculum.activity(RETIRED).title}, 45 min: you finished it, it keeps counting" in text
    row = re.search(r">To do</th><td[^>]*>([^<]*)</td><td[^>]*>([^<]*)</td>", text)
    assert row
    open_minutes = stands.remaining_minutes
    assert [row[1], row[2]] == [hours(open_minutes), hours(open_minutes + 150)]
    row = re.search(r">Done</th><td[^>]*>([^<]*)</td><td[^>]*>([^<]*)</td>", text)
    assert row
    assert row[1] == row[2] == "45 min"


def hours(minutes: int) -> str:
    whole, rest = divmod(minutes, 60)
    return f"{whole} h {rest:02}" if rest else f"{whole} h"


def test_moving_takes_what_the_preview_said(web: Client, alice: User, curriculum: Catalogue) -> None:
    mark(alice, RETIRED, "done", curriculum)
    assert web.get(activity_path(RETIRED)).status_code == 200
    newest = publish(newer_content())
    assert web.get(activity_path(ADDED[0])).status_code == 404, "it is not in the plan yet"
    answer = web.post(reverse("newer-curriculum"), {"revision": str(newest.revision)}, follow=True)
    assert answer.redirect_chain == [(reverse("plan"), 302)]
    text = words_of(answer.text)
    assert f"Your plan follows revision 2 now: {SENTENCE}." in text
    assert f"Curriculum revision 1 to 2: {SENTENCE}" in text
    assert NEWER not in text
    assert "Done</dt><dd>45 min" in re.sub(r"<svg.*?</svg>", "", text)
    assert plan_of(alice).revision == newest.revision
    assert web.get(activity_path(ADDED[0])).status_code == 200
    assert web.get(activity_path(RETIRED)).status_code == 404
    assert ADDED[0] in web.get(reverse("log")).text


def test_a_share_that_falls_says_why(web: Client, alice: User, curriculum: Catalogue) -> None:
    because = "The share falls because there is more to do"
    publish(newer_content())
    assert because not in read(web, reverse("newer-curriculum"))
    for module in curriculum.modules:
        for activity in module.required_in("ai-security-engineer"):
            mark(alice, activity.key, "done", curriculum)
    text = read(web, reverse("newer-curriculum"))
    row = re.search(r">Share of the plan</th><td[^>]*>(\d+) %</td><td[^>]*>(\d+) %</td>", text)
    assert row
    assert (row[1], row[2]) == ("100", "99")
    assert because in text


def test_moving_twice_changes_nothing_more(web: Client, alice: User, curriculum: Catalogue) -> None:
    newest = publish(newer_content())
    for _ in range(2):
        web.post(reverse("newer-curriculum"), {"revision": str(newest.revision)})
    said = everything_said()
    assert PlanChange.objects.filter(plan__learner=alice).count() == 2
    answer = web.post(reverse("newer-curriculum"), {"revision": str(newest.revision)}, follow=True)
    assert "Nothing was changed" in answer.text
    assert answer.redirect_chain == [(reverse("plan"), 302)]
    assert everything_said() == said


@pytest.mark.parametrize(
    "form", [{}, {"revision": ""}, {"revision": "1"}, {"revision": "3"}, {"revision": "2\0"}]
)
def test_only_the_revision_that_was_looked_at_is_moved_to(
    web: Client, curriculum: Catalogue, form: dict[str, str]
) -> None:
    publish(newer_content())
    said = everything_said()
    answer = web.post(reverse("newer-curriculum"), form, follow=True)
    assert answer.redirect_chain == [(reverse("newer-curriculum"), 302)]
    assert "Nothing was changed: look at what is new first." in answer.text
    assert everything_said() == said


def test_a_revision_published_since_the_look_is_looked_at_first(web: Client, alice: User) -> None:
    older = publish(newer_content())
    read(web, reverse("newer-curriculum"))
    newest = publish(mended_and_more())
    assert newest.revision == older.revision + 1
    web.post(reverse("newer-curriculum"), {"revision": str(older.revision)})
    assert plan_of(alice).revision == 1
    web.post(reverse("newer-curriculum"), {"revision": str(newest.revision)})
    assert plan_of(alice).revision == newest.revision


def mended_and_more() -> Any:
    """The newer content with another title."""
    content = newer_content()
    return type(content)(**{**{name: getattr(content, name) for name in content.__slots__}, "title": "Newer"})


def test_charlie_stays_where_he_is(web: Client, alice: User, charlie: User, curriculum: Catalogue) -> None:
    make_plan(charlie, curriculum)
    mark(charlie, RETIRED, "done", curriculum)
    newest = publish(newer_content())
    other = browser_of(charlie)
    before = read(other, reverse("plan"))
    web.post(reverse("newer-curriculum"), {"revision": str(newest.revision)})
    assert plan_of(charlie).revision == curriculum.revision
    assert Mark.objects.get().learner == charlie
    assert tokenless(read(other, reverse("plan"))) == tokenless(before)
    assert other.get(activity_path(RETIRED)).status_code == 200
    assert other.get(activity_path(ADDED[0])).status_code == 404


def tokenless(text: str) -> str:
    return re.sub(r'value="[A-Za-z0-9]{64}"', "", text)


# ------------------------------------------------------------------------------------------ the self-check


def answers_of(module: Module, knows: str = "yes") -> dict[str, str]:
    return {question.key: knows for question in module.questions}


def test_what_is_not_answered_is_asked_again_and_what_was_chosen_is_kept(
    web: Client, curriculum: Catalogue
) -> None:
    module = curriculum.module(HOME)
    first, *others = module.questions
    path = reverse("self-check", args=[HOME])
    for form in ({}, {first.key: "partly"}, {first.key: "partly", others[0].key: "perhaps"}):
        answer = web.post(path, form)
        assert answer.status_code == 422
        assert not SelfCheckAnswer.objects.exists()
        chosen = re.findall(r'name="([^"]+)" value="([^"]+)" checked', answer.text)
        assert chosen == ([(first.key, "partly")] if form else [])
        assert answer.text.count('class="mistake"') == len(module.questions) - bool(form)
    assert web.get(reverse("self-check-result", args=[HOME])).headers["Location"] == path


def test_not_knowing_is_an_answer(web: Client, alice: User, curriculum: Catalogue) -> None:
    module = curriculum.module(HOME)
    answer = web.post(reverse("self-check", args=[HOME]), answers_of(module, "no"))
    assert answer.headers["Location"] == reverse("self-check-result", args=[HOME])
    assert set(SelfCheckAnswer.objects.values_list("learner", "knows", "answered_on")) == {
        (alice.pk, "no", TODAY)
    }
    text = read(web, reverse("self-check-result", args=[HOME]))
    assert " checked" not in text
    assert not Mark.objects.exists()
    # What was said is there when it is asked again, and a new answer takes the place of the old.
    assert read(web, reverse("self-check", args=[HOME])).count('value="no" checked') == len(module.questions)
    web.post(reverse("self-check", args=[HOME]), answers_of(module))
    assert set(SelfCheckAnswer.objects.values_list("knows", flat=True)) == {"yes"}
    assert SelfCheckAnswer.objects.count() == len(module.questions)


def test_the_result_suggests_and_marks_and_the_hours_fall(
    web: Client, alice: User, curriculum: Catalogue
) -> None:
    module = curriculum.module(HOME)
    mark(alice, "mindset.read-two-cases", "done", curriculum)
    web.post(reverse("self-check", args=[HOME]), answers_of(module))
    text = read(web, reverse("self-check-result", args=[HOME]))
    offered = re.findall(r'name="known" value="([^"]+)"( checked)?', text)
    spoken_for = {key for question in module.questions for key in question.checks}
    own = [row for row in module.activities_in("ai-security-engineer") if row.key != "mindset.read-two-cases"]
    assert [key for key, _ in offered] == [row.key for row in own]
    suggested = {key for key, checked in offered if checked}
    assert suggested == {row.key for row in own if row.key in spoken_for and not row.lab_key}
    assert suggested
    assert not Mark.objects.filter(kind="known").exists(), "a suggestion marks nothing"
    before = queries.standing(alice.pk, TODAY)
    less = sum(curriculum.activity(key).minutes for key in suggested)
    assert f"To do now</dt><dd>{hours(before.remaining_minutes)}" in text
    assert f"With the ticked ones known</dt><dd>{hours(before.remaining_minutes - less)}" in text
    answer = web.post(reverse("self-check-result", args=[HOME]), {"known": sorted(suggested)}, follow=True)
    assert answer.redirect_chain == [(reverse("module", args=[HOME]), 302)]
    assert f"known before, {hours(less)} less to do." in words_of(answer.text)
    assert set(Mark.objects.filter(kind="known").values_list("activity_key", flat=True)) == suggested
    assert Mark.objects.get(kind="done").activity_key == "mindset.read-two-cases"
    after = queries.standing(alice.pk, TODAY)
    assert after.progress.known_minutes == less
    assert after.remaining_minutes == before.remaining_minutes - less
    assert after.progress.done_minutes == before.progress.done_minutes
    assert before.finish_on
    assert after.finish_on
    assert after.finish_on < before.finish_on


def test_marking_leaves_alone_what_is_done_or_elsewhere(
    web: Client, alice: User, charlie: User, curriculum: Catalogue
) -> None:
    make_plan(alice, curriculum, track_key="security-aware-mle")
    make_plan(charlie, curriculum)
    mark(alice, MENDED, "done", curriculum)
    module = curriculum.module(HOME)
    web.post(reverse("self-check", args=[HOME]), answers_of(module))
    said = everything_said()
    sent = [
        MENDED,  # done
        "mindset.log-ten-assumptions",  # of the longer track alone
        "garak.read-how-garak-works",  # of another module
        module.key,
        "mindset.lab-first-break",
        "no.such",
        "\0",
        "",
    ]
    answer = web.post(reverse("self-check-result", args=[HOME]), {"known": sent}, follow=True)
    assert "Nothing was marked; the plan is as it was." in answer.text
    assert everything_said() == said
    assert not Mark.objects.filter(learner=charlie).exists()


def test_what_ends_in_evidence_is_marked_by_the_learners_own_hand_alone(
    web: Client, curriculum: Catalogue
) -> None:
    web.post(reverse("self-check", args=[HOME]), answers_of(curriculum.module(HOME)))
    text = read(web, reverse("self-check-result", args=[HOME]))
    assert 'value="mindset.first-break">' in text
    assert "ends in evidence" in text
    web.post(reverse("self-check-result", args=[HOME]), {"known": ["mindset.first-break"]})
    assert Mark.objects.get().kind == "known"


def test_a_result_without_every_answer_marks_nothing(web: Client, alice: User, curriculum: Catalogue) -> None:
    module = curriculum.module(HOME)
    answers = answers_of(module)
    answers.pop(module.questions[0].key)
    actions.answer_self_check(alice, answers, now=NOW, on=TODAY)
    answer = web.post(reverse("self-check-result", args=[HOME]), {"known": [MENDED]})
    assert answer.headers["Location"] == reverse("self-check", args=[HOME])
    assert not Mark.objects.exists()


def test_a_module_that_is_finished_has_nothing_to_suggest(
    web: Client, alice: User, curriculum: Catalogue
) -> None:
    module = curriculum.module(HOME)
    for activity in module.activities:
        mark(alice, activity.key, "done", curriculum)
    web.post(reverse("self-check", args=[HOME]), answers_of(module))
    text = read(web, reverse("self-check-result", args=[HOME]))
    assert "Every activity of this module is done or known." in text
    assert "<dl" not in text
    web.post(reverse("self-check-result", args=[HOME]), {"known": [MENDED]})
    assert set(Mark.objects.values_list("kind", flat=True)) == {"done"}


def test_another_learners_answers_are_their_own(web: Client, charlie: User, curriculum: Catalogue) -> None:
    make_plan(charlie, curriculum)
    web.post(reverse("self-check", args=[HOME]), answers_of(curriculum.module(HOME)))
    other = browser_of(charlie)
    assert " checked" not in read(other, reverse("self-check", args=[HOME]))
    assert other.get(reverse("self-check-result", args=[HOME])).status_code == 302
    other.post(reverse("self-check", args=[HOME]), answers_of(curriculum.module(HOME), "no"))
    assert " checked" in read(web, reverse("self-check-result", args=[HOME]))


def test_every_module_of_every_track_can_be_checked(alice: User, curriculum: Catalogue) -> None:
    web = browser_of(alice)
    for track in curriculum.tracks:
        make_plan(alice, curriculum, track_key=track.key)
        for key in track.module_keys:
            module = curriculum.module(key)
            read(web, reverse("self-check", args=[key]))
            web.post(reverse("self-check", args=[key]), answers_of(module))
            read(web, reverse("self-check-result", args=[key]))


# ---------------------------------------------------------------------------------------------- the skills


def rated(learner: User, key: str) -> list[tuple[int, str, date]]:
    rows = SkillRating.objects.filter(learner=learner, skill_key=key).order_by("rated_on")
    return [(row.level, row.proof, row.rated_on) for row in rows]


def test_rating_again_on_a_day_takes_its_place_and_a_later_day_adds(
    web: Client, alice: User, time_machine: Any
) -> None:
    path = reverse("skills-matrix")
    assert "Where do you stand?" in read(web, path)
    assert web.post(path, {"level-adversarial-ml": "1"}).headers["Location"] == path
    web.post(path, {"level-adversarial-ml": "2", "proof-adversarial-ml": "a notebook"})
    assert rated(alice, "adversarial-ml") == [(2, "a notebook", TODAY)]
    time_machine.move_to(NOW + timedelta(days=10))
    # The same again is no rating.
    web.post(path, {"level-adversarial-ml": "2", "proof-adversarial-ml": "a notebook"})
    assert len(rated(alice, "adversarial-ml")) == 1
    web.post(path, {"level-adversarial-ml": "3", "proof-adversarial-ml": "a report"})
    later = TODAY + timedelta(days=10)
    assert rated(alice, "adversarial-ml") == [(2, "a notebook", TODAY), (3, "a report", later)]
    text = read(web, path)
    # From 2 of a target of 4; the other rows were not rated.
    assert "1 of 2 levels grown." in text
    assert 'name="level-adversarial-ml" value="3" checked' in text
    assert 'value="a report"' in text


def test_a_surplus_row_is_never_a_loss(web: Client, alice: User, time_machine: Any) -> None:
    path = reverse("skills-matrix")
    web.post(path, {"level-model-training": "4", "level-adversarial-ml": "1"})
    time_machine.move_to(NOW + timedelta(days=10))
    web.post(path, {"level-model-training": "2", "level-adversarial-ml": "1"})
    assert [level for level, _, _ in rated(alice, "model-training")] == [4, 2]
    text = read(web, path)
    assert "0 of 3 levels grown." in text
    row = re.search(r'<th scope="row">Model training</th>.*?</tr>', text, re.DOTALL)
    assert row
    assert '<td data-l="To go">surplus</td>' in row[0]
    for loss in ("−2", "-2", "lost 2", "fell"):
        assert loss not in row[0]
    assert "nothing there is lost" in text


@pytest.mark.parametrize("level", ["5", "-1", "2.5", "high", "\0", "9" * 400])
def test_a_level_that_is_none_is_refused_and_what_was_typed_is_kept(web: Client, level: str) -> None:
    answer = web.post(
        reverse("skills-matrix"),
        {"level-adversarial-ml": level, "level-model-training": "3", "proof-model-training": "a long story"},
    )
    assert answer.status_code == 422
    assert "Choose one of the five levels." in answer.text
    assert 'name="level-model-training" value="3" checked' in answer.text
    assert 'value="a long story"' in answer.text
    assert not SkillRating.objects.exists()


def test_a_proof_that_is_too_long_is_refused(web: Client) -> None:
    answer = web.post(
        reverse("skills-matrix"), {"level-adversarial-ml": "2", "proof-adversarial-ml": "x" * 301}
    )
    assert answer.status_code == 422
    assert "At most 300 characters." in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert not SkillRating.objects.exists()


def test_a_proof_without_a_level_is_not_lost(web: Client) -> None:
    answer = web.post(reverse("skills-matrix"), {"proof-adversarial-ml": "a notebook"})
    assert answer.status_code == 422
    assert 'value="a notebook"' in answer.text


def test_rating_nothing_keeps_nothing(web: Client) -> None:
    assert web.post(reverse("skills-matrix"), {}).status_code == 302
    assert not SkillRating.objects.exists()


def test_ratings_are_a_learners_own_and_outlive_the_plan(
    web: Client, alice: User, charlie: User, curriculum: Catalogue
) -> None:
    web.post(reverse("skills-matrix"), {"level-adversarial-ml": "2", "proof-adversarial-ml": "my own words"})
    make_plan(charlie, curriculum)
    assert "my own words" not in read(browser_of(charlie), reverse("skills-matrix"))
    make_plan(alice, curriculum, track_key="security-aware-mle")
    text = read(web, reverse("skills-matrix"))
    assert "my own words" in text
    # On this track level 2 is the target.
    row = re.search(r'<th scope="row">Adversarial ML</th>.*?</tr>', text, re.DOTALL)
    assert row
    assert '<td data-l="To go">reached</td>' in row[0]


# --------------------------------------------------------------------------------------------------- speed


def number_of_queries(web: Client, path: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert web.get(path).status_code == 200
    return len(captured)


def test_pages_take_as_many_queries_with_much_as_with_little(
    web: Client, alice: User, curriculum: Catalogue
) -> None:
    paths = [activity_path(MENDED), reverse("module", args=[HOME]), reverse("skills-matrix")]
    paths += [reverse("newer-curriculum"), *(reverse(name, args=[HOME]) for name in ("self-check",))]
    paths += [reverse("self-check-result", args=[HOME])]
    actions.answer_self_check(alice, answers_of(curriculum.module(HOME)), now=NOW, on=TODAY)
    publish(newer_content())
    make_session(alice, activity_key=MENDED, module_key=HOME)
    for path in paths:
        web.get(path)
    few = {path: number_of_queries(web, path) for path in paths}
    keys = [activity.key for module in curriculum.modules for activity in module.activities]
    StudySession.objects.bulk_create(
        StudySession(
            learner=alice, minutes=20, studied_on=TODAY - timedelta(days=n % 120), zone="UTC", logged_at=NOW,
            activity_key=keys[n % len(keys)], module_key=keys[n % len(keys)].partition(".")[0],
        )
        for n in range(800)
    )  # fmt: skip
    for key in keys[20:80]:
        mark(alice, key, "done", curriculum)
    for module in curriculum.modules:
        actions.answer_self_check(alice, answers_of(module), now=NOW, on=TODAY)
    for number, skill in enumerate(curriculum.skills * 20):
        on = TODAY - timedelta(days=number)
        actions.rate_skills(alice, {skill.key: (number % 5, f"proof {number}")}, now=NOW, on=on)
    assert {path: number_of_queries(web, path) for path in paths} == few
    assert max(few.values()) <= 11


def test_a_module_of_many_activities_takes_as_many_queries_as_one_of_few(
    web: Client, curriculum: Catalogue
) -> None:
    modules = sorted(curriculum.modules, key=lambda module: len(module.activities))
    for kind in ("module", "activity"):
        paths = [
            reverse("module", args=[module.key])
            if kind == "module"
            else activity_path(module.activities_in("ai-security-engineer")[0].key)
            for module in (modules[0], modules[-1])
        ]
        for path in paths:
            web.get(path)
        assert number_of_queries(web, paths[0]) == number_of_queries(web, paths[1])
