"""JSON as it comes in, read narrowly, and what is wrong with it in sentences."""

import json
from collections.abc import Mapping
from typing import Any, NoReturn

from django.http import HttpRequest
from ninja.errors import ValidationError
from ninja.parser import Parser

from tracker.api.problems import Problem, refused


class NarrowParser(Parser):
    """JSON in UTF-8 that says everything once, and no numbers that are none."""

    def parse_body(self, request: HttpRequest) -> Any:
        """Raises the 400."""
        try:
            return json.loads(
                request.body.decode(), parse_constant=_no_constant, object_pairs_hook=_said_once
            )
        except RecursionError:
            raise Problem("unreadable", "The body is nested too deeply.") from None
        except ValueError as error:  # JSONDecodeError and UnicodeDecodeError among them
            raise Problem("unreadable", f"The body is not JSON: {str(error)[:120]}.") from None


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


def _said_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a field is there twice")
    return found


_SENTENCES = {
    "missing": "This is needed.",
    "extra_forbidden": "There is no such field.",
    "int_type": "This is a whole number.",
    "int_parsing": "This is a whole number.",
    "int_from_float": "This is a whole number.",
    "bool_type": "This is true or false.",
    "bool_parsing": "This is true or false.",
    "string_type": "This is text.",
    "string_unicode": "A half of a surrogate pair is no character.",
    "string_pattern_mismatch": "Text has no control characters but line ends and tabs.",
    "model_type": "The body is one JSON object.",
    "model_attributes_type": "The body is one JSON object.",
    "union_tag_not_found": "The body is one JSON object.",
    "greater_than_equal": "At least {ge}.",
    "less_than_equal": "At most {le}.",
    "string_too_short": "This is empty.",
    "string_too_long": "At most {max_length} characters.",
    "literal_error": "One of {expected}.",
    "enum": "One of {expected}.",
    "value_error": "{error}",
}
# What stands in the place of an error beside the field: where it was, the view's own name for the body, and
# which of two bodies it was read as.
_NOT_FIELDS = {"body", "query", "path", "header", "said", "fields", "line-body"}


def problem_of_validation(found: ValidationError) -> Problem:
    """The 422 of values that are not what the schema asks for."""
    return refused(*dict.fromkeys((_field(error["loc"]), _sentence(error)) for error in found.errors))


def _field(place: tuple[str | int, ...]) -> str:
    return ".".join(str(part) for part in place if part not in _NOT_FIELDS)


def _sentence(error: Mapping[str, Any]) -> str:
    if error["type"] == "missing" and not _field(error["loc"]):
        return _SENTENCES["model_type"]
    known = _SENTENCES.get(error["type"])
    return known.format(**error.get("ctx", {})) if known else f"{str(error['msg']).rstrip('.')}."
