"""What says how the API works: the OpenAPI document, and the same as a page. For everybody to read."""

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from tracker.api import description
from tracker.api.problems import KINDS

# None of these writes: what is no GET is told so with 405, not asked for the token of a form.


@csrf_exempt
@login_not_required
@require_safe
def openapi(request: HttpRequest) -> HttpResponse:
    """The OpenAPI document."""
    return JsonResponse(description.document())


@csrf_exempt
@login_not_required
@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    """The OpenAPI document, to read."""
    return render(
        request,
        "api/docs.html",
        {
            "sections": description.sections(),
            "shapes": description.shapes(),
            "kinds": description.kinds(),
            "nav": "settings",
        },
    )


@csrf_exempt
@login_not_required
@require_safe
def problem(request: HttpRequest, name: str) -> HttpResponse:
    """What a problem's `type` leads to: its line on the page."""
    if name not in KINDS:
        raise Http404
    there = f"{reverse('api-docs')}#problem-{name}"
    return HttpResponse(status=303, headers={"Location": there})
