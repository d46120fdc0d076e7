"""The API as a whole, and the OpenAPI document that says what it does."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from typing import Any, NoReturn

from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError
from pydantic.json_schema import models_json_schema

from tracker.api.door import FILE_TYPES, KEY
from tracker.api.problems import KINDS, MEDIA_TYPE, Problem, problem_of, refused
from tracker.api.reading import NarrowParser, problem_of_validation
from tracker.api.schemas import ProblemOut
from tracker.api.views import account, maps, plan, reports, sessions, timer
from tracker.journal.actions import LongDay, Refused

ROOT = "/api/v1/"
SECTIONS = (account.section, sessions.section, timer.section, plan.section, maps.section, reports.section)

api = NinjaAPI(
    title="Cairn",
    version="1",
    description="Sessions, timer, plan, weeks, milestones and maps of the learner whose token it is.",
    parser=NarrowParser(),
    openapi_url=None,
    docs_url=None,
)
for _section in SECTIONS:
    api.add_router("", _section.router)


# --- what an operation raises -----------------------------------------------------------------------------


@api.exception_handler(Problem)
def _problem(request: HttpRequest, problem: Problem) -> HttpResponse:
    return problem.response()


@api.exception_handler(Refused)
def _refused(request: HttpRequest, refusal: Refused) -> HttpResponse:
    return refused((refusal.field, str(refusal))).response()


@api.exception_handler(LongDay)
def _long_day(request: HttpRequest, question: LongDay) -> HttpResponse:
    # Under the field that says yes to it.
    return refused(("confirm_long_day", str(question))).response()


@api.exception_handler(ValidationError)
def _invalid(request: HttpRequest, found: ValidationError) -> HttpResponse:
    return problem_of_validation(found).response()


@api.exception_handler(Http404)
def _not_there(request: HttpRequest, missing: Http404) -> HttpResponse:
    return Problem(404, "There is no such thing of yours.").response()


@api.exception_handler(HttpError)
def _unreadable(request: HttpRequest, error: HttpError) -> HttpResponse:
    # django-ninja wraps whatever its parser raised.
    cause = error.__cause__
    return (cause if isinstance(cause, Problem) else problem_of(error.status_code)).response()


@api.exception_handler(Exception)
def _fault(request: HttpRequest, fault: Exception) -> NoReturn:
    """Left to Django, whose log and whose answer for a busy database hold here too."""
    raise fault


# --- the document -----------------------------------------------------------------------------------------

# What every operation may answer beside its own.
_ON_WRITES = (409, 413, 415)
_ALWAYS = (400, 401, 403, 422, 429, 503)
_LIMIT_HEADERS = {
    "RateLimit-Limit": "Requests in the window that is nearest to its end.",
    "RateLimit-Remaining": "Those of them that are left.",
    "RateLimit-Reset": "Seconds until the window begins anew.",
}
_KEY_PARAMETER = {
    "in": "header",
    "name": "Idempotency-Key",
    "required": False,
    "description": "Chosen by the program, new for each thing it wants done: the same request under the same "
    "key is answered the same for 30 days, and done once.",
    "schema": {"type": "string", "pattern": f"^{KEY.pattern}$"},
}


@cache
def document() -> dict[str, Any]:
    """The OpenAPI document, as plain JSON values."""
    found: dict[str, Any] = json.loads(json.dumps(api.get_openapi_schema(path_prefix=ROOT)))
    found["servers"] = [{"url": "/"}]
    _, problem = models_json_schema(
        [(ProblemOut, "serialization")], ref_template="#/components/schemas/{model}"
    )
    found["components"]["schemas"] |= problem["$defs"]
    found["components"]["securitySchemes"] = {
        "token": {
            "type": "http",
            "scheme": "bearer",
            "description": "A token from Settings, Tokens for programs.",
        }
    }
    found["components"]["headers"] = {
        name: {"description": meaning, "schema": {"type": "integer"}}
        for name, meaning in _LIMIT_HEADERS.items()
    }
    found["components"]["responses"] = {
        f"Problem{status}": {
            "description": HTTPStatus(status).phrase,
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemOut"}}},
        }
        for status in sorted({404, *_ON_WRITES, *_ALWAYS})
    }
    for methods in found["paths"].values():
        for method, operation in methods.items():
            _complete(operation, writes=method != "get")
    return found


def _complete(operation: dict[str, Any], *, writes: bool) -> None:
    """Says of an operation what all of them share, and no more of its values than is so."""
    for each in operation["parameters"]:
        # What is left out of an address is not there; it is never null.
        kinds_of = [kind for kind in each["schema"].pop("anyOf", []) if kind != {"type": "null"}]
        each["schema"] |= kinds_of[0] if kinds_of else {}
    for content in operation.get("requestBody", {}).get("content", {}).values():
        content["schema"].pop("default", None)
        content["schema"].pop("title", None)
        content["schema"] = (content["schema"].get("allOf") or [content["schema"]])[0]
    own = operation.pop("x-refuses")
    scope = operation["x-scope"]
    operation["security"] = [{"token": []}]
    operation["description"] = operation["description"].strip()
    if writes:
        operation["parameters"].append(_KEY_PARAMETER)
    # A token of any scope may do it, unless the operation itself says of what it may not.
    always = {*_ALWAYS} - ({403} if scope == "any" else set())
    statuses = {*own, *always, *(_ON_WRITES if writes else ())}
    for status, answer in operation["responses"].items():
        answer["description"] = HTTPStatus(int(status)).phrase
        limits = {name: {"$ref": f"#/components/headers/{name}"} for name in _LIMIT_HEADERS}
        answer["headers"] = limits | answer.get("headers", {})
    for status in sorted(statuses):
        operation["responses"][str(status)] = {"$ref": f"#/components/responses/Problem{status}"}


# --- the document, to read --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Value:
    """A parameter or a field of a body."""

    name: str
    kind: str
    where: str  # address, query, header, or what the body is
    required: bool
    meaning: str


@dataclass(frozen=True, slots=True)
class Described:
    """One operation for the page."""

    name: str
    method: str
    path: str
    scope: str
    summary: str
    description: str
    values: tuple[Value, ...]
    answers: tuple[tuple[str, str], ...]  # status and what comes with it
    refuses: tuple[str, ...]


@cache
def sections() -> list[tuple[str, list[Described]]]:
    """Every operation by what it is about, in the order of the document."""
    found: dict[str, list[Described]] = {}
    for path, methods in document()["paths"].items():
        for method, operation in methods.items():
            found.setdefault(operation["tags"][0], []).append(_described(path, method, operation))
    return list(found.items())


def _described(path: str, method: str, operation: dict[str, Any]) -> Described:
    answers, refuses = [], []
    for status, answer in sorted(operation["responses"].items()):
        if int(status) >= 400:
            refuses.append(status)
        else:
            schema = answer.get("content", {}).get("application/json", {}).get("schema", {})
            answers.append((status, kind_of(schema) if schema else "nothing"))
    return Described(
        name=operation["operationId"].replace("_", "-"),
        method=method.upper(),
        path=path,
        scope=operation["x-scope"],
        summary=operation["summary"],
        description=operation["description"],
        values=tuple(_values(operation)),
        answers=tuple(answers),
        refuses=tuple(refuses),
    )


_PLACES = {"path": "address", "query": "query", "header": "header"}


def _values(operation: dict[str, Any]) -> Iterator[Value]:
    for each in operation["parameters"]:
        if each["name"] != _KEY_PARAMETER["name"]:
            yield Value(
                each["name"],
                kind_of(each["schema"]),
                _PLACES[each["in"]],
                each["required"],
                each.get("description", ""),
            )
    contents = operation.get("requestBody", {}).get("content", {})
    if FILE_TYPES[0] in contents:
        yield Value("the file", "binary", "body", True, f"As it is, as {' or '.join(contents)}.")
        return
    body = contents.get("application/json", {}).get("schema", {})
    variants = body.get("oneOf", [body]) if body else []
    for number, variant in enumerate(variants):
        where = "body" if number == 0 else "or body"
        fields = resolved(variant)
        for name, schema in fields.get("properties", {}).items():
            required = name in fields.get("required", [])
            yield Value(name, kind_of(schema), where, required, schema.get("description", ""))


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema, or the one it refers to."""
    if "allOf" in schema and len(schema["allOf"]) == 1:
        return resolved(schema["allOf"][0])
    if "$ref" not in schema:
        return schema
    found: dict[str, Any] = document()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return found


