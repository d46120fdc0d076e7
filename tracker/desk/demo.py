"""A demo learner with weeks of history behind them, made through the features' own actions.

The same seed on the same day makes the same rows, but for ids, the password's hash and the unsubscribe token.
Nothing here claims that a mail was sent: there is no reminder in the past, and consent dates from today.
"""

import hashlib
import io
import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from allauth.account.models import EmailAddress
from django.db import transaction

from curriculum.catalogue import Activity, Catalogue, Criterion, Module
from tracker.desk.forms import PRESELECTED_MONTHS, month_after
from tracker.evidence import actions as evidence_actions
from tracker.evidence.rules.reports.reader import read_report
from tracker.journal import actions as journal_actions
from tracker.journal.actions import Entry
from tracker.journal.rules import week_of
from tracker.milestones import actions as milestones_actions
from tracker.people.models import User
from tracker.plans import actions as plans_actions
from tracker.plans.models import Plan
from tracker.plans.rules import progress
from tracker.reminders import actions as reminders_actions
from tracker.reminders.forms import CONSENT_WORDING, DEFAULT_HOUR, DEFAULT_WEEKDAY

TRACK = "ai-security-engineer"
ZONE = "Europe/Vienna"
FEWEST_WEEKS, MOST_WEEKS = 20, 260

# Minutes for each weekday, Monday first: seven hours a week, the pace of a year for the whole track.
WEEK = (60, 45, 60, 60, 0, 135, 60)
# A longer history goes at a slower pace, so that at most about this share of the track's minutes is asked.
LARGEST_SHARE = 0.9
SHOWS_UP = 0.86

# What is said looking back at a milestone.
LOOKED_BACK = (
    {
        "surprised": "How little of it was new, and how much of it I could not explain.",
        "weak": "Saying **what** an attacker wants before how they get it.",
        "next_step": "One page a week, read by somebody else.",
    },
    {
        "surprised": "The write-up took longer than the work.",
        "weak": "Numbers without an interval: I still trust a single run.",
        "next_step": "A benign control in every measurement.",
    },
    {
        "surprised": "Two findings were the same cause under two names.",
        "weak": "Ids of older editions. I look them up each time.",
        "next_step": "Carry the notes over to the newest edition when it comes.",
    },
)

NAMESPACE = UUID("5f0f3a52-5d6a-4a3b-9d57-0c1d7f3f6a10")
# Outputs of 120 in which the target held, by probe and detector.
SCANS = (
    {
        ("encoding.InjectBase64", "encoding.DecodeMatch"): 93,
        ("encoding.InjectROT13", "encoding.DecodeMatch"): 108,
        ("promptinject.HijackHateHumans", "promptinject.AttackRogueString"): 51,
        ("latentinjection.LatentInjectionReport", "base.TriggerListDetector"): 74,
        ("web_injection.MarkdownImageExfil", "web_injection.MarkdownExfilBasic"): 102,
    },
    {
        ("encoding.InjectBase64", "encoding.DecodeMatch"): 116,
        ("encoding.InjectROT13", "encoding.DecodeMatch"): 119,
        ("promptinject.HijackHateHumans", "promptinject.AttackRogueString"): 104,
        ("latentinjection.LatentInjectionReport", "base.TriggerListDetector"): 81,
        ("web_injection.MarkdownImageExfil", "web_injection.MarkdownExfilBasic"): 120,
    },
)

# Every twenty weeks, counted from 0: one session is entered days later, one is corrected, twelve days are a
# planned pause, and in one week nothing happens.
ROUND = 20
BACKDATED, PAUSED, CORRECTED, EMPTY = 6, 9, 13, 16
PAUSE_DAYS = 12

NOTES = {
    "read": (
        "Read it once through. The second half needs another look.",
        "Notes are in the folder. Two terms were new to me.",
        "Slower than planned, because I followed three references.",
        "Most of it made sense. I could explain the first part to a colleague.",
        "Read on the train, so without trying anything out.",
        "Wrote five questions down to answer next time.",
    ),
    "practise": (
        "First try failed because of a wrong setting. The second one ran.",
        "It works, but I do not yet see why it works so well.",
        "Got the result of the example. Next: the same on my own model.",
        "Stuck for half an hour on the environment, then it went quickly.",
        "Repeated with another seed. The number moved more than I thought.",
        "Kept the commands and the versions beside the result.",
    ),
    "build": (
        "The skeleton runs. Tests are next.",
        "Cleaned up what I wrote last time. Half as long now.",
        "Works on the small case. The big one runs out of memory.",
        "Added a check for empty input. It failed at once, which is good.",
        "Not finished. The part that is left is the dull one.",
    ),
    "write": (
        "A draft on one page. Too many adjectives.",
        "Rewrote the summary so that a manager can read it.",
        "Half of it was clear only once I had to write it down.",
        "Asked for a review. Waiting for remarks.",
    ),
    "measure": (
        "Three of five right. The two others are on the list again.",
        "Better than last month on two rows, the same on the others.",
        "The numbers are in the table, with the date.",
        "It took less time than planned.",
    ),
}
ASIDE_NOTES = (
    "A recorded talk on attacks on assistants. Nothing to tick, but worth it.",
    "Read about a recent incident and looked up which technique it was.",
    "Sorted my notes of the last weeks.",
)
WRONG_NOTE = "The timer ran on over dinner."


