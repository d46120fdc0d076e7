"""Every address. URL names equal view names with hyphens."""

from django.urls import include, path

urlpatterns = [
    path("", include("tracker.operations.urls")),
    path("", include("tracker.people.urls")),
    path("", include("tracker.library.urls")),
    path("", include("tracker.evidence.urls")),
    path("", include("tracker.recall.urls")),
    path("", include("tracker.coverage.urls")),
    path("", include("tracker.milestones.urls")),
    path("", include("tracker.reminders.urls")),
    path("", include("tracker.badges.urls")),
    path("", include("tracker.cohorts.urls")),
    path("", include("tracker.sharing.urls")),
    path("", include("tracker.desk.urls")),
    path("", include("tracker.api.urls")),
]

handler500 = "tracker.desk.views.home.server_error"
