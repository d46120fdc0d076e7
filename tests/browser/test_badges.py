"""A badge from its milestone to who checks it, and a cohort from its invitation, in a browser."""

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from curriculum.catalogue import Catalogue
from tests.badges.factories import make_evidenced
from tests.browser.conftest import CheckPage, Look, OpenPage
from tests.browser.test_reading import log_in
from tests.browser.test_walk import fits
from tests.fixtures.cast import make_learner, make_plan
from tests.sharing.factories import make_portfolio, share
from tracker.badges.models import Badge
from tracker.cohorts.models import Membership

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_badge_is_signed_shown_and_checked(
    edge_look: Look, open_page: OpenPage, axe: CheckPage, base_url: str, curriculum: Catalogue, tmp_path: Path
) -> None:
    alice = make_learner("Alice")
    make_evidenced(alice, make_plan(alice, curriculum), curriculum)
    page = open_page(edge_look)
    log_in(page, alice, base_url)
    page.goto("/badges/")
    page.get_by_role("button", name="Sign a badge").click()
    fits(page)
    axe(page)
    with page.expect_download() as waiting:
        page.get_by_role("link", name=re.compile("^As a picture")).click()
    picture = tmp_path / "badge.svg"
    waiting.value.save_as(picture)
    token = Badge.objects.get().jwt
    assert token in picture.read_text()

    # Beside its milestone, where whoever has the link takes it from the page itself.
    _, key = make_portfolio(alice)
    share(alice, "mindset")
    stranger = open_page(edge_look)
    stranger.goto(f"/p/{key}/")
    with stranger.expect_download() as waiting:
        stranger.get_by_role("link", name=re.compile("^Signed badge")).click()
    taken = tmp_path / "mindset.jwt"
    waiting.value.save_as(taken)
    assert taken.read_text() == token
    fits(stranger)
    axe(stranger)

    stranger.goto("/badges/check/")
    stranger.get_by_label("or its file").set_input_files(picture)
    stranger.get_by_label("Whose address").fill(alice.email)
    stranger.get_by_role("button", name="Check").click()
    expect(stranger.get_by_role("heading", name="It is good")).to_be_visible()
    expect(stranger.get_by_text("It belongs to who has the address")).to_be_visible()
    fits(stranger)
    axe(stranger)
    changed = token[:-8] + "AAAAAAAA"
    stranger.get_by_label("The badge, pasted").fill(changed)
    stranger.get_by_role("button", name="Check").click()
    expect(stranger.get_by_role("alert")).to_contain_text("changed after it was signed")
    # What was pasted is still there.
    expect(stranger.get_by_label("The badge, pasted")).to_have_value(changed)
    fits(stranger)
    axe(stranger)
    assert stranger.context.cookies() == []


def test_a_cohort_from_invitation_to_leaving(
    edge_look: Look, open_page: OpenPage, axe: CheckPage, base_url: str, curriculum: Catalogue
) -> None:
    alice, charlie = make_learner("Alice"), make_learner("Charlie")
    make_plan(charlie, curriculum)
    lead = open_page(edge_look)
    log_in(lead, alice, base_url)
    lead.goto("/cohorts/")
    lead.get_by_text("A new cohort").click()
    lead.get_by_label("Name").fill("Autumn")
    fits(lead)
    axe(lead)
    lead.get_by_role("button", name="Make the cohort").click()
    there = lead.get_by_text(re.compile(r"/join/[A-Za-z0-9_-]{43}/$")).inner_text()
    fits(lead)
    axe(lead)

    member = open_page(edge_look)
    log_in(member, charlie, base_url)
    member.goto(urlsplit(there).path)
    fits(member)
    axe(member)
    member.get_by_label("Your name in this cohort").fill("Charlie of the second floor")
    member.get_by_role("button", name="Join and share this").click()
    expect(member.get_by_text("as Charlie of the second floor")).to_be_visible()
    fits(member)
    axe(member)

    lead.goto("/cohorts/")
    lead.get_by_role("link", name="Autumn").click()
    expect(lead.get_by_role("rowheader", name="Charlie of the second floor")).to_be_visible()
    fits(lead)
    axe(lead)
    member.get_by_role("button", name="Leave Autumn").click()
    expect(member.get_by_text("You have left.")).to_be_visible()
    lead.reload()
    expect(lead.get_by_text("Nobody has joined yet.")).to_be_visible()
    assert not Membership.objects.exists()
