"""Where the weekly message goes, in a browser: chosen, tested and confirmed; with and without JavaScript."""

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import CheckPage, Look, OpenPage
from tests.browser.test_reading import log_in
from tests.browser.test_walk import fits
from tests.fixtures.cast import make_learner
from tests.reminders.receiver import Receiver
from tracker.reminders import tasks
from tracker.reminders.models import Channel

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    "seen", [Look("small", javascript=False), Look("small", "dark"), Look("desktop")], ids=str
)
def test_a_web_hook_is_chosen_tested_and_confirmed(
    seen: Look,
    open_page: OpenPage,
    axe: CheckPage,
    base_url: str,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def at_once(row: Channel) -> bool:
        tasks.send_channel_trial(row.pk, row.number)
        return True

    monkeypatch.setattr(tasks, "ask_for_channel_trial", at_once)
    page = open_page(seen)
    log_in(page, make_learner("Alice"), base_url)
    with Receiver() as receiver:
        settings.HOOK_HOSTS = frozenset({f"127.0.0.1:{receiver.port}"})
        address = f"http://127.0.0.1:{receiver.port}/a/rather/long/address/{'of-a-hook/' * 8}"
        page.goto("/settings/")
        page.get_by_role("link", name="Where it goes").click()
        fits(page)
        axe(page)
        # A mistake first: refused beside its field, and what was typed is still there.
        page.get_by_role("radio", name=re.compile("^A web hook")).check()
        page.get_by_label("Address").fill("https://169.254.169.254/latest/")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_text("169.254.169.254 is not an address on the open Internet.")).to_be_visible()
        expect(page.get_by_label("Address")).to_have_value("https://169.254.169.254/latest/")
        expect(page.get_by_role("radio", name=re.compile("^A web hook"))).to_be_checked()
        fits(page)
        axe(page)
        page.get_by_label("Address").fill(address)
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_text(re.compile("^whsec_[0-9a-f]{64}$"))).to_be_visible()
        fits(page)
        axe(page)
        page.get_by_role("button", name="Send a test").click()
        expect(page.get_by_text("The test was taken. Reply to the web hook: 200 OK")).to_be_visible()
        fits(page)
        axe(page)
        page.get_by_label("Code of the test").fill("nonsense")
        page.get_by_role("button", name="Confirm").click()
        expect(page.get_by_text("That is not the code of the last test.")).to_be_visible()
        fits(page)
        axe(page)
        page.get_by_label("Code of the test").fill(Channel.objects.get().confirm_token)
        page.get_by_role("button", name="Confirm").click()
        expect(page.get_by_text(re.compile("^It goes to your web hook since"))).to_be_visible()
        fits(page)
        axe(page)
        Channel.objects.update(
            confirmed_at=None, failed_at="2026-11-19T09:00Z", failed_reason="Reply: 410 Gone"
        )
        page.goto("/settings/")
        expect(page.get_by_text("refused the message for good")).to_be_visible()
        fits(page)
        axe(page)
