"""What it costs to find out who is due, and to claim them, however many learners there are.

    python -m bench.claims [--learners N] [--few N] [--due N] [--rounds N] [--database NAME]
                               JSON: figures by the name of the database

*A tick with nobody due* is timed among few learners (10,000) and among many (1,000,000), and the plan of its
question is looked at: it must name the partial index of due moments. *A claim* takes 500 of 100,000 who are
due among the million and writes their rows. Beside it stands an `UPDATE ... RETURNING` that moves 500 due
moments and does nothing else. The two are measured in mixed turns, by one process on SQLite, by one and by
four at once on PostgreSQL; both databases wait for the disk. Afterwards every claim is counted: no learner
has two.

The learners are copies of one, made inside the database: who is due has a confirmed address, a plan, and the
row of an earlier week. They live in twenty zones and were due in the last 17 hours.
"""

import argparse
import json
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import django

from bench.mails import line_of, process
from bench.sites import base_environment, python

FEW, LEARNERS, DUE = 10_000, 1_000_000, 100_000
ROUNDS = {"sqlite": 60, "postgres": 15}
SEED = 2026
TICKS = 300
BATCH = 500
LIMIT = 3.0
HOURS_BEHIND = 17
# A prime, so that learners who stand next to each other in the table are due at other hours.
STRIDE = 7919
CLAIMERS = {"sqlite": (1,), "postgres": (1, 4)}
# Of whole hours, so that many learners of different zones are due at one moment.
ZONES = (
    *("Pacific/Honolulu", "America/Anchorage", "America/Los_Angeles", "America/Denver", "America/Chicago"),
    *("America/New_York", "America/Halifax", "America/Sao_Paulo", "Atlantic/Azores", "Europe/London"),
    *("Europe/Vienna", "Europe/Helsinki", "Africa/Nairobi", "Asia/Dubai", "Asia/Karachi"),
    *("Asia/Dhaka", "Asia/Bangkok", "Asia/Singapore", "Asia/Tokyo", "Australia/Sydney"),
)


# --- inside a process of the product ----------------------------------------------------------------------


def run_sql(statement: str) -> None:
    """One statement, committed."""
    from django.db import connection  # noqa: PLC0415 - these load after django.setup()

    with connection.cursor() as cursor:
        cursor.execute(statement)


def copies(model: Any, first: int, last: int, joined: str = "", **changes: str) -> None:
    """Copies the model's row of the first learner for those numbered `first` to `last`.

    joined: what more the values are taken from. changes: SQL by field; `i` is the learner's number, which is
    their key and that of all their rows.
    """
    from django.db import connection  # noqa: PLC0415

    quote = connection.ops.quote_name
    fields = [field for field in model._meta.concrete_fields if not field.primary_key]
    values = [changes.get(field.name, f"t.{quote(field.column)}") for field in fields]
    table = quote(model._meta.db_table)
    run_sql(
        f"INSERT INTO {table} (id, {', '.join(quote(field.column) for field in fields)}) "
        f"WITH RECURSIVE numbers(i) AS "
        f"(SELECT {first} UNION ALL SELECT i + 1 FROM numbers WHERE i < {last}) "
        f"SELECT i, {', '.join(values)} FROM numbers CROSS JOIN {table} t {joined} "
        f"WHERE t.id = (SELECT min(id) FROM {table})"
    )


def slots(now: datetime, hours: range) -> list[tuple[str, int, int, datetime]]:
    """Zone, weekday and hour there of each whole hour before (or after) now, with the moment."""
    found = []
    for ago in hours:
        moment = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=ago)
        for name in ZONES:
            local = moment.astimezone(ZoneInfo(name))
            found.append((name, local.isoweekday(), local.hour, moment))
    return found


def make_slots(table: str, rows: list[tuple[str, int, int, datetime]]) -> int:
    """A table of the moments that learners have their mail at; how many they are."""
    from django.db import connection  # noqa: PLC0415

    kind = "timestamptz" if connection.vendor == "postgresql" else "datetime"
    run_sql(
        f"CREATE TEMPORARY TABLE {table} "
        f"(n integer, zone varchar(64), weekday integer, hour integer, due_at {kind})"
    )
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {table} VALUES (%s, %s, %s, %s, %s)",
            [
                (n, zone, weekday, hour, connection.ops.adapt_datetimefield_value(moment))
                for n, (zone, weekday, hour, moment) in enumerate(rows)
            ],
        )
    return len(rows)


