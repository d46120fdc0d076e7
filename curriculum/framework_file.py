"""A framework as the text of its file: one row a line, as the files of the content folder are. Pure."""

from __future__ import annotations

from typing import Any

import yaml
from pydantic import BaseModel

from curriculum.schema import Edition, EditionMap, Framework

# Wider than any row: a row is never broken.
_WIDTH = 1_000_000


def rendered(framework: Framework) -> str:
    """The text of `frameworks/<key>.yaml`. Read again, it gives a framework equal to this one."""
    lines = [
        *_field("key", framework.key),
        *_field("title", framework.title),
        *_field("url", framework.url),
        *_field("source", framework.source),
        "editions:",
    ]
    for edition in framework.editions:
        lines += _item(_edition(edition))
    if framework.maps:
        lines.append("maps:")
        for known in framework.maps:
            lines += _item(_map(known))
    for name, rows in (("links", framework.links), ("dates", framework.dates)):
        if rows:
            lines += [f"{name}:", *(f"  - {_row(row)}" for row in rows)]
    return "\n".join(lines) + "\n"


def _edition(edition: Edition) -> list[str]:
    lines = [*_field("edition", edition.edition), *_field("title", edition.title)]
    if edition.published_on is not None:
        lines += _field("published_on", edition.published_on)
    if edition.source is not None:
        lines += _field("source", edition.source)
    return [*lines, "topics:", *(f"  - {_row(topic)}" for topic in edition.topics)]


def _map(known: EditionMap) -> list[str]:
    return [
        *_field("from_edition", known.from_edition),
        *_field("to_edition", known.to_edition),
        *_field("basis", known.basis),
        *_field("source", known.source),
        "rows:",
        *(f"  - {_row(row)}" for row in known.rows),
    ]


def _item(lines: list[str]) -> list[str]:
    return [f"  - {lines[0]}", *(f"    {line}" for line in lines[1:])]


def _field(name: str, value: str) -> list[str]:
    return _dumped({name: value}, flow=False).splitlines()


def _row(row: BaseModel) -> str:
    return _dumped(row.model_dump(mode="json", by_alias=True, exclude_defaults=True), flow=True)


def _dumped(value: dict[str, Any], *, flow: bool) -> str:
    return yaml.safe_dump(
        value, default_flow_style=flow, width=_WIDTH, allow_unicode=True, sort_keys=False
    ).rstrip("\n")
