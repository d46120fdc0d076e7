"""Who may see a page at all, and who may keep it."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth import middleware as auth_middleware
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import resolve_url
from django.template.loader import render_to_string
from django_htmx.http import HttpResponseClientRedirect


class Utf8Middleware:
    """Text comes in UTF-8. A request that claims another charset could not be read safely: 400.

    It stands first: what is behind it may read the request.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        charset = (request.content_params or {}).get("charset", "utf-8")
        if charset.strip("\"' ").lower() != "utf-8":
            return HttpResponse("Text is read as UTF-8 alone.\n", content_type="text/plain", status=400)
        return self.get_response(request)


class UploadSizeMiddleware:
    """A request larger than any upload may be is refused unread, by what it says of its own length: 413."""

    # Beside the files: their names, the other fields, what parts them.
    BESIDE_THE_FILES = 1_000_000

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        said = request.META.get("CONTENT_LENGTH") or "0"
        size = int(said) if said.isascii() and said.isdigit() else 0
        if size > settings.UPLOAD_BYTES_MAX + self.BESIDE_THE_FILES:
            # The pages around it would ask who is logged in, for which it is too early.
            most = settings.UPLOAD_BYTES_MAX // 1_000_000
            page = render_to_string("413.html", {"sent": size // 1_000_000, "most": most})
            return HttpResponse(page, status=413)
        return self.get_response(request)


class LoginRequiredMiddleware(auth_middleware.LoginRequiredMiddleware):
    """Django's own, which asks for a login on every view not marked `login_not_required`.

    An htmx request is sent to the login page as a whole; the redirect would otherwise be swapped into a
    corner of the page. Where no login is asked for, Django's own would look up who is logged in all the same.
    """

    def process_view(
        self,
        request: HttpRequest,
        view_func: Callable[..., HttpResponseBase],
        view_args: tuple[Any, ...],
        view_kwargs: dict[str, Any],
    ) -> HttpResponseBase | None:
        if not getattr(view_func, "login_required", True):
            return None
        answer: HttpResponseBase | None = super().process_view(request, view_func, view_args, view_kwargs)
        return answer

    def handle_no_permission(  # type: ignore[override]
        self, request: HttpRequest, view_func: Callable[..., HttpResponseBase]
    ) -> HttpResponseBase:
        if not request.htmx:  # type: ignore[attr-defined]
            return super().handle_no_permission(request, view_func)
        try:
            there = request.htmx.current_url_abs_path  # type: ignore[attr-defined]
        except ValueError:
            # The header holds what is no address at all.
            there = None
        there = there or request.get_full_path()
        return HttpResponseClientRedirect(redirect_to_login(there, resolve_url("account_login")).url)


class PrivatePagesMiddleware:
    """A page that looked at the session is kept by no cache: no proxy, nor the browser after logging out."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.session.accessed and "Cache-Control" not in response:
            response["Cache-Control"] = "private, no-store"
        return response
