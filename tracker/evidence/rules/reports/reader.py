"""A stream of bytes becomes a report, or is refused with a sentence. Pure.

What a file is follows from its content, never from its name.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, BinaryIO

from tracker.evidence.rules.reports import attack_result, counterfit, modelscan, promptfoo, pyrit, sniff
from tracker.evidence.rules.reports.garak import read_garak
from tracker.evidence.rules.reports.limits import DEFAULT, MB, Limits
from tracker.evidence.rules.reports.lines import (
    GZIP_FAULTS,
    Lines,
    NotJson,
    Progress,
    as_json,
    size_of,
    unpacked,
)
from tracker.evidence.rules.reports.report import Refused, Report


@dataclass(frozen=True, slots=True)
class Stated:
    """What a file does not say and the learner does. Counterfit's files need it."""

    attack: str = ""
    target: str = ""
    parameters: bytes | None = None
    """The content of Counterfit's params.json."""


def read_report(
    stream: BinaryIO,
    *,
    limits: Limits = DEFAULT,
    stated: Stated = Stated(),
    progress: Progress | None = None,
) -> Report:
    """The report in a stream that can seek. Raises `Refused`, and nothing else whatever the bytes are.

    `progress` is told now and then how many bytes of the stream have been read.
    """
    try:
        return _read(stream, limits, stated, progress)
    except EOFError:
        raise Refused("This gzip file is cut short. Pack the report again, or hand it in unpacked.") from None
    except GZIP_FAULTS:
        raise Refused("This gzip file is damaged. Hand in the report unpacked.") from None
    except (RecursionError, MemoryError):
        raise Refused("This file needs more memory to be read than a report does.") from None


def _read(stream: BinaryIO, limits: Limits, stated: Stated, progress: Progress | None) -> Report:
    if size_of(stream) > limits.file_bytes:
        raise Refused(f"This file is larger than {limits.file_bytes // MB} MB, which no report needs.")
    content = unpacked(stream)
    lines = Lines(content, limits, source=stream, progress=progress)
    head = lines.head(sniff.HEAD_BYTES)
    refusal = sniff.no_report(head)
    if refusal:
        raise Refused(refusal)
    first = next(iter(lines), None)
    if first is None:
        raise Refused(f"This file holds nothing but blank lines. {sniff.WANTED}")
    try:
        value = as_json(first, limits)
    except NotJson:  # the first line of a document that is written over several
        return _document(_whole(first, lines, head, limits), limits, stated)
    if isinstance(value, dict):
        if isinstance(value.get("entry_type"), str):
            return read_garak(value, lines, limits)
        if promptfoo.is_line(value):
            return promptfoo.read_lines(value, lines, limits)
        if pyrit.is_attack_result(value):
            return pyrit.read_lines(value, lines, limits)
    if next(iter(lines), None) is not None:
        raise Refused(sniff.foreign_lines(value))
    return _document(value, limits, stated)


def _whole(first: bytes, lines: Lines, head: bytes, limits: Limits) -> Any:
    try:
        return as_json(lines.whole(first), limits)
    except NotJson as error:
        raise Refused(sniff.not_json(str(error), head)) from None


def _document(value: Any, limits: Limits, stated: Stated) -> Report:
    """The report that one JSON value is."""
    if isinstance(value, list) and value:
        if pyrit.is_attack_result(value[0]):
            return pyrit.read_attack_results(value, limits)
        if pyrit.is_message_piece(value[0]):
            return pyrit.read_message_pieces(value, limits)
    if counterfit.is_run_summary(value):
        parameters = _parameters(stated.parameters, limits)
        return counterfit.read_run_summary(
            value, parameters=parameters, attack=stated.attack, target=stated.target
        )
    for fits, read in _DOCUMENTS:
        if fits(value):
            return read(value, limits)
    raise Refused(sniff.foreign(value))


_DOCUMENTS: tuple[tuple[Callable[[Any], bool], Callable[[Any, Limits], Report]], ...] = (
    (pyrit.is_attack_result, lambda value, limits: pyrit.read_attack_results([value], limits)),
    (promptfoo.is_document, promptfoo.read_document),
    (modelscan.is_modelscan, lambda value, limits: modelscan.read_modelscan(value)),
    (attack_result.is_attack_result, attack_result.read_attack_result),
)
"""How each kind of document is known, and what reads it."""


def _parameters(content: bytes | None, limits: Limits) -> Any:
    """What Counterfit's params.json holds, or None where none was handed in."""
    if content is None:
        return None
    try:
        value = as_json(content, limits) if len(content) <= limits.document_bytes else None
    except NotJson:
        value = None
    if not counterfit.is_parameters(value):
        raise Refused(
            "The file beside the summary is not Counterfit's params.json. Hand in the one of the same run."
        )
    return value
