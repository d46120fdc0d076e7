"""The way out of the weekly mail."""

from django.urls import path

from tracker.reminders import views

urlpatterns = [
    path("unsubscribe/<str:token>/", views.unsubscribe, name="unsubscribe"),
]
