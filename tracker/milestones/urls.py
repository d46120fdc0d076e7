"""Milestones."""

from django.urls import path

from tracker.milestones import views

urlpatterns = [
    path("milestones/", views.milestones, name="milestones"),
    path("milestones/<slug:module_key>/", views.milestone, name="milestone"),
    path("milestones/<slug:module_key>/complete/", views.complete_milestone, name="complete-milestone"),
    path(
        "milestones/<slug:module_key>/<str:criterion_key>/artefacts/",
        views.add_artefact,
        name="add-artefact",
    ),
    path(
        "milestones/<slug:module_key>/artefacts/<uuid:artefact_id>/remove/",
        views.remove_artefact,
        name="remove-artefact",
    ),
    path(
        "milestones/<slug:module_key>/<str:criterion_key>/tick/", views.tick_criterion, name="tick-criterion"
    ),
    path(
        "milestones/<slug:module_key>/<str:criterion_key>/untick/",
        views.untick_criterion,
        name="untick-criterion",
    ),
]
