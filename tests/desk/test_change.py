"""The pages that change a plan: what they show beforehand is what comes, and nothing comes unasked."""

import json
import re
from collections.abc import Collection, Mapping
from datetime import date, timedelta
from html import unescape
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from curriculum.catalogue import Catalogue, catalogue
from tests.desk.test_attacks import NASTY
from tests.fixtures.cast import NOW, TODAY, browser_of, make_plan, make_session
from tracker.journal.models import StudySession
from tracker.library import words
from tracker.people.models import User
from tracker.plans import actions, queries
from tracker.plans.models import DAY_FIELDS, Baseline, Mark, Pause, Plan, PlanChange
from tracker.plans.queries import Leavable
from tracker.plans.rules.replan import fewest_that_make_room
from tracker.plans.rules.schedule import Work

pytestmark = pytest.mark.usefixtures("now")
TARGET = date(2027, 3, 31)
TRACKS = ("ai-security-engineer", "security-aware-mle", "t-shaped-lead")
# The answers that the form has for the plan of `make_plan`.
SAME = {
    "track": "ai-security-engineer", "monday": "1", "tuesday": "1:30", "wednesday": "", "thursday": "60 min",
    "friday": "0", "saturday": "3", "sunday": "–", "target": "2027-03",
}  # fmt: skip
# A page asked within a test takes some milliseconds, and now and then many.
PATIENT = settings(
    deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture
def web(alice: User, curriculum: Catalogue) -> Client:
    """Alice, whose plan leads past its target."""
    make_plan(alice, curriculum, target_on=TARGET)
    return browser_of(alice)


def plan_of(user: User) -> Plan:
    return user.plans.get(ended_at__isnull=True)


def inputs(user: User) -> str:
    return actions.canonical_inputs(plan_of(user))


def rows(user: User) -> dict[str, list[Any]]:
    """Every row behind a learner's plans."""
    return {
        "plans": list(user.plans.order_by("pk").values()),
        "changes": list(PlanChange.objects.filter(plan__learner=user).order_by("pk").values()),
        "pauses": list(Pause.objects.filter(plan__learner=user).order_by("first_on").values()),
        "baseline": list(Baseline.objects.filter(plan__learner=user).order_by("pk").values()),
        "marks": list(Mark.objects.filter(learner=user).order_by("pk").values()),
        "sessions": list(StudySession.objects.filter(learner=user).order_by("pk").values()),
    }


def plain(text: str) -> str:
    return unescape(text).replace("\N{NO-BREAK SPACE}", " ")


_ROW = re.compile(r'<tr><th scope="row"[^>]*>([^<]+)</th><td[^>]*>([^<]*)</td><td[^>]*>([^<]*)</td></tr>')
_HIDDEN = re.compile(r'<input type="hidden" name="([\w-]+)" value="([^"]*)">')


def section(text: str, labelled_by: str) -> str:
    """One section of a page, by the id of its heading; empty where there is none."""
    _, _, behind = text.partition(f'<section aria-labelledby="{labelled_by}"')
    return behind.partition("</section>")[0]


def before_and_after(text: str) -> dict[str, tuple[str, str]]:
    """The rows of a table of before and after, by their names."""
    return {name: (before, after) for name, before, after in _ROW.findall(plain(text))}


def hidden(text: str) -> dict[str, list[str]]:
    """What a form of a preview sends."""
    found: dict[str, list[str]] = {}
    for name, value in _HIDDEN.findall(text):
        found.setdefault(name, []).append(unescape(value))
    return found


def on(day: date | None, nothing: str = "–") -> str:
    return plain(words.long_date(day)) if day else nothing


def short(day: date | None) -> str:
    """As the narrow tables write it."""
    return plain(f"{words.short_date(day)} {day.year}") if day else "–"


def hours(minutes: int) -> str:
    return plain(words.hours(minutes))


def stated(user: User) -> dict[str, str]:
    """What the preview's table has to say of the plan as it is."""
    stands = queries.standing(user.pk, TODAY)
    assert stands.plan is not None
    assert stands.track is not None
    done = stands.progress
    return {
        "Track": stands.track.title,
        "A week": hours(sum(stands.plan.weekday_minutes)),
        "Target": on(stands.plan.target_on, "none"),
        "To study": hours(stands.remaining_minutes),
        "Done": f"{hours(done.done_minutes)} of {hours(done.plan_minutes)}, {done.percent} %",
        "Done by": on(stands.finish_on),
    }


def typed(week: Collection[int]) -> dict[str, str]:
    """Minutes of the weekdays as one may type them."""
    return {day: f"{n} min" if n else "" for day, n in zip(DAY_FIELDS, week, strict=True)}


def mark(user: User, content: Catalogue, keys: Collection[str], kind: str = "done") -> None:
    for key in keys:
        actions.mark_activity(user, plan_of(user), key, kind, content=content, now=NOW, on=TODAY)


def preview(web: Client, answers: Mapping[str, Any]) -> str:
    answer = web.get(reverse("change-plan"), answers)
    assert answer.status_code == 200
    return answer.text


# ------------------------------------------------------------- other hours, another target, another track


DAY = st.sampled_from(["", "0", "0:15", "1", "1:30", "2.5", "45 min", "8", "24"])
KEYS = st.sampled_from(
    [
        "mindset.rate-six-skills", "mindset.read-two-cases", "foundations.scan-and-sort",
        "atlas.read-six-cases", "owasp.exploit-output-handling", "garak.run-six-families",
        "compliance.list-gaps",
    ]
)  # fmt: skip


@st.composite
def answers(draw: st.DrawFn) -> dict[str, str]:
    month = draw(st.integers(0, 24))
    year, ahead = divmod(2026 * 12 + 10 + month, 12)
    return {
        "track": draw(st.sampled_from(TRACKS)),
        **{day: draw(DAY) for day in DAY_FIELDS},
        "target": f"{year}-{ahead + 1:02}" if month else "",
    }


@st.composite
def lives(draw: st.DrawFn) -> dict[str, Any]:
    """What a learner has done with a plan before changing it: some days of it lie far from today."""
    days = st.integers(-60, 300).map(lambda n: TODAY + timedelta(days=n))
    return {
        "marks": draw(st.dictionaries(KEYS, st.sampled_from(["done", "known"]), max_size=4)),
        "logged": draw(st.lists(st.tuples(KEYS, st.integers(15, 400), st.integers(0, 40)), max_size=5)),
        "pauses": draw(st.lists(st.tuples(days, st.integers(1, 40) | st.none()), max_size=2)),
        "left_out": draw(st.sets(st.sampled_from(["atlas.read-six-cases", "compliance.list-gaps"]))),
        "order": draw(st.sampled_from(["one-by-one", "side-by-side"])),
    }


def live(user: User, content: Catalogue, life: dict[str, Any]) -> None:
    plan = plan_of(user)
    for key, kind in life["marks"].items():
        mark(user, content, [key], kind)
    for key, minutes, ago in life["logged"]:
        make_session(
            user,
            minutes=minutes,
            activity_key=key,
            module_key=key.partition(".")[0],
            studied_on=TODAY - timedelta(days=ago),
        )
    for first_on, length in life["pauses"]:
        until_on = first_on + timedelta(days=length) if length else None
        actions.pause_plan(plan, first_on, until_on, now=NOW)
    actions.leave_out(plan, life["left_out"], reason="Left out", now=NOW)
    actions.choose_order(plan, life["order"], now=NOW)


@PATIENT
@given(life=lives(), wanted=answers())
def test_what_the_preview_says_is_what_the_plan_says_afterwards(
    web: Client, alice: User, curriculum: Catalogue, life: dict[str, Any], wanted: dict[str, str]
) -> None:
    with transaction.atomic():
        live(alice, curriculum, life)
        said_before, rows_before, inputs_before = stated(alice), rows(alice), inputs(alice)
        shown = web.get(reverse("change-plan"), wanted)
        assert rows(alice) == rows_before
        if shown.status_code == 422:
            assert "A plan needs at least one hour a week." in shown.text
            assert web.post(reverse("change-plan"), wanted).status_code == 422
            assert rows(alice) == rows_before
        else:
            table = before_and_after(section(shown.text, "ba"))
            assert {name: before for name, (before, _) in table.items()} == said_before
            # What is sent is what the page holds, not what was asked of it.
            sent = hidden(section(shown.text, "ba"))
            assert web.post(reverse("change-plan"), sent).headers["Location"] == reverse("plan")
            assert {name: after for name, (_, after) in table.items()} == stated(alice)
            the_rest_stays(rows_before, rows(alice))
            the_plan_page_says(web, alice, table)
            change = plan_of(alice).changes.latest("pk")
            assert (change.before, change.after) == (inputs_before, inputs(alice))
            web.post(reverse("undo-change", args=[change.pk]))
            assert inputs(alice) == inputs_before
            assert stated(alice) == said_before
            the_rest_stays(rows_before, rows(alice))
        transaction.set_rollback(True)


def the_rest_stays(before: Mapping[str, list[Any]], after: Mapping[str, list[Any]]) -> None:
    """Marks, sessions, first layout, pauses (but for their keys), order, start and what is left out."""
    for name in ("marks", "sessions", "baseline"):
        assert after[name] == before[name], name
    then, now = ([(row["first_on"], row["until_on"]) for row in found["pauses"]] for found in (before, after))
    assert now == then
    for name in ("order", "start_on", "revision", "left_out", "deferred", "uses_own_ratio", "made_at"):
        assert [row[name] for row in after["plans"]] == [row[name] for row in before["plans"]], name


def the_plan_page_says(web: Client, user: User, table: Mapping[str, tuple[str, str]]) -> None:
    """The road page in the words of the preview's right column."""
    page = plain(web.get(reverse("plan")).text)
    done, share = table["Done"][1].rsplit(", ", 1)
    assert f"Share of the plan</dt><dd>{share}</dd>" in page
    assert f"Done</dt><dd>{done.partition(' of ')[0]}</dd>" in page
    finish = table["Done by"][1]
    if finish == "–":
        assert "Done by" not in page
        assert "own hours lead to" not in page
    else:
        assert f"Done by {finish}." in page or f"The plan's own hours lead to {finish}." in page


@PATIENT
@given(
    week=st.lists(st.integers(0, 1440), min_size=7, max_size=7).filter(lambda week: sum(week) >= 60),
    target=st.none() | st.integers(1, 1500).map(lambda n: TODAY + timedelta(days=n)),
    track=st.sampled_from(TRACKS),
)
@example(week=[1440] * 7, target=None, track="t-shaped-lead")
@example(week=[0, 0, 0, 0, 0, 0, 61], target=TARGET, track="security-aware-mle")
def test_a_form_that_nobody_touched_changes_nothing(
    web: Client, alice: User, week: list[int], target: date | None, track: str
) -> None:
    """Whatever the plan is, the form shows it, and sent as it is it asks for what there is."""
    days = {f"{day}_minutes": minutes for day, minutes in zip(DAY_FIELDS, week, strict=True)}
    Plan.objects.filter(learner=alice).update(track_key=track, target_on=target, **days)
    before = rows(alice)
    there = untouched(web.get(reverse("change-plan")).text)
    assert "The plan is so already." in preview(web, there)
    said = web.post(reverse("change-plan"), there, follow=True).text
    assert "Nothing was changed: the plan is so already." in said
    assert rows(alice) == before


def untouched(page: str) -> dict[str, str]:
    """What the form sends as it is shown."""
    form = page.rpartition('<form class="form" method="get"')[2].partition("</form>")[0]
    typed = dict.fromkeys(re.findall(r'<input type="text" name="(\w+)"', form), "")
    typed |= {
        name: unescape(value)
        for name, value in re.findall(r'<input type="text" name="(\w+)" value="([^"]*)"', form)
    }
    for name, options in re.findall(r'<select name="(\w+)"[^>]*>(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)" selected', options)
        typed[name] = chosen.group(1) if chosen else re.findall(r'<option value="([^"]*)"', options)[0]
    assert set(typed) == {"track", "target", *DAY_FIELDS}
    return typed


def test_a_preview_asks_the_database_for_nothing_but_to_read(web: Client) -> None:
    ways: list[tuple[str, dict[str, Any]]] = [
        (reverse("change-plan"), {}),
        (reverse("change-plan"), {**SAME, "track": "t-shaped-lead"}),
        (reverse("behind"), {}),
        (
            reverse("behind"),
            {"shown": "1", "leave": ["mindset.read-two-cases", "owasp.measure-matrix-coverage"]},
        ),
    ]
    for path, asked in ways:
        with CaptureQueriesContext(connection) as captured:
            assert web.get(path, asked).status_code == 200
        assert {query["sql"].split()[0] for query in captured} == {"SELECT"}, path


def test_another_track_and_back_keeps_everything_that_was_done(
    web: Client, alice: User, curriculum: Catalogue
) -> None:
    full, short = (
        [activity.key for module in curriculum.modules_in(track) for activity in module.required_in(track)]
        for track in TRACKS[:2]
    )
    done = [key for key in full if key not in short][:3] + [key for key in full if key in short][:3]
    mark(alice, curriculum, done)
    make_session(alice, minutes=50, activity_key=done[0], module_key=done[0].partition(".")[0])
    before, rows_before, inputs_before = stated(alice), rows(alice), inputs(alice)
    assert before["Done"].startswith(hours(sum(curriculum.activity(key).minutes for key in done)))
    web.post(reverse("change-plan"), {**SAME, "track": "security-aware-mle"})
    there = stated(alice)
    kept = sum(activity.minutes for activity in map(curriculum.activity, done) if TRACKS[1] in activity.needs)
    assert kept > 0
    assert there["Done"].startswith(f"{hours(kept)} of ")
    the_rest_stays(rows_before, rows(alice))
    # What that track does not ask for is not lost: it counts again on the way back.
    web.post(reverse("change-plan"), SAME)
    assert {**stated(alice), "Done by": ""} == {**before, "Done by": ""}
    the_rest_stays(rows_before, rows(alice))
    # Of the inputs only where the layout ends is another: what was done in between was laid out before.
    now, then = json.loads(inputs(alice)), json.loads(inputs_before)
    assert {**now, "agreed": None} == {**then, "agreed": None}
    page = plain(web.get(reverse("plan")).text)
    assert "Changed: track Security-aware ML engineer" in page
    assert "Changed: track AI security engineer" in page


def test_the_preview_of_another_track_names_what_comes_and_what_goes(
    web: Client, curriculum: Catalogue
) -> None:
    shown = plain(preview(web, {**SAME, "track": "t-shaped-lead"}))
    lead = set(curriculum.track("t-shaped-lead").module_keys)
    gone = [module.title for module in curriculum.modules_in(TRACKS[0]) if module.key not in lead]
    assert gone
    assert f"No longer asked: {', '.join(gone)}." in shown
    assert "New on the road" not in shown
    web.post(reverse("change-plan"), {**SAME, "track": "t-shaped-lead"})
    back = plain(preview(web, SAME))
    assert f"New on the road: {', '.join(gone)}." in back
    assert "No longer asked" not in back


def test_each_change_says_in_words_what_it_was(web: Client, alice: User) -> None:
    for changed, reason in (
        ({"monday": "2"}, "Changed: 7 h 30 a week in place of 6 h 30"),
        ({"monday": "0", "friday": "2"}, "Changed: 7 h 30 a week on other days"),
        ({"target": ""}, "Changed: target none in place of Wed 31 Mar 2027"),
        ({"target": "2027-12"}, "Changed: target Fri 31 Dec 2027 in place of none"),
        (
            {"track": "security-aware-mle", "sunday": "1", "target": "2027-01"},
            "Changed: track Security-aware ML engineer, 8 h 30 a week in place of 7 h 30, "
            "target Sun 31 Jan 2027 in place of Fri 31 Dec 2027",
        ),
    ):
        there = untouched(web.get(reverse("change-plan")).text)
        said = web.post(reverse("change-plan"), {**there, **changed}, follow=True).text
        assert "You can take it back for seven days." in said
        assert plain(plan_of(alice).changes.latest("pk").reason) == reason
        assert reason in plain(said)


def test_a_change_is_taken_back_by_its_button_and_an_older_one_is_not(web: Client, alice: User) -> None:
    before = inputs(alice)
    web.post(reverse("change-plan"), {**SAME, "monday": "4"})
    first = plan_of(alice).changes.latest("pk")
    web.post(reverse("change-plan"), {**SAME, "monday": "5"})
    second, middle = plan_of(alice).changes.latest("pk"), first.after
    page = web.get(reverse("plan")).text
    assert page.count("Take it back") == 1
    assert reverse("undo-change", args=[second.pk]) in page
    refused = web.post(reverse("undo-change", args=[first.pk]), follow=True).text
    assert "undo the later change first" in refused
    assert inputs(alice) == second.after
    assert "The change is taken back." in web.post(reverse("undo-change", args=[second.pk]), follow=True).text
    assert inputs(alice) == middle
    undoing = plan_of(alice).changes.latest("pk")
    web.post(reverse("undo-change", args=[undoing.pk]))
    assert inputs(alice) == second.after
    assert before == first.before


@pytest.mark.parametrize("number", ["0", "9223372036854775807", "9223372036854775808", "9" * 400])
def test_a_change_that_no_row_can_be_is_a_404(web: Client, number: str) -> None:
    assert web.post(f"/plan/changes/{number}/undo/").status_code == 404
    assert web.get(f"/plan/changes/{number}/undo/").status_code == 405


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        (dict.fromkeys(DAY_FIELDS, "0"), "A plan needs at least one hour a week."),
        ({**dict.fromkeys(DAY_FIELDS, ""), "sunday": "59 min"}, "A plan needs at least one hour a week."),
        ({"monday": "25"}, "A day has 24 hours, not 25."),
        ({"monday": "-2"}, "negative"),
        ({"monday": "an hour"}, "“an hour” is not a length."),
        ({"track": "astronaut"}, "There is no such track in the curriculum."),
        ({"track": ""}, "This field is required."),
        ({"target": "2026-01"}, "A target lies between December 2026 and November 2028"),
        ({"target": "2026-11"}, "A target lies between"),
        ({"target": "2028-12"}, "A target lies between"),
        ({"target": "2027-13"}, "A target lies between"),
        ({"target": "2027-3"}, "A target lies between"),
        ({"target": "2027-03-31"}, "A target lies between"),
        ({"target": "spring"}, "A target lies between"),
    ],
)
def test_what_cannot_be_is_refused_beside_its_field_and_nothing_is_lost(
    web: Client, alice: User, changed: dict[str, str], reason: str
) -> None:
    before = rows(alice)
    for answer in (
        web.get(reverse("change-plan"), {**SAME, **changed}),
        web.post(reverse("change-plan"), {**SAME, **changed}),
    ):
        assert answer.status_code == 422
        assert reason in plain(answer.text)
        assert "What you typed is still there." in answer.text
        assert section(answer.text, "ba") == "", "there is nothing to preview"
        for name, value in {**SAME, **changed}.items():
            if name in DAY_FIELDS and value:
                assert re.search(rf'name="{name}" value="{value}"', answer.text), name
    assert rows(alice) == before


