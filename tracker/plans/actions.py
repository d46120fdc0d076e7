"""What changes a plan: made, ended, marked, paused. Each change of its inputs leaves a PlanChange."""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.db import transaction

from curriculum.catalogue import Activity, Catalogue
from tracker.journal.rules import week_of
from tracker.people.models import User
from tracker.plans import queries
from tracker.plans.models import (
    DAY_FIELDS,
    Baseline,
    Mark,
    Pause,
    Plan,
    PlanChange,
    SelfCheckAnswer,
    SkillRating,
)
from tracker.plans.rules import progress, schedule
from tracker.plans.rules import replan as replan_rules

LONGEST_REASON = 200


@dataclass(frozen=True, slots=True)
class Wish:
    """What a learner chose for a plan: minutes for each weekday Monday first, a target or none."""

    track_key: str
    start_on: date
    weekday_minutes: tuple[int, ...]
    target_on: date | None


@transaction.atomic
def make_plan(
    learner: User, wish: Wish, *, content: Catalogue, known_modules: Collection[str], now: datetime, on: date
) -> Plan:
    """Makes the learner's plan, freezes its first layout, and ends the plan they had.

    Every activity of `known_modules` that is not done is marked as known.
    """
    # Locked first, so that two plans made at the same moment come one after the other.
    User.objects.select_for_update().get(pk=learner.pk)
    Plan.objects.filter(learner=learner, ended_at__isnull=True).update(ended_at=now)
    plan = drafted(learner, wish, content=content, now=now)
    plan.save(force_insert=True)
    for key in known_modules:
        _mark_keys(plan, content.module(key).activities_in(plan.track_key), now=now, on=on)
    found = queries.facts_of(learner.pk, on)
    _agree(plan, found, found.start)
    Baseline.objects.bulk_create(
        Baseline(
            plan=plan,
            activity_key=laid.key,
            minutes=laid.minutes,
            first_on=laid.first_on,
            last_on=laid.last_on,
        )
        for laid in queries.layout(found).values()
    )
    PlanChange.objects.create(plan=plan, changed_at=now, reason="Plan made", after=canonical_inputs(plan))
    return plan


def drafted(learner: User, wish: Wish, *, content: Catalogue, now: datetime) -> Plan:
    """The plan that a wish makes, not saved."""
    return Plan(
        learner=learner,
        track_key=wish.track_key,
        revision=content.revision,
        start_on=wish.start_on,
        target_on=wish.target_on,
        made_at=now,
        **{f"{day}_minutes": minutes for day, minutes in zip(DAY_FIELDS, wish.weekday_minutes, strict=True)},
    )


def preview(
    learner: User, wish: Wish, *, content: Catalogue, known_modules: Collection[str], now: datetime, on: date
) -> queries.Facts:
    """What the learner's standing would be made from, had the plan been made. Nothing is written."""
    found = queries.facts_of(learner.pk, on)
    known = {
        activity.key: queries.Said(progress.KNOWN, on, activity.minutes)
        for key in known_modules
        for activity in content.module(key).activities_in(wish.track_key)
    }
    plan = drafted(learner, wish, content=content, now=now)
    return replace(found, plan=plan, pauses=(), marks={**known, **found.marks})


def _mark_keys(plan: Plan, activities: Iterable[Activity], *, now: datetime, on: date) -> None:
    Mark.objects.bulk_create(
        [
            Mark(
                learner=plan.learner,
                activity_key=activity.key,
                kind=progress.KNOWN,
                marked_on=on,
                marked_at=now,
                planned_minutes=activity.minutes,
                revision=plan.revision,
            )
            for activity in activities
        ],
        ignore_conflicts=True,
    )


def canonical_inputs(plan: Plan) -> str:
    """The complete inputs of a plan, pauses included: the same plan gives the same bytes."""
    return json.dumps(
        {
            "track": plan.track_key,
            "revision": plan.revision,
            "start_on": plan.start_on.isoformat(),
            "target_on": plan.target_on.isoformat() if plan.target_on else None,
            "weekday_minutes": list(plan.weekday_minutes),
            "order": plan.order,
            "uses_own_ratio": plan.uses_own_ratio,
            "left_out": sorted(plan.left_out),
            "agreed": [plan.agreed_on.isoformat(), plan.agreed_spare_minutes] if plan.agreed_on else None,
            "pauses": [
                [pause.first_on.isoformat(), pause.until_on.isoformat() if pause.until_on else None]
                for pause in plan.pauses.order_by("first_on")
            ],
        },
        sort_keys=True,
        separators=(",", ":"),
    )


