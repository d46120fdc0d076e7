"""`/coverage/`: the frameworks by level, each topic with the reasons for it, and the ways out."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from curriculum.catalogue import Activity, Catalogue, Module, NoCurriculum, newest
from curriculum.schema import edition_slug
from tracker import clock
from tracker.coverage import actions, queries
from tracker.coverage.forms import LayerForm
from tracker.coverage.queries import CoverageMap, Known, Shown, map_of
from tracker.coverage.rules import drawing, layer, table
from tracker.coverage.rules.content import Topic
from tracker.coverage.rules.editions import Changes, changes, without_a_way
from tracker.coverage.rules.hyphens import soft
from tracker.coverage.rules.layout import (
    STATES,
    Cell,
    Column,
    Section,
    cells_of,
    counts,
    owners_ties,
    part_counts,
    touched,
)
from tracker.coverage.rules.levels import Carried, Level, Reason, Standing, carried_sentence, in_words
from tracker.library.words import BASIS_WORDS, TOPIC_WORDS, count
from tracker.people.requests import LearnerRequest
from tracker.plans import queries as plans_queries

STATE_WORDS = {
    "evidenced": "Evidenced",
    "practised": "Practised",
    "studied": "Studied",
    "untouched": "Untouched",
    "outside": "Not taught here",
}
CLAIMED = "claimed"


# ---------------------------------------------------------------------------------------------- what is shown


@dataclass(frozen=True, slots=True)
class Count:
    """How many topics are in a state. In a bar of all of them, it stands from `begin` on."""

    state: str
    word: str
    number: int
    begin: int


@dataclass(frozen=True, slots=True)
class CellRow:
    """A cell as the map shows it. `part_words` say how many of its parts have any level."""

    topic: Topic
    name: str
    state: str
    word: str
    claimed: str
    is_new: bool
    parts: tuple["CellRow", ...]
    part_words: str


@dataclass(frozen=True, slots=True)
class ColumnRow:
    """A column: its heading, its cells, and how many of them have any level."""

    heading: Topic | None
    name: str
    cells: tuple[CellRow, ...]
    touched: int
    of: int
    is_open: bool


@dataclass(frozen=True, slots=True)
class SectionRow:
    """A section of the map."""

    kind: str
    title: str
    columns: tuple[ColumnRow, ...]
    has_headings: bool
    touched: int
    of: int


@dataclass(frozen=True, slots=True)
class Filter:
    """What of a map is looked at: topics that a module teaches, of one state, taught by what is next."""

    module: str
    state: str
    is_next: bool

    def __bool__(self) -> bool:
        return bool(self.module or self.state or self.is_next)

    @property
    def query(self) -> str:
        """As it stands in an address, to be continued."""
        said = {"module": self.module, "level": self.state, "next": "1" if self.is_next else ""}
        return urlencode({name: value for name, value in said.items() if value})


@dataclass(frozen=True, slots=True)
class ReasonRow:
    """A reason with the address of what it is about, "" where that is gone."""

    reason: Reason
    word: str
    address: str
    carried: str
    carried_address: str
    basis: str


def _known(request: LearnerRequest) -> Known:
    try:
        return queries.known_of(request.user)
    except NoCurriculum:
        raise Http404("No curriculum is loaded yet.") from None


def _newest() -> Catalogue:
    try:
        return newest()
    except NoCurriculum:
        raise Http404("No curriculum is loaded yet.") from None


def _shown(content: Catalogue, framework_key: str, slug: str) -> Shown:
    shown = queries.find_edition(content, framework_key, slug)
    if shown is None:
        raise Http404
    return shown


def _counts(found: CoverageMap) -> list[Count]:
    numbers = counts(found.main_ids, found.standings)
    begins = accumulate((numbers[state] for state in STATES), initial=0)
    # The begins are one more than the states: the last is the sum.
    return [
        Count(state, STATE_WORDS[state], numbers[state], begin)
        for state, begin in zip(STATES, begins, strict=False)
    ]


def _kind_words(found: CoverageMap) -> str:
    """What the counts of a map count: `techniques`, `categories and subcategories`."""
    kinds = dict.fromkeys(found.standings[topic_id].topic.kind for topic_id in found.main_ids)
    return " and ".join(TOPIC_WORDS[kind][1].lower() for kind in kinds) or "topics"


# --------------------------------------------------------------------------------------------------- the maps


@require_safe
def maps(request: LearnerRequest) -> HttpResponse:
    """Every framework and edition with its counts."""
    known = _known(request)
    rows = []
    for framework in known.newest.frameworks:
        editions = []
        for edition in reversed(framework.editions):
            found = map_of(known, Shown(framework, edition, edition_slug(edition.name)))
            if found.sections:
                numbers = _counts(found)
                editions.append((found, numbers, _kind_words(found), _touched(found)))
        rows.append((framework, editions))
    return render(request, "coverage/maps.html", {"nav": "milestones", "rows": rows})


def _touched(found: CoverageMap) -> int:
    return touched(counts(found.main_ids, found.standings))


@require_safe
def newest_map(request: HttpRequest, framework_key: str) -> HttpResponse:
    """A framework without an edition leads to the map of its newest one."""
    framework = _newest().find_framework(framework_key)
    if framework is None:
        raise Http404
    return redirect("map", framework_key, edition_slug(framework.editions[-1].name))


@require_safe
def map(request: LearnerRequest, framework_key: str, edition: str) -> HttpResponse:
    """One edition as a map, or as the table behind it."""
    known = _known(request)
    shown = _shown(known.newest, framework_key, edition)
    return _map_page(request, known, shown, LayerForm())


def _map_page(
    request: LearnerRequest, known: Known, shown: Shown, form: LayerForm, *, status: int = 200
) -> HttpResponse:
    found = map_of(known, shown)
    asked = _filter(request, known.newest)
    wanted = _wanted(request, known, found, asked)
    changed = changes(shown.framework, shown.edition)
    new = {topic.topic_id for topic in changed.new} if changed else set()
    rows = [_section_row(section, found, wanted, new, asked) for section in found.sections]
    modules = {
        activity.module_key
        for standing in found.standings.values()
        for activity in _activities(known.newest, standing)
    }
    is_table = request.GET.get("view") == "table"
    context = {
        "nav": "milestones",
        "framework": shown.framework,
        "edition": shown.edition,
        "slug": shown.slug,
        "counts": _counts(found),
        "touched": _touched(found),
        "total": len(found.main_ids),
        "kind": _kind_words(found),
        "asked": asked,
        "matches": len(wanted),
        "of_all": len(shown.edition.topics),
        "modules": [module for module in known.newest.modules if module.key in modules],
        "states": [*((state, STATE_WORDS[state]) for state in STATES), (CLAIMED, "Claimed")],
        "has_plan": plans_queries.active_plan(request.user.pk) is not None,
        "sections": rows,
        "is_table": is_table,
        "table": list(_table_rows(known, found, wanted)) if is_table else [],
        "changed": changed,
        "changes": _changes_in_words(changed) if changed else "",
        "unknown_kinds": [TOPIC_WORDS[kind][1].lower() for kind in changed.unknown_kinds] if changed else [],
        "lost": _lost(known, shown),
        "others": [
            (other, edition_slug(other.name))
            for other in reversed(shown.framework.editions)
            if other is not shown.edition
        ],
        "is_atlas": shown.framework.key == layer.ATLAS,
        "layers": queries.layers_of(request.user, shown.framework.key, shown.edition.name),
        "form": form,
    }
    return render(request, "coverage/map.html", context, status=status)


def _filter(request: HttpRequest, content: Catalogue) -> Filter:
    """What the address asks for; what there is not is not asked for."""
    module = content.find_module(request.GET.get("module", ""))
    state = request.GET.get("level", "")
    return Filter(
        module.key if module else "",
        state if state in {*STATES, CLAIMED} else "",
        request.GET.get("next", "") == "1",
    )


def _wanted(request: LearnerRequest, known: Known, found: CoverageMap, asked: Filter) -> frozenset[str]:
    """The ids of the topics that the filter lets through."""
    upcoming: set[str] = set()
    if asked.is_next:
        standing = plans_queries.standing(request.user.pk, clock.today(request.user.zone_info))
        upcoming = {item.standing.activity.key for item in standing.next}
    return frozenset(
        topic_id
        for topic_id, standing in found.standings.items()
        if _matches(standing, known.newest, asked, upcoming)
    )


def _matches(standing: Standing, content: Catalogue, asked: Filter, upcoming: set[str]) -> bool:
    if asked.state == CLAIMED and not standing.claims:
        return False
    if asked.state not in {"", CLAIMED, standing.state}:
        return False
    if asked.is_next and not upcoming & set(standing.activity_keys):
        return False
    activities = _activities(content, standing)
    return not asked.module or any(activity.module_key == asked.module for activity in activities)


def _activities(content: Catalogue, standing: Standing) -> list[Activity]:
    """The activities of today's curriculum that teach a topic, under whichever edition."""
    return [row for key in standing.activity_keys if (row := content.find_activity(key))]


