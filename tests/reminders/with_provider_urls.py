"""Every address of the product, as it is where a mail provider is named."""

from django.urls import path

from tracker.reminders.provider import provider_hook
from tracker.urls import handler500
from tracker.urls import urlpatterns as product

__all__ = ["handler500", "urlpatterns"]

urlpatterns = [*product, path("hooks/mailgun/", provider_hook, name="provider-hook")]