@transaction.atomic
def mark_activity(
    learner: User, plan: Plan, key: str, kind: str, *, content: Catalogue, now: datetime, on: date
) -> Mark:
    """Says *done* or *known* of an activity. Saying the same again changes nothing."""
    mark, made = Mark.objects.select_for_update().get_or_create(
        learner=learner,
        activity_key=key,
        defaults={
            "kind": kind,
            "marked_on": on,
            "marked_at": now,
            "planned_minutes": content.activity(key).minutes,
            "revision": plan.revision,
        },
    )
    if not made and mark.kind != kind:
        mark.kind, mark.marked_on, mark.marked_at = kind, on, now
        mark.save(update_fields=["kind", "marked_on", "marked_at"])
    return mark


@transaction.atomic
def unmark_activity(learner: User, key: str) -> None:
    """The activity is open again; what was logged on it stays."""
    Mark.objects.filter(learner=learner, activity_key=key).delete()


@transaction.atomic
def mark_known(
    learner: User, plan: Plan, keys: Collection[str], *, content: Catalogue, now: datetime, on: date
) -> int:
    """Marks these activities of the plan's track as known before; those that have a mark keep it.

    How many were marked. What is open is laid out anew from today: this was shown before.
    """
    locked = _locked(plan)
    changing = _Changing(locked, now)
    known = Mark.objects.filter(learner=learner)
    before = known.count()
    _mark_keys(locked, [content.activity(key) for key in keys], now=now, on=on)
    number = known.count() - before
    if number:
        found = queries.facts_of(learner.pk, on)
        _agree(locked, found, found.start)
        changing.keep(f"Known before: {number} of the activities", moves_up=True)
    return number


@transaction.atomic
def answer_self_check(learner: User, answers: Mapping[str, str], *, now: datetime, on: date) -> None:
    """Keeps what a learner said of recall questions, by question key; a new answer replaces the old."""
    SelfCheckAnswer.objects.bulk_create(
        [
            SelfCheckAnswer(learner=learner, question_key=key, knows=knows, answered_on=on, answered_at=now)
            for key, knows in answers.items()
        ],
        update_conflicts=True,
        unique_fields=["learner", "question_key"],
        update_fields=["knows", "answered_on", "answered_at"],
    )


@transaction.atomic
def rate_skills(learner: User, ratings: Mapping[str, tuple[int, str]], *, now: datetime, on: date) -> None:
    """Keeps levels and proofs by skill key, for this day. What says the same as the latest makes no row."""
    latest = queries.ratings_of(learner.pk)
    changed = {
        key: (level, proof)
        for key, (level, proof) in ratings.items()
        if not latest.get(key) or (latest[key][-1].level, latest[key][-1].proof) != (level, proof)
    }
    SkillRating.objects.bulk_create(
        [
            SkillRating(learner=learner, skill_key=key, level=level, proof=proof, rated_on=on, rated_at=now)
            for key, (level, proof) in changed.items()
        ],
        update_conflicts=True,
        unique_fields=["learner", "skill_key", "rated_on"],
        update_fields=["level", "proof", "rated_at"],
    )


@transaction.atomic
def move_to_revision(plan: Plan, content: Catalogue, *, now: datetime) -> bool:
    """Lets a plan follow another revision of the curriculum. Marks, hours and the first layout stay.

    False where it follows that one already. Raises `TrackIsGone` where the revision has no such track.
    """
    locked = _locked(plan)
    if locked.track_key not in {track.key for track in content.tracks}:
        raise TrackIsGone(f"Revision {content.revision} has no track {locked.track_key}.")
    changes = queries.changes_between(locked.revision, content.revision, locked.track_key)
    reason = f"Curriculum revision {locked.revision} to {content.revision}: {changes.sentence}"
    return _change(locked, reason, now=now, revision=content.revision)


@transaction.atomic
def use_own_ratio(plan: Plan, *, uses: bool, now: datetime) -> bool:
    """Lets the forecast count with the learner's own ratio of real to planned hours, or not.

    False where that is so already.
    """
    reason = "Forecast by your own hours" if uses else "Forecast by the planned hours"
    return _change(_locked(plan), reason, now=now, uses_own_ratio=uses)


