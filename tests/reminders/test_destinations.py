"""Which addresses a message may go to, what an answer means, the signature, the code of a test."""

import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv6Address, IPv6Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fixtures.cast import NOW
from tracker.reminders import destinations
from tracker.reminders.destinations import Destination, Refused, is_public, read_address, read_topic
from tracker.reminders.rules import Outcome

LISTED = frozenset({"ntfy.lan", "10.0.0.5:8080", "[::1]:9000", "localhost"})


# --- machines ---------------------------------------------------------------------------------------------

PRIVATE_4 = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "100.127.255.255",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.0.9",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.0.1",
    "198.18.0.1",
    "198.51.100.7",
    "203.0.113.9",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
]
PUBLIC_4 = [
    "1.1.1.1",
    "8.8.8.8",
    "100.63.255.255",
    "100.128.0.0",
    "172.15.0.1",
    "172.32.0.1",
    "223.255.255.1",
]
PRIVATE_6 = [
    "::",
    "::1",
    "::8.8.8.8",
    "100::1",
    "64:ff9b:1::1",
    "2001::1",
    "2001:2::1",
    "2001:10::1",
    "2001:db8::1",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fec0::1",
    "ff02::1",
]


def inside(address: str) -> list[str]:
    """The ways in which an IPv6 address can hold this IPv4 one."""
    number = int(IPv4Address(address))
    return [
        str(IPv6Address(0xFFFF << 32 | number)),
        f"::ffff:{address}",
        str(IPv6Address(int(IPv6Address("64:ff9b::")) | number)),
        str(IPv6Address(0x2002 << 112 | number << 80 | 1)),
    ]


@pytest.mark.parametrize("address", PRIVATE_4)
def test_what_is_not_on_the_open_internet_is_refused_in_every_form(address: str) -> None:
    assert [each for each in [address, *inside(address)] if is_public(each)] == []


@pytest.mark.parametrize("address", PUBLIC_4)
def test_what_is_on_the_open_internet_is_not(address: str) -> None:
    assert all(is_public(each) for each in [address, *inside(address)])


@pytest.mark.parametrize("address", PRIVATE_6)
def test_private_ipv6(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["2606:4700:4700::1111", "2a00:1450:4001:831::200e"])
def test_public_ipv6(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address", ["", "example.org", "fe80::1%eth0", "2606:4700::1%eth0", "127.1", "08.8.8.8"]
)
def test_what_is_no_address_is_not_public(address: str) -> None:
    assert not is_public(address)


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_judged_alike_however_it_is_wrapped(address: IPv4Address) -> None:
    assert {is_public(each) for each in inside(str(address))} == {is_public(str(address))}


@given(st.ip_addresses(v=4))
def test_no_ipv4_address_that_python_calls_special_is_public(address: IPv4Address) -> None:
    special = address.is_private or address.is_multicast or address.is_reserved or address.is_link_local
    assert not (special and is_public(str(address)))


@given(st.ip_addresses(v=6))
def test_of_ipv6_the_global_unicast_addresses_alone_are_public(address: IPv6Address) -> None:
    holds_another = any(int(address) >> shift == prefix for shift, prefix in HOLDS_IPV4)
    if not holds_another and (address not in IPv6Network("2000::/3") or not address.is_global):
        assert not is_public(str(address))


# Mapped, NAT64 and 6to4: they are judged by the IPv4 address inside, above.
HOLDS_IPV4 = [
    (32, int(IPv6Address("::ffff:0:0")) >> 32),
    (32, int(IPv6Address("64:ff9b::")) >> 32),
    (112, 0x2002),
]


