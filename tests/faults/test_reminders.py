"""The promise of the weekly mail, with real processes that are killed.

Counted in the receiving server's own log: nobody is mailed twice, nothing is lost, and at most one mail is
unknown for each connection that a kill has broken.
"""

from collections.abc import Iterator
from itertools import cycle
from random import Random

import pytest

from tests.faults.instance import Instance, check_promise
from tests.faults.sink import Point, Sink
from tests.servers import Server
from tests.sizes import fault_kills, fault_learners, fault_seed
from tracker.operations.processes import wait_until

pytestmark = pytest.mark.faults

LEARNERS = fault_learners()


def test_two_workers_and_two_beats_mail_everyone_once(instance: Instance, sink: Sink) -> None:
    instance.prepare(LEARNERS)
    workers = [instance.start_worker(), instance.start_worker()]
    # Both are there before anything is due to be done, so that they share it.
    assert wait_until(lambda: all(worker.has_said(" ready.") for worker in workers), 60), (
        instance.last_words()
    )
    beats = [instance.start_beat(), instance.start_beat()]
    instance.wait_until_settled(LEARNERS)
    assert all(process.is_running for process in (*workers, *beats))
    assert all(worker.has_said(" sent") for worker in workers), instance.last_words()
    states = check_promise(instance, sink, LEARNERS, broken_connections=0)
    assert states == {"sent": LEARNERS}
    assert len(sink.accepted()) == LEARNERS
    # Further ticks find nothing to do.
    connections = sink.connections
    [[before]] = instance.ask("SELECT beat_at FROM operations_heartbeat")
    assert wait_until(lambda: instance.ask("SELECT beat_at FROM operations_heartbeat") != [(before,)], 10)
    assert (len(sink.accepted()), sink.connections) == (LEARNERS, connections)


# Where the worker is in its conversation when it is killed, and what the row says then. None: either.
KILL_POINTS = (
    (Point.DATA, "claimed"),  # 354 is not said, so nothing is on record and the mail can be sent again
    (Point.BODY, "handing_over"),
    (Point.ACCEPTED, "handing_over"),  # the server has the mail and the worker has no reply
    (Point.REPLIED, None),
)