def kind_of(schema: dict[str, Any]) -> str:
    """A schema in a few words: `integer 1 to 1440`, `date`, `list of Session`, `Timer`."""
    if "$ref" in schema or "allOf" in schema:
        target = resolved(schema)
        return " or ".join(target["enum"]) if "enum" in target else str(target.get("title", "object"))
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(kind_of(each) for each in schema["anyOf"]))
    if "enum" in schema:
        return " or ".join(str(each) for each in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {kind_of(schema.get('items', {}))}"
    kind = str(schema.get("format") or schema.get("type", "value"))
    if "minimum" in schema and "maximum" in schema:
        kind += f" {schema['minimum']} to {schema['maximum']}"
    elif "maxLength" in schema:
        kind += f", at most {schema['maxLength']} characters"
    return kind


@dataclass(frozen=True, slots=True)
class Shape:
    """What comes out, field by field."""

    name: str
    meaning: str
    fields: tuple[tuple[str, str, str], ...]  # name, kind, meaning


@cache
def shapes() -> list[Shape]:
    """Every object that an answer may hold, but problems."""
    used = {name for name, schema in _answered()}
    return [
        Shape(
            name,
            schema.get("description", "").replace("\n", " "),
            tuple(
                (field, kind_of(said), said.get("description", ""))
                for field, said in schema.get("properties", {}).items()
            ),
        )
        for name, schema in sorted(document()["components"]["schemas"].items())
        if name in used and "properties" in schema
    ]


def _answered() -> Iterator[tuple[str, dict[str, Any]]]:
    """The schemas that answers lead to, in whatever depth."""
    waiting = [
        answer["content"]["application/json"]["schema"]
        for methods in document()["paths"].values()
        for operation in methods.values()
        for answer in operation["responses"].values()
        if "application/json" in answer.get("content", {})
    ]
    seen: set[str] = set()
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            name = str(part.get("$ref", "")).rpartition("/")[2]
            if name and name not in seen:
                seen.add(name)
                schema = document()["components"]["schemas"][name]
                yield name, schema
                waiting.append(schema)
            waiting.extend(part.values())
        elif isinstance(part, list):
            waiting.extend(part)


def kinds() -> list[tuple[str, int, str, str]]:
    """Every problem that has a name: name, status, title, meaning."""
    return [(kind.name, kind.status, kind.title, kind.meaning) for kind in KINDS.values()]
