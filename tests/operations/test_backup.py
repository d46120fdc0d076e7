"""Backup while others write, restore while nobody runs: real files, real commands."""

import io
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.sessions.models import Session
from django.core.management import call_command

from curriculum.catalogue import Catalogue
from tests.fixtures.cast import NOW, browser_of, make_plan
from tests.servers import ROOT, clean_environment
from tracker.desk.restore import REASON, settle
from tracker.operations import backup
from tracker.operations.processes import end_group, wait_until
from tracker.operations.supervisor import take_lock
from tracker.people import actions as people_actions
from tracker.people.models import ApiToken, User
from tracker.reminders import actions as reminders_actions
from tracker.reminders.models import Recipient, Reminder

# Ends each transaction with as many rows of one name as of the other.
WRITER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], timeout=20, isolation_level=None)
number = 0
while True:
    connection.execute("BEGIN IMMEDIATE")
    for name in ("left", "right"):
        connection.execute(
            "INSERT INTO operations_heartbeat (name, beat_at) VALUES (?, '2026-11-19')", (f"{name}-{number}",)
        )
    connection.execute("COMMIT")
    number += 1
"""


class Instance:
    """A data folder and what its operator does with it."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.database = data / "cairn.sqlite3"

    def manage(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=clean_environment(CAIRN_DATA=str(self.data), **more),
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def must(self, *arguments: str) -> str:
        done = self.manage(*arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def refused(self, *arguments: str, **more: str) -> str:
        """What the command says instead of doing anything; the folder is as it was, byte for byte."""
        before = content_of(self.data)
        done = self.manage(*arguments, **more)
        assert done.returncode == 1, done.stdout
        assert content_of(self.data) == before
        assert done.stderr.startswith("CommandError: "), done.stderr
        return done.stderr.strip()

    def run(self, statement: str) -> None:
        with closing(sqlite3.connect(self.database)) as connection, connection:
            connection.execute(statement)


def content_of(folder: Path) -> dict[str, bytes]:
    """Every file by its name, but for the lock's, which names whoever held it last."""
    return {str(p): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file() and p.name != "lock"}


def rows_of(database: Path) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table."""
    with closing(sqlite3.connect(database)) as connection:
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {
            table: sorted(connection.execute(f'SELECT * FROM "{table}"'), key=repr)
            for table in tables
            if table != "sqlite_sequence"
        }


def count(database: Path, name: str) -> int:
    with closing(sqlite3.connect(database)) as connection:
        found = connection.execute(
            "SELECT count(*) FROM operations_heartbeat WHERE name LIKE ?", (f"{name}-%",)
        ).fetchone()
    return int(found[0])


@pytest.fixture(scope="module")
def finished_instance(tmp_path_factory: pytest.TempPathFactory) -> Instance:
    """An instance with the curriculum and the demo learner, to be copied."""
    instance = Instance(tmp_path_factory.mktemp("instance") / "data")
    instance.must("demo", "--force")
    # Nobody is due, whatever day this runs on.
    instance.run("UPDATE reminders_recipient SET next_due_at = NULL")
    return instance


@pytest.fixture
def instance(finished_instance: Instance, tmp_path: Path) -> Instance:
    shutil.copytree(finished_instance.data, tmp_path / "data")
    (tmp_path / "data").chmod(0o700)
    return Instance(tmp_path / "data")


@pytest.fixture
def kept_backup(instance: Instance, tmp_path: Path) -> Path:
    """A backup of the instance in a folder of its own."""
    (tmp_path / "elsewhere").mkdir()
    file = tmp_path / "elsewhere" / "cairn.backup"
    backup.back_up(instance.database, file)
    return file


# --- backup -------------------------------------------------------------------------------------------------


def test_backup_is_one_private_file_with_every_row(instance: Instance, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    file = tmp_path / "elsewhere" / "cairn.backup"
    said = instance.must("backup", str(file))
    assert str(file) in said
    assert list(file.parent.iterdir()) == [file]
    assert file.stat().st_mode & 0o777 == 0o600
    assert rows_of(file) == rows_of(instance.database)
    assert len(rows_of(file)["journal_studysession"]) > 50


@pytest.fixture
def writer(instance: Instance) -> Iterator[None]:
    """Another process that writes all the time."""
    process = subprocess.Popen([sys.executable, "-c", WRITER, str(instance.database)], process_group=0)
    try:
        assert wait_until(lambda: count(instance.database, "right") > 0, 20)
        yield
        assert process.poll() is None, "the writer failed"
    finally:
        end_group(process, signal.SIGTERM, grace=5)


@pytest.mark.usefixtures("writer")
def test_backup_under_concurrent_writes_is_of_one_moment(instance: Instance, tmp_path: Path) -> None:
    pairs = []
    for number in range(5):
        file = tmp_path / f"cairn-{number}.backup"
        backup.back_up(instance.database, file)
        assert count(file, "left") == count(file, "right")
        pairs.append(count(file, "right"))
        # Somebody wrote between this copy and the next.
        assert wait_until(lambda seen=pairs[-1]: count(instance.database, "right") > seen, 20)  # type: ignore[misc]
    assert pairs == sorted(set(pairs))


def test_backup_overwrites_nothing(instance: Instance, tmp_path: Path) -> None:
    file = tmp_path / "cairn.backup"
    file.write_text("something dear")
    assert "exists already and is not overwritten" in instance.refused("backup", str(file))
    assert file.read_text() == "something dear"
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    with pytest.raises(backup.BackupError, match="exists already"):
        backup.back_up(instance.database, tmp_path / "link")


def test_backup_needs_a_database_and_a_folder(instance: Instance, tmp_path: Path) -> None:
    with pytest.raises(backup.BackupError, match="There is no database at"):
        backup.back_up(tmp_path / "none.sqlite3", tmp_path / "cairn.backup")
    with pytest.raises(backup.BackupError, match="Nothing can be written in"):
        backup.back_up(instance.database, tmp_path / "missing" / "cairn.backup")
    assert not (tmp_path / "none.sqlite3").exists()


def test_backup_of_a_damaged_database_leaves_nothing(instance: Instance, tmp_path: Path) -> None:
    damage(instance.database)
    (tmp_path / "elsewhere").mkdir()
    with pytest.raises(backup.BackupError, match=r"damaged|not a sound|could not be copied"):
        backup.back_up(instance.database, tmp_path / "elsewhere" / "cairn.backup")
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_on_postgresql_the_right_tool_is_named(instance: Instance, tmp_path: Path) -> None:
    address = {"DATABASE_URL": "postgresql://cairn:secret-word@127.0.0.1:1/cairn"}
    for command, tool in (("backup", "pg_dump"), ("restore", "pg_restore")):
        said = instance.refused(command, str(tmp_path / "cairn.backup"), **address)
        assert tool in said
        assert "secret-word" not in said


# --- restore ------------------------------------------------------------------------------------------------


def test_restore_brings_every_row_back_and_can_be_undone(instance: Instance, kept_backup: Path) -> None:
    before = rows_of(instance.database)
    instance.run("DELETE FROM journal_sessioncorrection")
    instance.run("DELETE FROM journal_studysession")
    instance.run("UPDATE people_user SET email = 'changed@example.org'")
    changed = rows_of(instance.database)
    said = instance.must("restore", str(kept_backup))
    kept = instance.data / "cairn.sqlite3.before-restore-1"
    assert str(kept) in said
    assert rows_of(instance.database) == before
    assert rows_of(kept) == changed
    for file in (kept, instance.database):
        assert file.stat().st_mode & 0o777 == 0o600
    instance.must("restore", str(kept))
    assert rows_of(instance.database) == changed
    assert rows_of(instance.data / "cairn.sqlite3.before-restore-2") == before
    assert sorted(p.name for p in instance.data.glob("*cairn*")) == [
        "cairn.sqlite3",
        "cairn.sqlite3.before-restore-1",
        "cairn.sqlite3.before-restore-2",
    ]


def test_restore_on_a_machine_that_has_nothing_yet(kept_backup: Path, tmp_path: Path) -> None:
    fresh = Instance(tmp_path / "fresh")
    assert "before-restore" not in fresh.must("restore", str(kept_backup))
    assert rows_of(fresh.database) == rows_of(kept_backup)


def test_restore_brings_an_older_database_up_to_date(instance: Instance, tmp_path: Path) -> None:
    latest = rows_of(instance.database)
    instance.must("migrate", "milestones", "zero", "-v", "0")
    instance.must("backup", str(tmp_path / "older.backup"))
    assert "milestones_completion" not in rows_of(tmp_path / "older.backup")
    instance.must("restore", str(tmp_path / "older.backup"))
    now = rows_of(instance.database)
    assert now.keys() == latest.keys()
    assert now["milestones_completion"] == []
    assert now["journal_studysession"] == latest["journal_studysession"]


def test_restore_is_refused_while_cairn_runs(instance: Instance, kept_backup: Path) -> None:
    (instance.data / "run").mkdir(mode=0o700, exist_ok=True)
    lock = take_lock(instance.data / "run")
    try:
        assert "Cairn is already running on the data" in instance.refused("restore", str(kept_backup))
    finally:
        os.close(lock)


def test_restore_holds_the_lock_for_its_own_time_alone(instance: Instance, kept_backup: Path) -> None:
    instance.must("restore", str(kept_backup))
    os.close(take_lock(instance.data / "run"))


def no_preparation(database: Path) -> None:
    raise AssertionError(f"{database} was to be refused before this")


def put(file: Path, present: Path) -> Path | None:
    """Restores without a migration."""
    return backup.restore(file, present, backup.known_migrations(), lambda _: None)


def test_restore_is_refused_while_somebody_else_has_the_database_open(
    instance: Instance, kept_backup: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backup, "BUSY_SECONDS", 0.2)
    with closing(sqlite3.connect(instance.database)) as other:
        other.execute("PRAGMA journal_mode=WAL")
        other.execute("SELECT count(*) FROM people_user").fetchone()
        with pytest.raises(backup.BackupError, match="Another process has"):
            put(kept_backup, instance.database)
        assert other.execute("SELECT count(*) FROM people_user").fetchone() == (1,)
    assert not list(instance.data.glob("*before-restore*"))
    assert not list(instance.data.glob(".cairn*"))


def damage(file: Path) -> None:
    """Overwrites pages in the middle."""
    size = file.stat().st_size
    with file.open("r+b") as opened:
        opened.seek(size // 2 // 4096 * 4096)
        opened.write(b"\xff" * 16384)


def cut_short(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2)


def empty(file: Path) -> None:
    os.truncate(file, 0)


def text(file: Path) -> None:
    file.write_text("Dear diary, " * 1000)


def foreign(file: Path) -> None:
    file.unlink()
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("CREATE TABLE people_user (id INTEGER PRIMARY KEY)")


def other_django(file: Path) -> None:
    execute(file, "DELETE FROM django_migrations WHERE app = 'people'")


APPLIED = "INSERT INTO django_migrations (app, name, applied) VALUES ('{app}', '{name}', '2030-01-01')"


def newer(file: Path) -> None:
    execute(
        file,
        "INSERT INTO django_migrations (app, name, applied) VALUES ('people', '0999_later', '2030-01-01')",
    )


def newer_app(file: Path) -> None:
    execute(
        file,
        "INSERT INTO django_migrations (app, name, applied) VALUES ('later', '0001_initial', '2030-01-01')",
    )


def orphaned(file: Path) -> None:
    execute(file, "DELETE FROM people_user")


def gone(file: Path) -> None:
    file.unlink()


def folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def execute(file: Path, statement: str) -> None:
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute(statement)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (damage, "damaged|not a sound"),
        (cut_short, "damaged|not a sound"),
        (empty, "is empty"),
        (text, "not a sound SQLite database"),
        (foreign, "not a database of Cairn"),
        (other_django, "not a database of Cairn"),
        (newer, "written by a newer Cairn .it has people.0999_later.: update Cairn"),
        (newer_app, "written by a newer Cairn .it has later.0001_initial.: update Cairn"),
        (orphaned, "points nowhere"),
        (gone, "There is no file"),
        (folder, "There is no file"),
    ],
)
def test_what_is_no_backup_is_refused_and_nothing_changed(
    instance: Instance, kept_backup: Path, spoil: Callable[[Path], None], reason: str
) -> None:
    spoil(kept_backup)
    before = content_of(instance.data)
    with pytest.raises(backup.BackupError, match=reason):
        backup.restore(kept_backup, instance.database, backup.known_migrations(), no_preparation)
    assert content_of(instance.data) == before


def test_the_command_says_so_too(instance: Instance, kept_backup: Path) -> None:
    newer(kept_backup)
    assert instance.refused("restore", str(kept_backup)).endswith("Nothing was changed.")
    assert "in use" in instance.refused("restore", str(instance.database))


def test_a_failed_preparation_changes_nothing(instance: Instance, kept_backup: Path) -> None:
    def fail(database: Path) -> None:
        execute(database, "DELETE FROM journal_sessioncorrection")
        raise KeyboardInterrupt

    before = content_of(instance.data)
    with pytest.raises(KeyboardInterrupt):
        backup.restore(kept_backup, instance.database, backup.known_migrations(), fail)
    assert content_of(instance.data) == before


# The first is tried again, on a table that is there already. Others build on the second.
@pytest.mark.parametrize("app", ["sharing", "milestones"])
def test_a_migration_that_fails_changes_nothing(instance: Instance, kept_backup: Path, app: str) -> None:
    execute(kept_backup, f"DELETE FROM django_migrations WHERE app = '{app}'")
    said = instance.refused("restore", str(kept_backup))
    assert "could not be brought up to date" in said
    assert said.endswith("Nothing was changed.")


def test_what_a_killed_instance_left_in_the_log_is_kept(instance: Instance, kept_backup: Path) -> None:
    with closing(sqlite3.connect(instance.database)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        with connection:
            connection.execute("UPDATE people_user SET email = 'late@example.org'")
        # As they lie there after SIGKILL: the change is in the log alone.
        copies = {p: p.read_bytes() for p in instance.data.glob("cairn.sqlite3*")}
    for path, content in copies.items():
        path.write_bytes(content)
    log = Path(f"{instance.database}-wal")
    assert log.stat().st_size
    kept = put(kept_backup, instance.database)
    assert kept is not None
    assert not log.exists()
    assert rows_of(instance.database) == rows_of(kept_backup)
    with closing(sqlite3.connect(kept)) as connection:
        assert connection.execute("SELECT email FROM people_user").fetchall() == [("late@example.org",)]


def test_a_damaged_database_is_replaced_and_kept_with_its_log(instance: Instance, kept_backup: Path) -> None:
    instance.database.write_bytes(b"not a database any more" * 100)
    log = Path(f"{instance.database}-wal")
    log.write_bytes(b"the log")
    kept = put(kept_backup, instance.database)
    assert kept is not None
    assert kept.read_bytes() == b"not a database any more" * 100
    assert Path(f"{kept}-wal").read_bytes() == b"the log"
    assert not log.exists()
    assert rows_of(instance.database) == rows_of(kept_backup)


def test_a_plain_copy_is_taken_with_the_log_beside_it(instance: Instance, tmp_path: Path) -> None:
    copy = tmp_path / "copy.sqlite3"
    with closing(sqlite3.connect(instance.database)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        with connection:
            connection.execute("UPDATE people_user SET email = 'late@example.org'")
        shutil.copyfile(instance.database, copy)
        shutil.copyfile(f"{instance.database}-wal", f"{copy}-wal")
    put(copy, instance.database)
    with closing(sqlite3.connect(instance.database)) as connection:
        assert connection.execute("SELECT email FROM people_user").fetchall() == [("late@example.org",)]


# --- what a restored database must not do -----------------------------------------------------------------


def subscribed(learner: User) -> Recipient:
    return reminders_actions.set_reminder(
        learner, 4, 18, wording="Mail me.", place="settings", now=NOW - timedelta(days=14)
    )


def test_mail_that_may_have_gone_out_becomes_unknown(alice: User, bob: User, curriculum: Catalogue) -> None:
    make_plan(alice, curriculum)
    make_plan(bob, curriculum)
    # Alice was due two weeks ago, last week and is due today at 18:00; Bob is due tomorrow.
    subscribed(alice)
    due_today = reminders_actions.set_reminder(
        bob, 5, 18, wording="Mail me.", place="settings", now=NOW - timedelta(days=1)
    )
    settle(NOW + timedelta(hours=10))
    weeks = Reminder.objects.filter(learner=alice).order_by("due_at")
    assert [(row.state, row.reason) for row in weeks] == [
        ("skipped", "late"),
        ("skipped", "late"),
        ("unknown", REASON),
    ]
    assert Recipient.objects.get(learner=alice).next_due_at == NOW + timedelta(days=7, hours=8)
    assert not Reminder.objects.filter(learner=bob).exists()
    assert Recipient.objects.get(learner=bob).next_due_at == due_today.next_due_at


def test_no_token_is_good_in_a_restored_database(alice: User) -> None:
    # One that was revoked since the backup was made would be good again.
    people_actions.make_token(alice, name="laptop", scope="log", expires_at=None, now=NOW)
    settle(NOW + timedelta(hours=1))
    assert ApiToken.objects.get().revoked_at == NOW + timedelta(hours=1)


@pytest.mark.parametrize("state", ["claimed", "handing_over"])
def test_mail_that_was_under_way_becomes_unknown(alice: User, curriculum: Catalogue, state: str) -> None:
    make_plan(alice, curriculum)
    recipient = subscribed(alice)
    assert recipient.next_due_at is not None
    reminders_actions.claim_due(recipient.next_due_at, 10)
    Reminder.objects.update(state=state, leased_until=NOW)
    settle(recipient.next_due_at + timedelta(hours=1))
    row = Reminder.objects.get()
    assert (row.state, row.leased_until) == ("unknown", None)
    assert row.finished_at is not None


@pytest.mark.parametrize("state", ["sent", "failed", "skipped", "unknown"])
def test_mail_that_is_settled_stays_as_it_is(alice: User, curriculum: Catalogue, state: str) -> None:
    make_plan(alice, curriculum)
    recipient = subscribed(alice)
    assert recipient.next_due_at is not None
    reminders_actions.claim_due(recipient.next_due_at, 10)
    Reminder.objects.update(state=state, reason="250 ok")
    settle(recipient.next_due_at + timedelta(hours=1))
    assert list(Reminder.objects.values_list("state", "reason")) == [(state, "250 ok")]


@pytest.mark.usefixtures("now")
def test_everybody_has_to_log_in_again(alice: User) -> None:
    browser = browser_of(alice)
    assert Session.objects.count() == 1
    call_command("settle_restored", stdout=io.StringIO())
    assert Session.objects.count() == 0
    assert browser.get("/settings/").status_code == 302