def test_a_target_before_the_first_day_is_refused(alice: User, curriculum: Catalogue) -> None:
    make_plan(alice, curriculum, start_on=date(2027, 6, 1), target_on=date(2027, 12, 31))
    web = browser_of(alice)
    for month in ("2027-03", "2027-05"):
        answer = web.get(reverse("change-plan"), {**SAME, "target": month})
        assert answer.status_code == 422
        assert "The target lies before the first day." in answer.text
    assert "Before and after" in preview(web, {**SAME, "target": "2027-06"})


@pytest.mark.parametrize("text", NASTY, ids=lambda text: ascii(text[:20]))
def test_nothing_typed_breaks_a_page_or_is_taken_for_an_answer(web: Client, alice: User, text: str) -> None:
    for name in ("track", "monday", "target"):
        asked = {**SAME, name: text}
        if len(text) < 10_000:
            # A server takes no longer line than some thousand bytes.
            assert "<script>alert" not in web.get(reverse("change-plan"), asked).text
        answer = web.post(reverse("change-plan"), asked)
        assert answer.status_code in {302, 422}, name
        assert "<script>alert" not in answer.text
    before = inputs(alice)
    for fields in ({"way": text}, {"way": f"date:{text}"}, {"way": "leave-out:", "leave": text}):
        answer = web.post(reverse("behind"), fields)
        assert answer.headers["Location"] == reverse("behind")
    shown = web.get(reverse("behind"), {"shown": text[:5000], "leave": text[:5000]})
    assert (shown.status_code, "<script>alert" in shown.text) == (200, False)
    assert web.post(reverse("move-up"), {"to": text}).headers["Location"] == reverse("plan")
    assert inputs(alice) == before


