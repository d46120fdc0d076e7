"""The curriculum, to read and to search, for everybody."""

from django.urls import path

from tracker.library import views

urlpatterns = [
    path("curriculum/", views.curriculum, name="curriculum"),
    path("curriculum/search/", views.search, name="search"),
    path("curriculum/role/", views.role, name="role"),
    path("curriculum/modules/<slug:module_key>/", views.curriculum_module, name="curriculum-module"),
    path(
        "curriculum/modules/<slug:module_key>/<slug:slug>/",
        views.curriculum_activity,
        name="curriculum-activity",
    ),
    path("curriculum/frameworks/", views.frameworks, name="frameworks"),
    path("curriculum/modules/", views.modules, name="modules"),
    path("curriculum/frameworks/<slug:framework_key>/", views.newest_edition, name="newest-edition"),
    path("curriculum/frameworks/<slug:framework_key>/<str:edition>/", views.framework, name="framework"),
    path(
        "curriculum/frameworks/<slug:framework_key>/<str:edition>/<str:topic_id>/",
        views.topic,
        name="topic",
    ),
]
