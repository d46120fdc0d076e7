"""What the weekly mail says and the message that carries it."""

import binascii
import hashlib
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage, MIMEPart
from html.parser import HTMLParser
from typing import Any

import pytest
from django.test import override_settings

from curriculum.catalogue import Catalogue
from tests.fixtures.cast import NOW, make_plan, make_session
from tests.reminders.factories import make_recipient, make_reminder
from tracker.people.models import User
from tracker.plans.queries import FinishRange, Standing, standing
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
    # Two activities fit the hours that are left.
    line = "4 h 10 of 6 h 30, 0 of 2 activities."
    assert made.text.startswith(f"{line}\n")
    shown = mail.plain(re.sub(r"<[^>]*>", "", made.html))
    assert "4 h 10 of 6 h 30." in shown
    assert "0 of 2 activities." in shown
    assert "2 h 20 left until Sunday." in made.text
    items = re.findall(r"^- (.+)$", made.text, re.MULTILINE)
    assert 1 <= len(items) <= 3
    assert all(item in made.html.replace("&#x27;", "'").replace("&amp;", "&") for item in items)


def test_an_empty_week_is_one_calm_sentence_with_two_ways_on(letter: Callable[[], Letter]) -> None:
    made = letter()
    assert made.subject == "Week 7: nothing logged yet"
    assert (
        "Change it: http://127.0.0.1:8000/plan/behind/\nPause it: http://127.0.0.1:8000/plan/#pause"
        in made.text
    )
    link = 'href="http://127.0.0.1:8000/plan/behind/" class="i" style="color:#1e1c18;">change it</a>'
    assert link in made.html
    assert "activities" not in made.text.split("\n")[0]


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
    ("hours", "headline", "facts", "below"),
    [
        ((250, 360, 2, 1), "4 h 10 of 6 h", "2 of 3 activities", "1 h 50 left until Sunday."),
        ((0, 360, 0, 2), "Nothing logged this week yet", "", "The plan has 6 h this week."),
        ((0, 360, 2, 0), "0 min of 6 h", "2 of 2 activities", "6 h left until Sunday."),
        ((0, 0, 0, 0), "Nothing logged this week yet", "", ""),
        ((90, 0, 1, 0), "1 h 30 this week", "1 of 1 activity", ""),
        ((360, 360, 0, 0), "6 h of 6 h", "", "The week's hours are done."),
        ((500, 360, 0, 0), "8 h 20 of 6 h", "", "The week's hours are done."),
    ],
)
def test_words_for_every_kind_of_week(
    stands: Standing, hours: tuple[int, int, int, int], headline: str, facts: str, below: str
) -> None:
    logged, target, done, fitting = hours
    week = changed(stands, logged=logged, target=target, done=done, fitting_this_week=fitting)
    assert mail.plain(mail.headline(week)) == headline
    assert mail.plain(mail.facts(week)) == facts
    assert mail.plain(" ".join(mail.sentences(week))) == below


def test_the_bar_is_between_empty_and_full(stands: Standing) -> None:
    filled = [mail.filled_percent(changed(stands, logged=n, target=360)) for n in (0, 90, 360, 999)]
    assert filled == [0, 25, 100, 100]
    assert mail.filled_percent(changed(stands, logged=90, target=0)) is None


def test_the_average_leaves_pauses_out_and_needs_four_weeks(stands: Standing) -> None:
    logged = [replace(week, logged_minutes=60 * n, is_paused=n == 3) for n, week in enumerate(stands.weeks)]
    week = replace(stands, weeks=(*logged[:6], stands.weeks[-1]), done_this_week=1)
    # Weeks of 1, 2, 4 and 5 h; that of 3 h was paused.
    assert mail.plain(mail.facts(week)).endswith("four-week average 3 h")
    assert "average" not in mail.facts(replace(week, weeks=stands.weeks[-3:]))


def test_the_forecast_is_one_line(stands: Standing) -> None:
    half = (date(2027, 6, 20), date(2027, 8, 1))
    said = FinishRange(half[0], *half, *half, weeks_of_data=6, ratio=1.0, is_own_ratio=False)
    assert mail.plain(mail.finish_sentence(replace(stands, forecast=said, finish_on=date(2027, 7, 3)))) == (
        "The plan ends between 20 Jun and 1 Aug 2027, as likely as not, going by your own weeks; "
        "at its hours Sat 3 Jul 2027."
    )
    assert mail.plain(mail.finish_sentence(replace(stands, finish_on=date(2027, 7, 3)))) == (
        "At the plan's hours it ends on Sat 3 Jul 2027."
    )


