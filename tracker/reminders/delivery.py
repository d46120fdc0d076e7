"""One batch of weekly mails: leased, decided on once more, written, handed over, recorded.

Each mail costs two one-row writes: its hand-over begins, its hand-over ends. What is read is read for the
batch, or for a chunk of it.
"""

import logging
import secrets
import time
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from email.utils import parseaddr
from typing import Protocol
from uuid import UUID, uuid4

from django.conf import settings
from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.smtp import EmailBackend
from django.db import InterfaceError, OperationalError, connection, transaction

from tracker.milestones.queries import completed_by
from tracker.operations.mailfiles import FileBackend
from tracker.people.actions import token_hash
from tracker.plans.queries import Standing, facts, stand
from tracker.recall import queries as recall_queries
from tracker.reminders import actions, channels, mail, posting, queries, rules
from tracker.reminders.mail import Letter
from tracker.reminders.models import Reminder
from tracker.reminders.queries import Leased
from tracker.reminders.rules import Outcome
from tracker.reminders.smtp import Begin, Conversation, Envelope, Result, hand_over, wire_form

log = logging.getLogger(__name__)

# So many mails are asked about at once, shortly before they go: are they still wanted?
CHUNK = 25
# A server that drops so many connections in a row, with no mail taken or refused for good, is left alone.
LOSSES_IN_A_ROW = 3
RECORD_WITHIN_SECONDS = 120
# For so long a batch turns to channels other than mail: receivers may be slow, and mails wait for the worker.
POSTS_A_BATCH = timedelta(minutes=1)
# No local day is longer: 24 hours, and one more when clocks go back.
ONE_DAY = timedelta(hours=26)
DATABASE_IS_AWAY = (OperationalError, InterfaceError)


class NoServerError(Exception):
    """No connection to the mail server, or none that lasts."""


class Courier(Protocol):
    """Hands mails over, several at a time where it can."""

    def ready_for(self, number: int) -> int:
        """How many of so many mails it can take at once now, one at least. Raises NoServerError."""

    def hand_over(self, letters: Sequence[Letter], begin: Begin) -> list[Result | None]:
        """Hands these over, at most as many as it is ready for, and says what became of each.

        Calls `begin` once, right before the server can have those that it is ready to take. None stands for a
        letter to which `begin` said no: it did not leave.
        """

    def close(self) -> None:
        """Ends what was begun."""


class SmtpCourier:
    """A few connections side by side; a lost one is replaced, but not for ever.

    In each round every connection is brought to where the server waits for a body. Then one commit notes all
    these hand-overs, and the bodies leave: the disk, the slowest of all, is waited for once a round.
    """

    def __init__(self) -> None:
        self._conversations: list[Conversation] = []
        self._most: int = settings.SMTP_CONNECTIONS
        self._losses = 0

    def ready_for(self, number: int) -> int:
        self._conversations = [each for each in self._conversations if each.is_open]
        if not self._conversations and self._losses >= LOSSES_IN_A_ROW:
            raise NoServerError(f"The mail server dropped the connection {self._losses} times in a row.")
        while len(self._conversations) < min(number, self._most):
            backend = get_connection()
            assert isinstance(backend, EmailBackend)
            try:
                self._conversations.append(Conversation(backend))
            except OSError as error:
                if not self._conversations:
                    raise NoServerError(f"No connection to the mail server: {error}") from error
                # It wants no more of them at once.
                self._most = len(self._conversations)
        return min(number, len(self._conversations))

    def hand_over(self, letters: Sequence[Letter], begin: Begin) -> list[Result | None]:
        results: list[Result | None] = [None] * len(letters)
        mails: dict[int, tuple[Conversation, Envelope]] = {}
        for place, (letter, conversation) in enumerate(zip(letters, self._conversations, strict=False)):
            try:
                mails[place] = conversation, envelope_of(letter)
            except ValueError as error:
                results[place] = Result(Outcome.FAILED, f"The mail cannot be carried by SMTP: {error}.")
        for place, result in hand_over(mails, begin).items():
            results[place] = result
        self._count_losses(results)
        return results

    def _count_losses(self, results: Sequence[Result | None]) -> None:
        if any(result and result.outcome in {Outcome.SENT, Outcome.FAILED} for result in results):
            self._losses = 0
        elif not all(each.is_open for each in self._conversations):
            self._losses += 1

    def close(self) -> None:
        for conversation in self._conversations:
            conversation.close()


