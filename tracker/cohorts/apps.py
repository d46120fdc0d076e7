from django.apps import AppConfig


class CohortsConfig(AppConfig):
    name = "tracker.cohorts"
    label = "cohorts"
    default_auto_field = "django.db.models.BigAutoField"