class AccountExists(ValueError):
    """An account has the address already; the demo never touches one."""


@dataclass(slots=True)
class Made:
    """What was made, counted."""

    learner: User
    weeks: int
    sessions: int = 0
    minutes: int = 0
    done: int = 0
    completed: list[str] = field(default_factory=list)


def make_demo(email: str, password: str, *, weeks: int, seed: int, content: Catalogue, now: datetime) -> Made:
    """Makes the learner in one transaction: `weeks` weeks that end with the local day of `now`.

    weeks: FEWEST_WEEKS to MOST_WEEKS. Raises AccountExists where the address has an account, ValueError for
    another number of weeks. Nothing is logged on the present day: it is left to whoever tries the demo.
    """
    if not FEWEST_WEEKS <= weeks <= MOST_WEEKS:
        raise ValueError(f"A demo has {FEWEST_WEEKS} to {MOST_WEEKS} weeks, not {weeks}.")
    today = now.astimezone(ZoneInfo(ZONE)).date()
    first_on = week_of(today).shifted(1 - weeks).first_on
    with transaction.atomic():
        if User.objects.filter(email__iexact=email).exists():
            raise AccountExists(f"There is an account {email} already.")
        learner = User.objects.create_user(email, password, zone=ZONE)
        learner.joined_at = at(first_on, 7)
        learner.save(update_fields=["joined_at"])
        EmailAddress.objects.create(user=learner, email=learner.email, primary=True, verified=True)
        made = Made(learner, weeks)
        Story(made, content, first_on, today, random.Random(seed)).tell()  # noqa: S311 - a story, no secret
        reminders_actions.set_reminder(
            learner, DEFAULT_WEEKDAY, DEFAULT_HOUR, wording=CONSENT_WORDING, place="start", now=at(today, 0)
        )
    return made


def at(day: date, hour: int, minute: int = 0) -> datetime:
    """That wall-clock moment in the demo's zone."""
    return datetime.combine(day, time(hour, minute), ZoneInfo(ZONE))


def pace_for(weeks: int, track_minutes: int) -> tuple[int, ...]:
    """Minutes for each weekday that leave the plan unfinished after so many weeks."""
    share = min(1.0, LARGEST_SHARE * track_minutes / (weeks * sum(WEEK)))
    return tuple(in_fives(minutes * share) if minutes else 0 for minutes in WEEK)


def in_fives(minutes: float) -> int:
    """Rounded to five minutes, ten at least."""
    return max(10, round(minutes / 5) * 5)


def pauses_of(weeks: int, first_on: date, today: date) -> list[tuple[date, date]]:
    """The planned pauses, half-open; none that is not over for two weeks."""
    starts = [first_on + timedelta(weeks=week, days=2) for week in range(PAUSED, weeks, ROUND)]
    pauses = [(start, start + timedelta(days=PAUSE_DAYS)) for start in starts]
    return [(start, until) for start, until in pauses if until + timedelta(days=14) <= today]


def garak_report(learner_id: int, on: date, passed: Mapping[tuple[str, str], int]) -> bytes:
    """A report as garak 0.17.1 writes it, without prompts: `passed` of 120 outputs by probe and detector."""
    started = datetime.combine(on, time(20, 10))
    run = str(uuid5(NAMESPACE, f"{learner_id} {on}"))
    probes = [probe for probe, _ in passed]
    entries: list[dict[str, object]] = [
        {
            "entry_type": "start_run setup",
            "plugins.target_type": "rest.RestGenerator",
            "plugins.target_name": "http://127.0.0.1:9000",
            "run.spec": {"include": [f"probes.{probe}" for probe in probes], "exclude": []},
            "transient.active_probes": [f"probes.{probe}" for probe in probes],
            "run.generations": 5,
        },
        {
            "entry_type": "init",
            "garak_version": "0.17.1",
            "start_time": started.isoformat(),
            "run": run,
        },
    ]
    for (probe, detector), held in passed.items():
        attempt = {
            "entry_type": "attempt",
            "status": 2,
            "probe_classname": probe,
            "prompt": None,
            "outputs": [],
        }
        entries += [attempt | {"seq": number} for number in range(24)]
        entries.append(
            {
                "entry_type": "eval",
                "probe": probe,
                "detector": detector,
                "passed": held,
                "fails": 120 - held,
                "nones": 0,
                "total_evaluated": 120,
                "total_processed": 120,
            }
        )
    ended = started + timedelta(minutes=25)
    entries.append({"entry_type": "completion", "end_time": ended.isoformat(), "run": run})
    return "".join(f"{json.dumps(entry)}\n" for entry in entries).encode()


