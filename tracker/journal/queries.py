"""Study sessions as the plain values that rules and pages take."""

from collections.abc import Collection, Mapping
from datetime import date
from uuid import UUID

from django.db.models import Q, QuerySet, Sum

from tracker.journal.models import StudySession
from tracker.journal.rules import Week, week_of


def sessions_of(learner_id: int) -> QuerySet[StudySession]:
    """A learner's sessions that are not deleted, newest day first."""
    return StudySession.objects.filter(learner_id=learner_id, deleted_at__isnull=True).order_by(
        "-studied_on", "-id"
    )


def minutes_by_day_and_activity(
    learner_ids: Collection[int], first_on: date
) -> dict[int, dict[tuple[date, str], int]]:
    """Minutes logged on each day from `first_on` and each activity (empty: none), by learner. One query."""
    rows = (
        StudySession.objects.filter(
            learner_id__in=learner_ids, deleted_at__isnull=True, studied_on__gte=first_on
        )
        .order_by()
        .values_list("learner_id", "studied_on", "activity_key")
        .annotate(total=Sum("minutes"))
    )
    totals: dict[int, dict[tuple[date, str], int]] = {learner_id: {} for learner_id in learner_ids}
    for learner_id, day, key, total in rows:
        totals[learner_id][day, key] = total
    return totals


def minutes_by_day(by_day_and_activity: Mapping[tuple[date, str], int]) -> dict[date, int]:
    """Activities summed into their days."""
    totals: dict[date, int] = {}
    for (day, _), minutes in by_day_and_activity.items():
        totals[day] = totals.get(day, 0) + minutes
    return totals


def minutes_by_activity(learner_ids: Collection[int]) -> dict[int, dict[str, int]]:
    """Minutes logged on each activity, ever, by learner. One query."""
    rows = (
        StudySession.objects.filter(~Q(activity_key=""), learner_id__in=learner_ids, deleted_at__isnull=True)
        .order_by()
        .values_list("learner_id", "activity_key")
        .annotate(total=Sum("minutes"))
    )
    totals: dict[int, dict[str, int]] = {learner_id: {} for learner_id in learner_ids}
    for learner_id, key, total in rows:
        totals[learner_id][key] = total
    return totals


def minutes_by_week(by_day: Mapping[date, int]) -> dict[Week, int]:
    """Days summed into their weeks."""
    totals: dict[Week, int] = {}
    for day, minutes in by_day.items():
        week = week_of(day)
        totals[week] = totals.get(week, 0) + minutes
    return totals


def minutes_on(learner_id: int, day: date, *, but: int | None = None) -> int:
    """Minutes logged on one day; `but` leaves out one session by its id."""
    sessions = StudySession.objects.filter(learner_id=learner_id, deleted_at__isnull=True, studied_on=day)
    if but is not None:
        sessions = sessions.exclude(pk=but)
    return sessions.aggregate(total=Sum("minutes"))["total"] or 0


def is_logged(learner_id: int, submission: UUID) -> bool:
    """Whether this very form was sent before."""
    return StudySession.objects.filter(learner_id=learner_id, submission=submission).exists()
