"""The whole way of a weekly mail: `manage.py run`, a learner who is due, and the mail on the other side."""

import re
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from tests.faults.sink import Sink
from tests.servers import ROOT
from tests.supervised import OPENER, Cairn
from tracker.operations.processes import wait_until

pytestmark = pytest.mark.faults


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Callable[..., Cairn]]:
    """Starts Cairn with a tick a second."""
    started: list[Cairn] = []

    def start(**environment: str) -> Cairn:
        started.append(Cairn(tmp_path / "data", port=None, CAIRN_TICK_SECONDS="1", **environment))
        return started[-1].wait_until_ready()

    yield start
    for cairn in started:
        cairn.close()


def make_one_due(cairn: Cairn) -> None:
    subprocess.run(
        [sys.executable, "-m", "tests.faults.due_learners", "1"],
        cwd=ROOT,
        env=cairn.environment | {"DJANGO_SETTINGS_MODULE": "tracker.settings"},
        check=True,
        timeout=60,
    )


def read(raw: bytes) -> EmailMessage:
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def check_mail(message: EmailMessage, cairn: Cairn) -> str:
    """Checks what anybody's first mail says; returns the address at which it ends."""
    assert message["To"] == "learner0@example.org"
    assert re.fullmatch(r"Week [45]: nothing logged yet", message["Subject"])
    plain, html = (part.get_content() for part in message.iter_parts())
    way_out = str(message["List-Unsubscribe"]).strip(" <>")
    assert way_out.startswith(f"{cairn.address}/unsubscribe/")
    for part in (plain, html):
        assert "Nothing logged this week yet." in part
        assert way_out in part
        assert f"{cairn.address}/today/" in part
    return way_out


def test_a_due_learner_gets_the_mail_by_smtp_and_ends_it_with_one_click(
    run: Callable[..., Cairn], sink: Sink
) -> None:
    cairn = run(SMTP_HOST="127.0.0.1", SMTP_PORT=str(sink.port), SMTP_SECURITY="none")
    make_one_due(cairn)
    assert wait_until(lambda: sink.accepted_count == 1, 30), cairn.manage("reminders", "status")
    way_out = check_mail(read(sink.accepted()[0].raw), cairn)
    assert wait_until(lambda: "  sent  " in cairn.manage("reminders", "status"), 10)
    with OPENER.open(way_out) as page:
        assert "End the weekly mail?" in page.read().decode()
    one_click = urllib.request.Request(way_out, data=b"List-Unsubscribe=One-Click", method="POST")
    with OPENER.open(one_click) as page:
        assert "No weekly mail will come." in page.read().decode()
    assert sink.accepted_count == 1


def test_without_an_smtp_server_the_mail_is_a_file(run: Callable[..., Cairn]) -> None:
    cairn = run()
    make_one_due(cairn)
    mails = cairn.data / "mail"
    assert wait_until(lambda: len(list(mails.glob("*.eml"))) == 1, 30), cairn.manage("reminders", "status")
    [path] = mails.glob("*.eml")
    assert path.stat().st_mode & 0o077 == 0
    check_mail(read(path.read_bytes()), cairn)
    assert wait_until(lambda: "  sent  " in cairn.manage("reminders", "status"), 10)