def test_a_finished_milestone_is_looked_back_at(alice: User, stands: Standing) -> None:
    week = stands.week.first_on
    completed = [("mindset", week - timedelta(weeks=13)), ("foundations", week - timedelta(weeks=3, days=1))]
    found = mail.look_back(stands, completed)
    assert found is not None
    assert (found.title, found.ago) == ("Security engineering foundations", "four weeks")
    assert found.url.endswith("/milestones/foundations/")
    assert mail.look_back(stands, [("foundations", week - timedelta(weeks=5))]) is None
    assert mail.look_back(stands, [("gone", week - timedelta(weeks=4))]) is None
    assert mail.look_back(stands, []) is None


def test_recall_questions_come_in_turn_from_what_was_begun(stands: Standing) -> None:
    assert mail.question_of(stands) is None
    assert stands.catalogue is not None
    begun = replace(stands, begun_modules=frozenset({"mindset", "garak"}))
    modules = [stands.catalogue.module(key) for key in ("mindset", "garak")]
    asked = [question for module in modules for question in module.questions]
    found = [
        mail.question_of(replace(begun, week=stands.week.shifted(weeks))) for weeks in range(len(asked) + 1)
    ]
    assert len({row.prompt for row in found if row}) == len(asked)
    assert found[0] == found[-1]
    assert {row.url.rpartition("/curriculum/modules/")[2] for row in found if row} == {
        "mindset/#recall",
        "garak/#recall",
    }


