"""Two pages for machines: is the process alive, can it do its work."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from tracker.operations.health import broker_answers, database_answers


@login_not_required
@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """Alive: this process answers. Touches neither database nor broker."""
    return HttpResponse("ok", content_type="text/plain")


@login_not_required
@require_safe
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """Ready: database and broker answer. 503 otherwise; the JSON says which part does not."""
    parts = {"database": database_answers(), "broker": broker_answers()}
    said = {name: "ok" if answers else "no answer" for name, answers in parts.items()}
    return JsonResponse(said, status=200 if all(parts.values()) else 503)