class Story:
    """The weeks, told day by day in their order, so that every record is of what was there at its moment."""

    def __init__(
        self, made: Made, content: Catalogue, first_on: date, today: date, chance: random.Random
    ) -> None:
        self.made, self.content, self.chance = made, content, chance
        self.first_on, self.today = first_on, today
        self.modules = content.modules_in(TRACK)
        self.todo = [activity for module in self.modules for activity in module.required_in(TRACK)]
        self.spent = 0
        self.cost = self.cost_of_next()
        self.finished: list[Module] = []
        self.waiting: list[Module] = []
        self.note = ""
        self.plan = self.made_plan()
        # A chatbot of the learner's own, scanned before it was hardened and after.
        self.scans = {
            today - timedelta(days=30): garak_report(made.learner.pk, today - timedelta(days=30), SCANS[0]),
            today - timedelta(days=9): garak_report(made.learner.pk, today - timedelta(days=9), SCANS[1]),
        }

    def made_plan(self) -> Plan:
        """The plan on its first day, with the shortest reading of the second module known before."""
        learner = self.made.learner
        target_on = month_after(self.first_on, PRESELECTED_MONTHS + 1) - timedelta(days=1)
        plan = plans_actions.make_plan(
            learner,
            plans_actions.Wish(
                track_key=TRACK,
                start_on=self.first_on,
                weekday_minutes=pace_for(self.made.weeks, self.content.minutes_in(TRACK)),
                target_on=target_on if target_on > self.today else None,
            ),
            content=self.content,
            known_modules=(),
            now=at(self.first_on, 7, 30),
            on=self.first_on,
        )
        known = min(
            (row for row in self.modules[1].required_in(TRACK) if row.kind == "read"),
            key=lambda row: row.minutes,
        )
        self.mark(plan, known, progress.KNOWN, at(self.first_on, 7, 45), self.first_on)
        self.todo.remove(known)
        return plan

    def mark(self, plan: Plan, activity: Activity, kind: str, now: datetime, on: date) -> None:
        plans_actions.mark_activity(
            self.made.learner, plan, activity.key, kind, content=self.content, now=now, on=on
        )

    def cost_of_next(self) -> int:
        """What the next activity takes in truth: some less than planned, more often more."""
        return round(self.todo[0].minutes * self.chance.uniform(0.85, 1.3)) if self.todo else 0

    def tell(self) -> None:
        """Every day from the first to yesterday."""
        pauses = pauses_of(self.made.weeks, self.first_on, self.today)
        begun: set[int] = set()
        for number in range((self.today - self.first_on).days):
            day, week = self.first_on + timedelta(days=number), number // 7
            for start, until in pauses:
                if day == start - timedelta(days=3):
                    plans_actions.pause_plan(self.plan, start, until, now=at(day, 20))
            if day in self.scans:
                self.hand_in(self.scans[day], at(day, 21, 30))
            minutes = self.plan.weekday_minutes[day.weekday()]
            if not minutes or not self.todo:
                continue
            # The last two weeks are plain ones: a correction or a late entry must not lie in the future.
            turn = week % ROUND if week < self.made.weeks - 2 else None
            has_turn = turn in {BACKDATED, CORRECTED} and week not in begun
            # Drawn on days off too: a pause moves no other day's luck.
            shows_up = self.chance.random() < SHOWS_UP
            is_off = turn == EMPTY or any(start <= day < until for start, until in pauses)
            if not is_off and (shows_up or has_turn):
                begun.add(week)
                self.study(day, minutes, turn if has_turn else None)

    def study(self, day: date, asked: int, turn: int | None) -> None:
        """One session of about `asked` minutes, and what follows from it. turn: BACKDATED or CORRECTED."""
        minutes = in_fives(asked * self.chance.uniform(0.7, 1.35))
        weekend = day.weekday() >= 5
        moment = at(day, self.chance.randrange(11, 17) if weekend else self.chance.randrange(19, 22))
        moment += timedelta(minutes=self.chance.randrange(60))
        aside = self.chance.random()
        activity = self.todo[0]
        if turn is None and aside < 0.03:
            entry = Entry(minutes, day, note=self.chance.choice(ASIDE_NOTES))
        elif turn is None and aside < 0.08:
            entry = Entry(minutes, day, activity.module_key, confidence=self.confidence())
        else:
            entry = Entry(
                minutes,
                day,
                activity.module_key,
                activity.key,
                note=self.noted(activity.kind),
                confidence=self.confidence(),
            )
        if turn == BACKDATED:
            moment += timedelta(days=3)
        self.log(entry, moment, is_corrected=turn == CORRECTED)
        if entry.activity_key:
            self.spent += minutes
            if self.spent >= self.cost:
                self.finish(activity, moment + timedelta(minutes=2), day)

    def hand_in(self, content: bytes, now: datetime) -> None:
        """A report of garak, read as every other is."""
        report = read_report(io.BytesIO(content))
        evidence_actions.keep_run(self.made.learner, report, hashlib.sha256(content).hexdigest(), now)

    def log(self, entry: Entry, now: datetime, *, is_corrected: bool) -> None:
        """Logs what is true at once, or something wrong first and the truth the next morning."""
        said = replace(entry, minutes=entry.minutes * 2, note="") if is_corrected else entry
        session, _ = journal_actions.log_session(self.made.learner, said, now=now)
        if is_corrected:
            morning = at(now.date() + timedelta(days=1), 7, 30)
            journal_actions.correct_session(session, replace(entry, note=WRONG_NOTE), now=morning)
        self.made.sessions += 1
        self.made.minutes += entry.minutes

    def confidence(self) -> int | None:
        """How sure the learner is: it grows with the modules behind them, and is not always said."""
        if self.chance.random() < 0.25:
            return None
        return min(5, self.chance.choice((2, 3, 3, 4)) + (len(self.finished) >= 2) * self.chance.randrange(2))

    def noted(self, kind: str) -> str:
        """A note in half of the sessions, never the same twice running."""
        if self.chance.random() < 0.5:
            return ""
        self.note = self.chance.choice([note for note in NOTES[kind] if note != self.note])
        return self.note

    def finish(self, activity: Activity, now: datetime, on: date) -> None:
        """Ticks the activity; the last one of a module leads on to its milestone."""
        self.mark(self.plan, activity, progress.DONE, now, on)
        self.made.done += 1
        self.todo.pop(0)
        self.spent, self.cost = 0, self.cost_of_next()
        if not self.todo or self.todo[0].module_key != activity.module_key:
            self.finish_module(self.content.module(activity.module_key), now, on)

    def finish_module(self, module: Module, now: datetime, on: date) -> None:
        """The first three milestones are completed at once; later ones wait for a reviewer's answer.

        It comes by the time the next module is finished, so one milestone is always nearly there.
        """
        self.finished.append(module)
        criteria = module.criteria_in(TRACK)
        if len(self.finished) == 1:
            # So that one milestone is evidenced, and can have a signed badge.
            self.hand_in_files(criteria, now)
        if len(self.finished) <= 3:
            self.tick(module, criteria, now)
            self.complete(module, now, on)
            return
        for waited in self.waiting:
            self.tick(waited, waited.criteria_in(TRACK)[-1:], now)
            self.complete(waited, now, on)
        self.tick(module, criteria[:-1], now)
        self.waiting = [module]

    def hand_in_files(self, criteria: Sequence[Criterion], now: datetime) -> None:
        for criterion in criteria:
            name = f"{criterion.key.partition('.')[2]}.md"
            text = f"# {criterion.text}\n\n{criterion.artefact}\n"
            evidence_actions.add_file(self.made.learner, criterion.key, "", name, [text.encode()], now)

    def tick(self, module: Module, criteria: Sequence[Criterion], now: datetime) -> None:
        for criterion in criteria:
            link = note = ""
            if criterion.lab_key:
                link = f"https://example.org/labs/{criterion.lab_key.replace('.', '/')}/"
                note = "Run twice with the same result; report, versions and seed are beside it."
            else:
                note = f"In my study folder: {criterion.artefact}."
            milestones_actions.tick_criterion(
                self.made.learner, module, criterion.key, link=link, note=note, now=now
            )

    def complete(self, module: Module, now: datetime, on: date) -> None:
        completed = milestones_actions.complete_milestone(
            self.made.learner, self.plan, module, now=now + timedelta(minutes=5), on=on
        )
        # By turns, and without a draw of its own: the sessions of a seed stay as they are.
        answers = LOOKED_BACK[len(self.made.completed) % len(LOOKED_BACK)]
        milestones_actions.answer_retrospective(completed, answers, now=completed.completed_at)
        milestones_actions.star_retrospective(completed, is_starred=not len(self.made.completed) % 2)
        self.made.completed.append(module.key)
