"""How an operation is declared: its address, what a token must be allowed, what it answers and refuses."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, get_type_hints

from ninja import Router
from ninja.decorators import decorate_view
from ninja.params.models import Query

from tracker.api.door import FILE_TYPES, May, Takes, behind_door

# A file as it is. It may be called JSON and is read as none of it here.
_FILE_BODY = {
    "required": True,
    "content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in FILE_TYPES},
}
_View = TypeVar("_View", bound=Callable[..., Any])


def _query_names(view: Callable[..., Any]) -> frozenset[str]:
    """What a view takes from behind the `?`, by the names that programs write."""
    return frozenset(
        part.alias or name
        for name, hint in get_type_hints(view, include_extras=True).items()
        for part in getattr(hint, "__metadata__", ())
        if isinstance(part, Query)
    )


class Section:
    """Operations that belong together, as one part of the document."""

    def __init__(self, title: str) -> None:
        self.router = Router(tags=[title])

    def operation(
        self,
        method: str,
        path: str,
        *,
        name: str,
        may: May,
        answers: Mapping[int, Any],
        refuses: tuple[int, ...] = (),
        takes: Takes = Takes.JSON,
        located: str = "",
    ) -> Callable[[_View], _View]:
        """Declares the function below it.

        name: of the address, for `reverse`.  answers: what each status comes with, None for nothing.
        refuses: statuses of its own problems, beside those that every operation shares.
        takes: the kind of its body.  located: the name of the address where what it makes is found by its id.
        """
        extra: dict[str, Any] = {"x-scope": may.value, "x-refuses": list(refuses)}
        if takes is Takes.FILE:
            extra["requestBody"] = _FILE_BODY
        if located:
            said = {"description": "Where it is found.", "schema": {"type": "string"}}
            extra["responses"] = {status: {"headers": {"Location": said}} for status in answers}

        def declared(view: _View) -> _View:
            summary, _, description = inspect.cleandoc(view.__doc__ or "").partition("\n\n")
            self.router.api_operation(
                [method],
                path,
                url_name=name,
                operation_id=view.__name__,
                summary=summary.replace("\n", " "),
                description=description.replace("\n", " ") or " ",
                response=dict(answers),
                by_alias=True,
                openapi_extra=extra,
            )(decorate_view(behind_door(may, _query_names(view), takes, located))(view))
            return view

        return declared
