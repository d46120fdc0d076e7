from django.apps import AppConfig


class MilestonesConfig(AppConfig):
    name = "tracker.milestones"
    label = "milestones"
    default_auto_field = "django.db.models.BigAutoField"