def kill_moments() -> Iterator[tuple[int, Point, str | None]]:
    """So many moments as are asked for: spread evenly over the mails, or random with a seed."""
    number, seed = fault_kills(), fault_seed()
    if seed is not None:
        chance = Random(seed)
        for moment in sorted(chance.sample(range(1, LEARNERS - number), number)):
            yield moment, *chance.choice(KILL_POINTS)
        return
    for place, (point, state) in zip(range(1, number + 1), cycle(KILL_POINTS), strict=False):
        yield max(1, place * LEARNERS // (number + 1)), point, state


def test_workers_killed_in_the_middle_of_a_mail(instance: Instance, sink: Sink) -> None:
    instance.prepare(LEARNERS)
    worker = instance.start_worker()
    instance.start_beat()
    broken = 0
    for number, point, state in kill_moments():
        before = len(sink.accepted())
        fault = sink.stall_from(number, point)
        assert fault.reached.wait(timeout=120), (
            f"mail {number} never came to {point}: {instance.last_words()}"
        )
        broken += sink.open_connections
        worker.kill()
        assert len(sink.accepted()) >= before
        if state is not None:
            assert instance.state_of(fault.reached_by) == state
        fault.released.set()
        worker = instance.start_worker()
    instance.wait_until_settled(LEARNERS)
    states = check_promise(instance, sink, LEARNERS, broken_connections=broken)
    unknown_for_certain = sum(state == "handing_over" for _, _, state in kill_moments())
    assert states["unknown"] >= unknown_for_certain


def test_a_broker_killed_in_the_middle(instance: Instance, sink: Sink, own_valkey: Server) -> None:
    instance.prepare(LEARNERS)
    instance.start_worker()
    instance.start_worker()
    instance.start_beat()
    assert wait_until(lambda: sink.accepted_count >= LEARNERS // 4, 120), instance.last_words()
    own_valkey.kill()
    own_valkey.start()
    instance.wait_until_settled(LEARNERS)
    assert check_promise(instance, sink, LEARNERS, broken_connections=0) == {"sent": LEARNERS}


@pytest.mark.parametrize("instance", ["postgres"], indirect=True)
def test_a_beat_killed_in_the_middle_of_a_hand_over(instance: Instance, sink: Sink) -> None:
    instance.prepare(LEARNERS)
    instance.start_worker()
    beat = instance.start_beat()
    fault = sink.fault(Point.BODY, stalls=True, at=LEARNERS // 2)
    assert fault.reached.wait(timeout=120), instance.last_words()
    beat.kill()
    fault.released.set()
    instance.start_beat()
    instance.wait_until_settled(LEARNERS)
    assert check_promise(instance, sink, LEARNERS, broken_connections=0) == {"sent": LEARNERS}


@pytest.mark.parametrize("instance", ["postgres"], indirect=True)
@pytest.mark.parametrize("point", [Point.ASKED, Point.ACCEPTED])
def test_a_database_server_killed_in_the_middle_of_a_hand_over(
    instance: Instance, sink: Sink, point: Point
) -> None:
    """What became of a mail is known to its worker, which writes it down when the database is back."""
    assert instance.database is not None
    instance.prepare(LEARNERS)
    instance.start_worker()
    instance.start_worker()
    instance.start_beat()
    fault = sink.stall_from(LEARNERS // 3, point)
    assert fault.reached.wait(timeout=120), instance.last_words()
    broken = sink.open_connections
    instance.database.kill()
    fault.released.set()
    instance.database.start()
    instance.wait_until_settled(LEARNERS)
    check_promise(instance, sink, LEARNERS, broken_connections=broken)


def test_a_stopped_worker_leaves_nothing_unknown(instance: Instance, sink: Sink) -> None:
    """SIGTERM ends the batch after the mail it is at, and the rest is another worker's at once."""
    instance.prepare(LEARNERS)
    worker = instance.start_worker()
    instance.start_beat()
    assert wait_until(lambda: sink.accepted_count >= LEARNERS // 4, 120), instance.last_words()
    worker.stop()
    assert not instance.is_settled(LEARNERS)
    assert instance.states()["handing_over"] == 0
    instance.start_worker()
    instance.wait_until_settled(LEARNERS)
    assert check_promise(instance, sink, LEARNERS, broken_connections=0) == {"sent": LEARNERS}


def test_a_mail_server_that_breaks_connections(instance: Instance, sink: Sink) -> None:
    """Refusals, lost connections and a server that falls silent, between good mails."""
    instance.use_fault_settings()
    instance.prepare(LEARNERS)
    for place in range(1, LEARNERS, 20):
        sink.fault(Point.MAIL, reply="421 4.3.2 closing", drops=True, at=place + 3)
        sink.fault(Point.RCPT, reply="451 4.7.1 later", at=place + 7)
        sink.fault(Point.DATA, drops=True, at=place + 11)
        sink.fault(Point.DOT, reply="452 4.3.1 no room", at=place + 15)
    after_the_dot = [
        sink.fault(point, drops=True, at=LEARNERS * part // 4)
        for part, point in ((1, Point.DOT), (2, Point.ACCEPTED))
    ]
    # The mail is tried again where the silence began before it left, and unknown where it came after the dot.
    sink.fault(Point.DATA, stalls=True, at=LEARNERS // 3)
    after_the_dot.append(sink.fault(Point.ACCEPTED, stalls=True, at=LEARNERS * 3 // 5))
    instance.start_worker()
    instance.start_worker()
    instance.start_beat()
    instance.wait_until_settled(LEARNERS)
    states = check_promise(instance, sink, LEARNERS, broken_connections=len(after_the_dot))
    assert states["unknown"] == len(after_the_dot)