def envelope_of(letter: Letter) -> Envelope:
    """The letter as SMTP carries it. Raises ValueError where it cannot."""
    return Envelope(
        sender=parseaddr(letter.sender)[1],
        to=mail.to_ascii_domain(letter.to),
        wire=wire_form(letter.as_bytes()),
        needs_utf8=letter.needs_utf8,
    )


class BackendCourier:
    """Any other Django backend: nothing is known between the call and its return."""

    def __init__(self, backend: BaseEmailBackend) -> None:
        self._backend = backend

    def ready_for(self, number: int) -> int:
        return min(number, 1)

    def hand_over(self, letters: Sequence[Letter], begin: Begin) -> list[Result | None]:
        return [self._hand_over(letter, begin) for letter in letters]

    def _hand_over(self, letter: Letter, begin: Begin) -> Result | None:
        try:
            message = letter.as_django(self._backend)
        except ValueError as error:
            return Result(Outcome.FAILED, f"The mail cannot be written: {error}.")
        if not begin([0]):
            return None
        try:
            taken = self._backend.send_messages([message])
        except Exception as error:
            log.exception("A mail could not be handed over.")
            # A file is renamed to the Message-ID's name last: what failed is not there.
            again = isinstance(self._backend, FileBackend)
            return Result(Outcome.AGAIN if again else Outcome.UNKNOWN, f"The mail backend failed: {error}")
        return Result(Outcome.SENT, "") if taken else Result(Outcome.AGAIN, "The mail backend took no mail.")

    def close(self) -> None:
        """Nothing is kept open."""


def courier() -> Courier:
    """The courier for the backend that the settings name."""
    backend = get_connection()
    return SmtpCourier() if isinstance(backend, EmailBackend) else BackendCourier(backend)


@dataclass(frozen=True, slots=True)
class Work:
    """A leased row that is to go out, with what its mail says."""

    leased: Leased
    standing: Standing
    completed: Sequence[tuple[str, date]]  # milestones with their days
    is_silent: bool
    recheck_key: str  # of the question that is due; empty where none is

    @property
    def pk(self) -> int:
        return int(self.leased.reminder.pk)

    @property
    def is_asked_for(self) -> bool:
        """Whether the learner wanted this one now."""
        return self.leased.reminder.kind == Reminder.Kind.ASKED_FOR


def standings(on: Mapping[int, date]) -> dict[int, tuple[Standing, str]]:
    """Where these learners stand, and the key of the question that is due. Six queries, however many."""
    found = facts(on)
    days = recall_queries.days(found.values())
    return {
        learner_id: (stand(each), days[learner_id].question_key if learner_id in days else "")
        for learner_id, each in found.items()
    }


@dataclass(frozen=True, slots=True)
class Written:
    """A mail, and what is kept of the link in it that logs study."""

    letter: Letter
    link: actions.LogLink


def deliver(limit: int, *, now: Callable[[], datetime], stopping: Callable[[], bool]) -> Counter[str]:
    """Leases up to `limit` rows and hands their mails over, all on one connection if it lasts.

    now: the clock, read at each hand-over. stopping: asked before each mail; the rest is given back then.
    Returns how many mails went which way.
    """
    begun_at = now()
    token = uuid4()
    ids = actions.lease(begun_at, limit, token)
    batch = Batch(token, now, begun_at)
    if ids:
        batch.run(queries.leased(ids), stopping)
        log.info("Reminders: %s", ", ".join(f"{n} {word}" for word, n in sorted(batch.counts.items())))
    return batch.counts