def test_of_a_parameter_that_is_there_twice_the_last_is_shown_and_taken(web: Client, alice: User) -> None:
    twice = {name: ["nonsense", value] for name, value in {**SAME, "monday": "4"}.items()}
    shown = web.get(reverse("change-plan"), twice)
    assert shown.status_code == 200
    table = before_and_after(section(shown.text, "ba"))
    assert table["A week"] == ("6 h 30", "9 h 30")
    assert hidden(section(shown.text, "ba"))["monday"] == ["4"]
    web.post(reverse("change-plan"), twice)
    assert plan_of(alice).monday_minutes == 240


@pytest.mark.parametrize("query", ["", "monday=9", "track", "track=&", "target=2027-03&sunday=%ff", "%00=1"])
def test_a_query_that_answers_nothing_shows_the_form(web: Client, query: str) -> None:
    answer = web.get(f"{reverse('change-plan')}?{query}")
    assert answer.status_code == (422 if query.startswith("track") else 200)
    assert section(answer.text, "ba") == ""
    assert "Show what that gives" in answer.text


# ------------------------------------------------------------------------------- a target that cannot be met


NEEDED = re.compile(r"To meet it, a week would need ([^.<]+)\.")


@pytest.mark.parametrize("today_minutes", [0, 175])
@pytest.mark.parametrize(
    "week",
    [
        (60, 90, 0, 60, 0, 180, 0),
        (0, 0, 0, 75, 0, 0, 0),
        (65, 65, 65, 65, 65, 65, 65),
        (15, 0, 0, 0, 0, 0, 600),
    ],
)
@pytest.mark.parametrize("target", ["2026-12", "2027-02", "2027-08"])
def test_the_sentence_says_what_it_would_take_and_that_does(
    web: Client, alice: User, week: tuple[int, ...], target: str, today_minutes: int
) -> None:
    if today_minutes:
        for key in (
            "mindset.compare-two-roles",
            "mindset.read-two-cases",
            "foundations.read-weakness-classes",
        ):
            make_session(
                alice, minutes=today_minutes // 3, activity_key=key, module_key=key.partition(".")[0]
            )
    asked = {**SAME, **typed(week), "target": target, "track": "security-aware-mle"}
    shown = plain(preview(web, asked))
    if "Your target is earlier." not in shown:
        assert not NEEDED.search(shown)
        return
    said = NEEDED.search(shown)
    web.post(reverse("change-plan"), asked)
    ways = queries.ways_on(queries.facts_of(alice.pk, TODAY), None)
    assert ways is not None
    if said is None:
        assert "No week is long enough to meet it." in shown
        assert ways.week_minutes is None
        return
    # The page beside it says the same, and with these hours the target is met.
    assert said.group(1) == hours(ways.week_minutes or 0)
    assert ways.weekday_minutes is not None
    met = preview(web, {**asked, **typed(ways.weekday_minutes)})
    assert "Your target is earlier." not in met
    # A quarter of an hour less on each day that has time does not.
    less = [max(0, minutes - 15) for minutes in ways.weekday_minutes]
    if sum(less) >= 60 and all(less[place] >= week[place] for place in range(7)):
        assert "Your target is earlier." in preview(web, {**asked, **typed(less)})


