"""Accounts under attack: redirects, hosts, forged posts, guessing who is here, and input nobody expects."""

import re
from typing import Any
from urllib.parse import urlencode

import pytest
from django.core import mail
from django.test import Client

from tests.fixtures.cast import PASSWORD, browser_of
from tests.people.conftest import NEW_PASSWORD, is_logged_in, link_in, log_in, mails_to, sign_up, text_of
from tracker.people.models import User

ELSEWHERE = [
    "https://evil.example/",
    "//evil.example/",
    "///evil.example/",
    "/\\evil.example/",
    "\\\\evil.example/",
    "/\t/evil.example/",
    "\x00//evil.example/",
    "http:evil.example",
    "https:///evil.example",
    "javascript:alert(1)",
    "http://testserver/settings/",
    "http://localhost/settings/",
    "http://127.0.0.1:9/",
    "evil.example",
]


@pytest.mark.parametrize("target", ELSEWHERE)
def test_no_form_leads_off_the_site(alice: User, target: str) -> None:
    for query, field in (("?" + urlencode({"next": target}), {}), ("", {"next": target})):
        client = Client()
        answer = client.post(
            "/accounts/login/" + query, {"login": alice.email, "password": PASSWORD, **field}
        )
        assert answer.status_code == 302
        assert answer["Location"] == "/"
        assert client.get("/accounts/login/", {"next": target})["Location"] == "/"
        assert client.post("/accounts/logout/", {"next": target})["Location"] == "/"


def test_a_path_of_this_site_is_followed(alice: User) -> None:
    client = Client()
    page = client.get("/settings/leave/")
    assert page["Location"] == "/accounts/login/?next=/settings/leave/"
    form = text_of(client.get(page["Location"]))
    assert '<input type="hidden" name="next" value="/settings/leave/">' in form
    assert log_in(client, alice.email, next="/settings/leave/")["Location"] == "/settings/leave/"


def test_what_next_says_is_never_markup(db: None) -> None:
    page = text_of(Client().get("/accounts/login/", {"next": '/"><script>alert(1)</script>'}))
    assert "<script>alert" not in page


@pytest.mark.parametrize("host", ["evil.example", "localhost@evil.example", "127.0.0.1.evil.example", ""])
def test_a_foreign_host_is_refused(alice: User, host: str, smtp_mode: None) -> None:
    answer = Client().post("/accounts/password/reset/", {"email": alice.email}, headers={"host": host})
    assert answer.status_code == 400
    assert not mail.outbox


@pytest.mark.parametrize("headers", [{"host": "localhost"}, {"x-forwarded-host": "evil.example"}])
def test_links_in_mails_lead_to_this_instance_whatever_the_request_says(
    alice: User, headers: dict[str, str], smtp_mode: None, settings: Any
) -> None:
    settings.PUBLIC_URL = "https://cairn.example.org"
    client = Client(headers=headers)
    client.post("/accounts/password/reset/", {"email": alice.email})
    client.post("/accounts/password/reset/", {"email": "nobody@example.org"})
    sign_up(client, "dora@example.org")
    sign_up(client, "alice@example.org")
    assert len(mail.outbox) == 4
    for message in mail.outbox:
        links = re.findall(r"https?://\S+", str(message.body))
        assert links
        assert {link.split("/")[2] for link in links} == {"cairn.example.org"}


def every_form(alice: User) -> list[tuple[str, dict[str, str], bool]]:
    """Path, fields, and whether one is logged in, of every form about accounts."""
    return [
        ("/accounts/signup/", {"email": "dora@example.org", "password1": PASSWORD}, False),
        ("/accounts/login/", {"login": alice.email, "password": PASSWORD}, False),
        ("/accounts/password/reset/", {"email": alice.email}, False),
        ("/accounts/logout/", {}, True),
        ("/accounts/email/", {"email": "dora@example.org", "action_add": "1"}, True),
        (
            "/accounts/password/change/",
            {"oldpassword": PASSWORD, "password1": NEW_PASSWORD, "password2": NEW_PASSWORD},
            True,
        ),
        ("/accounts/reauthenticate/", {"password": PASSWORD}, True),
        ("/settings/leave/", {"address": alice.email}, True),
        ("/settings/stay/", {}, True),
    ]


def test_no_form_can_be_posted_from_another_site(alice: User, smtp_mode: None) -> None:
    for path, fields, inside in every_form(alice):
        client = Client(enforce_csrf_checks=True)
        if inside:
            client.force_login(alice, backend="allauth.account.auth_backends.AuthenticationBackend")
        answer = client.post(path, fields)
        assert answer.status_code == 403, path
        assert "That form had grown old." in text_of(answer)
        assert is_logged_in(client) == inside
    assert User.objects.get().deletion_due_at is None
    assert not mail.outbox


