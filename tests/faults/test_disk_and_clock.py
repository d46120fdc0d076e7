"""The promise of the weekly mail on a disk that is full for a while, and with a worker whose clock is off."""

import json
from datetime import timedelta
from functools import partial

import pytest

from tests.faults.instance import Instance, Process, check_promise
from tests.faults.sink import Point, Sink
from tests.sizes import fault_learners
from tracker.operations.processes import wait_until

pytestmark = pytest.mark.faults

LEARNERS = fault_learners()
FULL = "database or disk is full"
WAITS = "what became of a mail is written when it is back"


def has_more_waits(worker: Process, than: int) -> bool:
    return worker.times_said(WAITS) > than


@pytest.mark.parametrize("instance", ["sqlite"], indirect=True)
def test_a_disk_that_is_full_for_a_while(instance: Instance, sink: Sink) -> None:
    """Before the claim, before a hand-over and before the record of a mail that the server has taken."""
    instance.use_fault_settings()
    instance.prepare(LEARNERS)
    with instance.disk_full():
        worker = instance.start_worker(threads=1)
        instance.start_beat()
        assert wait_until(lambda: worker.has_said(FULL), 60), instance.last_words()
        assert (instance.states(), sink.connections) == ({}, 0)
    for share, point, state in ((3, Point.DATA, "claimed"), (2, Point.ACCEPTED, "handing_over")):
        fault = sink.stall_from(LEARNERS // share, point)
        assert fault.reached.wait(timeout=120), instance.last_words()
        instance.leave_no_room(fault.reached_by)
        assert instance.state_of(fault.reached_by) == state
        said = worker.times_said(WAITS)
        accepted = sink.accepted_count
        with instance.disk_full():
            fault.released.set()
            assert wait_until(partial(has_more_waits, worker, said), 60), instance.last_words()
            # What could not be written down is as it was, and the worker keeps at it.
            assert instance.state_of(fault.reached_by) == state
            assert sink.accepted_count == accepted
    instance.wait_until_settled(LEARNERS)
    assert check_promise(instance, sink, LEARNERS, broken_connections=0) == {"sent": LEARNERS}


@pytest.mark.parametrize("instance", ["postgres"], indirect=True)
def test_a_worker_whose_clock_is_an_hour_ahead(instance: Instance, sink: Sink) -> None:
    """To it the leases of the other have lapsed. It may take rows from it, and never a mail twice."""
    instance.use_fault_settings()
    instance.prepare(LEARNERS)
    # Claimed by the right clock: what the other one claims waits for an hour to anybody else.
    instance.run("-c", "import django; django.setup(); from tracker.reminders.tasks import wake; wake()")
    ahead, right = instance.start_worker(clock_off_by=timedelta(hours=1)), instance.start_worker()
    instance.start_beat()
    instance.wait_until_settled(LEARNERS)
    right.stop()
    assert wait_until(lambda: ahead.has_said("tasks.wake"), 30), instance.last_words()
    # A hand-over that is under way looks abandoned to it, too, until the worker that has it says otherwise.
    states = check_promise(instance, sink, LEARNERS, broken_connections=0)
    told = json.loads(instance.run("manage.py", "reminders", "status", "--json"))
    assert len(told["unknown"]) == states["unknown"]
