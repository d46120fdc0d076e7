"""`/curriculum/`: the newest revision to read and to search, for everybody."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from curriculum.catalogue import (
    Activity,
    CalendarRow,
    Catalogue,
    Edition,
    Framework,
    Lab,
    Link,
    Module,
    NoCurriculum,
    Question,
    Topic,
    newest,
)
from curriculum.schema import edition_slug
from tracker.library.search import Found, index
from tracker.library.words import BASIS_WORDS, TOPIC_WORDS


def _newest() -> Catalogue:
    try:
        return newest()
    except NoCurriculum:
        raise Http404("No curriculum is loaded yet.") from None


def _module(content: Catalogue, module_key: str) -> Module:
    module = content.find_module(module_key)
    if module is None:
        raise Http404
    return module


@login_not_required
@require_safe
def curriculum(request: HttpRequest) -> HttpResponse:
    """The tracks, the modules and the frameworks."""
    content = _newest()
    rows = [
        (module, [(track, module.minutes_in(track.key)) for track in content.tracks])
        for module in content.modules
    ]
    tracks = [
        (
            track,
            content.minutes_in(track.key),
            len(track.module_keys),
            [content.track(k) for k in track.builds_on],
        )
        for track in content.tracks
    ]
    context = {"nav": "curriculum", "content": content, "rows": rows, "tracks": tracks}
    return render(request, "library/curriculum.html", context)


@login_not_required
@require_safe
def curriculum_module(request: HttpRequest, module_key: str) -> HttpResponse:
    """One module, to read: why, the primer, its activities, labs, recall and milestone."""
    content = _newest()
    module = _module(content, module_key)
    context = {
        "nav": "curriculum",
        "content": content,
        "module": module,
        "prerequisites": [content.module(key) for key in module.prerequisites],
        "tracks": [track for track in content.tracks if module.activities_in(track.key)],
        "hours": {track.key: module.minutes_in(track.key) for track in content.tracks},
        "resources": content.resources_of(module),
        "covers": covers_of(content, module),
        "neighbours": _neighbours(content, module),
    }
    return render(request, "library/module.html", context)


@login_not_required
@require_safe
def curriculum_activity(request: HttpRequest, module_key: str, slug: str) -> HttpResponse:
    """One activity, to read: what to do, step by step, and what done looks like."""
    content = _newest()
    module = _module(content, module_key)
    activity = content.find_activity(f"{module_key}.{slug}")
    if activity is None:
        raise Http404
    context = {
        "nav": "curriculum",
        "content": content,
        "module": module,
        "activity": activity,
        "tracks": [track for track in content.tracks if track.key in activity.needs],
        "text": activity_text(content, module, activity, module.activities),
    }
    return render(request, "library/activity.html", context)


@dataclass(frozen=True, slots=True)
class Covered:
    """The topics of one edition that something teaches."""

    framework: Framework
    edition: str
    slug: str
    topics: tuple[tuple[str, str], ...]  # id and name


def covers_of(content: Catalogue, module: Module, activity: Activity | None = None) -> list[Covered]:
    """The topics a module teaches, or one of its activities, edition by edition."""
    found: dict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
    for cover in module.covers:
        if activity is None or activity.key in cover.taught_in:
            found[cover.framework, cover.edition].append((cover.topic_id, cover.topic_name))
    return [
        Covered(content.framework(framework), edition, edition_slug(edition), tuple(topics))
        for (framework, edition), topics in found.items()
    ]


@dataclass(frozen=True, slots=True)
class ActivityText:
    """What the page of an activity shows besides its own words."""

    lab: Lab | None
    questions: tuple[Question, ...]
    covers: tuple[Covered, ...]
    before: Activity | None
    after: Activity | None


def activity_text(
    content: Catalogue, module: Module, activity: Activity, others: Sequence[Activity]
) -> ActivityText:
    """What stands around an activity; `others` are those of the module that the reader has, in order."""
    place = others.index(activity)
    return ActivityText(
        lab=content.lab(activity.lab_key) if activity.lab_key else None,
        questions=tuple(row for row in module.questions if activity.key in row.checks),
        covers=tuple(covers_of(content, module, activity)),
        before=others[place - 1] if place else None,
        after=others[place + 1] if place + 1 < len(others) else None,
    )


def _neighbours(content: Catalogue, module: Module) -> tuple[Module | None, Module | None]:
    place = content.modules.index(module)
    before = content.modules[place - 1] if place else None
    return before, content.modules[place + 1] if place + 1 < len(content.modules) else None


@login_not_required
@require_safe
def modules(request: HttpRequest) -> HttpResponse:
    """An address shortened by hand leads to the list."""
    return redirect(f"{reverse('curriculum')}#modules")


@login_not_required
@require_safe
def newest_edition(request: HttpRequest, framework_key: str) -> HttpResponse:
    """A framework without an edition leads to its newest one."""
    found = _newest().find_framework(framework_key)
    if found is None:
        raise Http404
    return redirect("framework", framework_key, edition_slug(found.editions[-1].name))


@login_not_required
@require_safe
def role(request: HttpRequest) -> HttpResponse:
    """What the role asks for, and the modules that teach it."""
    content = _newest()
    rows = [(row, [content.module(key) for key in row.module_keys]) for row in content.role]
    return render(request, "library/role.html", {"nav": "curriculum", "rows": rows, "skills": content.skills})


@login_not_required
@require_safe
def frameworks(request: HttpRequest) -> HttpResponse:
    """Every framework with its editions."""
    content = _newest()
    rows = [
        (framework, [(edition, edition_slug(edition.name), _taught_count(content, framework, edition))
                     for edition in reversed(framework.editions)])
        for framework in content.frameworks
    ]  # fmt: skip
    return render(request, "library/frameworks.html", {"nav": "curriculum", "rows": rows})


def _taught_count(content: Catalogue, framework: Framework, edition: Edition) -> int:
    return sum(bool(content.taught(framework.key, edition.name, row.topic_id)) for row in edition.topics)


def _edition(content: Catalogue, framework_key: str, slug: str) -> tuple[Framework, Edition]:
    framework = content.find_framework(framework_key)
    for edition in framework.editions if framework else ():
        if framework is not None and edition_slug(edition.name) == slug:
            return framework, edition
    raise Http404


@dataclass(frozen=True, slots=True)
class TopicRow:
    """A topic in the list of its edition: the modules that teach it, and the topics it is made of."""

    topic: Topic
    taught: tuple[Module, ...]
    parts: tuple["TopicRow", ...]


@login_not_required
@require_safe
def framework(request: HttpRequest, framework_key: str, edition: str) -> HttpResponse:
    """One edition: every topic, and where it is taught."""
    content = _newest()
    found, shown = _edition(content, framework_key, edition)
    parts: dict[str, list[Topic]] = defaultdict(list)
    for topic in shown.topics:
        parts[topic.parent].append(topic)

    def row(topic: Topic) -> TopicRow:
        keys = dict.fromkeys(
            activity.module_key for activity in content.taught(found.key, shown.name, topic.topic_id)
        )
        taught = tuple(content.module(key) for key in keys)
        return TopicRow(topic, taught, tuple(row(part) for part in parts[topic.topic_id]))

    kinds: dict[str, list[TopicRow]] = defaultdict(list)
    for topic in parts[""]:
        kinds[topic.kind].append(row(topic))
    context = {
        "nav": "curriculum",
        "framework": found,
        "edition": shown,
        "slug": edition,
        "sections": [(TOPIC_WORDS[kind][1], kind, rows) for kind, rows in kinds.items()],
        "others": [(row, edition_slug(row.name)) for row in reversed(found.editions) if row is not shown],
        "taught": _taught_count(content, found, shown),
        "dates": [(row, _moved(row)) for row in found.dates if shown.find_topic(row.topic_id)],
    }
    return render(request, "library/framework.html", context)


def _moved(row: CalendarRow) -> bool:
    return row.applies_on != row.enacted_on


@dataclass(frozen=True, slots=True)
class Tie:
    """A topic of another framework that this one is tied to, and who says so."""

    title: str
    edition: str
    slug: str
    framework_key: str
    topic_id: str
    name: str
    basis: str
    source: str


@login_not_required
@require_safe
def topic(request: HttpRequest, framework_key: str, edition: str, topic_id: str) -> HttpResponse:
    """One topic of one edition: where it is taught, what it belongs to, what others tie it to."""
    content = _newest()
    found, shown = _edition(content, framework_key, edition)
    here = shown.find_topic(topic_id)
    if here is None:
        raise Http404
    taught = content.taught(found.key, shown.name, topic_id)
    context = {
        "nav": "curriculum",
        "framework": found,
        "edition": shown,
        "slug": edition,
        "topic": here,
        "kind": TOPIC_WORDS[here.kind][0],
        "taught": [(content.module(row.module_key), row) for row in taught],
        "parent": shown.find_topic(here.parent),
        "groups": [shown.find_topic(name) for name in here.groups],
        "parts": [row for row in shown.topics if row.parent == topic_id],
        "members": [row for row in shown.topics if topic_id in row.groups and not row.parent],
        "relates": [shown.find_topic(name) for name in here.relates],
        "related_by": [row for row in shown.topics if topic_id in row.relates],
        "ties": [
            _tie(content, link, topic_id, found.key)
            for link in content.links_of(found.key, shown.name, topic_id)
        ],
        "maps": _maps(found, shown, topic_id),
        "dates": [(row, _moved(row)) for row in found.dates if row.topic_id == topic_id],
    }
    return render(request, "library/topic.html", context)


def _tie(content: Catalogue, link: Link, topic_id: str, framework_key: str) -> Tie:
    """A link as it looks from a topic at either of its ends."""
    outward = (link.framework, link.topic_id) == (framework_key, topic_id)
    key, edition, name = (
        (link.to_framework, link.to_edition, link.to_topic)
        if outward
        else (link.framework, link.edition, link.topic_id)
    )
    other = content.framework(key)
    there = other.find_edition(edition)
    topic = there.find_topic(name) if there else None
    return Tie(
        title=other.title,
        edition=edition,
        slug=edition_slug(edition),
        framework_key=key,
        topic_id=name,
        name=topic.name if topic else "",
        basis=BASIS_WORDS[link.basis],
        source=link.source,
    )


@dataclass(frozen=True, slots=True)
class Mapped:
    """What a topic is called, or was, in another edition; `topic_id` is "" where it is gone."""

    later: bool
    edition: str
    slug: str
    topic_id: str
    how: str
    basis: str
    source: str


def _maps(framework: Framework, edition: Edition, topic_id: str) -> list[Mapped]:
    found = []
    for known in framework.maps:
        for row in known.rows:
            if known.from_edition == edition.name and row.from_topic == topic_id:
                there, name, later = known.to_edition, row.to_topic, True
            elif known.to_edition == edition.name and row.to_topic == topic_id:
                there, name, later = known.from_edition, row.from_topic, False
            else:
                continue
            basis = BASIS_WORDS[known.basis]
            found.append(Mapped(later, there, edition_slug(there), name, row.how, basis, known.source))
    return found


@login_not_required
@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """What answers as one types: the whole page, of which htmx takes the results."""
    content = _newest()
    query = request.GET.get("q", "")
    found = index(content.revision).find(query) if query.strip() else Found("", (), 0)
    return render(request, "library/search.html", {"nav": "curriculum", "found": found})