def make_first() -> datetime:
    """The learner of whom the others are copies, with key 1; the moment it was made."""
    from tests.faults.due_learners import make_due_learners  # noqa: PLC0415
    from tracker import clock  # noqa: PLC0415
    from tracker.people.models import User  # noqa: PLC0415
    from tracker.reminders.models import Recipient  # noqa: PLC0415

    now = clock.now()
    make_due_learners(1)
    assert User.objects.get().pk == Recipient.objects.get().pk == 1
    Recipient.objects.update(next_due_at=now + timedelta(days=3))
    make_slots("coming", slots(now, range(-150, -1)))
    return now


def add_learners(first: int, last: int) -> None:
    """Learners who are not due; their mails are spread over the week."""
    from tracker.people.models import User  # noqa: PLC0415
    from tracker.reminders.models import Recipient  # noqa: PLC0415

    count = 149 * len(ZONES)
    slot = f"JOIN coming s ON s.n = i % {count} * {STRIDE} % {count}"
    copies(User, first, last, slot, email="'learner' || i || '@example.org'", zone="s.zone")
    moments = {"weekday": "s.weekday", "hour": "s.hour", "zone": "s.zone", "next_due_at": "s.due_at"}
    copies(Recipient, first, last, slot, learner="i", unsubscribe_token="'token' || i", **moments)
    run_sql("ANALYZE")


def make_due(number: int, now: datetime) -> None:
    """So many of the learners are due, each with an address, a plan and last week's row."""
    from allauth.account.models import EmailAddress  # noqa: PLC0415

    from tracker.plans.models import Plan  # noqa: PLC0415
    from tracker.reminders.models import Reminder  # noqa: PLC0415

    count = make_slots("behind", slots(now, range(HOURS_BEHIND)))
    last = number + 1
    for table, key, columns in (
        ("people_user", "id", ("zone",)),
        ("reminders_recipient", "learner_id", ("zone", "weekday", "hour", "due_at")),
    ):
        changes = ", ".join(f"{'next_due_at' if name == 'due_at' else name} = s.{name}" for name in columns)
        run_sql(
            f"UPDATE {table} SET {changes} FROM behind s "
            f"WHERE s.n = {table}.{key} % {count} * {STRIDE} % {count} AND {table}.{key} BETWEEN 2 AND {last}"
        )
    copies(EmailAddress, 2, last, user="i", email="'learner' || i || '@example.org'")
    copies(Plan, 2, last, learner="i")
    before = now - timedelta(days=14)  # some were due in the week before this one
    year, week, _ = before.isocalendar()
    Reminder.objects.create(
        learner_id=1, iso_year=year, iso_week=week, state="sent", message_id="<first>", reason="250 taken",
        due_at=before, claimed_at=before, not_before=before, handed_over_at=before, finished_at=before,
    )  # fmt: skip
    copies(Reminder, 2, last, learner="i", message_id="'<' || i || '@example.org>'")
    Reminder.objects.filter(learner_id=1).update(claimed_at=before)
    if is_postgres():
        run_sql(
            "SELECT setval(pg_get_serial_sequence('reminders_reminder', 'id'), max(id)) "
            "FROM reminders_reminder"
        )
    run_sql("ANALYZE")


def is_postgres() -> bool:
    """Which database this process has."""
    from django.db import connection  # noqa: PLC0415

    return str(connection.vendor) == "postgresql"


def idle_milliseconds() -> float:
    """How long one tick with nobody due takes, as a worker does it; the median of many."""
    from tracker.reminders.tasks import wake  # noqa: PLC0415

    took = []
    for _ in range(TICKS):
        begun = time.perf_counter()
        wake()
        took.append(1000 * (time.perf_counter() - begun))
    return statistics.median(took)


