"""The promise of the weekly message for a web hook, with real workers that are killed.

Counted by the receiver: nobody gets it twice, nothing is lost, and at most one is unknown for each kill.
"""

import json
import socket
import threading
from collections import Counter

import pytest

from tests.faults.instance import Instance
from tests.faults.sink import Sink
from tests.reminders.receiver import Receiver, status
from tests.sizes import fault_kills

pytestmark = pytest.mark.faults

LEARNERS = 10 * fault_kills()
USE_HOOK = """
import django
django.setup()
from tracker import clock
from tracker.people.models import User
from tracker.reminders.models import Channel
now = clock.now()
Channel.objects.bulk_create(
    Channel(learner=user, kind="web-hook", address="http://127.0.0.1:{port}/", secret="s", chosen_at=now,
            confirmed_at=now)
    for user in User.objects.all()
)
"""


class Holding:
    """Answers every request but some, at which it waits until the test has killed who sent it."""

    def __init__(self, every: int, times: int) -> None:
        self.held_at = {every * place for place in range(1, times + 1)}
        self.seen = 0
        self.is_held = threading.Event()
        self.goes_on = threading.Event()

    def __call__(self, connection: socket.socket) -> None:
        self.seen += 1
        if self.seen in self.held_at:
            self.is_held.set()
            self.goes_on.wait(60)
        status(200)(connection)


# What differs between the databases here, the tests of the mail show on both.
@pytest.mark.parametrize("instance", ["postgres"], indirect=True)
def test_workers_killed_while_a_receiver_has_the_message(instance: Instance, sink: Sink) -> None:
    kills = fault_kills()
    holding = Holding(every=8, times=kills)
    with Receiver(holding) as receiver:
        instance.environment["CAIRN_HOOK_HOSTS"] = f"127.0.0.1:{receiver.port}"
        instance.prepare(LEARNERS)
        instance.run("-c", USE_HOOK.format(port=receiver.port))
        instance.start_beat()
        for _ in range(kills):
            worker = instance.start_worker(threads=1)
            assert holding.is_held.wait(120), instance.last_words()
            assert "handing_over" in {
                state for [state] in instance.ask("SELECT state FROM reminders_reminder")
            }
            worker.kill()
            holding.is_held.clear()
            holding.goes_on.set()
            holding.goes_on.clear()
        instance.start_worker(threads=1)
        instance.wait_until_settled(LEARNERS)
    got = Counter(json.loads(body)["id"] for body in receiver.bodies)
    assert max(got.values()) == 1
    rows = instance.ask("SELECT state, message_id FROM reminders_reminder")
    states = {str(message_id).strip("<>"): state for state, message_id in rows}
    assert len(states) == LEARNERS
    assert {number for number, state in states.items() if state == "sent"} <= set(got)
    assert set(got) <= {number for number, state in states.items() if state in {"sent", "unknown"}}
    assert Counter(states.values()) == {"sent": LEARNERS - kills, "unknown": kills}
    assert sink.accepted() == []
