from django.apps import AppConfig
from django.conf import settings


class RemindersConfig(AppConfig):
    name = "tracker.reminders"
    label = "reminders"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        if settings.ANYMAIL_PROVIDER:
            from tracker.reminders import provider  # noqa: PLC0415 - its models are ready now

            provider.connect()