def _locked(plan: Plan) -> Plan:
    """The plan as it is now, for the rest of the transaction ours alone to change."""
    return Plan.objects.select_for_update().select_related("learner").get(pk=plan.pk)


class _Changing:
    """One change of a locked plan's inputs: what they were, and where the rest of the work stood then."""

    def __init__(self, locked: Plan, now: datetime) -> None:
        self.plan, self.now = locked, now
        self.before = canonical_inputs(locked)
        self.found = queries.facts_of(locked.learner_id, now.astimezone(locked.learner.zone_info).date())

    def keep(self, reason: str, *, moves_up: bool) -> bool:
        """Agrees on the layout that the new inputs give, and keeps why. False where they are the old ones.

        With `moves_up` the rest of the work is laid out from today; else it begins no earlier than it did.
        """
        if canonical_inputs(self.plan) == self.before:
            return False
        found = queries.facts_of(self.plan.learner_id, self.found.on)
        _agree(self.plan, found, found.start if moves_up else queries.layout_start(self.found))
        PlanChange.objects.create(
            plan=self.plan,
            changed_at=self.now,
            reason=reason[:LONGEST_REASON],
            before=self.before,
            after=canonical_inputs(self.plan),
        )
        return True


def _agree(plan: Plan, found: queries.Facts, start: schedule.Start) -> None:
    """Keeps where the layout that begins there ends."""
    end = queries.end_from(found, start)
    plan.agreed_on, plan.agreed_spare_minutes = (end.on, end.spare_minutes) if end else (None, 0)
    plan.save(update_fields=["agreed_on", "agreed_spare_minutes"])


def _change(locked: Plan, reason: str, *, now: datetime, moves_up: bool = False, **inputs: Any) -> bool:
    """Gives a locked plan these inputs, and keeps why. False where they are what it has."""
    changing = _Changing(locked, now)
    for name, value in inputs.items():
        setattr(locked, name, value)
    locked.save(update_fields=list(inputs))
    return changing.keep(reason, moves_up=moves_up)


@transaction.atomic
def replan(plan: Plan, *, reason: str, now: datetime, **inputs: Any) -> bool:
    """Gives the plan other hours, another target or another track, and keeps why.

    `weekday_minutes` (seven, Monday first), `target_on` (a day or None), `track_key`: what is not named
    stays. False where nothing would change. The first layout stays the baseline, and nothing that was done
    moves; what is open is laid out anew from today.
    """
    if "weekday_minutes" in inputs:
        minutes = inputs.pop("weekday_minutes")
        inputs |= {f"{day}_minutes": n for day, n in zip(DAY_FIELDS, minutes, strict=True)}
    return _change(_locked(plan), reason, now=now, moves_up=True, **inputs)


@transaction.atomic
def move_up(plan: Plan, *, reason: str, now: datetime) -> bool:
    """Lays what is open out from today, where the learner is ahead. False where it lies so already."""
    locked = _locked(plan)
    changing = _Changing(locked, now)
    _agree(locked, changing.found, changing.found.start)
    return changing.keep(reason, moves_up=True)


@transaction.atomic
def leave_out(plan: Plan, keys: Collection[str], *, reason: str, now: datetime) -> bool:
    """Takes activities out of the plan. False where they are out already. What was done of them stays."""
    locked = _locked(plan)
    left_out = sorted({*locked.left_out, *keys})
    return _change(locked, reason, now=now, moves_up=True, left_out=left_out)


@transaction.atomic
def take_in(plan: Plan, key: str, *, reason: str, now: datetime) -> bool:
    """Takes an activity that was left out in again. False where it is in."""
    locked = _locked(plan)
    return _change(locked, reason, now=now, left_out=[each for each in locked.left_out if each != key])


@transaction.atomic
def put_off(plan: Plan, key: str, *, on: date, again: bool = False) -> None:
    """Says "not now" of an activity for the week of `on`; `again` takes that back. No date moves by it."""
    locked = _locked(plan)
    week = week_of(on)
    # What was put off in another week is over.
    kept = {name: day for name, day in locked.deferred.items() if date.fromisoformat(day) in week}
    if again:
        kept.pop(key, None)
    else:
        kept[key] = on.isoformat()
    locked.deferred = kept
    locked.save(update_fields=["deferred"])