def _section_row(
    section: Section, found: CoverageMap, wanted: frozenset[str], new: set[str], asked: Filter
) -> SectionRow:
    columns = (_column_row(column, found, wanted, new, asked) for column in section.columns)
    own = [cell.topic.topic_id for cell in cells_of(section)]
    return SectionRow(
        kind=section.kind,
        title=TOPIC_WORDS[section.kind][1],
        columns=tuple(columns),
        has_headings=section.has_headings,
        touched=touched(counts(own, found.standings)),
        of=len(own),
    )


def _column_row(
    column: Column, found: CoverageMap, wanted: frozenset[str], new: set[str], asked: Filter
) -> ColumnRow:
    cells = tuple(_cell_row(cell, found, new, wanted) for cell in column.cells if _any_wanted(cell, wanted))
    own = counts([cell.topic.topic_id for cell in column.cells], found.standings)
    return ColumnRow(
        heading=column.heading,
        name=soft(column.heading.name) if column.heading else "Under none of these",
        cells=cells,
        touched=touched(own),
        of=len(column.cells),
        is_open=bool(cells) and bool(asked),
    )


def _any_wanted(cell: Cell, wanted: frozenset[str]) -> bool:
    return cell.topic.topic_id in wanted or any(_any_wanted(part, wanted) for part in cell.parts)