def test_where_no_week_is_long_enough_the_sentence_says_so(web: Client, alice: User) -> None:
    saturdays = {**SAME, **dict.fromkeys(DAY_FIELDS, ""), "saturday": "1", "target": "2026-12"}
    shown = preview(web, saturdays)
    assert "Your target is earlier. No week is long enough to meet it." in shown
    assert section(shown, "ba"), "it can be chosen all the same"
    web.post(reverse("change-plan"), saturdays)
    assert "No week is long enough" in web.get(reverse("behind")).text


def test_a_plan_under_an_open_pause_has_no_day_before_and_after(web: Client, alice: User) -> None:
    actions.pause_plan(plan_of(alice), TODAY, None, now=NOW)
    shown = preview(web, {**SAME, "monday": "9"})
    assert "<h1>No day can be said.</h1>" in shown
    assert before_and_after(section(shown, "ba"))["Done by"] == ("–", "–")
    assert "Your target is earlier" not in shown


def test_with_everything_done_nothing_is_left_to_lay_out(
    web: Client, alice: User, curriculum: Catalogue
) -> None:
    rest = [row.activity.key for row in all_open(alice)]
    Mark.objects.bulk_create(
        Mark(learner=alice, activity_key=key, kind="done", marked_on=TODAY, marked_at=NOW, revision=1,
             planned_minutes=curriculum.activity(key).minutes)
        for key in rest
    )  # fmt: skip
    shown = preview(web, {**SAME, "monday": "9"})
    assert "<h1>Nothing is left to study.</h1>" in shown
    assert before_and_after(section(shown, "ba"))["Done by"] == ("–", "–")
    web.post(reverse("change-plan"), {**SAME, "monday": "9"})
    assert "The plan is done." in web.get(reverse("plan")).text
    assert "Nothing to move." in web.get(reverse("behind")).text