@transaction.atomic
def choose_order(plan: Plan, chosen: str, *, now: datetime) -> bool:
    """One module after the other, or independent ones side by side. False where it is so already."""
    return _change(_locked(plan), str(Plan.Order(chosen).label), now=now, order=chosen)


@transaction.atomic
def undo_change(plan: Plan, change_id: int, *, now: datetime) -> str:
    """Takes the last change of a plan's inputs back, pauses included, byte for byte; marks and sessions stay.

    "" where it was done, else the sentence that says why not. Raises `PlanChange.DoesNotExist` where the plan
    has no such change. The undoing is a change itself, and can be undone.
    """
    locked = _locked(plan)
    change = locked.changes.get(pk=change_id)
    last = locked.changes.order_by("-changed_at", "-pk").first()
    refusal = replan_rules.refuse_undo(
        change.changed_at, now, is_last=change == last, has_before=bool(change.before)
    )
    if refusal:
        return refusal
    _restore(locked, json.loads(change.before))
    PlanChange.objects.create(
        plan=locked,
        changed_at=now,
        reason=f"Undone: {change.reason}"[:LONGEST_REASON],
        before=change.after,
        after=canonical_inputs(locked),
    )
    return ""


def _restore(plan: Plan, inputs: dict[str, Any]) -> None:
    """Makes a plan's inputs what `canonical_inputs` once said."""
    plan.track_key, plan.revision, plan.order = inputs["track"], inputs["revision"], inputs["order"]
    plan.start_on = date.fromisoformat(inputs["start_on"])
    plan.target_on = date.fromisoformat(inputs["target_on"]) if inputs["target_on"] else None
    # Changes of before these were kept say nothing of them.
    plan.uses_own_ratio = inputs.get("uses_own_ratio", plan.uses_own_ratio)
    plan.left_out = inputs.get("left_out", [])
    agreed_on, plan.agreed_spare_minutes = inputs.get("agreed") or (None, 0)
    plan.agreed_on = date.fromisoformat(agreed_on) if agreed_on else None
    for day, minutes in zip(DAY_FIELDS, inputs["weekday_minutes"], strict=True):
        setattr(plan, f"{day}_minutes", minutes)
    plan.save(
        update_fields=[
            "track_key", "revision", "order", "start_on", "target_on", "uses_own_ratio", "left_out",
            "agreed_on", "agreed_spare_minutes",
            *(f"{day}_minutes" for day in DAY_FIELDS),
        ]
    )  # fmt: skip
    plan.pauses.all().delete()
    Pause.objects.bulk_create(
        Pause(
            plan=plan,
            first_on=date.fromisoformat(first),
            until_on=date.fromisoformat(until) if until else None,
        )
        for first, until in inputs["pauses"]
    )


@transaction.atomic
def pause_plan(plan: Plan, first_on: date, until_on: date | None, *, now: datetime) -> Pause:
    """Plans time off, past or future. A pause that touches others becomes one with them."""
    # The plan is locked, not its pauses: a lock on rows keeps nobody from adding one.
    locked = _locked(plan)
    changing = _Changing(locked, now)
    off = schedule.Off(first_on, until_on)
    there = {pause.pk: schedule.Off(pause.first_on, pause.until_on) for pause in locked.pauses.all()}
    touched = [pk for pk, other in there.items() if schedule.touch(off, other)]
    merged = schedule.merged([off, *(there[pk] for pk in touched)])
    locked.pauses.filter(pk__in=touched).delete()
    pause = Pause.objects.create(plan=locked, first_on=merged.first_on, until_on=merged.until_on)
    changing.keep("Pause", moves_up=False)
    return pause


@transaction.atomic
def end_pause(plan: Plan, pause_id: int, on: date, *, now: datetime) -> bool:
    """Ends a pause that runs, on this day, and takes out one that is still to come or over.

    False where the plan has no such pause.
    """
    locked = _locked(plan)
    pause = locked.pauses.filter(pk=pause_id).first()
    if pause is None:
        return False
    changing = _Changing(locked, now)
    if pause.first_on < on and (pause.until_on is None or pause.until_on > on):
        pause.until_on = on
        pause.save(update_fields=["until_on"])
        reason = "Pause ended"
    else:
        pause.delete()
        reason = "Pause taken out"
    return changing.keep(reason, moves_up=True)


class TrackIsGone(LookupError):
    """A revision does not have the plan's track."""