def _cell_row(cell: Cell, found: CoverageMap, new: set[str], wanted: frozenset[str]) -> CellRow:
    standing = found.standings[cell.topic.topic_id]
    done, of = part_counts(cell, found.standings)
    return CellRow(
        topic=cell.topic,
        name=soft(cell.topic.name),
        state=standing.state,
        word=STATE_WORDS[standing.state],
        claimed=standing.claims[0].level.word if standing.claims else "",
        is_new=cell.topic.topic_id in new,
        parts=tuple(_cell_row(part, found, new, wanted) for part in cell.parts if _any_wanted(part, wanted)),
        part_words=f"{done} of {of} {'part' if of == 1 else 'parts'}" if of else "",
    )


def _changes_in_words(changed: Changes) -> str:
    """`12 new, 2 renamed, 1 retired`; what is none is not named."""
    numbers = {
        "new": changed.new,
        "renamed": changed.renamed,
        "moved": changed.moved,
        "retired": changed.retired,
    }
    said = ", ".join(f"{len(rows)} {word}" for word, rows in numbers.items() if rows)
    return said or "nothing changed"


@dataclass(frozen=True, slots=True)
class Lost:
    """A topic of an earlier edition that has a level and no place on this map."""

    topic: Topic
    edition: str
    slug: str
    word: str


def _lost(known: Known, shown: Shown) -> list[Lost]:
    """What was covered under topics that this edition does not have any more: it is listed, never dropped."""
    gone = without_a_way(shown.framework, shown.edition)
    earlier = {name: shown.framework.find_edition(name) for name, _ in gone}
    found = []
    for name, edition in earlier.items():
        if edition is None:
            continue
        standings = map_of(known, Shown(shown.framework, edition, edition_slug(name))).standings
        for of, topic in gone:
            standing = standings[topic.topic_id] if of == name else None
            if standing and any(reason.carried is None for reason in standing.reasons):
                word = STATE_WORDS[standing.state]
                found.append(Lost(standing.topic, name, edition_slug(name), word))
    return found


@dataclass(frozen=True, slots=True)
class TableRow:
    """A topic as a row: under what it stands, its level and why, and what its owner ties to it."""

    topic: Topic
    under: str
    state: str
    word: str
    claimed: str
    why: str
    modules: tuple[Module, ...]
    owner: str


def _table_rows(known: Known, found: CoverageMap, wanted: frozenset[str]) -> Iterator[TableRow]:
    edition = found.shown.edition
    ties = owners_ties(edition)
    for topic in edition.topics:
        if topic.topic_id not in wanted:
            continue
        standing = found.standings[topic.topic_id]
        above = [name for name in (topic.parent, *topic.groups) if name]
        taught = _activities(known.newest, standing)
        yield TableRow(
            topic=topic,
            under=", ".join(other.name for name in above if (other := edition.find_topic(name))),
            state=standing.state,
            word=STATE_WORDS[standing.state],
            claimed=standing.claims[0].level.word if standing.claims else "",
            why=in_words(standing),
            modules=tuple(
                known.newest.module(key) for key in dict.fromkeys(row.module_key for row in taught)
            ),
            owner=_owner_says(topic, ties[topic.topic_id]),
        )


