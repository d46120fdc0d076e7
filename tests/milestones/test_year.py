"""The year in review: the sums, maps then and now, the page, and the PDF of the same values."""

import itertools
import os
import re
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from curriculum.catalogue import Catalogue
from tests.coverage.factories import SCAN, make_claims, make_hand_in, make_run
from tests.fixtures.cast import NOW, TODAY, browser_of, make_plan, make_session
from tests.milestones.factories import look_back_on, make_completion
from tests.people.conftest import text_of
from tests.servers import ROOT
from tracker.coverage.rules.levels import HandedIn, Proof, Work
from tracker.milestones import actions, pdf
from tracker.milestones.rules.year import (
    KINDS,
    Logged,
    LookBack,
    YearReview,
    bars_of,
    kinds_of_year,
    month_ticks,
    proof_on,
    studied_until,
    weeks_of_year,
)
from tracker.milestones.year import first_year, year_review
from tracker.people.models import User

days = st.dates(date(2000, 1, 1), date(2035, 12, 31))


def kind_of(key: str) -> str:
    return {"a": "read", "b": "build"}.get(key, "other")


# --- the sums -----------------------------------------------------------------------------------------------


@given(
    st.integers(2000, 2035),
    st.lists(st.tuples(days, st.sampled_from(["a", "b", "c", ""]), st.integers(1, 1440))),
)
def test_every_minute_of_the_year_is_in_one_week_and_one_kind(
    year: int, said: list[tuple[date, str, int]]
) -> None:
    logged = [Logged(on, "", key, minutes) for on, key, minutes in said if on.year == year]
    weeks = weeks_of_year(year, date(year, 12, 31), logged, kind_of)
    kinds = kinds_of_year(weeks)
    total = sum(row.minutes for row in logged)
    assert sum(week.minutes for week in weeks) == sum(kind.minutes for kind in kinds) == total
    assert [kind.minutes for kind in kinds if kind.kind == "read"] == [
        total for total in [sum(row.minutes for row in logged if row.activity_key == "a")] if total
    ]
    assert (weeks[0].first_on, weeks[-1].last_on) == (date(year, 1, 1), date(year, 12, 31))
    assert all(a.last_on + timedelta(days=1) == b.first_on for a, b in itertools.pairwise(weeks))
    assert len(weeks) in {53, 54}
    assert next(name for _, name in month_ticks(weeks)) == "Jan"
    assert len(month_ticks(weeks)) == 12


def test_a_week_across_the_new_year_has_its_days_of_this_year_alone() -> None:
    logged = [Logged(date(2026, 1, 1), "", "a", 30), Logged(date(2026, 1, 4), "", "", 15)]
    (first, second) = weeks_of_year(2026, date(2026, 1, 5), logged, kind_of)
    assert (first.first_on, first.last_on, first.minutes) == (date(2026, 1, 1), date(2026, 1, 4), 45)
    assert second.minutes == 0
    assert first.by_kind[0] == 30
    assert first.by_kind[len(KINDS) - 1] == 15


def test_bars_are_as_high_as_their_share() -> None:
    weeks = weeks_of_year(2026, date(2026, 1, 12), [Logged(date(2026, 1, 6), "", "a", 60)], kind_of)
    (kind,) = kinds_of_year(weeks)
    assert kind.path(120) == "M7 24v-12.0h4v12.0z"
    assert kind.path(0)


def test_the_bars_of_a_map_leave_open_what_has_no_level() -> None:
    bars = bars_of((1, 0, 2, 4, 3), 10)
    assert [(bar.state, bar.begin, bar.number) for bar in bars] == [("evidenced", 0, 1), ("studied", 1, 2)]


def test_what_there_was_to_show_on_a_day_is_of_that_day_and_before() -> None:
    eve = date(2025, 12, 31)
    proof = Proof(
        work=(Work("a", "done", eve, 90, TODAY), Work("b", "known", TODAY, 0, None)),
        hand_ins=(HandedIn("old", eve, 1, 0, 0), HandedIn("new", TODAY, 1, 0, 0)),
    )
    then = proof_on(proof, eve, {"c": (30, eve)})
    assert then.work == (Work("a", "done", eve, 0, None), Work("c", "", None, 30, eve))
    assert [row.lab_key for row in then.hand_ins] == ["old"]
    studied = studied_until({"c": (30, eve)}, [Logged(TODAY, "m", "c", 15), Logged(TODAY, "m", "", 5)])
    assert studied == {"c": (45, TODAY)}


# --- put together -------------------------------------------------------------------------------------------


