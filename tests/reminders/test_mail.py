"""What the weekly mail says and the message that carries it."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from django.test import override_settings

from curriculum.catalogue import Catalogue
from tests.fixtures.cast import NOW, make_plan, make_session
from tests.reminders.factories import make_recipient, make_reminder
from tracker.people.models import User
from tracker.plans.queries import Standing, standing
from tracker.reminders import mail, queries
from tracker.reminders.mail import Letter
from tracker.reminders.models import Recipient, Reminder

TODAY = date(2026, 11, 19)
LOG_TOKEN = "l" * 43


@pytest.fixture
def letter(alice: User, curriculum: Catalogue) -> Callable[[], Letter]:
    """Makes Alice's mail from what the database holds when it is called."""
    make_plan(alice, curriculum)
    make_recipient(alice)

    def write() -> Letter:
        row = Reminder.objects.filter(learner=alice).first() or make_reminder(alice)
        [leased] = queries.leased([row.pk])
        return mail.weekly_letter(leased, standing(alice.pk, TODAY), NOW, LOG_TOKEN)

    return write


def parsed(letter: Letter) -> EmailMessage:
    message = message_from_bytes(letter.as_bytes().replace(b"\r\n", b"\n"), policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def test_the_mail_says_hours_against_target_and_what_is_next(
    alice: User, letter: Callable[[], Letter]
) -> None:
    make_session(alice, minutes=250)
    made = letter()
    assert made.subject == "Week 7: 4 h 10 of 6 h 30"
    assert made.text.startswith("4 h 10 of 6 h 30.\n")
    assert "2 h 20 left until Sunday." in made.text
    assert "Last week: 0 min of 6 h 30." in made.text
    items = re.findall(r"^- (.+)$", made.text, re.MULTILINE)
    assert 1 <= len(items) <= 3
    assert all(item in made.html.replace("&#x27;", "'").replace("&amp;", "&") for item in items)
    assert "4 h 10 of 6 h 30." in mail.plain(made.html)


def test_an_empty_week_is_one_calm_sentence_with_two_ways_on(letter: Callable[[], Letter]) -> None:
    made = letter()
    assert made.subject == "Week 7: nothing logged yet"
    assert "change it or pause: http://127.0.0.1:8000/plan/" in made.text
    assert '<a href="http://127.0.0.1:8000/plan/" class="i" style="color:#1e1c18;">change it</a>' in made.html


def test_the_last_day_of_the_week_says_today(alice: User, letter: Callable[[], Letter]) -> None:
    make_session(alice, minutes=30)
    row = make_reminder(alice)
    [leased] = queries.leased([row.pk])
    made = mail.weekly_letter(leased, standing(alice.pk, TODAY + timedelta(days=3)), NOW, LOG_TOKEN)
    assert "6 h left today." in made.text


def changed(standing: Standing, *, logged: int, target: int, done: int = 0, **more: Any) -> Standing:
    """The same standing with other hours this week, all on its first day."""
    first, *others = standing.days
    days = (
        replace(first, logged_minutes=logged, target_minutes=target),
        *(replace(day, logged_minutes=0, target_minutes=0) for day in others),
    )
    return replace(standing, days=days, done_this_week=done, **more)


@pytest.fixture
def stands(alice: User, curriculum: Catalogue) -> Standing:
    make_plan(alice, curriculum)
    return standing(alice.pk, TODAY)


@pytest.mark.parametrize(
    ("hours", "headline", "first"),
    [
        ((250, 360, 0), "4 h 10 of 6 h", "1 h 50 left until Sunday."),
        ((0, 360, 0), "Nothing logged this week yet", "The plan has 6 h this week."),
        ((0, 360, 2), "0 min of 6 h", "Two activities done this week."),
        ((0, 0, 0), "Nothing logged this week yet", "Last week: 0 min of 6 h 30."),
        ((90, 0, 1), "1 h 30 this week", "One activity done this week."),
        ((360, 360, 0), "6 h of 6 h", "The week's hours are done."),
        ((500, 360, 0), "8 h 20 of 6 h", "The week's hours are done."),
    ],
)
def test_words_for_every_kind_of_week(
    stands: Standing, hours: tuple[int, int, int], headline: str, first: str
) -> None:
    logged, target, done = hours
    week = changed(stands, logged=logged, target=target, done=done)
    assert mail.plain(mail.headline(week)) == headline
    assert mail.plain(mail.sentences(week)[0]) == first


def test_the_bar_is_between_empty_and_full(stands: Standing) -> None:
    filled = [mail.filled_percent(changed(stands, logged=n, target=360)) for n in (0, 90, 360, 999)]
    assert filled == [0, 25, 100, 100]
    assert mail.filled_percent(changed(stands, logged=90, target=0)) is None


def test_a_paused_last_week_is_called_so(stands: Standing) -> None:
    before = (*stands.weeks[:-2], replace(stands.weeks[-2], is_paused=True), stands.weeks[-1])
    assert mail.sentences(replace(stands, weeks=before))[-1] == "Last week was paused."
    # In the first week there is no last one.
    assert not any("Last week" in said for said in mail.sentences(replace(stands, weeks=stands.weeks[-1:])))


def test_begun_work_says_what_is_left_and_no_date_says_nothing(stands: Standing) -> None:
    item = stands.next[0]
    begun = replace(item, standing=replace(item.standing, logged_minutes=15, remaining_minutes=30))
    assert (
        mail.plain(mail.next_line(begun).meta) == "In progress · 30 min of 45 min left · Mindset and baseline"
    )
    assert mail.finish_sentence(replace(stands, finish_on=None)) == ""


def test_hours_done_say_so(alice: User, letter: Callable[[], Letter]) -> None:
    make_session(alice, minutes=400)
    made = letter()
    assert "The week's hours are done." in made.text
    assert "\nNext\n" in made.text
    assert 'width="100%" height="8"' in made.html


def test_text_is_complete_and_every_link_is_whole_and_ours(letter: Callable[[], Letter]) -> None:
    made = letter()
    linked = set(re.findall(r'href="([^"]*)"', made.html))
    assert all(address.startswith("http://127.0.0.1:8000/") for address in linked)
    assert linked <= set(re.findall(r"http://\S+", made.text))
    token = Recipient.objects.get().unsubscribe_token
    assert f"http://127.0.0.1:8000/unsubscribe/{token}/" in linked
    assert "You asked for this on Thursdays at 09:00, Europe/Vienna." in made.text


def test_nothing_in_the_mail_looks_back_at_its_reader(letter: Callable[[], Letter]) -> None:
    html = letter().html
    for forbidden in ("<img", "<script", "<link", "<iframe", "<form", "url(", "@import", "src="):
        assert forbidden not in html
    assert len(html.encode()) < 60_000


def test_headers(letter: Callable[[], Letter]) -> None:
    message = parsed(letter())
    row = Reminder.objects.get()
    token = Recipient.objects.get().unsubscribe_token
    assert message["Message-ID"] == row.message_id
    assert message["To"] == "alice@example.org"
    assert message["From"] == "Cairn <cairn@localhost>"
    assert message["Date"] == "Thu, 19 Nov 2026 09:00:00 +0000"
    assert message["List-Unsubscribe"] == f"<http://127.0.0.1:8000/unsubscribe/{token}/>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]


def test_the_message_holds_what_was_written(letter: Callable[[], Letter]) -> None:
    made = letter()
    plain, html = parsed(made).iter_parts()
    assert isinstance(plain, EmailMessage)
    assert isinstance(html, EmailMessage)
    assert plain.get_content() == made.text
    assert html.get_content() == made.html


def test_the_message_is_seven_bits_and_its_lines_are_short(letter: Callable[[], Letter]) -> None:
    raw = letter().as_bytes()
    assert raw.isascii()
    lines = raw.split(b"\r\n")
    assert not any(b"\n" in line or b"\r" in line for line in lines)
    headers, _, body = raw.partition(b"\r\n\r\n")
    assert max(map(len, body.split(b"\r\n"))) <= 76
    # One line, however long: the address of the way out is not folded or encoded.
    assert re.search(rb"\r\nList-Unsubscribe: <http://[^\r\n]+>\r\n", headers)


def test_the_same_row_makes_the_same_message(letter: Callable[[], Letter]) -> None:
    assert letter().as_bytes() == letter().as_bytes()


@override_settings(DEFAULT_FROM_EMAIL="Cairn <cairn@example.org>\r\nBcc: eve@example.org")
def test_a_line_break_in_a_header_is_refused(letter: Callable[[], Letter]) -> None:
    with pytest.raises(ValueError, match="linefeed"):
        letter().as_bytes()


def test_addresses_outside_ascii(letter: Callable[[], Letter]) -> None:
    def to(address: str) -> Letter:
        made = letter()
        return Letter(1, made.sender, address, made.subject, made.text, made.html, made.headers)

    domain = to("alice@bücher.example")
    assert not domain.needs_utf8
    assert parsed(domain)["To"] == "alice@xn--bcher-kva.example"
    local = to("älice@example.org")
    assert local.needs_utf8
    assert "To: älice@example.org\r\n".encode() in local.as_bytes()
    with pytest.raises(ValueError, match="label"):
        mail.to_ascii_domain("alice@ä..example")


def test_the_django_message_is_the_same_mail(letter: Callable[[], Letter]) -> None:
    made = letter()
    message = made.as_django(None)
    sent = message.message()
    assert sent["Message-ID"] == made.headers["Message-ID"]
    assert sent["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert (message.subject, message.body, message.to) == (made.subject, made.text, ["alice@example.org"])
    assert message.alternatives[0][0] == made.html
