"""What the links of a mail open, and what calendar programs read."""

from django.urls import path

from tracker.reminders import views

urlpatterns = [
    path("unsubscribe/<str:token>/", views.unsubscribe, name="unsubscribe"),
    path("log/<str:token>/", views.log_from_mail, name="log-from-mail"),
    path("calendar/<str:token>.ics", views.calendar_feed, name="calendar-feed"),
]
