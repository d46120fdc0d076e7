"""`/api/v1/`: for programs. Whoever they act for is said by a token, never by a cookie."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, include, path

from tracker.api import pages
from tracker.api.description import api


def for_programs(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """An operation that no login stands before: it has a door of its own. HEAD is answered as GET is."""

    @login_not_required
    @wraps(view)
    def answer(request: HttpRequest, **values: Any) -> HttpResponse:
        if request.method != "HEAD":
            said = view(request, **values)
            # django-ninja does not know of it.
            if said.status_code == 405 and "GET" in said.headers.get("Allow", ""):
                said["Allow"] += ", HEAD"
            return said
        request.method = "GET"
        try:
            return view(request, **values)
        finally:
            request.method = "HEAD"

    return answer


def operations() -> list[URLPattern]:
    """One pattern for each address; django-ninja makes one for each operation, and a root that is no page."""
    found: dict[str, URLPattern] = {}
    for pattern in api.urls[0]:
        if isinstance(pattern, URLPattern) and pattern.name != "api-root":
            found[str(pattern.pattern)] = path(
                str(pattern.pattern), for_programs(pattern.callback), name=pattern.name
            )
    return list(found.values())


urlpatterns = [
    path(
        "api/v1/",
        include(
            [
                path("openapi.json", pages.openapi, name="api-openapi"),
                path("docs", pages.docs, name="api-docs"),
                path("problems/<slug:name>", pages.problem, name="api-problem"),
                *operations(),
            ]
        ),
    ),
]
