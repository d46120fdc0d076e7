"""Re-checks."""

from django.urls import path

from tracker.recall import views

urlpatterns = [
    path("recall/", views.recall, name="recall"),
    path("recall/hours/<slug:module_key>/leave/", views.leave_hour, name="leave-hour"),
    path("recall/<str:item_key>/", views.recheck, name="recheck"),
    path("recall/<str:item_key>/grade/", views.grade_recheck, name="grade-recheck"),
    path("recall/<str:item_key>/grades/<int:pk>/undo/", views.undo_grade, name="undo-grade"),
]