def _owner_says(topic: Topic, ties: Mapping[str, int]) -> str:
    """What its owner ties to a technique: `2 mitigations, no case study`; "" for other kinds."""
    if topic.kind != "technique":
        return ""
    words = {"mitigation": ("mitigation", "mitigations"), "case-study": ("case study", "case studies")}
    return ", ".join(count(ties[kind], *words[kind]) for kind in words if kind in ties)


# ---------------------------------------------------------------------------------------------------- a topic


@require_safe
def map_topic(request: LearnerRequest, framework_key: str, edition: str, topic_id: str) -> HttpResponse:
    """One topic: its level and every reason for it, what would raise it, its parts."""
    known = _known(request)
    shown = _shown(known.newest, framework_key, edition)
    found = map_of(known, shown)
    standing = found.standings.get(topic_id)
    here = shown.edition.find_topic(topic_id)
    if standing is None or here is None:
        raise Http404
    parts = [found.standings[row.topic_id] for row in shown.edition.topics if row.parent == topic_id]
    taught = _activities(known.newest, standing)
    ties = owners_ties(shown.edition)[topic_id]
    plan = plans_queries.active_plan(request.user.pk) if standing.reasons else None
    track_key = plan.track_key if plan else ""
    context = {
        "nav": "milestones",
        "framework": shown.framework,
        "edition": shown.edition,
        "slug": shown.slug,
        "topic": here,
        "kind": TOPIC_WORDS[here.kind][0],
        "standing": standing,
        "word": STATE_WORDS[standing.state],
        "reasons": [_reason_row(known, shown, track_key, reason) for reason in standing.reasons],
        "claims": [(claim, claim.level.word) for claim in standing.claims],
        "taught": [
            (known.newest.module(row.module_key), row, row.key in standing.elsewhere) for row in taught
        ],
        "raises": _raises(standing, taught),
        "parent": shown.edition.find_topic(here.parent),
        "groups": [other for name in here.groups if (other := shown.edition.find_topic(name))],
        "parts": [(part.topic, part.state, STATE_WORDS[part.state]) for part in parts],
        "parts_touched": sum(1 for part in parts if part.level),
        "owner": _owner_says(here, ties),
        "owner_names_none": here.kind == "technique" and bool(ties) and not any(ties.values()),
    }
    return render(request, "coverage/topic.html", context)


def _reason_row(known: Known, shown: Shown, track_key: str, reason: Reason) -> ReasonRow:
    carried = reason.carried
    return ReasonRow(
        reason=reason,
        word=STATE_WORDS[reason.level.word],
        address=_address(known.newest, track_key, reason),
        carried=carried_sentence(carried) if carried else "",
        carried_address=_carried_address(shown, carried) if carried else "",
        basis=BASIS_WORDS.get(reason.tie.basis, "") if reason.tie else "",
    )


def _address(content: Catalogue, track_key: str, reason: Reason) -> str:
    """The page of what a reason is about; "" where the curriculum has it no more."""
    kind, key = reason.about
    if kind == "run":
        return reverse("run", args=[int(key)])
    if kind == "activity":
        activity = content.find_activity(key)
        return reverse("curriculum-activity", args=[activity.module_key, activity.slug]) if activity else ""
    module_key, _, slug = key.partition(".")
    module = content.find_module(module_key)
    if module is None or key not in {lab.key for lab in module.labs}:
        return ""
    if key in {lab.key for lab in module.labs_in(track_key)}:
        return reverse("lab", args=[module_key, slug])
    return reverse("curriculum-module", args=[module_key])


def _carried_address(shown: Shown, carried: Carried) -> str:
    return reverse("map-topic", args=[shown.framework.key, edition_slug(carried.edition), carried.topic_id])


def _raises(standing: Standing, activities: list[Activity]) -> str:
    """What the next level takes, in a sentence; "" where nothing here can."""
    if standing.level == Level.EVIDENCED or not activities:
        return ""
    if standing.level == Level.UNTOUCHED:
        return "It becomes studied with one of the activities below: time logged on it, or its mark."
    if any(row.lab_key for row in activities):
        return "It becomes evidenced with a lab below that meets all of its rules."
    return "No activity that teaches it works on a lab. A tool's report on what is tied to it can raise it."


# ----------------------------------------------------------------------------------------------- the ways out