# --- addresses --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("https://example.org/hook", ("https", "example.org", 443, "/hook", "example.org")),
        (" https://Example.ORG ", ("https", "example.org", 443, "/", "example.org")),
        ("https://example.org.:8443/a?b=c", ("https", "example.org", 8443, "/a?b=c", "example.org:8443")),
        (
            "https://münchen.example/x",
            ("https", "xn--mnchen-3ya.example", 443, "/x", "xn--mnchen-3ya.example"),
        ),
        ("https://8.8.8.8/x", ("https", "8.8.8.8", 443, "/x", "8.8.8.8")),
        ("https://[2606:4700::1]/x", ("https", "2606:4700::1", 443, "/x", "[2606:4700::1]")),
        ("https://[2606:4700::1]:9443/x", ("https", "2606:4700::1", 9443, "/x", "[2606:4700::1]:9443")),
    ],
)
def test_an_address_is_read(typed: str, found: tuple[object, ...]) -> None:
    read = read_address(typed)
    assert (read.scheme, read.host, read.port, read.target, read.authority) == found
    assert not read.is_listed


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "Say where it goes."),
        ("   ", "Say where it goes."),
        ("example.org", "That is not an address."),
        ("https://", "That is not an address."),
        ("https:///x", "That is not an address."),
        ("https://[::1", "That is not an address."),
        ("ftp://example.org/", "must begin with https://"),
        ("javascript://example.org/%0a", "must begin with https://"),
        ("http://example.org/", "must begin with https://, so that nobody on the way"),
        ("https://alice:secret@example.org/", "name or password"),
        ("https://example.org@evil.example/", "name or password"),
        ("https://example.org/#part", "must not hold a #"),
        ("https://example.org/#", "must not hold a #"),
        ("https://exam ple.org/", "spaces"),
        ("https://example.org/a\r\nHost: other", "spaces"),
        ("https://example.org/a\tb", "spaces"),
        ("https://example.org\\@evil.example/", "backslashes"),
        ("https://example.org/\x00", "spaces"),
        ("https://example.org/\u2028x", "spaces"),
        ("https://example.org/ä", "%-codes"),
        ("https://example.org/\N{FULLWIDTH SOLIDUS}x", "%-codes"),
        ("https://a..b/", "no such host name"),
        ("https://-a.example/", "no such host name"),
        (f"https://{'a' * 64}.example/", "no such host name"),
        (f"https://{'a.' * 130}example/", "no such host name"),
        ("https://exa%6dple.org/", "no such host name"),
        ("https://example.org:0/", "from 1 to 65535"),
        ("https://example.org:65536/", "from 1 to 65535"),
        ("https://example.org:x/", "from 1 to 65535"),
        ("https://example.org:25/", "Port 25 belongs to another service"),
        ("https://example.org:53/", "Port 53 belongs to another service"),
        ("https://169.254.169.254/latest/", "169.254.169.254 is not an address on the open Internet"),
        ("http://169.254.169.254/", "must begin with https://"),
        ("https://127.0.0.1/", "not an address on the open Internet"),
        ("https://[::1]/", "not an address on the open Internet"),
        ("https://[::ffff:169.254.169.254]/", "not an address on the open Internet"),
        ("https://[64:ff9b::a9fe:a9fe]/", "not an address on the open Internet"),
        ("https://[fe80::1%25eth0]/", "not an address on the open Internet"),
        (f"https://example.org/{'a' * 500}", "longer than 500"),
    ],
)
def test_what_is_no_place_to_send_to_is_refused_with_a_sentence(typed: str, sentence: str) -> None:
    with pytest.raises(Refused) as refused:
        read_address(typed)
    assert sentence in str(refused.value)
    assert str(refused.value).endswith(".")


@pytest.mark.parametrize(
    ("typed", "listed"),
    [
        ("http://ntfy.lan/x", True),
        ("https://NTFY.lan/x", True),
        ("http://10.0.0.5:8080/x", True),
        ("https://[::1]:9000/", True),
        ("http://localhost/", True),
        ("https://sub.ntfy.lan/x", False),
        ("https://ntfy.lan:8443/x", False),
        ("https://example.org/x", False),
    ],
)
def test_the_operator_lists_hosts_exactly(typed: str, listed: bool) -> None:
    assert read_address(typed, LISTED).is_listed is listed


@pytest.mark.parametrize(
    "typed", ["http://ntfy.lan:8080/x", "http://10.0.0.5/x", "https://10.0.0.5/x", "http://10.0.0.6:8080/x"]
)
def test_what_is_listed_lists_nothing_beside_it(typed: str) -> None:
    with pytest.raises(Refused):
        read_address(typed, LISTED)


@given(st.text(max_size=60))
def test_whatever_is_typed_is_read_or_refused(typed: str) -> None:
    for text in (typed, f"https://{typed}", f"https://example.org/{typed}", f"https://example.org:{typed}/"):
        try:
            read = read_address(text)
        except Refused:
            continue
        assert isinstance(read, Destination)
        assert read.target.isascii()
        assert read.host.isascii()
        assert not set(read.authority + read.target) & set(" \r\n\t\\#")