class Batch:
    """The rows of one lease on their way."""

    def __init__(self, token: UUID, now: Callable[[], datetime], begun_at: datetime) -> None:
        self.token = token
        self.now = now
        # Nothing is begun near the end of the lease: soon the row may be another worker's.
        self.ends_at = begun_at + actions.lease_length() - rules.lease_margin(actions.lease_length())
        self.counts: Counter[str] = Counter()
        # They write that mails were sent whose outcome is not written yet.
        self.unwritten: list[Callable[[], object]] = []

    def run(self, rows: list[Leased], stopping: Callable[[], bool]) -> None:
        """Every row is settled, put off, or given back when this returns."""
        works = self.decided(rows)
        self.send_all(deque(work for work in works if work.leased.channel is None), stopping)
        self.post_all(deque(work for work in works if work.leased.channel is not None), stopping)

    def send_all(self, waiting: deque[Work], stopping: Callable[[], bool]) -> None:
        """The mails, on connections that stay open if they last."""
        if not waiting:
            return
        mails = courier()
        fresh = 0  # of those at the front so many are known to be wanted
        try:
            while waiting:
                if not fresh:
                    fresh = self.settle_unwanted_in(waiting)
                    continue
                if stopping() or self.now() >= self.ends_at:
                    self.give_back(waiting)
                    return
                works = [waiting[place] for place in range(mails.ready_for(min(fresh, len(waiting))))]
                self.send(works, mails)
                for _ in works:
                    waiting.popleft()
                fresh -= len(works)
        except NoServerError as error:
            self.put_off(waiting, str(error))
        finally:
            self.write_outcomes()
            mails.close()

    def settle_unwanted_in(self, waiting: deque[Work]) -> int:
        """Takes out of the next few what is wanted no more; how many of them are left at the front."""
        chunk = [waiting.popleft() for _ in range(min(CHUNK, len(waiting)))]
        wanted = queries.still_wanted([work.pk for work in chunk], self.token)
        going = [work for work in chunk if work.pk in wanted]
        for work in chunk:
            if work.pk not in wanted:
                self.settle_unwanted(work)
        waiting.extendleft(reversed(going))
        return len(going)

    def post_all(self, waiting: deque[Work], stopping: Callable[[], bool]) -> None:
        """What goes by a learner's own channel, one by one. What a minute is too short for is given back."""
        ends_at = min(self.ends_at, self.now() + POSTS_A_BATCH)
        while waiting:
            if stopping() or self.now() >= ends_at:
                self.give_back(waiting)
                return
            self.post(waiting[0])
            waiting.popleft()

    def decided(self, rows: list[Leased]) -> list[Work]:
        """The rows that are to go out; the others are recorded as skipped."""
        now = self.now()
        rows = posting.with_channels(rows, now)
        by_mail = [row.reminder.pk for row in rows if row.channel is None and row.reminder.channel != "mail"]
        surely(lambda: channels.note_mail(by_mail, self.token))
        found = self.standings_of(rows, now)
        learner_ids = [row.person.learner_id for row in rows]
        completed = completed_by(learner_ids)
        mailed = queries.handed_over_since(learner_ids, now - ONE_DAY)
        mailed_on = {
            (row.person.learner_id, at.astimezone(row.person.zone).date())
            for row in rows
            for at in mailed[row.person.learner_id]
        }
        going = []
        for row in rows:
            told = found.get(row.person.learner_id)
            if told is None:
                self.record(row, Result(Outcome.AGAIN, "What the mail says could not be worked out."))
                continue
            standing, recheck_key = told
            milestones = completed[row.person.learner_id]
            work = Work(row, standing, milestones, is_silent(standing, milestones), recheck_key)
            today = (standing.learner_id, standing.on)
            if skip := rules.decide(prospect_of(work, was_mailed=today in mailed_on), now):
                self.skip(row, skip)
            else:
                # At most one mail a day to a person, also out of one batch.
                mailed_on.add(today)
                going.append(work)
        return going

    def standings_of(self, rows: list[Leased], now: datetime) -> dict[int, tuple[Standing, str]]:
        """Where the learners stand, and the key of the question that is due.

        One whose numbers cannot be had is left out, and holds up nobody else.
        """
        on = {row.person.learner_id: now.astimezone(row.person.zone).date() for row in rows}
        try:
            return standings(on)
        except DATABASE_IS_AWAY:
            raise
        except Exception:
            log.exception("The standings of a batch could not be worked out; they are tried one by one.")
        found: dict[int, tuple[Standing, str]] = {}
        for learner_id, today in on.items():
            try:
                found |= standings({learner_id: today})
            except DATABASE_IS_AWAY:
                raise
            except Exception:
                log.exception("The standing of learner %d could not be worked out.", learner_id)
        return found

    def send(self, works: Sequence[Work], mails: Courier) -> None:
        """Hands these mails over together and records what became of each."""
        written = [(work, each) for work in works if (each := self.written(work)) is not None]

        def begin(places: Sequence[int]) -> Collection[int]:
            # One commit for all of them, and for the outcomes of those before.
            with transaction.atomic():
                for write in self.unwritten:
                    write()
                begun = [place for place in places if self.begin_hand_over(*written[place])]
            self.unwritten = []
            return begun

        results: Sequence[Result | None]
        try:
            results = mails.hand_over([each.letter for _, each in written], begin)
        except DATABASE_IS_AWAY as error:
            # It was `begin` that failed, so no body left, whether or not the write was kept.
            away = Result(Outcome.AGAIN, f"The database did not answer before the body left: {error}")
            results = [away] * len(written)
            # This waits until the database is back.
            self.write_outcomes()
        for (work, _), result in zip(written, results, strict=True):
            if result is None:
                self.settle_unwanted(work)
            else:
                self.record(work.leased, result)

    def written(self, work: Work) -> Written | None:
        """The mail, and what is kept of its link; None where it cannot be written, which is recorded."""
        try:
            log_token = secrets.token_urlsafe(32)
            said = (work.leased, work.standing, self.now(), log_token, work.completed)
            if work.is_silent and not work.is_asked_for:
                letter = mail.short_letter(*said)
            else:
                letter = mail.weekly_letter(*said, work.recheck_key)
        except Exception as error:
            log.exception("The mail of reminder %d could not be written.", work.pk)
            self.record(work.leased, Result(Outcome.AGAIN, f"The mail could not be written: {error}"))
            return None
        link = actions.LogLink(
            token_hash=token_hash(log_token),
            activity_keys=tuple(item.standing.activity.key for item in work.standing.next),
            password_stamp=work.leased.person.password_stamp,
        )
        return Written(letter, link)

    def begin_hand_over(self, work: Work, mailed: Written) -> bool:
        """The first write of a mail; False where it must not leave."""
        row, now = work.leased, self.now()
        return actions.begin_hand_over(
            work.pk,
            self.token,
            mailed.letter.to,
            now,
            mailed.link,
            message_id=row.reminder.message_id,
            day_begins=row.person.day_begins(now),
        )

    def post(self, work: Work) -> None:
        """The same for a message that goes by its learner's channel."""
        result = posting.post(
            work.leased,
            work.standing,
            work.completed,
            is_short=work.is_silent and not work.is_asked_for,
            token=self.token,
            now=self.now,
            surely=surely,
        )
        if result is None:
            self.settle_unwanted(work)
        else:
            self.record(work.leased, result)
            # Before the next receiver, which may be slow.
            self.write_outcomes()

    def record(self, row: Leased, result: Result) -> None:
        """The second write of a mail. That it was sent is committed with the next ones' first writes."""
        pk, token, now = row.reminder.pk, self.token, self.now()

        def write() -> bool:
            match result.outcome:
                case Outcome.SENT:
                    return actions.record_sent(pk, token, now, result.reason)
                case Outcome.FAILED:
                    return actions.record_failed(pk, token, now, result.reason)
                case Outcome.UNKNOWN:
                    return actions.record_unknown(pk, token, now, result.reason)
                case Outcome.AGAIN:
                    attempts = row.reminder.attempts + 1
                    return actions.record_again(pk, token, now, result.reason, attempts=attempts)

        if result.outcome is Outcome.SENT:
            self.unwritten.append(write)
        else:
            surely(write)
        self.counts[result.outcome] += 1

    def write_outcomes(self) -> None:
        """Writes the outcomes that wait for the next mails, where none come that could take them along."""
        if not self.unwritten:
            return

        @transaction.atomic
        def write_all() -> None:
            for write in self.unwritten:
                write()

        surely(write_all)
        self.unwritten = []

    def skip(self, row: Leased, reason: str) -> None:
        surely(lambda: actions.record_skipped(row.reminder.pk, self.token, self.now(), reason))
        self.counts["skipped"] += 1

    def settle_unwanted(self, work: Work) -> None:
        """Something changed since the row was read: it is read again, and skipped with the reason.

        Where there is none (the address changed, the lease was lost) the row is given back, or was never
        this worker's to give.
        """
        for row in queries.leased([work.pk]):
            reason = rules.decide(prospect_of(replace(work, leased=row)), self.now())
            if reason:
                self.skip(row, reason)
                return
        self.give_back([work])

    def give_back(self, works: Iterable[Work]) -> None:
        ids = [work.pk for work in works]
        surely(lambda: actions.give_back(ids, self.token))
        self.counts["given back"] += len(ids)

    def put_off(self, works: Iterable[Work], reason: str) -> None:
        ids = [work.pk for work in works]
        log.warning("%s Reminders that wait: %d.", reason, len(ids))
        surely(lambda: actions.put_off(ids, self.token, self.now(), reason))
        self.counts["put off"] += len(ids)


