"""Mail kept as files: how it is written, who may read it, and what is masked."""

import re
import threading
from email import message_from_bytes
from email.message import EmailMessage as PlainMessage
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.core.management import call_command
from django.test import Client

from tests.fixtures.cast import PASSWORD, browser_of, make_learner
from tests.people.conftest import NEW_PASSWORD, link_in, log_in, sign_up, text_of
from tracker.operations import mailfiles
from tracker.people.models import User

MASK = "[a link for its reader alone]"


def write(to: str, subject: str = "A week", text: str = "Your hours.", **headers: str) -> str:
    """Sends one message; returns its file's name."""
    before = {letter.name for letter in mailfiles.letters(limit=None)}
    EmailMessage(subject, text, to=[to], headers=headers).send()
    (new,) = {letter.name for letter in mailfiles.letters(limit=None)} - before
    return new


# --- the files ----------------------------------------------------------------------------------------------


def test_a_message_is_a_file_for_its_owner_alone(mail_folder: Path) -> None:
    name = write("alice@example.org", "Größe 漢字 🏔", "Zeile eins\nZeile zwei: ü ש")
    path = mail_folder / name
    assert path.stat().st_mode & 0o777 == 0o600
    assert mail_folder.stat().st_mode & 0o777 == 0o700
    assert [entry.name for entry in mail_folder.iterdir()] == [name]
    letter = mailfiles.letter(name)
    assert letter is not None
    assert letter.subject == "Größe 漢字 🏔"
    assert letter.text.replace("\r\n", "\n").strip() == "Zeile eins\nZeile zwei: ü ש"
    assert letter.to == letter.readers == ("alice@example.org",)
    assert letter.at is not None
    raw = path.read_bytes()
    assert raw.count(b"\n") == raw.count(b"\r\n")


def test_the_same_message_twice_is_one_file(mail_folder: Path) -> None:
    for text in ("first", "second"):
        EmailMessage("A week", text, to=["alice@example.org"], headers={"Message-ID": "<a@localhost>"}).send()
    (letter,) = mailfiles.letters()
    assert letter.text.strip() == "second"


@pytest.mark.parametrize(
    "message_id", ["../../etc/passwd", "/etc/passwd", "a/b\\c", "", "<" + "x" * 10_000 + ">", "\x00", "ü"]
)
def test_a_nasty_message_id_makes_a_plain_name(mail_folder: Path, message_id: str) -> None:
    raw = f"Message-ID: {message_id}\r\nTo: a@example.org\r\n\r\nText".encode()
    path = mailfiles.deliver(raw, "a@example.org")
    assert path.parent == mail_folder
    assert len(path.name) == 44
    assert mailfiles.letter(path.name) is not None


@pytest.mark.parametrize(
    "name",
    ["../secret_key", "..%2fsecret_key", "x.eml", "", ".", "a" * 40, "a" * 40 + ".eml", "A" * 40 + ".eml",
     "a" * 40 + ".eml\n", "\x00" * 40 + ".eml"],
)  # fmt: skip
def test_any_other_name_is_no_letter(mail_folder: Path, name: str) -> None:
    write("alice@example.org")
    (mail_folder.parent / "secret_key").write_text("secret")
    assert mailfiles.letter(name) is None
    assert mailfiles.raw_letter(name) is None