def plan_of_a_tick() -> str:
    """How the database looks for who is due, in its own words."""
    from django.db import connection  # noqa: PLC0415
    from django.test.utils import CaptureQueriesContext  # noqa: PLC0415

    from tracker import clock  # noqa: PLC0415
    from tracker.reminders import actions  # noqa: PLC0415

    with CaptureQueriesContext(connection) as captured:
        actions.claim_due(clock.now(), BATCH)
    [asked] = [row["sql"] for row in captured.captured_queries if row["sql"].lstrip().startswith("SELECT")]
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {'' if is_postgres() else 'QUERY PLAN '}{asked}")
        return "; ".join(str(row[-1]).strip() for row in cursor.fetchall())


def claim() -> int:
    """One batch claimed as a tick claims it; how many."""
    from tracker import clock  # noqa: PLC0415
    from tracker.reminders import actions  # noqa: PLC0415

    return actions.claim_due(clock.now(), BATCH)


def bare() -> int:
    """The least that a claim can be: one statement that moves the moments of one batch; how many."""
    from django.db import connection, transaction  # noqa: PLC0415

    from tracker import clock  # noqa: PLC0415

    now = clock.now()
    adapted = connection.ops.adapt_datetimefield_value
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE reminders_recipient SET next_due_at = %s WHERE id IN (SELECT id FROM reminders_recipient "
            "WHERE next_due_at <= %s ORDER BY next_due_at LIMIT %s"
            f"{' FOR UPDATE SKIP LOCKED' if is_postgres() else ''}) RETURNING id",
            [adapted(now + timedelta(days=7)), adapted(now), BATCH],
        )
        return len(cursor.fetchall())


def work() -> None:
    """A claimer: does what each line it reads says, and prints how many learners it took."""
    ways: dict[str, Callable[[], int]] = {"claim": claim, "bare": bare}
    print("ready", flush=True)
    for line in sys.stdin:
        print(ways[line.strip()](), flush=True)


def claim_milliseconds(claimers: int, rounds: int) -> dict[str, float]:
    """How long a batch takes when so many claimers take one each at once, and the same for the bare one."""
    took: dict[str, list[float]] = {"claim": [], "bare": []}
    with ExitStack() as stack:
        workers = [
            stack.enter_context(process("bench.claims", os.environ, "--work")) for _ in range(claimers)
        ]
        for worker in workers:
            line_of(worker.stdout)

        def turn(way: str) -> float:
            begun = time.perf_counter()
            for worker in workers:
                assert worker.stdin is not None
                worker.stdin.write(f"{way}\n")
                worker.stdin.flush()
            taken = [int(line_of(worker.stdout)) for worker in workers]
            seconds = time.perf_counter() - begun
            if taken != [BATCH] * claimers:
                raise RuntimeError(f"{way} took {taken}")
            return 1000 * seconds

        for way in took:
            turn(way)
        turns = [way for way in took for _ in range(rounds)]
        # In a fixed order the one that ends each thousand pages would pay for the other's as well.
        random.Random(SEED).shuffle(turns)
        for way in turns:
            took[way].append(turn(way))
    # Every thousand pages SQLite moves its log into the database, and whoever writes then waits for all of
    # them: in the mean each pays for its own, in the median for none or for all.
    claim, bare = statistics.mean(took["claim"]), statistics.mean(took["bare"])
    return {
        "claim_ms": claim,
        "bare_ms": bare,
        "ratio": claim / bare,
        "ratio_of_medians": statistics.median(took["claim"]) / statistics.median(took["bare"]),
        "claims": claimers * (rounds + 1) * BATCH,
    }


def measure(few: int, learners: int, due: int, rounds: int | None) -> dict[str, Any]:
    """Every figure on the database of this process's environment."""
    from django.db.models import Count  # noqa: PLC0415

    from tracker.reminders.models import Reminder  # noqa: PLC0415

    begun = time.perf_counter()
    now = make_first()
    add_learners(2, few)
    idle_milliseconds()
    idle_few = idle_milliseconds()
    add_learners(few + 1, learners)
    idle_many = idle_milliseconds()
    plan = plan_of_a_tick()
    make_due(due, now)
    made = time.perf_counter() - begun
    database = "postgres" if is_postgres() else "sqlite"
    rounds = rounds or ROUNDS[database]
    claims = {str(claimers): claim_milliseconds(claimers, rounds) for claimers in CLAIMERS[database]}
    claimed = Reminder.objects.filter(state="claimed")
    wanted = sum(int(row["claims"]) for row in claims.values())
    weeks = claimed.values("learner_id", "iso_year", "iso_week").annotate(rows=Count("id"))
    if claimed.count() != wanted or claimed.values("learner_id").distinct().count() != wanted:
        raise RuntimeError(f"{claimed.count()} rows of {wanted} claims")
    return {
        "few": few,
        "learners": learners,
        "due": due,
        "idle_few_ms": idle_few,
        "idle_many_ms": idle_many,
        "plan": plan,
        "claims": claims,
        "claimed_twice": weeks.filter(rows__gt=1).count(),
        "seconds_to_make": made,
    }


