"""The one form of an address, and which texts are none."""

import pytest

from tracker.people.rules import plain_address


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Alice@Example.org", "alice@example.org"),
        (" alice@example.org ", "alice@example.org"),
        ("Eve@M\u00fcnchen.example", "eve@xn--mnchen-3ya.example"),
        ("o'hara&sons+{more}=1?@example.org", "o'hara&sons+{more}=1?@example.org"),
        ("a.b-c_d@sub.example.org", "a.b-c_d@sub.example.org"),
        ("a@localhost", "a@localhost"),
        ("a@[127.0.0.1]", "a@[127.0.0.1]"),
    ],
)
def test_an_address_has_one_form(typed: str, kept: str) -> None:
    assert plain_address(typed) == kept
    assert plain_address(kept) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "=?utf-8?q?=3Cbob=40example=2Eorg=3E=2C?=@evil.example",
        "a=?b@example.org",
        '"\x01x"@evil.example',
        '"bob"@example.org',
        '"bob@example.org,"@evil.example',
        "bob@example.org@evil.example",
        "bob@example.org,eve@evil.example",
        "<bob>@example.org",
        "(x)bob@example.org",
        "bo b@example.org",
        "bob\x00@example.org",
        "bob\x7f@example.org",
        "bob\r\nBcc: eve@evil.example",
        "bob\u200b@example.org",
        "\u212aim@example.org",
        "b\u00f6b@example.org",
        "bob\\@example.org",
        ".bob@example.org",
        "bob.@example.org",
        "bo..b@example.org",
        "@example.org",
        "bob",
        "",
        "bob@",
        "bob@exa\x01mple.org",
        "bob@exa mple.org",
        "bob@=?utf-8?q?x?=",
        "bob@<example.org>",
        "bob@example..org",
        "a" * 250 + "@example.org",
    ],
)
def test_what_is_no_plain_address_is_refused(typed: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the forms say it in words
        plain_address(typed)
