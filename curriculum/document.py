"""The curriculum as one page of Markdown: hours, the role, and which topic is taught where. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from curriculum.reading import Content
from curriculum.schema import Edition, Framework, Module

HEAD = """\
# The curriculum at a glance

This page is made from the content files by `manage.py document_curriculum`; `make check` fails when it is
out of date. Do not edit it by hand.
"""


def document(content: Content) -> str:
    """The whole page."""
    parts = [
        HEAD,
        *_tracks(content),
        *_modules(content),
        *_left_out(content),
        *_role(content),
        *_coverage(content),
    ]
    return "\n".join(parts).rstrip() + "\n"


def _tracks(content: Content) -> Iterator[str]:
    yield "## Tracks\n"
    rows = []
    for track in content.tracks:
        modules = [row for row in content.modules if _has(row, track.key)]
        minutes = sum(module.minutes.get(track.key, 0) for module in modules)
        builds_on = " or ".join(_title(content, key) for key in track.builds_on)
        rows.append((track.title, _hours(minutes), str(len(modules)), builds_on or "nothing"))
    yield _table(("Track", "Hours", "Modules", "Builds on"), rows)


def _modules(content: Content) -> Iterator[str]:
    yield "## Modules\n"
    titles = [track.title for track in content.tracks]
    rows = [
        (
            f"{module.number} {module.title}",
            *(
                _hours(module.minutes[track.key]) if track.key in module.minutes else ""
                for track in content.tracks
            ),
            str(len(module.activities)),
            str(len(module.labs)),
            str(len(module.questions)),
        )
        for module in content.modules
    ]
    yield _table(("Module", *titles, "Activities", "Labs", "Recall"), rows)


def _left_out(content: Content) -> Iterator[str]:
    """The activities that a learner short of time may leave out: hours in the tracks that require them."""
    rows = [
        (
            activity.title,
            module.title,
            *(
                _hours(activity.minutes) if activity.tracks.get(track.key) == "required" else ""
                for track in content.tracks
            ),
            activity.if_left_out,
        )
        for module in content.modules
        for activity in module.activities
        if activity.if_left_out
    ]
    if rows:
        yield "## What may be left out\n"
        titles = [track.title for track in content.tracks]
        yield _table(("Activity", "Module", *titles, "What is lost"), rows)


def _role(content: Content) -> Iterator[str]:
    yield "## What the role asks for\n"
    names = {module.key: module.title for module in content.modules}
    yield _table(
        ("Asked", "Taught in", "Part of"),
        [
            (row.asks, ", ".join(names[key] for key in row.modules) or row.left_out or "", row.where)
            for row in content.role
        ],
    )


def _coverage(content: Content) -> Iterator[str]:
    yield "## Frameworks\n"
    rows = []
    for framework, edition in _editions(content):
        taught = _taught(content, framework, edition)
        rows.append((framework.title, edition.edition, str(len(edition.topics)), str(len(taught))))
    yield _table(("Framework", "Edition", "Topics", "Taught"), rows)
    for framework, edition in _editions(content):
        taught = _taught(content, framework, edition)
        if taught:
            yield f"### {framework.title} {edition.edition}\n"
            yield _table(("Topic", "Name", "Taught in"), taught)


def _editions(content: Content) -> Iterator[tuple[Framework, Edition]]:
    for framework in content.frameworks:
        for edition in framework.editions:
            yield framework, edition


def _taught(content: Content, framework: Framework, edition: Edition) -> list[tuple[str, str, str]]:
    """Topics of an edition that a module teaches, in the owner's order."""
    modules: dict[str, list[str]] = {}
    for module in content.modules:
        for cover in module.covers:
            if (cover.framework, cover.edition) == (framework.key, edition.edition):
                modules.setdefault(cover.topic, []).append(module.key)
    return [
        (topic.id, topic.name, ", ".join(modules[topic.id]))
        for topic in edition.topics
        if topic.id in modules
    ]


def _has(module: Module, track_key: str) -> bool:
    return any(track_key in activity.tracks for activity in module.activities)


def _title(content: Content, track_key: str) -> str:
    return next(track.title for track in content.tracks if track.key == track_key)


def _hours(minutes: int) -> str:
    return f"{minutes / 60:g}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', '/') for cell in line)} |\n" for line in lines)