@pytest.fixture
def reviewed(alice: User, curriculum: Catalogue, now: Any) -> User:
    """Alice with a year: two kinds of study, one without an activity, one of the year before, a milestone."""
    plan = make_plan(alice, curriculum)
    mindset = curriculum.module("mindset")
    read = next(row for row in mindset.activities if row.kind == "read")
    other = next(row for row in mindset.activities if row.kind != "read")
    make_session(alice, minutes=60, module_key="mindset", activity_key=read.key)
    make_session(alice, minutes=30, module_key="mindset", activity_key=other.key)
    make_session(alice, minutes=15)
    make_session(alice, minutes=500, module_key="mindset", studied_on=date(2025, 12, 31))
    make_session(alice, minutes=700, module_key="mindset", deleted_at=NOW)
    look_back_on(make_completion(alice, plan, curriculum), "It *leaked*.\n\n- 日本 and Ψ")
    return alice


def test_a_year_adds_up(reviewed: User) -> None:
    review = year_review(reviewed, 2026, TODAY)
    assert (review.minutes, review.sessions, review.weeks_studied) == (105, 3, 1)
    assert {kind.kind: kind.minutes for kind in review.kinds}["read"] == 60
    assert {kind.kind: kind.minutes for kind in review.kinds}["other"] == 15
    assert [(row.key, row.minutes, row.completed_on) for row in review.modules] == [("mindset", 90, TODAY)]
    assert [(row.module_key, row.state) for row in review.completed] == [("mindset", "confirmed")]
    assert review.last_on == TODAY
    (look_back,) = review.look_backs
    assert look_back.answers[0] == ("What surprised you?", "It *leaked*.\n\n- 日本 and Ψ")
    assert first_year(reviewed.pk) == 2025


def test_only_what_is_chosen_is_looked_back_on(reviewed: User) -> None:
    actions.star_retrospective(reviewed.completions.get(), is_starred=False)
    assert year_review(reviewed, 2026, TODAY).look_backs == ()


def test_maps_stand_as_they_did_then_and_now(alice: User, curriculum: Catalogue) -> None:
    make_run(alice, ("promptinject.HijackHateHumans", 3, 5), read_at=NOW - timedelta(days=400))
    make_hand_in(alice, SCAN)
    make_claims(alice)
    covered = next(row for row in curriculum.module("mindset").covers if row.taught_in)
    make_session(alice, module_key="mindset", activity_key=covered.taught_in[0], studied_on=date(2025, 5, 1))
    of_2025 = {row.framework_key: row for row in year_review(alice, 2025, TODAY).maps}
    of_2026 = {row.framework_key: row for row in year_review(alice, 2026, TODAY).maps}
    assert all(row.touched_before == 0 for row in of_2025.values())
    assert of_2025
    for key, row in of_2025.items():
        # How one year ends, the next begins.
        assert of_2026[key].before == row.after
        assert sum(row.after) == row.of
        assert of_2026[key].touched_after >= of_2026[key].touched_before
    assert sum(row.touched_after for row in of_2026.values()) > sum(
        row.touched_after for row in of_2025.values()
    )


def test_the_page_says_it(reviewed: User) -> None:
    page = text_of(browser_of(reviewed).get(reverse("year-in-review", args=[2026])))
    page = page.replace("\N{NO-BREAK SPACE}", " ")
    assert "1 h 45 in 2026." in page
    assert "Three sessions over one week. One milestone completed." in page
    assert "<em>leaked</em>" in page
    assert reverse("year-in-review", args=[2025]) in page
    assert reverse("year-in-review", args=[2027]) not in page
    before = text_of(browser_of(reviewed).get(reverse("year-in-review", args=[2025])))
    assert "8 h 20 in 2025." in before.replace("\N{NO-BREAK SPACE}", " ")
    assert reverse("year-in-review", args=[2026]) in before


def test_a_year_without_anything_is_said_calmly(alice: User, curriculum: Catalogue, now: Any) -> None:
    web = browser_of(alice)
    assert "Nothing logged in 2026." in web.get(reverse("year-in-review", args=[2026])).text
    assert web.get(reverse("year-pdf", args=[2026])).status_code == 200


@pytest.mark.parametrize("year", ["0", "1", "1999", "2027", "9999", "10000", "99999999999999999999"])
@pytest.mark.parametrize("tail", ["", "review.pdf"])
def test_a_year_that_has_not_begun_or_is_none_is_not_there(
    alice: User, curriculum: Catalogue, now: Any, year: str, tail: str
) -> None:
    assert browser_of(alice).get(f"/milestones/year/{year}/{tail}").status_code == 404


def test_charlie_sees_a_year_of_his_own(reviewed: User, charlie: User) -> None:
    page = browser_of(charlie).get(reverse("year-in-review", args=[2026]))
    assert "Nothing logged in 2026." in page.text
    assert "leaked" not in page.text