# --- both databases ---------------------------------------------------------------------------------------


@contextmanager
def product(name: str, place: Path, **more: str) -> Iterator[dict[str, str]]:
    """The environment of a migrated Cairn with an empty database, durability on: `sqlite` or `postgres`."""
    from tests.servers import start_postgres  # noqa: PLC0415

    data = place / name
    data.mkdir()
    environment = {
        **base_environment(),
        "DJANGO_SETTINGS_MODULE": "tracker.settings",
        "CAIRN_DATA": str(data),
        **more,
    }
    server = start_postgres(place / "server", durable=True) if name == "postgres" else None
    if server is not None:
        environment["DATABASE_URL"] = server.url
    try:
        python(environment, "manage.py", "migrate", "--verbosity", "0")
        yield environment
    finally:
        if server is not None:
            server.stop()


def on_both(names: list[str], arguments: list[str]) -> dict[str, dict[str, Any]]:
    """The figures by the name of the database."""
    found = {}
    for name in names:
        with (
            tempfile.TemporaryDirectory(prefix="cairn-bench-") as place,
            product(name, Path(place)) as environment,
        ):
            found[name] = json.loads(python(environment, "-m", "bench.claims", "--measure", *arguments))
    return found


def said(figures: Mapping[str, Any]) -> list[str]:
    """The figures as lines under the table."""
    lines = []
    for name, title in (("sqlite", "SQLite"), ("postgres", "PostgreSQL")):
        if name not in figures:
            continue
        row = figures[name]
        uses = "by its index" if "recipients_due" in row["plan"] else "NOT BY ITS INDEX"
        lines.append(
            f"A tick with nobody due on {title}: {row['idle_many_ms']:.1f} ms among {row['learners']:,} "
            f"learners, {row['idle_few_ms']:.1f} among {row['few']:,}: "
            f"{row['idle_many_ms'] / row['idle_few_ms']:.2f} of it (aim: 1), {uses}."
        )
        for claimers, each in row["claims"].items():
            at_once = "one claimer" if claimers == "1" else f"{claimers} claimers at once"
            verdict = "" if each["ratio"] <= LIMIT else ", WHICH DOES NOT HOLD"
            lines.append(
                f"A claim of {BATCH} of {row['due']:,} due on {title}, {at_once}: {each['claim_ms']:.0f} ms, "
                f"{each['ratio']:.2f} times a bare UPDATE ({each['bare_ms']:.0f} ms; "
                f"limit {LIMIT:g}{verdict}); "
                f"claimed twice: {row['claimed_twice']}."
            )
    return lines


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Measure ticks and claims among many learners.")
    parser.add_argument("--learners", type=int, default=LEARNERS, help=f"not due and due ({LEARNERS:,})")
    parser.add_argument("--few", type=int, default=FEW, help=f"what an idle tick is compared with ({FEW:,})")
    parser.add_argument("--due", type=int, default=DUE, help=f"of them due ({DUE:,})")
    parser.add_argument("--rounds", type=int, help=f"of each way, in turns ({ROUNDS})")
    parser.add_argument("--database", choices=list(CLAIMERS), help="this one alone")
    parser.add_argument("--work", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        django.setup()
        work()
    elif options.measure:
        django.setup()
        print(json.dumps(measure(options.few, options.learners, options.due, options.rounds)))
    else:
        sizes = [f"--{name}={getattr(options, name)}" for name in ("few", "learners", "due")]
        sizes += [f"--rounds={options.rounds}"] if options.rounds else []
        names = [options.database] if options.database else list(CLAIMERS)
        print(json.dumps(on_both(names, sizes)))


if __name__ == "__main__":
    main()
