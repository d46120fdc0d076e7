"""Evidence."""

from django.urls import path

from tracker.evidence import views

urlpatterns = [
    path("evidence/", views.evidence, name="evidence"),
    path("evidence/attack-result/", views.attack_result, name="attack-result"),
    path("evidence/uploads/<uuid:upload_id>/", views.upload, name="upload"),
    path("evidence/runs/<int:run_id>/", views.run, name="run"),
    path("evidence/runs/<int:run_id>/delete/", views.delete_run, name="delete-run"),
    path("evidence/runs/<int:run_id>/with/<int:other_id>/", views.compare_runs, name="compare-runs"),
    path("evidence/files/", views.files, name="stored-files"),
    path("evidence/files/<uuid:file_id>/delete/", views.delete_file, name="delete-file"),
    path("evidence/files/<uuid:file_id>/", views.stored_file, name="stored-file"),
]
