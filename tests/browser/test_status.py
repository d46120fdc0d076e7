"""`/status/` in a browser, narrow and wide: full tables fold, the warning leads there, the test mail."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import CheckPage, Look, OpenPage
from tests.browser.test_reading import log_in
from tests.browser.test_walk import fits
from tests.fixtures.cast import make_learner
from tests.reminders.factories import make_recipient, make_reminder
from tracker import clock
from tracker.people.models import User
from tracker.reminders.models import MailTrial

pytestmark = pytest.mark.django_db(transaction=True)

LONG = "Reply to the recipient: 550 5.1.1 " + "The-address-that-you-tried-to-reach-does-not-exist." * 4


def make_status() -> User:
    """Every table of the page with rows, long addresses and long answers among them."""
    now = clock.now()
    staff = make_learner("Bob", is_staff=True)
    User.objects.filter(pk=staff.pk).update(joined_at=now - timedelta(days=9))
    for number, state in enumerate(("sent", "failed", "unknown", "skipped", "claimed", "handing_over")):
        learner = make_learner(f"a.learner.with.quite.a.long.name.and.number.{number}")
        make_recipient(learner, due_at=now + timedelta(hours=number))
        is_open = state in {"claimed", "handing_over"}
        make_reminder(
            learner,
            state=state,
            reason=LONG[:300],
            not_before=now + timedelta(minutes=5),
            finished_at=None if is_open else now - timedelta(hours=1),
        )
    MailTrial.objects.create(
        learner=staff, asked_at=now - timedelta(hours=2), state="failed", reason=LONG[:300], finished_at=now
    )
    return staff


def test_status_is_readable_in_every_look(
    edge_look: Look, open_page: OpenPage, axe: CheckPage, base_url: str
) -> None:
    page = open_page(edge_look)
    log_in(page, make_status(), base_url)
    page.goto("/settings/")
    page.get_by_text("The scheduler has been silent for").get_by_role("link", name="Status").click()
    expect(page.get_by_role("heading", name="Status", exact=True)).to_be_visible()
    expect(page.get_by_text("Cairn cannot know")).to_be_visible()
    fits(page)
    axe(page)


def test_without_javascript_the_test_mail_is_asked_for(open_page: OpenPage, base_url: str) -> None:
    page = open_page(Look("small", javascript=False))
    log_in(page, make_learner("Bob", is_staff=True), base_url)
    page.goto("/status/")
    page.get_by_role("button", name="Send a test mail").click()
    # No worker is there to take it up.
    expect(page.get_by_text("It waits for a worker.")).to_be_visible()
    fits(page)