def is_silent(standing: Standing, completed: Sequence[tuple[str, date]]) -> bool:
    """Whether three whole weeks went by without a session, a mark or a milestone."""
    if standing.plan is None:
        return False
    signs = [standing.plan.start_on, *(on for _, on in completed)]
    if standing.last_sign_on is not None:
        signs.append(standing.last_sign_on)
    weeks = ((row.week, row.is_paused) for row in standing.weeks[:-1])
    return rules.silent_weeks(max(signs), weeks) >= rules.SILENT_WEEKS


def prospect_of(work: Work, *, was_mailed: bool = False) -> rules.Prospect:
    """What decides on a leased row. A mail that is asked for comes whatever the plan's state or rhythm."""
    row, state = work.leased, work.standing.state
    return row.person.prospect(
        row.recipient,
        row.reminder.due_at,
        "active" if work.is_asked_for and state != "none" else state,
        is_asked_for=work.is_asked_for,
        is_silent=work.is_silent,
        was_mailed=was_mailed,
    )


def surely(write: Callable[[], object]) -> None:
    """Writes what is known; where the database is away, again until it is back, for two minutes.

    The outcome of a mail is known here alone. The write is guarded, so that a repeated one, of which the
    first was kept though its answer was lost, changes nothing.
    """
    deadline = time.monotonic() + RECORD_WITHIN_SECONDS
    pause = 0.1
    while True:
        try:
            write()
        except DATABASE_IS_AWAY:
            if connection.in_atomic_block or time.monotonic() + pause > deadline:
                raise
            log.warning("The database is away; what became of a mail is written when it is back.")
            connection.close()
            time.sleep(pause)
            pause = min(2 * pause, 5.0)
        else:
            return
