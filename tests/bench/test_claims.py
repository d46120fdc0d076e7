"""The bench of ticks, claims and load: learners are copied right, and figures said as they are."""

import os
from datetime import timedelta

import pytest

from bench import claims, load
from tests.fixtures.cast import NOW
from tracker.people.models import User
from tracker.reminders import actions
from tracker.reminders.models import Recipient, Reminder


@pytest.mark.sqlite
@pytest.mark.django_db(transaction=True, reset_sequences=True)
def test_copied_learners_are_claimed_as_real_ones_are(
    no_curriculum: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every copy that is due has its row claimed, and none is skipped for what the copy lacks."""
    run_sql = claims.run_sql
    # What it counts would outlive the test, and change how the database answers in others.
    monkeypatch.setattr(claims, "run_sql", lambda said: None if said == "ANALYZE" else run_sql(said))
    now = claims.make_first()
    assert User.objects.get().pk == 1
    claims.add_learners(2, 200)
    assert Recipient.objects.count() == 200
    assert actions.claim_due(now, 500) == 0
    claims.make_due(50, now)
    assert actions.claim_due(now, 500) == 50
    assert Reminder.objects.filter(state="claimed").count() == 50
    assert "recipients_due" in claims.plan_of_a_tick()


def test_slots_are_whole_hours_on_the_clock_of_their_zone() -> None:
    rows = claims.slots(NOW, range(2))
    assert len(rows) == 2 * len(claims.ZONES)
    assert ("Europe/Vienna", 4, 10, NOW) in rows
    assert ("Asia/Tokyo", 4, 17, NOW - timedelta(hours=1)) in rows


def test_ticks_and_claims_are_said() -> None:
    row = {
        **{"idle_few_ms": 2.0, "idle_many_ms": 2.2, "few": 10_000, "learners": 1_000_000, "due": 100_000},
        **{
            "plan": "SEARCH reminders_recipient USING INDEX recipients_due (next_due_at<?)",
            "claimed_twice": 0,
        },
        "claims": {
            "1": {"claim_ms": 20.0, "bare_ms": 10.0, "ratio": 2.0},
            "4": {"claim_ms": 70.0, "bare_ms": 20.0, "ratio": 3.5},
        },
    }
    tick, one, four = claims.said({"postgres": row})
    assert "2.2 ms among 1,000,000 learners, 2.0 among 10,000: 1.10 of it (aim: 1), by its index." in tick
    assert "2.00 times a bare UPDATE (10 ms; limit 3); claimed twice: 0." in one
    assert "4 claimers at once: 70 ms, 3.50 times" in four
    assert "WHICH DOES NOT HOLD" in four
    assert "NOT BY ITS INDEX" in claims.said({"sqlite": {**row, "plan": "SCAN reminders_recipient"}})[0]


def test_the_load_is_said() -> None:
    row = {"learners": 10_000, "seconds": 40.0, "a_second": 250.0, "memory_kb": [102_400, 103_424, 104_448]}
    row |= {"message_ms": 4.0, "overhead": 0.005}
    line, overhead = load.said({"sqlite": row})
    assert "40 s, 250 a second; its memory 100, 101 and 102 MB" in line
    assert "4.0 ms a message, 0.5% of the time" in overhead


def test_the_memory_of_a_process_is_read() -> None:
    assert load.resident_kilobytes(os.getpid()) > 10_000
