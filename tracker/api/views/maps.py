"""Framework maps: the level of every topic of an edition, with the reasons."""

from curriculum.catalogue import NoCurriculum
from tracker.api import schemas
from tracker.api.door import ApiRequest, May
from tracker.api.operations import Section
from tracker.api.problems import Problem
from tracker.coverage import queries
from tracker.coverage.rules.layout import counts
from tracker.coverage.rules.levels import Reason, Standing

section = Section("Maps")


@section.operation(
    "GET",
    "/maps/{framework}/{edition}",
    name="api-map",
    may=May.READ,
    answers={200: schemas.CoverageMap},
    refuses=(404,),
)
def read_map(request: ApiRequest, framework: str, edition: str) -> schemas.CoverageMap:
    """One edition of a framework by level, as the map shows it.

    `edition` is its name as it stands in the address of the map: `2026-1744` for 2026/1744.
    """
    try:
        known = queries.known_of(request.learner)
    except NoCurriculum:
        raise Problem(404, "No curriculum is loaded yet.") from None
    shown = queries.find_edition(known.newest, framework, edition)
    if shown is None:
        raise Problem(404, "There is no map of this edition.")
    found = queries.map_of(known, shown)
    return schemas.CoverageMap(
        framework=shown.framework.key,
        title=shown.framework.title,
        edition=shown.edition.name,
        counts=schemas.LevelCounts(**counts(found.main_ids, found.standings)),
        topics=[_topic(standing) for standing in found.standings.values()],
    )


def _topic(standing: Standing) -> schemas.MapTopic:
    return schemas.MapTopic(
        id=standing.topic.topic_id,
        name=standing.topic.name,
        kind=standing.topic.kind,
        parent=standing.topic.parent,
        groups=list(standing.topic.groups),
        retired=standing.topic.retired,
        level=standing.level.word,
        taught=standing.is_taught,
        reasons=[_reason(reason) for reason in standing.reasons],
        claims=[
            schemas.MapClaim(level=row.level.word, source=row.source, on=row.on) for row in standing.claims
        ],
    )


def _reason(reason: Reason) -> schemas.MapReason:
    kind, key = reason.about
    carried = reason.carried
    return schemas.MapReason(
        level=reason.level.word,
        sentence=reason.sentence,
        on=reason.on,
        about=kind,
        key=key,
        carried_from=carried.topic_id if carried else None,
        carried_from_edition=carried.edition if carried else None,
    )