def test_begun_work_says_what_is_left_and_no_date_says_nothing(stands: Standing) -> None:
    item = stands.next[0]
    begun = replace(item, standing=replace(item.standing, logged_minutes=15, remaining_minutes=30))
    assert (
        mail.plain(mail.next_line(begun, LOG_TOKEN).meta)
        == "In progress · 30 min of 45 min left · Mindset and baseline"
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


# What mail programs show alike, and what is nice where they do: no other tag, attribute or property is used.
TAGS = {
    "html", "head", "meta", "title", "style", "body", "table", "tr", "td", "h1", "h2", "a", "span", "br",
}  # fmt: skip
ATTRIBUTES = {
    "lang", "charset", "name", "content", "style", "class", "role", "width", "height", "align", "cellpadding",
    "cellspacing", "border", "href",
}  # fmt: skip
PROPERTIES = {
    "background", "border-color", "border-radius", "border-top", "color", "display", "font-family",
    "font-size", "font-weight", "line-height", "margin", "max-width", "padding", "padding-bottom",
    "padding-left", "text-align", "text-decoration", "width",
}  # fmt: skip


class Markup(HTMLParser):
    """The tags, attributes and properties of a mail, its words, and how tables stand in it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.properties: set[str] = set()
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        given = dict(attrs)
        self.properties |= set(re.findall(r"([a-z-]+)\s*:", given.get("style") or ""))
        # A table for looks says so; who hears the mail hears no table.
        assert tag != "table" or given["role"] == "presentation"
        if tag not in {"meta", "br"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" in self.open:
            self.properties |= set(re.findall(r"([a-z-]+):", re.sub(r"@media[^{]*", "", data)))
        elif "head" not in self.open:
            self.words.append(data)


@pytest.mark.parametrize("kind", ["weekly", "short"])
def test_the_mail_is_made_of_what_mail_programs_know_and_says_all_without_styles(
    alice: User, letter: Callable[[], Letter], kind: str
) -> None:
    if kind == "weekly":
        make_session(alice, minutes=250)
        made = letter()
    else:
        made = short(alice, letter)
    markup = Markup(made.html)
    assert markup.tags <= TAGS
    assert markup.attributes <= ATTRIBUTES
    assert markup.properties <= PROPERTIES
    # Without styles, and without markup at all, it says what the text says; the first line in two sentences.
    shown = " ".join(" ".join(mail.plain(word) for word in markup.words).split())
    lines = [line.strip(" -") for line in made.text.splitlines() if "http://" not in line]
    for line in filter(None, [*made.text.splitlines()[0].split(", "), *lines[1:]]):
        assert line.rstrip(".") in shown


def short(alice: User, letter: Callable[[], Letter]) -> Letter:
    """The one line a month of somebody silent; Alice's plan began in October."""
    letter()
    row = Reminder.objects.filter(learner=alice).first() or make_reminder(alice)
    [leased] = queries.leased([row.pk])
    return mail.short_letter(leased, standing(alice.pk, TODAY), NOW, LOG_TOKEN)


def test_the_short_mail_is_one_line_and_says_what_it_is(alice: User, letter: Callable[[], Letter]) -> None:
    made = short(alice, letter)
    assert made.subject == "Nothing logged yet"
    assert made.text.startswith("Nothing logged yet. Until you log again, one short mail a month.\n")
    make_session(alice, studied_on=TODAY - timedelta(weeks=5))
    made = short(alice, letter)
    assert made.subject == "Nothing logged since 15 Oct"
    assert made.text.startswith(
        "Nothing logged since Thu 15 Oct 2026. Until you log again, one short mail a month.\n"
    )
    assert set(re.findall(r'href="([^"]*)"', made.html)) == set(re.findall(r"http://\S+", made.text))


def test_once_a_month_is_said(alice: User, letter: Callable[[], Letter]) -> None:
    letter()
    Recipient.objects.update(rhythm="monthly")
    assert "on the first Thursday of the month at 09:00, Europe/Vienna." in letter().text


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


def by_the_standard_library(letter: Letter) -> bytes:
    """The same message, every field and part given to the standard library."""
    smtp = policy.SMTP.clone(max_line_length=998, utf8=letter.needs_utf8)
    message = EmailMessage(smtp)
    message["From"], message["To"] = letter.sender, mail.to_ascii_domain(letter.to)
    message["Subject"] = letter.subject
    for name, value in letter.headers.items():
        message[name] = value
    message["MIME-Version"] = "1.0"
    digest = hashlib.sha256(letter.headers["Message-ID"].encode()).hexdigest()[:32]
    message["Content-Type"] = f'multipart/alternative; boundary="=_{digest}"'
    parts: list[Any] = []
    for kind, text in (("plain", letter.text), ("html", letter.html)):
        part = MIMEPart(smtp)
        part["Content-Type"] = f'text/{kind}; charset="utf-8"'
        part["Content-Transfer-Encoding"] = "quoted-printable"
        part.set_payload(binascii.b2a_qp(text.encode(), istext=True).decode("ascii"))
        parts.append(part)
    message.set_payload(parts)
    return message.as_bytes()


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"sender": "cairn@example.org"},
        {"sender": "Stúdy, Cairn <cairn@example.org>"},
        {"sender": '"Cairn, the tracker" <cairn@example.org>'},
        {"to": "o'brien+tag@sub.example.org"},
        {"to": "müller@example.org"},
        {"to": "alice@münchen.example"},
        {"to": f"{'a' * 300}@example.org"},
        {"to": '"a b"@example.org'},
        {"subject": "Woche 7: 4 h 10 für dich"},
        {"subject": "x" * 1200},
        {"subject": "a =?utf-8?q?b?= c"},
        {"text": "One\n.two\nFrom three\ntrailing \n", "html": "<p>é" + "x" * 300 + "</p>"},
    ],
)
def test_the_message_is_what_the_standard_library_would_write(
    letter: Callable[[], Letter], changes: dict[str, str]
) -> None:
    made = replace(letter(), **changes)  # type: ignore[arg-type]
    assert made.as_bytes() == by_the_standard_library(made)


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


def test_a_question_that_is_due_takes_the_place_of_the_one_in_turn(stands: Standing) -> None:
    assert stands.catalogue is not None
    begun = replace(stands, begun_modules=frozenset({"mindset"}))
    due = stands.catalogue.module("garak").questions[0]
    found = mail.question_of(begun, due.key)
    assert found is not None
    assert found.url.endswith(f"/recall/{due.key}/")
    assert found.prompt
    # What the curriculum no longer has gives way to the one in turn.
    assert mail.question_of(begun, "garak.gone") == mail.question_of(begun)