def test_without_a_curriculum_there_is_no_review(no_curriculum: None, alice: User, now: Any) -> None:
    assert browser_of(alice).get(reverse("year-in-review", args=[2026])).status_code == 404


# --- the PDF ------------------------------------------------------------------------------------------------


def text_in(content: bytes) -> str:
    """The text of a PDF, as one line."""
    pages = [page.extract_text() for page in PdfReader(BytesIO(content)).pages]
    return re.sub(r"\s+", " ", " ".join(pages).replace("\N{NO-BREAK SPACE}", " "))


def test_the_pdf_is_a_file_of_the_years_own_values(reviewed: User) -> None:
    answer = browser_of(reviewed).get(reverse("year-pdf", args=[2026]))
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"] == 'attachment; filename="cairn-2026.pdf"'
    assert answer.content.startswith(b"%PDF-1.")
    assert b"/Lang (en)" in answer.content
    assert b"/Outlines" in answer.content
    again = browser_of(reviewed).get(reverse("year-pdf", args=[2026]))
    assert again.content == answer.content
    make_session(reviewed, minutes=1)
    assert browser_of(reviewed).get(reverse("year-pdf", args=[2026])).content != answer.content


def test_the_pdfs_text_can_be_taken_out_and_says_what_the_page_says(reviewed: User) -> None:
    content = pdf.year_pdf(year_review(reviewed, 2026, TODAY))
    reader = PdfReader(BytesIO(content))
    assert reader.metadata is not None
    assert reader.metadata.title == "2026 in review"
    assert reader.metadata.creation_date == datetime(2026, 11, 19, tzinfo=UTC)
    assert [entry.title for entry in reader.outline] == [  # type: ignore[union-attr]
        "Hours by kind and week", "Modules", "Milestones", "Maps, then and now", "Looking back",
    ]  # fmt: skip
    text = text_in(content)
    assert "1 h 45 in three sessions over one week. One milestone completed. Up to Thu 19 Nov 2026." in text
    assert "Mindset and baseline 1 h 30 Thu 19 Nov 2026" in text
    assert f"page 1 of {len(reader.pages)}" in text
    # Markdown is read, not shown; what the letters lack is told.
    assert "It leaked. • ◊◊ and Ψ" in text
    assert "◊ stands for a character that the letters of this file do not have." in text


def test_all_that_is_drawn_is_in_the_font() -> None:
    said = "0123456789 – · • ◊ Äé Ωж → ő"
    missing = [letter for letter in said if ord(letter) not in pdf._letters()]
    assert missing == []


words = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=300)


@settings(max_examples=40, deadline=None)
@given(st.lists(words, max_size=4), words)
def test_whatever_is_written_makes_a_file_of_whole_pages(answers: list[str], title: str) -> None:
    review = YearReview(2026, TODAY, 0, (), (), (), (), (), ())
    asked = tuple(("What surprised you?", answer) for answer in answers)
    look_back = LookBack("mindset", title, TODAY, asked, ((TODAY, title),))
    content = pdf.year_pdf(replace(review, look_backs=(look_back,)))
    assert len(PdfReader(BytesIO(content)).pages) >= 1


def test_the_longest_answers_go_over_pages_and_nothing_is_lost() -> None:
    long = " ".join(f"word{number}" for number in range(230))
    answers = tuple((question, long) for question in ("One?", "Two?", "Three?"))
    look_backs = tuple(LookBack("m", f"Module {number}", TODAY, answers, ()) for number in range(8))
    content = pdf.year_pdf(YearReview(2026, TODAY, 0, (), (), (), (), (), look_backs))
    text = text_in(content)
    assert text.count("word229") == 24
    assert len(PdfReader(BytesIO(content)).pages) > 3


def test_a_whole_year_of_study_fits_its_pages() -> None:
    logged = [Logged(date(2024, 1, 1) + timedelta(days=day), "m", "a", 1440) for day in range(366)]
    weeks = weeks_of_year(2024, date(2024, 12, 31), logged, kind_of)
    review = YearReview(2024, date(2024, 12, 31), 366, weeks, kinds_of_year(weeks), (), (), (), ())
    text = text_in(pdf.year_pdf(review))
    assert "8784 h in 366 sessions over 53 weeks." in text
    assert "30 Dec to 31 Dec 2024" in text


def test_who_asks_for_no_pdf_pays_for_none() -> None:
    asked = "import django, sys; django.setup(); import tracker.urls; sys.exit('fpdf' in sys.modules)"
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    subprocess.run([sys.executable, "-c", asked], env=environment, cwd=ROOT, check=True, timeout=120)