def test_a_topic_is_the_whole_path() -> None:
    found, topic = read_topic("https://ntfy.sh/my-topic_1")
    assert (found.authority, found.target, topic) == ("ntfy.sh", "/", "my-topic_1")
    for wrong in ("", "/", "/a/b", "/a?b=c", f"/{'a' * 65}", "/a%20b", "/a.b"):
        with pytest.raises(Refused, match="server and the topic"):
            read_topic(f"https://ntfy.sh{wrong}")


def test_an_access_token_fits_into_a_header() -> None:
    assert not destinations.refuse_token("")
    assert not destinations.refuse_token("tk_AgQdq7mVBoFD37zQVN29RhuMzNIz2")
    for wrong in ("a b", "a\r\nHost: x", "ä", "a" * 201, "\x00"):
        assert destinations.refuse_token(wrong)


# --- answers ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, "sent"), (202, "sent"), (204, "sent"), (299, "sent"),
        (301, "failed"), (302, "failed"), (307, "failed"), (308, "failed"), (304, "failed"),
        (400, "failed"), (401, "failed"), (403, "failed"), (404, "failed"), (410, "failed"), (413, "failed"),
        (408, "again"), (425, "again"), (429, "again"),
        (500, "again"), (502, "again"), (503, "again"), (507, "again"), (599, "again"),
        (504, "unknown"), (101, "unknown"), (600, "unknown"), (999, "unknown"),
    ],
)  # fmt: skip
def test_what_an_answer_means(status: int, outcome: str) -> None:
    assert destinations.answer_outcome(status) == Outcome(outcome)


def test_an_answer_in_words() -> None:
    assert destinations.answer_words("ntfy", 410) == "Reply to ntfy: 410 Gone"
    assert destinations.answer_words("ntfy", 299) == "Reply to ntfy: 299"
    assert "redirects are not followed" in destinations.answer_words("the web hook", 302)


def test_the_signature_is_that_of_the_time_and_the_body() -> None:
    at = datetime(2026, 11, 19, 9, tzinfo=UTC)
    digest = hmac.new(b"whsec_1", b'1795078800.{"a":1}', hashlib.sha256).hexdigest()
    assert destinations.signature("whsec_1", at, b'{"a":1}') == f"t=1795078800,v1={digest}"


# --- mail after all, and the test -------------------------------------------------------------------------


def test_what_was_put_off_for_a_day_goes_by_mail() -> None:
    day = timedelta(days=1)
    assert not destinations.goes_by_mail(NOW - day, 0, NOW)
    assert not destinations.goes_by_mail(NOW - day + timedelta(minutes=1), 3, NOW)
    assert destinations.goes_by_mail(NOW - day, 1, NOW)


def test_the_code_is_read_as_people_type_it() -> None:
    for typed in ("ABCD2345", "abcd-2345", " abcd 2345 "):
        assert destinations.is_code("ABCD2345", typed, NOW, NOW)
    assert not destinations.is_code("ABCD2345", "ABCD2346", NOW, NOW)
    assert not destinations.is_code("ABCD2345", "ÄBCD2345", NOW, NOW)
    assert not destinations.is_code("", "", NOW, NOW)
    assert not destinations.is_code("ABCD2345", "ABCD2345", None, NOW)
    assert not destinations.is_code("ABCD2345", "ABCD2345", NOW, NOW + timedelta(days=1, seconds=1))


@pytest.mark.parametrize(
    ("state", "minutes", "said"),
    [
        ("waiting", 1, "The test waits for a worker."),
        ("waiting", 11, "No worker took the test up in ten minutes; it is not sent any more."),
        ("handing_over", 1, "The test is on its way."),
        ("handing_over", 13, "The worker ended while it sent the test; whether it was taken is not known."),
        ("sent", 1, "The test was taken. Why."),
        ("failed", 1, "The test was not taken. Why."),
        ("unknown", 1, "Whether the test was taken is not known. Why."),
    ],
)
def test_what_became_of_a_test_in_words(state: str, minutes: int, said: str) -> None:
    reason = "Why" if state in {"sent", "failed", "unknown"} else ""
    assert destinations.trial_words(state, reason, timedelta(minutes=minutes)) == said