def test_every_form_carries_its_token_and_posts_with_it(alice: User, smtp_mode: None) -> None:
    """The other half of the test above: with the token of its own page each form is taken."""
    for path, fields, inside in every_form(alice):
        if path == "/settings/stay/":
            continue
        client = Client(enforce_csrf_checks=True)
        if inside:
            client.force_login(alice, backend="allauth.account.auth_backends.AuthenticationBackend")
        page = text_of(client.get(path))
        forms = re.findall(r'<form class="form" method="post".*?</form>', page, re.DOTALL)
        (token,) = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', forms[0])
        answer = client.post(path, {**fields, "csrfmiddlewaretoken": token})
        assert answer.status_code in {200, 302}, path
        User.objects.filter(pk=alice.pk).update(password=alice.password, deletion_due_at=None)


# --- who is here? -------------------------------------------------------------------------------------------


def without_tokens(page: str) -> str:
    """The page without what differs between any two requests."""
    page = re.sub(r'value="[A-Za-z0-9]{64}"', "", page)
    return re.sub(r"(alice|nobody)@example\.org", "somebody@example.org", page)


def seen(client: Client, first: Any) -> list[object]:
    """What a stranger can tell of an answer and the page it leads to."""
    then = client.get(first["Location"])
    return [first.status_code, first["Location"], sorted(first.headers), without_tokens(text_of(then))]


@pytest.mark.parametrize("locked", [False, True])
def test_with_smtp_sign_up_does_not_tell_who_is_here(alice: User, smtp_mode: None, locked: bool) -> None:
    User.objects.update(is_active=not locked)
    known, unknown = Client(), Client()
    answers = [
        seen(known, sign_up(known, "alice@example.org")),
        seen(unknown, sign_up(unknown, "nobody@example.org")),
    ]
    assert answers[0] == answers[1]
    assert known.cookies.keys() == unknown.cookies.keys()
    assert [message.subject for message in mails_to("alice@example.org")] == ["You have an account already"]
    assert [message.subject for message in mails_to("nobody@example.org")] == ["Confirm your address"]


