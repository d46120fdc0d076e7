"""Milestones."""

from django.urls import path

from tracker.milestones import views

urlpatterns = [
    path("milestones/", views.milestones, name="milestones"),
    path("milestones/year/<int:year>/", views.year_in_review, name="year-in-review"),
    path("milestones/year/<int:year>/review.pdf", views.year_pdf, name="year-pdf"),
    path("milestones/<slug:module_key>/", views.milestone, name="milestone"),
    path(
        "milestones/<slug:module_key>/with/<slug:other_key>/",
        views.compare_milestones,
        name="compare-milestones",
    ),
    path("milestones/<slug:module_key>/reopen/", views.reopen_milestone, name="reopen-milestone"),
    path("milestones/<slug:module_key>/completions/<int:number>/", views.completion, name="completion"),
    path(
        "milestones/<slug:module_key>/completions/<int:number>/retrospective/",
        views.answer_retrospective,
        name="answer-retrospective",
    ),
    path(
        "milestones/<slug:module_key>/completions/<int:number>/additions/",
        views.add_to_retrospective,
        name="add-to-retrospective",
    ),
    path(
        "milestones/<slug:module_key>/completions/<int:number>/star/",
        views.star_retrospective,
        name="star-retrospective",
    ),
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
