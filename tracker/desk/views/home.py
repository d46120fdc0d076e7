"""The first page, the theme and the keys."""

import sys

from django.contrib.auth.decorators import login_not_required
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import get_template
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from redis.exceptions import RedisError

from tracker.desk.context import THEMES
from tracker.desk.paths import local_path
from tracker.people.requests import LearnerRequest
from tracker.plans.queries import active_plan

BUSY = (RedisError, OperationalError)
YEAR_SECONDS = 365 * 24 * 3600


@login_not_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """For a visitor: what Cairn is. For a learner: Today, or the four steps to a first plan."""
    if request.user.is_authenticated:
        return redirect("today" if active_plan(request.user.pk) else "start")
    return render(request, "desk/home.html")


@login_not_required
@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Keeps the chosen theme in a cookie; it says nothing else."""
    response = redirect(local_path(request, default="home"))
    _keep_choice(request, response, "theme", THEMES)
    return response


def _keep_choice(request: HttpRequest, response: HttpResponse, name: str, choices: tuple[str, ...]) -> None:
    """Keeps on this device what a form chose, if it is one of the choices."""
    chosen = request.POST.get(name, "")
    if chosen in choices:
        response.set_cookie(
            name, chosen, max_age=YEAR_SECONDS, samesite="Lax", httponly=True, secure=request.is_secure()
        )


@require_http_methods(["GET", "HEAD", "POST"])
def keys(request: LearnerRequest) -> HttpResponse:
    """The keys there are, and a switch for those of a single letter (WCAG 2.1.4), kept as the theme is."""
    if request.method != "POST":
        return render(request, "desk/_keys.html" if request.htmx else "desk/keys.html")
    response = redirect(local_path(request, default="keys"))
    _keep_choice(request, response, "keys", ("on", "off"))
    return response


def server_error(request: HttpRequest) -> HttpResponse:
    """What broke. A part that is away for a moment (the cache, the database) is said to be that: 503."""
    away = isinstance(sys.exc_info()[1], BUSY)
    template = get_template("503.html" if away else "500.html")
    response = HttpResponse(template.render(), status=503 if away else 500)
    if away:
        response["Retry-After"] = "5"
    return response