def test_nothing_is_seen_before_it_is_whole(mail_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A draft that was never finished is not a letter, and no letter is lost by one."""
    monkeypatch.setattr("os.fsync", lambda descriptor: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        EmailMessage("A week", "Your hours.", to=["alice@example.org"]).send()
    assert list(mailfiles.letters()) == []
    monkeypatch.undo()


def test_many_writers_at_once_lose_nothing(mail_folder: Path) -> None:
    def some(writer: int) -> None:
        for number in range(10):
            raw = f"Message-ID: <{writer}.{number}@x>\r\nTo: a@example.org\r\n\r\n{'x' * 5000}".encode()
            mailfiles.deliver(raw, "a@example.org")

    threads = [threading.Thread(target=some, args=(writer,)) for writer in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    found = list(mailfiles.letters(limit=None))
    assert len(found) == 40
    assert {len(letter.text) for letter in found} == {5000}


def test_a_huge_message_is_read_up_to_a_limit(mail_folder: Path) -> None:
    name = write("alice@example.org", text="a line of text\n" * 400_000)
    assert (mail_folder / name).stat().st_size > 6_000_000
    letter = mailfiles.letter(name)
    assert letter is not None
    assert 900_000 < len(letter.text) < 1_000_001


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x00\xff\xfe",
        b"Subject: =?nowhere?Q?=ff?=\r\nTo: =?utf-8?b?//8=?= <\xff@>\r\nDate: tomorrow\r\n\r\n\xff",
        b"To: a@example.org\r\nContent-Type: text/plain; charset=nowhere\r\n\r\nText",
        b"To: a@example.org\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\n",
        b"To: a@example.org\r\nContent-Type: application/pdf\r\n\r\n%PDF",
    ],
)
def test_a_damaged_file_breaks_no_page(mail_folder: Path, alice: User, raw: bytes) -> None:
    alice.is_staff = True
    alice.save(update_fields=["is_staff"])
    name = mailfiles.deliver(raw, "a@example.org").name
    client = browser_of(alice)
    assert client.get("/settings/mail/").status_code == 200
    assert client.get(f"/settings/mail/{name}/").status_code == 200


def test_the_latest_come_first_and_a_busy_instance_hides_nobodys_mail(mail_folder: Path) -> None:
    write("alice@example.org", "Old")
    write("alice@example.org", "Newer")
    for number in range(5):
        write("bob@example.org", str(number))
    assert [letter.subject for letter in mailfiles.letters("alice@example.org", limit=2)] == ["Newer", "Old"]
    assert len(list(mailfiles.letters(limit=3))) == 3


# --- who may read -------------------------------------------------------------------------------------------


def test_one_reads_ones_own_mail_and_nobody_elses(alice: User, bob: User, mail_folder: Path) -> None:
    name = write(alice.email, "For Alice")
    own, other = browser_of(alice), browser_of(bob)
    assert "For Alice" in text_of(own.get("/settings/mail/"))
    assert "Your hours." in text_of(own.get(f"/settings/mail/{name}/"))
    assert b"Your hours." in own.get(f"/settings/mail/{name}/file/").content
    assert "For Alice" not in text_of(other.get("/settings/mail/"))
    assert other.get(f"/settings/mail/{name}/").status_code == 404
    assert other.get(f"/settings/mail/{name}/file/").status_code == 404


@pytest.mark.parametrize(
    "address",
    [
        "xalice@example.org",
        "alice@example.org.evil.example",
        "alice+more@example.org",
        '"alice@example.org,"@evil.example',
        '"x,alice@example.org"@evil.example',
        '"<alice@example.org>"@evil.example',
        '"alice@example.org>"@evil.example',
    ],
)
def test_exactly_that_address(db: None, alice: User, mail_folder: Path, address: str) -> None:
    """An address that looks as if it held Alice's reads none of hers, and she none of its."""
    name = write(alice.email, "For Alice")
    eve = Client()
    sign_up(eve, address)
    if User.objects.filter(email=address).exists():
        assert eve.get("/settings/mail/").status_code == 200
    assert "For Alice" not in text_of(eve.get("/settings/mail/"))
    assert eve.get(f"/settings/mail/{name}/").status_code in {302, 404}
    seen = text_of(browser_of(alice).get("/settings/mail/"))
    assert set(re.findall(r"/settings/mail/([0-9a-f]{40}\.eml)/", seen)) == {name}


# Each reads as Alice's address, or as hers among others, once a mail program has decoded it.
POSING = [
    "=?utf-8?q?=3Calice=40example=2Eorg=3E=2C?=@evil.example",
    "=?utf-8?b?PGFsaWNlQGV4YW1wbGUub3JnPiw=?=@evil.example",
    "=?utf-8?q?alice=40example=2Eorg?=@evil.example",
    "=?us-ascii?q?alice=40example=2Eorg=2C?=@evil.example",
    '"alice@example.org,"@evil.example',
    '"<alice@example.org>"@evil.example',
    "alice@example.org@evil.example",
    "(x)alice@example.org",
    "alice@example.org(evil)",
]


@pytest.mark.parametrize("address", POSING)
def test_an_address_that_decodes_to_anothers_is_nobody_elses(
    alice: User, mail_folder: Path, address: str
) -> None:
    """Even an account made before such addresses were refused; its mail is its own and Alice's is hers."""
    eve = make_learner("Eve")
    User.objects.filter(pk=eve.pk).update(email=address)
    eve.refresh_from_db()
    hers = write(alice.email, "For Alice")
    planted = mailfiles.deliver(f"Message-ID: <1@x>\r\nTo: {address}\r\n\r\nFor Eve".encode(), address).name
    for learner, own, other in ((alice, hers, planted), (eve, planted, hers)):
        client = browser_of(learner)
        assert set(re.findall(r"[0-9a-f]{40}\.eml", text_of(client.get("/settings/mail/")))) == {own}
        assert client.get(f"/settings/mail/{own}/").status_code == 200
        for path in (f"/settings/mail/{other}/", f"/settings/mail/{other}/file/"):
            assert client.get(path).status_code == 404
    mailfiles.hand_on(address, "eve.new@example.org")
    mailfiles.forget(address)
    assert [letter.name for letter in mailfiles.letters(alice.email)] == [hers]
    mailfiles.forget("eve.new@example.org")
    assert [letter.name for letter in mailfiles.letters()] == [hers]


@pytest.mark.parametrize("address", POSING)
def test_nobody_signs_up_with_such_an_address(alice: User, mail_folder: Path, address: str) -> None:
    sign_up(Client(), address)
    browser_of(alice).post("/accounts/email/", {"email": address, "action_add": "1"})
    assert list(User.objects.values_list("email", flat=True)) == [alice.email]
    assert not EmailAddress.objects.exclude(email=alice.email).exists()
    assert not list(mailfiles.letters())


def test_a_header_of_the_message_itself_names_no_reader(mail_folder: Path) -> None:
    """Only the first line counts, which `deliver` writes."""
    raw = b"Delivered-To: alice@example.org\r\nTo: alice@example.org\r\n\r\nText"
    name = mailfiles.deliver(raw, "eve@example.org").name
    letter = mailfiles.letter(name)
    assert letter is not None
    assert letter.readers == ("eve@example.org",)
    assert not list(mailfiles.letters("alice@example.org"))


@pytest.mark.parametrize("reader", ["a@example.org\r\nX: y", "a\n", "\x00", "\x7f", "\u2028", "a" * 1000])
def test_a_reader_is_one_line(mail_folder: Path, reader: str) -> None:
    with pytest.raises(ValueError, match="reader's address"):
        mailfiles.deliver(b"\r\nText", reader)
    assert not list(mail_folder.iterdir())


def test_a_message_to_nobody_or_to_several_is_for_staff_alone(mail_folder: Path) -> None:
    mailfiles.deliver(b"To: alice@example.org\r\n\r\nText", "")
    EmailMessage("A week", "Text", to=["alice@example.org", "bob@example.org"]).send()
    EmailMessage("A week", "Text", to=["alice@example.org"], bcc=["bob@example.org"]).send()
    assert [letter.readers for letter in mailfiles.letters()] == [(), (), ()]
    for reader in ("alice@example.org", "bob@example.org", ""):
        assert not list(mailfiles.letters(reader))


def test_only_ones_own_mail_is_parsed(mail_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy instance costs a learner a look at each file's beginning, not the parsing of all mail."""
    write("alice@example.org", "For Alice")
    for number in range(20):
        write("bob@example.org", str(number))
    parsed: list[bytes] = []

    def counted(raw: bytes, **options: Any) -> Any:
        parsed.append(raw)
        return message_from_bytes(raw, **options)

    monkeypatch.setattr(mailfiles, "message_from_bytes", counted)
    assert [letter.subject for letter in mailfiles.letters("alice@example.org")] == ["For Alice"]
    assert len(parsed) == 1
    mailfiles.hand_on("alice@example.org", "dora@example.org")
    mailfiles.forget("bob@example.org")
    assert len(parsed) == 1
    assert [letter.readers for letter in mailfiles.letters()] == [("dora@example.org",)]


@pytest.mark.parametrize("domain", ["::1", "[::1]", "0.0.0.0", "cairn.example.org"])
def test_every_message_is_a_file_whatever_the_instance_is_called(mail_folder: Path, domain: str) -> None:
    for number in range(3):
        raw = f"Message-ID: <{number}@{domain}>\r\n\r\nText".encode()
        mailfiles.deliver(raw, "alice@example.org")
    assert len(list(mailfiles.letters("alice@example.org"))) == 3


def test_staff_see_all_with_the_links_that_open_an_account_masked(
    alice: User, bob: User, mail_folder: Path
) -> None:
    User.objects.filter(pk=bob.pk).update(is_staff=True)
    staff = browser_of(bob)
    Client().post("/accounts/password/reset/", {"email": alice.email})
    (letter,) = mailfiles.letters()
    assert letter.to == (alice.email,)
    page = text_of(staff.get(f"/settings/mail/{letter.name}/"))
    assert MASK in page
    assert "/password/reset/key/" not in page
    assert staff.get(f"/settings/mail/{letter.name}/file/").status_code == 404
    own = text_of(browser_of(alice).get(f"/settings/mail/{letter.name}/"))
    assert "/password/reset/key/" in own


def every_mail(mail_folder: Path) -> list[mailfiles.Letter]:
    """Brings about each account mail there is."""
    client = Client()
    sign_up(client, "dora@example.org")
    client.post("/accounts/email/", {"email": "dora.new@example.org", "action_add": "1"})
    client.post("/accounts/email/", {"email": "dora.new@example.org", "action_remove": "1"})
    Client().post("/accounts/password/reset/", {"email": "dora@example.org"})
    Client().post("/accounts/password/reset/", {"email": "nobody@example.org"})
    out = StringIO()
    call_command("reset_link", "dora@example.org", stdout=out)
    form = Client()
    answer = form.get(link_in(out.getvalue()))
    form.post(answer["Location"], {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD})
    log_in(client, "dora@example.org", NEW_PASSWORD)
    client.post(
        "/accounts/password/change/",
        {"oldpassword": NEW_PASSWORD, "password1": PASSWORD, "password2": PASSWORD},
    )
    return list(mailfiles.letters(limit=None))


def test_no_link_in_any_real_mail_opens_an_account_for_staff(db: None, mail_folder: Path) -> None:
    letters = every_mail(mail_folder)
    assert {letter.subject for letter in letters} == {
        "Confirm your address",
        "The change of address is cancelled",
        "A new password",
        "No account with this address",
        "Your password was set anew",
        "Your password was changed",
    }
    opening = 0
    for letter in letters:
        seen = mailfiles.masked(letter.text)
        assert "/accounts/" not in seen, letter.subject
        assert "/set-up/" not in seen
        assert seen.count(MASK) == letter.text.count("/accounts/")
        opening += "confirm-email/" in letter.text or "reset/key/" in letter.text
    assert opening == 3


@pytest.mark.parametrize(
    "text",
    [
        "See http://127.0.0.1:8000/accounts/password/reset/key/1-abc-def/.",
        "<https://cairn.example.org/accounts/confirm-email/MQ:1x:y_z-/>",
        "(https://example.org/cairn/set-up/Abc_-9/)",
        "https://[::1]:8000/set-up/abc/",
        "two: http://a/accounts/confirm-email/x/ and http://a/accounts/confirm-email/y/",
    ],
)
def test_masking_finds_links_wherever_they_stand(text: str) -> None:
    seen = mailfiles.masked(text)
    assert MASK in seen
    assert "/accounts/" not in seen
    assert "/set-up/" not in seen


def test_masking_leaves_the_rest() -> None:
    text = (
        "Log study: https://cairn.example.org/today/\nUnsubscribe: https://cairn.example.org/unsubscribe/x/"
    )
    assert mailfiles.masked(text) == text


# --- an address changes hands -------------------------------------------------------------------------------


def test_changing_the_address_is_possible_without_smtp(alice: User, mail_folder: Path) -> None:
    """The link to the new address is read under one's own mail: nobody else could."""
    write(alice.email, "An old week")
    client = browser_of(alice)
    client.post("/accounts/email/", {"email": "alice.new@example.org", "action_add": "1"})
    (letter,) = [letter for letter in mailfiles.letters() if letter.to == ("alice.new@example.org",)]
    assert letter.readers == ("alice@example.org",)
    page = text_of(client.get(f"/settings/mail/{letter.name}/"))
    client.post(link_in(page.partition('href="http')[2].join(("http", "")).partition('"')[0]))
    assert User.objects.get().email == "alice.new@example.org"
    seen = text_of(client.get("/settings/mail/"))
    assert "An old week" in seen
    assert "Your address was changed" in seen


def test_who_takes_an_old_address_reads_nothing_of_its_former_owner(alice: User, mail_folder: Path) -> None:
    name = write(alice.email, "An old week")
    client = browser_of(alice)
    client.post("/accounts/email/", {"email": "alice.new@example.org", "action_add": "1"})
    (letter,) = [letter for letter in mailfiles.letters() if letter.to == ("alice.new@example.org",)]
    client.post(link_in(letter.text))
    eve = Client()
    sign_up(eve, "alice@example.org")
    assert User.objects.filter(email="alice@example.org").exists()
    seen = text_of(eve.get("/settings/mail/"))
    assert "An old week" not in seen
    assert "Your address was changed" not in seen
    assert eve.get(f"/settings/mail/{name}/").status_code == 404
    assert "Confirm your address" in seen


def test_who_takes_a_pending_address_reads_nothing_of_who_asked_for_it(
    alice: User, mail_folder: Path
) -> None:
    browser_of(alice).post("/accounts/email/", {"email": "dora@example.org", "action_add": "1"})
    (asked,) = mailfiles.letters()
    dora = Client()
    sign_up(dora, "dora@example.org")
    assert dora.get(f"/settings/mail/{asked.name}/").status_code == 404
    # And whoever asked for it reads nothing of hers.
    write("dora@example.org", "For Dora")
    assert "For Dora" not in text_of(browser_of(alice).get("/settings/mail/"))


def test_handed_on_mail_keeps_its_order_and_its_text(mail_folder: Path) -> None:
    names = [write("alice@example.org", str(number)) for number in range(3)]
    mailfiles.hand_on("alice@example.org", "dora@example.org")
    assert [letter.subject for letter in mailfiles.letters("dora@example.org")] == ["2", "1", "0"]
    mailfiles.hand_on("dora@example.org", "erin@example.org")
    found = list(mailfiles.letters("erin@example.org"))
    assert [letter.subject for letter in found] == ["2", "1", "0"]
    assert {letter.name for letter in found} == set(names)
    assert not list(mailfiles.letters("alice@example.org"))
    assert not list(mailfiles.letters("dora@example.org"))
    mailfiles.forget("alice@example.org")
    assert len(list(mailfiles.letters())) == 3
    mailfiles.forget("ERIN@example.org")
    assert not list(mailfiles.letters())


def test_with_smtp_no_header_tells_one_address_of_the_other(
    alice: User, smtp_mode: None, mailoutbox: list[EmailMessage]
) -> None:
    browser_of(alice).post("/accounts/email/", {"email": "alice.new@example.org", "action_add": "1"})
    assert "alice@example.org" not in mailoutbox[0].message().as_string()


def test_with_smtp_there_is_no_mail_to_look_at(alice: User, settings: Any) -> None:
    settings.MAIL_AS_FILES = False
    assert browser_of(alice).get("/settings/mail/").status_code == 404


def test_a_letter_with_pictures_and_html_shows_its_text(mail_folder: Path) -> None:
    message = EmailMultiAlternatives("A week", "The plain text.", to=["alice@example.org"])
    message.attach_alternative("<p>The <b>other</b> text.</p>", "text/html")
    message.send()
    (letter,) = mailfiles.letters()
    assert letter.text.strip() == "The plain text."


def test_an_address_outside_ascii_is_read_by_its_owner(db: None, mail_folder: Path) -> None:
    client = Client()
    sign_up(client, "dora@m\u00fcnchen.example")
    assert "Confirm your address" in text_of(client.get("/settings/mail/"))


def test_no_text_in_a_letter_becomes_markup(db: None, mail_folder: Path) -> None:
    alice = make_learner("Alice")
    name = write(alice.email, "<script>alert(1)</script>", "<img src=x onerror=alert(1)> javascript:alert(1)")
    client = browser_of(alice)
    for page in ("/settings/mail/", f"/settings/mail/{name}/"):
        text = text_of(client.get(page))
        assert "<script>alert" not in text
        assert "<img" not in text
        assert 'href="javascript' not in text


def test_a_message_parsed_elsewhere_is_the_same(mail_folder: Path) -> None:
    message = PlainMessage()
    message["To"], message["Subject"], message["Message-ID"] = "alice@example.org", "A week", "<b@localhost>"
    message.set_content("Ünïcode " * 300)
    name = mailfiles.deliver(message.as_bytes(), "Alice@example.org").name
    letter = mailfiles.letter(name)
    assert letter is not None
    assert letter.readers == ("alice@example.org",)
    assert letter.text.strip() == ("Ünïcode " * 300).strip()
