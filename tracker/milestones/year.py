"""A learner's year in review, put together from journal, records and maps."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from django.db.models import Max, Min, Sum

from curriculum.catalogue import Activity, Catalogue, catalogue
from curriculum.schema import edition_slug
from tracker.coverage.queries import Known, Shown, known_of, map_of
from tracker.coverage.rules.layout import STATES, counts
from tracker.journal import queries as journal_queries
from tracker.library.words import TOPIC_WORDS
from tracker.milestones import queries
from tracker.milestones.queries import Record
from tracker.milestones.rules.year import (
    CompletedInYear,
    Logged,
    LookBack,
    MapOfYear,
    ModuleOfYear,
    YearReview,
    kinds_of_year,
    proof_on,
    studied_until,
    weeks_of_year,
)
from tracker.people.models import User
from tracker.plans.queries import active_plan


def first_year(learner_id: int) -> int | None:
    """The year of the first session or completion; None where there is neither. Two queries."""
    sessions = journal_queries.sessions_of(learner_id).order_by().aggregate(first=Min("studied_on"))
    completions = queries.completions_of(learner_id).aggregate(first=Min("completed_on"))
    days = [found["first"] for found in (sessions, completions) if found["first"] is not None]
    return min(days).year if days else None


def year_review(learner: User, year: int, today: date) -> YearReview:
    """The year up to `today`, in a constant number of queries. Raises `NoCurriculum`."""
    first_on = date(year, 1, 1)
    last_on = min(date(year, 12, 31), today)
    sessions = journal_queries.sessions_of(learner.pk).order_by()
    logged = [
        Logged(*row)
        for row in sessions.filter(studied_on__range=(first_on, last_on)).values_list(
            "studied_on", "module_key", "activity_key", "minutes"
        )
    ]
    before = {
        key: (minutes, until_on)
        for key, minutes, until_on in sessions.filter(studied_on__lt=first_on, activity_key__gt="")
        .values("activity_key")
        .annotate(total=Sum("minutes"), until_on=Max("studied_on"))
        .values_list("activity_key", "total", "until_on")
    }
    known = known_of(learner)
    contents = _contents(learner, known.newest)
    records = [row for row in queries.records(learner.pk) if row.completed_on.year == year]

    def kind_of(key: str) -> str:
        activity = _find_activity(contents, key)
        return activity.kind if activity else "other"

    weeks = weeks_of_year(year, last_on, logged, kind_of)
    # The last day of the year before; year 1 has none, and nothing was shown before it either.
    eve = date.fromordinal(max(1, first_on.toordinal() - 1))
    started = replace(known, proof=proof_on(known.proof, eve, before))
    ended = replace(known, proof=proof_on(known.proof, last_on, studied_until(before, logged)))
    return YearReview(
        year=year,
        last_on=last_on,
        sessions=len(logged),
        weeks=weeks,
        kinds=kinds_of_year(weeks),
        modules=_modules(contents, logged, records),
        completed=tuple(_completed(row) for row in reversed(records)),
        maps=tuple(_maps(started, ended)),
        look_backs=tuple(
            _look_back(row)
            for row in reversed(records)
            if row.retrospective is not None and row.retrospective.is_starred
        ),
    )


def _contents(learner: User, newest: Catalogue) -> list[Catalogue]:
    """The newest curriculum, and that of the plan, which may have what the newest has not."""
    plan = active_plan(learner.pk)
    found = [newest]
    if plan is not None and plan.revision != newest.revision:
        found.append(catalogue(plan.revision))
    return found


def _find_activity(contents: Sequence[Catalogue], key: str) -> Activity | None:
    return next((found for content in contents if (found := content.find_activity(key))), None)


def _modules(
    contents: Sequence[Catalogue], logged: Sequence[Logged], records: Sequence[Record]
) -> tuple[ModuleOfYear, ...]:
    minutes: dict[str, int] = defaultdict(int)
    for row in logged:
        if row.module_key:
            minutes[row.module_key] += row.minutes
    completed = {row.module_key: row for row in records}
    order = {module.key: place for place, module in enumerate(contents[0].modules)}
    found = []
    for key in sorted(minutes.keys() | completed.keys(), key=lambda key: (order.get(key, len(order)), key)):
        record = completed.get(key)
        module = next((one for content in contents if (one := content.find_module(key))), None)
        title = module.title if module else record.snapshot.title if record else key
        found.append(ModuleOfYear(key, title, minutes[key], record.completed_on if record else None))
    return tuple(found)


def _completed(row: Record) -> CompletedInYear:
    shot = row.snapshot
    return CompletedInYear(
        row.module_key,
        shot.title,
        shot.milestone,
        row.completed_on,
        shot.real.minutes,
        shot.planned.minutes,
        shot.evidence_count,
        row.state,
    )


def _look_back(row: Record) -> LookBack:
    return LookBack(
        row.module_key,
        row.snapshot.title,
        row.completed_on,
        row.answers,
        tuple((each.added_on, each.text) for each in row.additions),
    )


def _maps(started: Known, ended: Known) -> list[MapOfYear]:
    """The newest edition of each framework of which anything was touched by the end of the year."""
    found = []
    for framework in ended.newest.frameworks:
        edition = framework.editions[-1]
        shown = Shown(framework, edition, edition_slug(edition.name))
        now = map_of(ended, shown)
        after = counts(now.main_ids, now.standings)
        if not any(after[state] for state in STATES[:3]):
            continue
        then = map_of(started, shown)
        before = counts(then.main_ids, then.standings)
        kinds = dict.fromkeys(now.standings[topic_id].topic.kind for topic_id in now.main_ids)
        found.append(
            MapOfYear(
                framework.key,
                framework.title,
                edition.name,
                shown.slug,
                " and ".join(TOPIC_WORDS[kind][1].lower() for kind in kinds),
                len(now.main_ids),
                tuple(before[state] for state in STATES),
                tuple(after[state] for state in STATES),
            )
        )
    return found