def _file(text: str, content_type: str, shown: Shown, ending: str) -> HttpResponse:
    name = f"cairn-{shown.framework.key}-{shown.slug}.{ending}"
    return HttpResponse(
        text.encode(),
        content_type=content_type,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _title(shown: Shown) -> str:
    return f"{shown.framework.title} {shown.edition.name}"


@require_safe
def map_layer(request: LearnerRequest, framework_key: str, edition: str) -> HttpResponse:
    """The map of ATLAS as a layer of its Navigator."""
    known = _known(request)
    shown = _shown(known.newest, framework_key, edition)
    if shown.framework.key != layer.ATLAS:
        raise Http404
    found = map_of(known, shown)
    comments = {key: in_words(standing) for key, standing in found.standings.items()}
    written = layer.written(f"Cairn, {_title(shown)}", shown.edition, found.standings, comments)
    return _file(json.dumps(written, indent=1, ensure_ascii=False), "application/json", shown, "layer.json")


@require_safe
def map_csv(request: LearnerRequest, framework_key: str, edition: str) -> HttpResponse:
    """A map as CSV, with no cell that a spreadsheet takes for a formula."""
    known = _known(request)
    shown = _shown(known.newest, framework_key, edition)
    found = map_of(known, shown)
    text = table.written(
        {
            "framework": shown.framework.key,
            "edition": shown.edition.name,
            "topic_id": key,
            "name": standing.topic.name,
            "kind": standing.topic.kind,
            "part_of": standing.topic.parent,
            "stands_under": " ".join(standing.topic.groups),
            "level": standing.level.word,
            "in_curriculum": "yes" if standing.is_taught else "no",
            "claimed": standing.claims[0].level.word if standing.claims else "",
            "because": in_words(standing),
        }
        for key, standing in found.standings.items()
    )
    # Excel takes a file for UTF-8 only where it begins with this mark.
    return _file("\ufeff" + text, "text/csv; charset=utf-8", shown, "csv")


@require_safe
def map_svg(request: LearnerRequest, framework_key: str, edition: str) -> HttpResponse:
    """A map as a picture."""
    known = _known(request)
    shown = _shown(known.newest, framework_key, edition)
    found = map_of(known, shown)
    kinds = {kind: words[1] for kind, words in TOPIC_WORDS.items()}
    numbers = counts(found.main_ids, found.standings)
    text = drawing.drawn(_title(shown), found.sections, kinds, found.standings, numbers)
    return _file(text, "image/svg+xml", shown, "svg")


# ----------------------------------------------------------------------------------------------------- claims


@require_POST
def claim_layer(request: LearnerRequest, framework_key: str, edition: str) -> HttpResponse:
    """A layer of the Navigator comes in, as claims."""
    known = _known(request)
    shown = _shown(known.newest, framework_key, edition)
    if shown.framework.key != layer.ATLAS:
        raise Http404
    form = LayerForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            found = layer.read_layer(form.cleaned_data["layer"].read(), shown.edition)
            actions.claim_layer(request.user, framework_key, shown.edition.name, found, now=clock.now())
        except (layer.NotALayer, actions.TooManyLayers) as refusal:
            form.add_error("layer", str(refusal))
        else:
            messages.info(request, _claimed_sentence(found))
            return redirect(f"{reverse('map', args=[framework_key, edition])}#claims")
    return _map_page(request, known, shown, form, status=422)


def _claimed_sentence(found: layer.Layer) -> str:
    claims = count(len(found.levels), "technique")
    said = f"“{found.name}” claims {claims}. They are shown beside your own levels."
    if found.unknown:
        some = ", ".join(found.unknown[: layer.NAMED])
        more = len(found.unknown) - layer.NAMED
        said += f" Not in this edition: {some}{f' and {more} more' if more > 0 else ''}."
    return said


@require_POST
def take_back_layer(request: LearnerRequest, framework_key: str, edition: str) -> HttpResponse:
    """Takes back everything that a layer claims."""
    shown = _shown(_newest(), framework_key, edition)
    source = request.POST.get("source", "")
    if not source.isprintable():  # no layer's name, and not every database takes it
        raise Http404
    taken = actions.take_back_layer(request.user, framework_key, shown.edition.name, source)
    said = (
        f"Taken back: {count(taken, 'claim')} of “{source[:120]}”."
        if taken
        else "There was nothing to take back."
    )
    messages.info(request, said)
    return redirect(f"{reverse('map', args=[framework_key, edition])}#claims")
