"""What a mail provider reports of mails that came back, where the operator has named one (CAIRN_ANYMAIL).

django-anymail reads and verifies what the provider posts. Whose mail it was is known by its Message-ID, as
with the notifications that `manage.py bounces` reads.
"""

from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.urls import URLPattern, path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from tracker import clock
from tracker.reminders import actions
from tracker.reminders.dsn import reported

# Those whose reports are signed and name the mail by the Message-ID it was sent with: module and view.
VIEWS = {"mailgun": ("anymail.webhooks.mailgun", "MailgunTrackingWebhookView")}


def urls() -> list[URLPattern]:
    """The address that the provider posts to; none where no provider is named."""
    if not settings.ANYMAIL_PROVIDER:
        return []
    return [path(f"hooks/{settings.ANYMAIL_PROVIDER}/", provider_hook, name="provider-hook")]


@csrf_exempt
@login_not_required
@require_POST
def provider_hook(request: HttpRequest) -> HttpResponse:
    """Reads one report. What is not signed, or cannot be read, changes nothing and is answered with 400."""
    module, name = VIEWS[settings.ANYMAIL_PROVIDER]
    view = getattr(import_module(module), name).as_view()
    try:
        answer: HttpResponse = view(request)
    except (ValueError, LookupError, TypeError, AttributeError):
        return HttpResponseBadRequest("This report cannot be read.", content_type="text/plain")
    return answer


def connect() -> None:
    """From now on what the provider reports is noted."""
    from anymail.signals import tracking  # noqa: PLC0415 - an optional package

    tracking.connect(note, dispatch_uid="cairn")


def note(sender: object, event: Any, **_: object) -> None:
    """Ends the mail to an address that no mail reaches, or that complained, as the provider reports."""
    returned = reported(
        kind=str(event.event_type or ""),
        message_id=str(event.message_id or ""),
        address=str(event.recipient or ""),
        said=str(event.mta_response or event.description or ""),
    )
    if returned is not None:
        actions.note_returned(returned, clock.now())