def all_open(user: User) -> list[Leavable]:
    """Every activity that the plan asks for and that is open."""
    found = queries.facts_of(user.pk, TODAY)
    assert found.plan is not None
    content = catalogue(found.plan.revision)
    return [
        Leavable(content.activity(row.key), content.module(row.module_key), row.remaining_minutes)
        for row in queries.open_work(found.plan, found.marks, found.by_activity)
    ]


# --------------------------------------------------------------------------------- twice, meanwhile, for whom


def test_the_same_change_twice_is_one_change(web: Client, alice: User) -> None:
    asked = {**SAME, "monday": "4", "track": "security-aware-mle"}
    assert "The plan is changed." in web.post(reverse("change-plan"), asked, follow=True).text
    once = rows(alice)
    again = web.post(reverse("change-plan"), asked, follow=True).text
    assert "Nothing was changed: the plan is so already." in again
    assert rows(alice) == once
    shown = preview(web, asked)
    assert "<h1>The plan is so already.</h1>" in shown
    assert section(shown, "ba") == ""


def test_a_plan_that_changed_since_the_preview_takes_what_was_typed_and_keeps_the_rest(
    web: Client, alice: User
) -> None:
    sent = hidden(section(preview(web, {**SAME, "monday": "4"}), "ba"))
    plan = plan_of(alice)
    # In another window: other hours, a pause, something left out, another order.
    actions.replan(plan, reason="Elsewhere", weekday_minutes=(90,) * 7, now=NOW)
    actions.pause_plan(plan, TODAY + timedelta(days=9), TODAY + timedelta(days=19), now=NOW)
    actions.leave_out(plan, ["atlas.read-six-cases"], reason="Left out", now=NOW)
    actions.choose_order(plan, "side-by-side", now=NOW)
    meanwhile, inputs_meanwhile = rows(alice), inputs(alice)
    web.post(reverse("change-plan"), sent)
    assert plan_of(alice).weekday_minutes == (240, 90, 0, 60, 0, 180, 0)
    the_rest_stays(meanwhile, rows(alice))
    change = plan_of(alice).changes.latest("pk")
    assert change.before == inputs_meanwhile
    assert plain(change.reason) == "Changed: 9 h 30 a week in place of 10 h 30"
    web.post(reverse("undo-change", args=[change.pk]))
    assert inputs(alice) == inputs_meanwhile


def test_a_plan_that_became_so_since_the_preview_is_left_alone(web: Client, alice: User) -> None:
    sent = hidden(section(preview(web, {**SAME, "monday": "4"}), "ba"))
    web.post(reverse("change-plan"), {**SAME, "monday": "4"})
    before = rows(alice)
    assert "the plan is so already" in web.post(reverse("change-plan"), sent, follow=True).text
    assert rows(alice) == before


@pytest.mark.parametrize("method", ["get", "head", "post"])
def test_without_a_plan_nothing_of_it_is_there(charlie: User, curriculum: Catalogue, method: str) -> None:
    web = browser_of(charlie)
    refused = {"get": 405, "head": 405, "post": 404}[method]
    assert getattr(web, method)(reverse("change-plan"), SAME).status_code == 404
    assert getattr(web, method)(reverse("behind"), {"way": "leave-out:"}).status_code == 404
    assert getattr(web, method)(reverse("move-up"), {"to": "2027-01-01"}).status_code == refused
    there = reverse("take-in", args=["mindset", "mindset.read-two-cases"])
    assert getattr(web, method)(there).status_code == refused
    assert not PlanChange.objects.exists()


def test_charlie_changes_charlies_plan_and_nothing_of_alices(
    web: Client, alice: User, charlie: User, curriculum: Catalogue
) -> None:
    actions.leave_out(plan_of(alice), ["mindset.read-two-cases"], reason="Left out", now=NOW)
    before = rows(alice)
    make_plan(charlie, curriculum, track_key="security-aware-mle", weekday_minutes=(30,) * 7)
    other = browser_of(charlie)
    shown = plain(preview(other, {**SAME, "monday": "4"}))
    assert "Security-aware ML engineer" in shown
    assert "6 h 30" not in shown, "Alice's week"
    other.post(reverse("change-plan"), {**SAME, "monday": "4"})
    other.post(reverse("behind"), {"way": "leave-out:", "leave": "owasp.exploit-output-handling"})
    other.post(reverse("take-in", args=["mindset", "mindset.read-two-cases"]))
    change = plan_of(alice).changes.latest("pk")
    assert other.post(reverse("undo-change", args=[change.pk])).status_code == 404
    assert rows(alice) == before
    assert plan_of(charlie).monday_minutes == 240
    assert plan_of(charlie).left_out == ["owasp.exploit-output-handling"]