def test_with_smtp_sign_up_takes_as_long_for_who_is_here(
    alice: User, smtp_mode: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The slow part, hashing a password, is done either way."""
    hashed: list[str | None] = []
    original = User.set_password

    def counted(user: User, raw: str | None) -> None:
        hashed.append(raw)
        original(user, raw)

    monkeypatch.setattr(User, "set_password", counted)
    sign_up(Client(), "alice@example.org")
    assert len(hashed) == 1
    sign_up(Client(), "nobody@example.org")
    assert len(hashed) == 2


def test_with_smtp_a_lost_password_does_not_tell_who_is_here(alice: User, smtp_mode: None) -> None:
    known, unknown = Client(), Client()
    path = "/accounts/password/reset/"
    answers = [
        seen(known, known.post(path, {"email": "alice@example.org"})),
        seen(unknown, unknown.post(path, {"email": "nobody@example.org"})),
    ]
    assert answers[0] == answers[1]
    assert len(mails_to("alice@example.org")) == len(mails_to("nobody@example.org")) == 1


def test_the_login_does_not_tell_who_is_here(alice: User) -> None:
    pages = [
        without_tokens(text_of(log_in(Client(), address, "not this one at all")))
        for address in ("alice@example.org", "nobody@example.org")
    ]
    assert pages[0] == pages[1]


# --- input nobody expects -----------------------------------------------------------------------------------

NASTY = [
    "x" * 10_000,
    "\x00",
    "alice\x00@example.org",
    "alice@example.org\r\nBcc: eve@example.org",
    "\u202egro.elpmaxe@ecila",
    "\u05d0\u05dc\u05d9\u05e1@example.org",
    "ali\u0307ce@example.org",
    "\uff41lice@example.org",
    "alice@\u2100.example",
    "alice@xn--a.example",
    "alice@" + "a." * 100 + "example",
    "a" * 60 + "@" + ".".join(["b" * 60] * 4) + ".example",
    "alice@\u0130.example",
    "\ud83c\udfd4@example.org".encode("utf-16", "surrogatepass").decode("utf-16"),
    '"quoted \\" part"@example.org',
    "alice@[127.0.0.1]",
    "' OR 1=1 --",
    "<script>alert(1)</script>@example.org",
    "o'hara&sons@example.org",
    "{{ 7|add:7 }}@example.org",
]


@pytest.mark.parametrize("mode", ["files", "smtp"])
@pytest.mark.parametrize("text", NASTY)
def test_nothing_typed_breaks_a_page(alice: User, settings: Any, text: str, mode: str) -> None:
    if mode == "smtp":
        settings.MAIL_AS_FILES = False
        settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    for path, fields, inside in every_form(alice):
        for name in fields:
            client = browser_of(alice) if inside else Client()
            kept = "action_add" if path == "/accounts/email/" else ""
            answer = client.post(path, {**fields, name: text, **({kept: "1"} if kept else {})})
            assert answer.status_code < 500, (path, name)
            assert "<script>alert" not in text_of(answer)
            if answer.status_code == 302:
                assert client.get(answer["Location"]).status_code < 500
            User.objects.filter(pk=alice.pk).update(password=alice.password, deletion_due_at=None)
    for message in mail.outbox:
        assert "\n" not in message.subject
        assert message.bcc == []
        message.message()


def test_an_address_with_odd_signs_is_written_as_it_is(alice: User, smtp_mode: None) -> None:
    address = "o'hara&sons@example.org"
    client = browser_of(alice)
    client.post("/accounts/email/", {"email": address, "action_add": "1"})
    page = text_of(client.post("/accounts/email/", {"email": address, "action_remove": "1"}, follow=True))
    assert "The change to o&#x27;hara&amp;sons@example.org is cancelled." in page
    assert address in str(mails_to(alice.email)[0].body)


@pytest.mark.parametrize(
    "path",
    [
        "/accounts/password/reset/key/1-x/",
        "/accounts/password/reset/key/1-set-password/",
        "/accounts/password/reset/key/zzzzzzzzzzzzz-x/",
        "/accounts/password/reset/key/" + "z" * 500 + "-x/",
        "/accounts/password/reset/key/0-%00/",
        "/accounts/password/reset/key/1-%F0%9F%97%BB/",
        "/accounts/password/reset/key/1-" + "-" * 1000 + "/",
        "/accounts/confirm-email/x/",
        "/accounts/confirm-email/MQ:1x:y/",
        "/accounts/confirm-email/%C3%BC:%C3%BC:%C3%BC/",
        "/accounts/confirm-email/" + "x" * 5000 + "/",
        "/accounts/confirm-email/::/",
    ],
)
@pytest.mark.parametrize("method", ["get", "post", "head"])
def test_a_made_up_link_opens_nothing(alice: User, path: str, method: str) -> None:
    answer = getattr(Client(), method)(
        path, **({"data": {"password1": NEW_PASSWORD}} if method == "post" else {})
    )
    assert answer.status_code == 200
    if method != "head":
        assert "That link no longer works." in text_of(answer)
    assert User.objects.get().password == alice.password


@pytest.mark.parametrize("method", ["put", "patch", "delete", "options", "trace"])
def test_other_methods_change_nothing(alice: User, method: str) -> None:
    for path, _, inside in every_form(alice):
        client = browser_of(alice) if inside else Client()
        assert getattr(client, method)(path).status_code < 500
    assert User.objects.get().deletion_due_at is None


def test_a_reset_link_is_not_in_the_address_of_the_form(alice: User, smtp_mode: None) -> None:
    """The key waits in the session, so it is in no referrer and no history of the form's page."""
    client = Client()
    client.post("/accounts/password/reset/", {"email": alice.email})
    answer = client.get(link_in(str(mails_to(alice.email)[0].body)))
    assert answer["Location"].endswith("-set-password/")
    assert client.get(answer["Location"])["Referrer-Policy"] == "same-origin"
    assert "That link no longer works." in text_of(Client().get(answer["Location"]))


@pytest.mark.parametrize("path", ["login/", "signup/", "password/reset/", "email/", "password/change/"])
def test_no_page_about_accounts_is_kept_by_a_cache(alice: User, path: str) -> None:
    client = browser_of(alice) if path in {"email/", "password/change/"} else Client()
    answer = client.get(f"/accounts/{path}")
    assert "no-store" in answer["Cache-Control"]


def test_every_page_is_ours_and_has_no_script_or_style_inside(alice: User, smtp_mode: None) -> None:
    pages = [
        ("login/", 0), ("signup/", 0), ("password/reset/", 0), ("password/reset/done/", 0),
        ("password/reset/key/done/", 0), ("password/reset/key/1-x/", 0), ("confirm-email/", 0),
        ("confirm-email/x/", 0), ("inactive/", 0), ("logout/", 1), ("email/", 1), ("password/change/", 1),
        ("reauthenticate/", 1),
    ]  # fmt: skip
    for path, inside in pages:
        client = browser_of(alice) if inside else Client()
        answer = client.get(f"/accounts/{path}")
        page = text_of(answer)
        assert answer.status_code == 200, path
        assert "/static/cairn.css" in page, path
        assert page.count("<h1>") == 1, path
        assert page.count('class="btn primary"') <= 1, path
        assert not re.search(r"<script(?![^>]* src=)|<style|\son\w+=|\sstyle=", page), path
        assert "unsafe" not in answer["Content-Security-Policy"]
        assert "placeholder" not in page, path
        assert not re.search(r"[Ss]ign(ed)? in\b|Successfully", page), path
