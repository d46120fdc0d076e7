"""Badges: verified by a library that signed none of them, withdrawn, tampered with, and whose they are."""

import json
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest
from allauth.account.models import EmailAddress
from django.core.cache import cache
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st
from jwt.algorithms import OKPAlgorithm
from openbadgeslib.ob3 import OB3VerificationError, OB3Verifier

from curriculum.catalogue import Catalogue
from tests.badges.factories import make_badge, make_evidenced
from tests.fixtures.cast import NOW, browser_of, make_plan
from tests.sharing.factories import make_completion, make_portfolio, share
from tracker.badges import actions, queries, signing
from tracker.badges.models import Badge, SigningKey, StatusPlace
from tracker.badges.rules import BITS_A_LIST, badge_id_in, encoded_bits, identity_hash, urn
from tracker.desk.restore import settle
from tracker.evidence.actions import add_file
from tracker.milestones import actions as milestones_actions
from tracker.milestones.models import Completion
from tracker.milestones.rules.snapshot import read as read_snapshot
from tracker.people.models import User

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("now")]
HIDDEN = "the-target-of-acme"


@pytest.fixture
def completed(alice: User, curriculum: Catalogue) -> Completion:
    """Alice has completed a milestone that is evidenced throughout; what she wrote names a target."""
    return make_evidenced(alice, make_plan(alice, curriculum), curriculum, note=HIDDEN)


@pytest.fixture
def badge(alice: User, completed: Completion) -> Badge:
    return make_badge(alice, completed)


def fetch(url: str, *_: object, **__: object) -> bytes:
    """What stands at a public address of this Cairn, to anybody."""
    path = "/" + url.split("/", 3)[3]
    answer = Client().get(path)
    assert answer.status_code == 200
    return answer.getvalue()


def foreign(token: str) -> OB3Verifier:
    """A verifier that knows nothing but the public key at the address that the token names."""
    key = json.loads(fetch(parts_of(token)[0]["kid"]))
    return OB3Verifier(OKPAlgorithm.from_jwk(json.dumps(key)))