@pytest.mark.parametrize("name", ["change-plan", "behind", "move-up"])
def test_a_visitor_is_asked_to_log_in(client: Client, name: str) -> None:
    address = f"{reverse(name)}?track=security-aware-mle"
    for answer in (client.get(address), client.post(address)):
        assert answer.headers["Location"].startswith(f"{reverse('account_login')}?next=")


# ------------------------------------------------------------------------------ I am behind: leaving work out


@pytest.fixture(params=TRACKS)
def learner(request: pytest.FixtureRequest, alice: User, curriculum: Catalogue) -> User:
    """Alice on each of the three tracks, some hours behind what can be left out of it."""
    make_plan(alice, curriculum, track_key=request.param)
    found = queries.facts_of(alice.pk, TODAY)
    room = sum(row.remaining_minutes for row in queries.leavable(found)) // 2
    finish = queries.stand(found).finish_on
    assert finish is not None
    # The target lies so many weeks before the end that half of it would have to go.
    early = (
        finish - timedelta(weeks=-(-room // found.pace.week_minutes)) if room else finish - timedelta(days=30)
    )
    Plan.objects.filter(learner=alice).update(target_on=early)
    return alice


def leavable_keys(user: User) -> list[str]:
    return [row.activity.key for row in queries.leavable(queries.facts_of(user.pk, TODAY))]


def ticked(page: str) -> list[str]:
    return re.findall(r'<input type="checkbox" name="leave" value="([^"]+)" checked>', page)


def test_the_fewest_that_keep_the_date_are_ticked_and_taken(learner: User) -> None:
    web = browser_of(learner)
    found = queries.facts_of(learner.pk, TODAY)
    ways = queries.ways_on(found, None)
    assert ways is not None
    assert ways.is_behind
    page = web.get(reverse("behind")).text
    choices = queries.leavable(found)
    assert re.findall(r'type="checkbox" name="leave" value="([^"]+)"', page) == leavable_keys(learner)
    if not choices:
        assert "Nothing that is left may go" in page
        return
    fewest = fewest_that_make_room(
        [Work(row.activity.key, row.remaining_minutes) for row in choices], ways.minutes_over
    )
    assert 0 < len(fewest) < len(choices)
    assert set(ticked(page)) == fewest
    assert f"As few as keep {on(ways.date_on)}." in plain(page)
    for row in choices:
        assert plain(row.activity.title) in plain(page)
    before, rows_before, inputs_before = queries.stand(found), rows(learner), inputs(learner)
    table = before_and_after(section(page, "lo"))
    assert table["To study"][0] == hours(before.remaining_minutes)
    form = hidden(section(page, "lo"))
    assert set(form["leave"]) == fewest
    said = web.post(reverse("behind"), {"way": "leave-out:", "leave": form["leave"]}, follow=True).text
    assert "The plan is changed." in said
    after = queries.standing(learner.pk, TODAY)
    assert set(plan_of(learner).left_out) == fewest
    assert table["To study"][1] == hours(after.remaining_minutes)
    assert table["Done by"] == (short(ways.finish_on), short(after.finish_on))
    assert table["A week"] == (hours(sum(plan_of(learner).weekday_minutes)),) * 2
    assert after.finish_on is not None
    assert after.finish_on <= ways.date_on, "the date is kept"
    saved = sum(row.remaining_minutes for row in choices if row.activity.key in fewest)
    assert after.remaining_minutes == before.remaining_minutes - saved
    assert after.progress.done_minutes == before.progress.done_minutes
    assert f"Share of the plan</dt><dd>{after.progress.percent} %" in plain(web.get(reverse("plan")).text)
    for name in ("marks", "sessions", "baseline", "pauses"):
        assert rows(learner)[name] == rows_before[name]
    change = plan_of(learner).changes.latest("pk")
    assert plain(change.reason) == (
        f"Left out: {words.count(len(fewest), 'activity', 'activities')}, {hours(saved)}"
    )
    web.post(reverse("undo-change", args=[change.pk]))
    assert inputs(learner) == inputs_before


def test_the_share_of_the_plan_rises_by_what_is_left_out(
    web: Client, alice: User, curriculum: Catalogue
) -> None:
    for module in curriculum.modules[:4]:
        required = module.required_in(TRACKS[0])
        mark(alice, curriculum, [row.key for row in required if not row.if_left_out])
    before = queries.standing(alice.pk, TODAY).progress
    keys = leavable_keys(alice)
    web.post(reverse("behind"), {"way": "leave-out:", "leave": keys})
    after = queries.standing(alice.pk, TODAY).progress
    gone = sum(curriculum.activity(key).minutes for key in keys)
    assert after.done_minutes == before.done_minutes
    assert after.plan_minutes == before.plan_minutes - gone
    assert after.percent == before.done_minutes * 100 // (before.plan_minutes - gone)
    assert after.percent > before.percent
    # Done in spite of that, it counts in full.
    mark(alice, curriculum, [keys[0]])
    assert queries.standing(alice.pk, TODAY).progress.done_minutes == (
        before.done_minutes + curriculum.activity(keys[0]).minutes
    )


def test_others_can_be_chosen_and_are_shown_before_they_go(web: Client, alice: User) -> None:
    before = rows(alice)
    chosen = ["mindset.read-two-cases", "owasp.measure-matrix-coverage"]
    for leave in ([], chosen[:1], chosen):
        page = web.get(reverse("behind"), {"shown": "1", "leave": leave}).text
        assert ticked(page) == leave
        less = sum(row.remaining_minutes for row in all_open(alice) if row.activity.key in leave)
        assert f"{hours(less)} less" in plain(page) or (not leave and "Nothing ticked" in page)
        stands = queries.standing(alice.pk, TODAY)
        assert before_and_after(section(page, "lo"))["To study"] == (
            hours(stands.remaining_minutes), hours(stands.remaining_minutes - less)
        )  # fmt: skip
        assert hidden(section(page, "lo")).get("leave", []) == leave
        assert "As few as keep" not in page
        assert rows(alice) == before
    web.post(reverse("behind"), {"way": "leave-out:", "leave": chosen})
    assert plan_of(alice).left_out == chosen


@pytest.mark.parametrize(
    "asked",
    [
        [],
        ["no-such.activity"],
        ["mindset.read-two-cases", "no-such.activity"],
        ["garak.run-six-families"],  # has to stay
        ["mindset.read-two-cases", "garak.run-six-families"],
        [""],
    ],
)
def test_what_may_not_go_changes_nothing(web: Client, alice: User, asked: list[str]) -> None:
    before = rows(alice)
    page = web.get(reverse("behind"), {"shown": "1", "leave": asked}).text
    assert ticked(page) == [key for key in asked if key == "mindset.read-two-cases"]
    said = web.post(reverse("behind"), {"way": "leave-out:", "leave": asked}, follow=True)
    assert said.redirect_chain == [(reverse("behind"), 302)]
    assert "Nothing was changed: the plan has moved since." in said.text
    assert rows(alice) == before


@pytest.mark.parametrize("meanwhile", ["done", "known", "left-out", "another-track"])
def test_what_was_done_meanwhile_is_not_left_out(
    web: Client, alice: User, curriculum: Catalogue, meanwhile: str
) -> None:
    asked = ["mindset.read-two-cases", "owasp.measure-matrix-coverage"]
    plan = plan_of(alice)
    if meanwhile == "left-out":
        actions.leave_out(plan, asked[1:], reason="Left out", now=NOW)
    elif meanwhile == "another-track":
        actions.replan(plan, reason="Shorter", track_key="security-aware-mle", now=NOW)
    else:
        mark(alice, curriculum, asked[1:], meanwhile)
    before = rows(alice)
    said = web.post(reverse("behind"), {"way": "leave-out:", "leave": asked}, follow=True).text
    assert "Nothing was changed: the plan has moved since. Look at the ways on again." in said
    assert rows(alice) == before


def test_leaving_the_same_out_twice_is_one_change(web: Client, alice: User) -> None:
    asked = {"way": "leave-out:", "leave": ["mindset.read-two-cases", "mindset.read-two-cases"]}
    web.post(reverse("behind"), asked)
    once = rows(alice)
    assert plan_of(alice).left_out == ["mindset.read-two-cases"]
    assert "Nothing was changed" in web.post(reverse("behind"), asked, follow=True).text
    assert rows(alice) == once
    assert "mindset.read-two-cases" not in leavable_keys(alice)


def test_what_is_left_out_says_so_on_its_module_page_and_can_be_taken_in_again(
    web: Client, alice: User, curriculum: Catalogue
) -> None:
    key = "mindset.read-two-cases"
    there = reverse("take-in", args=["mindset", key])
    module = reverse("module", args=["mindset"])
    assert there not in web.get(module).text
    finish, before = queries.standing(alice.pk, TODAY).finish_on, queries.standing(alice.pk, TODAY).progress
    web.post(reverse("behind"), {"way": "leave-out:", "leave": key})
    page = web.get(module).text
    assert "left out of the plan" in page
    assert there in page
    assert key not in {row.activity.key for row in all_open(alice)}
    assert "activity-mindset-read-two-cases" not in web.get(reverse("today")).text
    said = web.post(there, follow=True)
    assert said.redirect_chain == [(module, 302)]
    assert f"In the plan again: {curriculum.activity(key).title}." in plain(said.text)
    assert "left out of the plan" not in said.text
    assert plan_of(alice).left_out == []
    after = queries.standing(alice.pk, TODAY)
    assert (after.finish_on, after.progress) == (finish, before)
    assert plan_of(alice).changes.latest("pk").reason.startswith("Taken in again: ")
    once = rows(alice)
    assert "In the plan again" not in web.post(there, follow=True).text
    assert rows(alice) == once


def test_what_was_left_out_and_done_all_the_same_offers_nothing_to_take_in(
    web: Client, alice: User, curriculum: Catalogue
) -> None:
    key = "mindset.read-two-cases"
    web.post(reverse("behind"), {"way": "leave-out:", "leave": key})
    mark(alice, curriculum, [key])
    assert reverse("take-in", args=["mindset", key]) not in web.get(reverse("module", args=["mindset"])).text


@pytest.mark.parametrize(
    ("module", "activity"),
    [
        ("mindset", "no-such"),
        ("no-such", "mindset.read-two-cases"),
        ("garak", "mindset.read-two-cases"),
        ("mindset", "\x00"),
    ],
)
def test_what_is_not_there_cannot_be_taken_in(web: Client, alice: User, module: str, activity: str) -> None:
    before = rows(alice)
    assert web.post(reverse("take-in", args=[module, activity])).status_code == 404
    assert rows(alice) == before


@pytest.mark.parametrize("way", ["date", "hours"])
def test_keeping_date_or_hours_says_beforehand_what_the_plan_says_afterwards(
    web: Client, alice: User, way: str
) -> None:
    page = web.get(reverse("behind")).text
    table = before_and_after(section(page, "kd" if way == "date" else "kh"))
    form = re.search(rf'name="way" value="({way}:[^"]+)"', page)
    assert form
    before, was = stated(alice), queries.standing(alice.pk, TODAY)
    web.post(reverse("behind"), {"way": form.group(1)})
    after, stands = stated(alice), queries.standing(alice.pk, TODAY)
    assert stands.plan is not None
    assert table["A week"] == (before["A week"], after["A week"])
    if way == "date":
        assert table["Done by"] == (short(was.finish_on), short(stands.finish_on))
        days = zip(words.WEEKDAYS, (60, 90, 0, 60, 0, 180, 0), stands.plan.weekday_minutes, strict=True)
        assert {name: row for name, row in table.items() if name in words.WEEKDAYS} == {
            name: (hours(minutes), hours(now)) for name, minutes, now in days if minutes
        }
    else:
        assert table["Target"] == (short(TARGET), short(stands.finish_on))
        assert after["Target"] == after["Done by"]


def test_who_is_ahead_reads_the_same_day_on_both_pages(web: Client, alice: User, ahead: date) -> None:
    """What the plan says now is the end that was agreed to, until the rest moves up."""
    finish = queries.standing(alice.pk, TODAY).finish_on
    assert finish is not None
    page = plain(web.get(reverse("behind")).text)
    assert f"lead to {on(finish)}, or to {on(ahead)} where the rest moves up." in page
    for name in ("kd", "lo"):
        assert before_and_after(section(page, name))["Done by"][0] == short(finish)
    web.post(reverse("move-up"), {"to": ahead.isoformat()})
    assert f"lead to {on(ahead)}. Your target is" in plain(web.get(reverse("behind")).text)


# ------------------------------------------------------------------------------------------ the rest moves up


@pytest.fixture
def ahead(web: Client, alice: User, curriculum: Catalogue) -> date:
    """Alice has done more than her plan asks: where it would lead if the rest moved up."""
    mark(alice, curriculum, [row.activity.key for row in all_open(alice)[:12]])
    sooner = queries.standing(alice.pk, TODAY).sooner_on
    assert sooner is not None
    return sooner


def test_the_rest_moves_up_by_a_click_and_back(web: Client, alice: User, ahead: date) -> None:
    before, inputs_before = queries.standing(alice.pk, TODAY), inputs(alice)
    assert before.finish_on is not None
    assert ahead < before.finish_on
    page = web.get(reverse("plan")).text
    assert f"the rest would end on {on(ahead)}. Nothing moves up by itself." in plain(page)
    assert hidden(page)["to"] == [ahead.isoformat()]
    web.post(reverse("move-up"), {"to": ahead.isoformat()})
    after = queries.standing(alice.pk, TODAY)
    assert (after.finish_on, after.sooner_on) == (ahead, None)
    page = web.get(reverse("plan")).text
    assert "Move the rest up" not in page
    change = plan_of(alice).changes.latest("pk")
    assert plain(change.reason) == f"Moved up to {on(ahead)}"
    web.post(reverse("undo-change", args=[change.pk]))
    assert inputs(alice) == inputs_before
    assert queries.standing(alice.pk, TODAY).finish_on == before.finish_on


@pytest.mark.parametrize("to", [None, "", "2026-01-01", "soon", "finish", "day-before", "upper"])
def test_nothing_moves_up_to_a_date_that_was_not_shown(
    web: Client, alice: User, ahead: date, to: str | None
) -> None:
    finish = queries.standing(alice.pk, TODAY).finish_on
    assert finish is not None
    asked = {"finish": finish.isoformat(), "day-before": (ahead - timedelta(days=1)).isoformat(),
             "upper": f" {ahead.isoformat()}"}.get(to or "", to)  # fmt: skip
    before = rows(alice)
    said = web.post(reverse("move-up"), {} if asked is None else {"to": asked}, follow=True).text
    assert "Nothing was changed: the plan has moved since." in said
    assert rows(alice) == before


def test_a_date_that_was_shown_before_more_was_done_moves_nothing(
    web: Client, alice: User, curriculum: Catalogue, ahead: date
) -> None:
    mark(alice, curriculum, [row.activity.key for row in all_open(alice)[:9]])
    assert queries.standing(alice.pk, TODAY).sooner_on != ahead
    before = rows(alice)
    assert "Nothing was changed" in web.post(reverse("move-up"), {"to": ahead.isoformat()}, follow=True).text
    assert rows(alice) == before


def test_nothing_moves_up_where_nobody_is_ahead_and_nothing_twice(
    web: Client, alice: User, ahead: date, charlie: User, curriculum: Catalogue
) -> None:
    make_plan(charlie, curriculum)
    finish = queries.standing(charlie.pk, TODAY).finish_on
    assert finish is not None
    behind = rows(charlie)
    assert "Move the rest up" not in browser_of(charlie).get(reverse("plan")).text
    browser_of(charlie).post(reverse("move-up"), {"to": finish.isoformat()})
    assert rows(charlie) == behind
    web.post(reverse("move-up"), {"to": ahead.isoformat()})
    once = rows(alice)
    web.post(reverse("move-up"), {"to": ahead.isoformat()})
    assert rows(alice) == once


# ------------------------------------------------------------------------------------- as quick after years


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("plan", {}),
        ("behind", {}),
        ("behind", {"shown": "1", "leave": ["atlas.read-six-cases", "compliance.list-gaps"]}),
        ("change-plan", {}),
        ("change-plan", {**SAME, "track": "t-shaped-lead", "monday": "4"}),
    ],
)
def test_the_number_of_queries_does_not_grow_with_the_years(
    web: Client, alice: User, curriculum: Catalogue, name: str, asked: dict[str, Any]
) -> None:
    plan = plan_of(alice)
    keys = [activity.key for module in curriculum.modules for activity in module.activities]

    def fill(sessions: int, times: int) -> None:
        StudySession.objects.bulk_create(
            StudySession(
                learner=alice,
                minutes=20,
                studied_on=TODAY - timedelta(days=n % 1096),
                zone="UTC",
                logged_at=NOW,
                activity_key=keys[n % len(keys)],
                module_key=keys[n % len(keys)].partition(".")[0],
            )
            for n in range(sessions)
        )
        there = plan.pauses.count()
        first_days = [TODAY + timedelta(days=15 * (n - 30)) for n in range(there, there + times)]
        Pause.objects.bulk_create(
            Pause(plan=plan, first_on=day, until_on=day + timedelta(days=2)) for day in first_days
        )
        made = plan.changes.earliest("pk")
        PlanChange.objects.bulk_create(
            PlanChange(plan=plan, changed_at=NOW, reason="More", before=made.after, after=made.after)
            for _ in range(times)
        )
        mark(alice, curriculum, keys[: times // 2])

    def asks() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert web.get(reverse(name), asked).status_code == 200
        return len(captured)

    fill(30, 2)
    asks()
    few = asks()
    fill(1470, 58)
    assert (plan.pauses.count(), plan.changes.count()) == (60, 61)
    assert asks() == few
