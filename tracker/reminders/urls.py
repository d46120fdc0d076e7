"""What the links of a mail open, what calendar programs read, and where a mail provider reports."""

from django.urls import path

from tracker.reminders import provider, views

urlpatterns = [
    path("unsubscribe/<str:token>/", views.unsubscribe, name="unsubscribe"),
    path("log/<str:token>/", views.log_from_mail, name="log-from-mail"),
    path("calendar/<str:token>.ics", views.calendar_feed, name="calendar-feed"),
    *provider.urls(),
]