def parts_of(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and payload, unverified."""
    header, payload, _ = token.split(".")
    return json.loads(decoded(header)), json.loads(decoded(payload))


def decoded(part: str) -> bytes:
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))


def encoded(value: object) -> str:
    return urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


# --- what another library says ----------------------------------------------------------------------------


def test_a_library_that_did_not_sign_it_finds_it_good(alice: User, badge: Badge) -> None:
    found = foreign(badge.jwt).verify(badge.jwt, check_status=True, download=fetch)
    assert found.achievement.name == read_snapshot(Completion.objects.get().snapshot).milestone
    assert found.issuer.id == signing.issuer().id
    header, payload = parts_of(badge.jwt)
    assert (header["alg"], header["typ"]) == ("EdDSA", "JWT")
    [identity] = payload["credentialSubject"]["identifier"]
    assert identity["identityHash"] == identity_hash(alice.email, identity["salt"])


def test_it_finds_a_withdrawn_badge_revoked_and_another_still_good(
    alice: User, badge: Badge, curriculum: Catalogue
) -> None:
    other = make_badge(alice, make_evidenced(alice, alice.plans.get(), curriculum, "garak"))
    assert actions.withdraw(alice, badge.pk, NOW)
    with pytest.raises(OB3VerificationError, match="'revocation' is set"):
        foreign(badge.jwt).verify(badge.jwt, check_status=True, download=fetch)
    foreign(other.jwt).verify(other.jwt, check_status=True, download=fetch)


def test_a_badge_of_a_deleted_account_is_revoked(alice: User, badge: Badge) -> None:
    verifier = foreign(badge.jwt)
    alice.delete()
    assert not Badge.objects.exists()
    with pytest.raises(OB3VerificationError, match="'revocation' is set"):
        verifier.verify(badge.jwt, check_status=True, download=fetch)
    with pytest.raises(signing.NotOurs, match="deleted their account"):
        queries.checked(badge.jwt)


def test_the_picture_holds_the_badge_for_other_programs_too(alice: User, badge: Badge) -> None:
    answer = browser_of(alice).get(reverse("badge-svg", args=[badge.pk]))
    assert OB3Verifier.extract_token_from_svg(answer.getvalue()) == badge.jwt
    assert queries.checked(answer.getvalue().decode()).name in answer.getvalue().decode()
    assert answer["Content-Disposition"].startswith("attachment")


def test_any_change_of_a_token_is_found_by_both(badge: Badge) -> None:
    verifier, token = foreign(badge.jwt), badge.jwt
    header, payload, signature = token.split(".")

    @given(st.data())
    def changed(data: st.DataObject) -> None:
        place = data.draw(st.integers(0, len(token) - 1))
        letter = data.draw(st.sampled_from("ABCxyz019-_."))
        other = token[:place] + letter + token[place + 1 :]
        # The last letters of a part have bits that no byte has: what is decoded may be the same.
        if [decoded(each) for each in other.split(".") if len(each) % 4 != 1] == [
            decoded(each) for each in (header, payload, signature)
        ]:
            return
        with pytest.raises(signing.NotOurs):
            queries.checked(other)
        with pytest.raises(OB3VerificationError):
            verifier.verify(other)

    changed()


# --- what is refused, and why -----------------------------------------------------------------------------


def check(**fields: object) -> Any:
    return Client().post(reverse("check-badge"), fields)


def test_the_check_says_what_it_is_and_whose(alice: User, badge: Badge) -> None:
    answer = check(token=f"  {badge.jwt}\n")
    assert answer.status_code == 200
    assert "It is good" in answer.text
    assert "belong" not in answer.text
    assert "It belongs to who has the address" in check(token=badge.jwt, address="Alice@example.org").text
    assert "It does not belong" in check(token=badge.jwt, address="bob@example.org").text
    assert not answer.cookies
    assert "It is good" in check(file=BytesIO(badge.jwt.encode())).text


def test_a_tampered_badge_is_refused_with_the_reason(badge: Badge) -> None:
    header, payload = parts_of(badge.jwt)
    payload["name"] = "Head of everything"
    forged = ".".join([encoded(header), encoded(payload), badge.jwt.split(".")[2]])
    answer = check(token=forged)
    assert answer.status_code == 422
    assert "changed after it was signed" in answer.text
    assert "Head of everything" not in answer.text.partition("<form")[0]


def test_each_other_reason(alice: User, badge: Badge) -> None:
    header, _ = parts_of(badge.jwt)
    _, body, signature = badge.jwt.split(".")
    a_list = queries.signed_status_list(0, NOW)
    assert a_list is not None
    told = {
        "not a JSON Web Token": ["x", "a.b", "ey.ey.ey", "{}", "…", "."],
        "a key that this Cairn does not have": [
            ".".join([encoded({**header, "kid": kid}), body, signature])
            for kid in ("https://example.org/key", None, 7, header["kid"] + "x", "\x00")
        ],
        "changed after it was signed": [
            ".".join([encoded({**header, "alg": alg}), body, signature]) for alg in ("none", "HS256", "RS256")
        ],
        "holds no badge": ["<svg/>"],
        "it is too long": ["x" * 65_537],
        "another paper that this Cairn signed": [a_list],
    }
    for reason, tokens in told.items():
        for token in tokens:
            cache.clear()
            assert reason in check(token=token).text, token
    assert actions.withdraw(alice, badge.pk, NOW)
    assert "withdrawn it since" in check(token=badge.jwt).text


@pytest.mark.parametrize("crit", [None, 1, 1.5, True, [1], [None], [[]], "exp", ["exp"], {}])
def test_a_header_of_odd_types_is_refused(badge: Badge, crit: object) -> None:
    header, _ = parts_of(badge.jwt)
    _, body, signature = badge.jwt.split(".")
    answer = check(token=".".join([encoded({**header, "crit": crit}), body, signature]))
    assert answer.status_code == 422
    cache.clear()


@pytest.mark.parametrize("kid", ["\ud800", "\x00", "x" * 43, "", "/", ["x"], {"x": 1}])
def test_a_key_of_odd_letters_is_none(badge: Badge, kid: object) -> None:
    header, _ = parts_of(badge.jwt)
    _, body, signature = badge.jwt.split(".")
    named = f"{header['kid'].rpartition('keys/')[0]}keys/{kid}/" if isinstance(kid, str) else kid
    answer = check(token=".".join([encoded({**header, "kid": named}), body, signature]))
    assert answer.status_code == 422
    assert queries.public_key(kid if isinstance(kid, str) else "x") is None
    cache.clear()


def test_many_beginnings_of_a_picture_cost_no_more_than_their_length() -> None:
    short, long = ("<" + "<openbadges:credential " * times for times in (200, 5_000))

    def steps(text: str) -> float:
        begun = time.process_time()
        with pytest.raises(signing.NotOurs, match="holds no badge"):
            queries.checked(text)
        return time.process_time() - begun

    steps(short)
    # By the square of their number it would be 625 times as long.
    assert steps(long) < 200 * max(steps(short), 0.000_1)


def test_what_is_too_long_is_refused_unread() -> None:
    cache.clear()
    answer = check(token="x" * 600_000)
    assert answer.status_code == 413
    assert "too long" in answer.text
    odd = Client().post(reverse("check-badge"), b"", content_type="text/plain", CONTENT_LENGTH="²")
    assert odd.status_code == 413


def test_a_badge_stays_good_where_cairn_has_moved(alice: User, badge: Badge, settings: Any) -> None:
    settings.PUBLIC_URL = "https://cairn.example.net"
    assert queries.checked(badge.jwt).name
    assert browser_of(alice).get(reverse("badge-svg", args=[badge.pk])).status_code == 200


def test_a_list_waits_for_no_writer(badge: Badge) -> None:
    with CaptureQueriesContext(connection) as captured:
        assert queries.signed_status_list(0, NOW)
    assert all("FOR UPDATE" not in row["sql"] for row in captured.captured_queries)
    assert {row["sql"].split()[0] for row in captured.captured_queries} == {"SELECT"}


def test_no_later_badge_has_the_place_of_one_that_was_lost(
    alice: User, badge: Badge, curriculum: Catalogue
) -> None:
    """As after a restore: what was signed since the backup is not known here any more."""
    settle(NOW)
    later = make_badge(alice, make_evidenced(alice, alice.plans.get(), curriculum, "garak"))
    assert later.place_id > badge.place_id + actions.SKIPPED_PLACES
    lost = queries.status_of(badge.place_id + 1)
    _, payload = parts_of(badge.jwt)
    place = {"id": f"{lost.list_url}#{lost.place}", "statusListIndex": str(lost.place)}
    payload["credentialStatus"] |= place
    token = signing.signed(payload, NOW)
    with pytest.raises(OB3VerificationError, match="'revocation' is set"):
        foreign(token).verify(token, check_status=True, download=fetch)


def test_so_many_files_that_no_program_reads_it(alice: User, curriculum: Catalogue) -> None:
    plan = make_plan(alice, curriculum)
    criterion = curriculum.module("mindset").criteria_in(plan.track_key)[0]
    for number in range(300):
        add_file(alice, criterion.key, "", f"{'x' * 110}{number}.md", [str(number).encode()], NOW)
    completed = make_evidenced(alice, plan, curriculum)
    with pytest.raises(actions.Refused, match="Leave their names out"):
        make_badge(alice, completed)
    assert not StatusPlace.objects.exists()
    assert queries.checked(make_badge(alice, completed, names_files=False).jwt).name


def test_numbers_of_any_size_are_nobodys(alice: User, completed: Completion) -> None:
    browser = browser_of(alice)
    for number in (2**63 - 1, 2**63, 10**40):
        assert browser.post(reverse("issue-badge", args=[number])).status_code == 404


def test_an_unsigned_token_is_none(badge: Badge) -> None:
    """The signature left away and the algorithm called `none`, as attackers do."""
    header, payload = parts_of(badge.jwt)
    for alg in ("none", "None", "HS256"):
        with pytest.raises(signing.NotOurs):
            queries.checked(f"{encoded({**header, 'alg': alg})}.{encoded(payload)}.")


@given(st.text(max_size=300) | st.binary(max_size=300).map(lambda raw: raw.decode("latin-1")))
def test_any_text_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(signing.NotOurs):
        queries.checked(text)


def test_checks_are_limited(badge: Badge) -> None:
    cache.clear()
    answers = [check(token="x").status_code for _ in range(32)]
    assert (answers[0], answers[-1]) == (422, 429)
    cache.clear()


def test_an_empty_form_is_told_so() -> None:
    answer = check()
    assert answer.status_code == 422
    assert "Paste the badge" in answer.text


# --- issuing ----------------------------------------------------------------------------------------------


def test_only_what_cairn_has_seen_has_a_badge(alice: User, curriculum: Catalogue) -> None:
    claimed = make_completion(alice, make_plan(alice, curriculum), curriculum)
    with pytest.raises(actions.Refused, match="only claimed"):
        actions.issue(alice, claimed.pk, names_files=True, now=NOW)
    page = browser_of(alice).post(reverse("issue-badge", args=[claimed.pk]))
    assert page.status_code == 422
    assert "only claimed" in page.text
    assert not Badge.objects.exists()
    assert not StatusPlace.objects.exists()


def test_an_address_that_was_not_confirmed_has_none(alice: User, completed: Completion) -> None:
    EmailAddress.objects.filter(user=alice).update(verified=False)
    with pytest.raises(actions.Refused, match="confirm it first"):
        actions.issue(alice, completed.pk, names_files=True, now=NOW)


def test_an_earlier_record_has_none_and_keeps_the_one_it_has(
    alice: User, badge: Badge, completed: Completion
) -> None:
    milestones_actions.reopen_milestone(alice, "mindset", now=NOW)
    assert queries.checked(badge.jwt).name
    assert actions.withdraw(alice, badge.pk, NOW)
    with pytest.raises(actions.Refused, match="opened again"):
        actions.issue(alice, completed.pk, names_files=True, now=NOW)


def test_a_second_time_it_is_the_same_badge(alice: User, badge: Badge) -> None:
    assert make_badge(alice, badge.completion).jwt == badge.jwt
    with pytest.raises(IntegrityError), transaction.atomic():
        Badge.objects.create(
            learner=alice,
            completion=badge.completion,
            place=StatusPlace.objects.create(given_at=NOW),
            jwt="x",
            names_files=False,
            issued_at=NOW,
        )
    # Withdrawn, the next is another one.
    actions.withdraw(alice, badge.pk, NOW)
    assert make_badge(alice, badge.completion).pk != badge.pk


def test_nothing_that_is_private_is_in_it(alice: User, completed: Completion) -> None:
    named = make_badge(alice, completed)
    assert "report.pdf" in json.dumps(parts_of(named.jwt))
    actions.withdraw(alice, named.pk, NOW)
    bare = make_badge(alice, completed, names_files=False)
    hashes = [file.sha256 for file in read_snapshot(completed.snapshot).files()]
    for token in (named.jwt, bare.jwt):
        said = json.dumps(parts_of(token))
        assert HIDDEN not in said
        assert alice.email not in said
    assert "report.pdf" not in json.dumps(parts_of(bare.jwt))
    assert not any(sha256 in json.dumps(parts_of(bare.jwt)) for sha256 in hashes)
    assert "Files kept: 1." in json.dumps(parts_of(bare.jwt))


def test_charlie_can_do_nothing_with_it(alice: User, charlie: User, badge: Badge) -> None:
    browser = browser_of(charlie)
    for name, key in (("badge-jwt", badge.pk), ("badge-svg", badge.pk)):
        assert browser.get(reverse(name, args=[key])).status_code == 404
    assert browser.post(reverse("withdraw-badge", args=[badge.pk])).status_code == 404
    assert browser.post(reverse("issue-badge", args=[badge.completion_id])).status_code == 404
    assert browser.post(reverse("withdraw-badge", args=[uuid4()])).status_code == 404
    assert queries.checked(badge.jwt).name


def test_the_page_lists_signs_and_withdraws(alice: User, completed: Completion) -> None:
    browser, there = browser_of(alice), reverse("badges")
    assert "Sign a badge" in browser.get(there).text
    browser.post(reverse("issue-badge", args=[completed.pk]), {"names_files": "1"})
    badge = Badge.objects.get()
    assert reverse("badge-jwt", args=[badge.pk]) in browser.get(there).text
    assert browser.get(reverse("badge-jwt", args=[badge.pk])).text == badge.jwt
    browser.post(reverse("withdraw-badge", args=[badge.pk]))
    assert "Sign a badge" in browser.get(there).text
    assert browser.get(reverse("badge-jwt", args=[badge.pk])).status_code == 404


# --- keys -------------------------------------------------------------------------------------------------


def test_the_private_part_is_nowhere_in_clear(badge: Badge) -> None:
    row = SigningKey.objects.get()
    assert set(row.public) == {"crv", "x", "kty", "alg", "use"}
    published = fetch("https://x/.well-known/jwks.json") + fetch(signing.address_of(row.kid))
    assert b'"d"' not in published
    assert row.kid.encode() in published
    [key] = json.loads(fetch("https://x/.well-known/jwks.json"))["keys"]
    assert key["kid"] == parts_of(badge.jwt)[0]["kid"]


def test_another_secret_key_makes_another_key_and_old_badges_stay_good(
    alice: User, badge: Badge, curriculum: Catalogue, settings: Any
) -> None:
    settings.SECRET_KEY = "another " * 8
    other = make_badge(alice, make_evidenced(alice, alice.plans.get(), curriculum, "garak"))
    assert SigningKey.objects.count() == 2
    assert parts_of(other.jwt)[0]["kid"] != parts_of(badge.jwt)[0]["kid"]
    for row in (badge, other):
        assert queries.checked(row.jwt).name
        foreign(row.jwt).verify(row.jwt)


def test_a_fallback_opens_the_key_that_is_there(
    alice: User, badge: Badge, curriculum: Catalogue, settings: Any
) -> None:
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another " * 8
    make_badge(alice, make_evidenced(alice, alice.plans.get(), curriculum, "garak"))
    assert SigningKey.objects.count() == 1


def test_one_key_is_current(badge: Badge) -> None:
    row = SigningKey.objects.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        SigningKey.objects.create(kid="x", public={}, sealed="", made_at=NOW)
    row.refresh_from_db()
    assert row.is_current


# --- lists ------------------------------------------------------------------------------------------------


def test_a_list_has_the_bits_that_are_set_and_no_others() -> None:
    import gzip

    places = {0, 7, 8, 1000, BITS_A_LIST - 1}
    bits = gzip.decompress(decoded(encoded_bits(places)[1:]))
    assert len(bits) * 8 == BITS_A_LIST
    assert {place for place in range(BITS_A_LIST) if bits[place // 8] & (128 >> place % 8)} == places


def test_there_is_no_list_of_badges_that_are_not(badge: Badge) -> None:
    assert Client().get(reverse("badge-status", args=[0])).status_code == 200
    for number in (1, 10**6, 10**30):
        assert Client().get(reverse("badge-status", args=[number])).status_code == 404
    assert Client().get(reverse("badge-key", args=["x" * 300])).status_code == 404


@given(st.uuids())
def test_a_name_leads_back(badge_id: Any) -> None:
    assert badge_id_in(urn(badge_id)) == badge_id
    assert badge_id_in(str(badge_id)) is None


# --- in a portfolio ---------------------------------------------------------------------------------------


def test_it_stands_beside_its_milestone_and_only_there(alice: User, badge: Badge) -> None:
    portfolio, token = make_portfolio(alice)

    def page() -> str:
        return str(Client().get(reverse("portfolio", args=[token])).text)

    assert badge.jwt not in page()
    share(alice, "mindset")
    assert f"data:application/vc+jwt,{badge.jwt}" in page()
    browser = browser_of(alice)
    for name in ("preview-portfolio", "portfolio-file"):
        assert badge.jwt in browser.get(reverse(name, args=[portfolio.pk])).text
    [certificate] = browser.get(reverse("portfolio-resume", args=[portfolio.pk])).json()["certificates"]
    assert certificate["url"].endswith(reverse("check-badge"))
    actions.withdraw(alice, badge.pk, NOW)
    assert badge.jwt not in page()


def test_a_badge_that_names_files_is_not_where_they_are_hidden(
    alice: User, badge: Badge, completed: Completion
) -> None:
    portfolio, token = make_portfolio(alice)
    share(alice, "mindset", evidence=False)
    browser = browser_of(alice)

    def pages() -> list[str]:
        names = ("preview-portfolio", "portfolio-file", "portfolio-resume")
        found = [browser.get(reverse(name, args=[portfolio.pk])).text for name in names]
        return [Client().get(reverse("portfolio", args=[token])).text, *found]

    assert not any(badge.jwt in page for page in pages())
    assert '"certificates": []' in pages()[-1]
    actions.withdraw(alice, badge.pk, NOW)
    bare = make_badge(alice, completed, names_files=False)
    assert bare.jwt in pages()[0]


def test_badges_ask_no_more_for_many(alice: User, badge: Badge, curriculum: Catalogue) -> None:
    browser = browser_of(alice)

    def asked() -> int:
        with CaptureQueriesContext(connection) as captured:
            browser.get(reverse("badges"))
        return len(captured)

    asked()
    before = asked()
    make_badge(alice, make_evidenced(alice, alice.plans.get(), curriculum, "garak"))
    assert asked() == before
