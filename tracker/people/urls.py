"""Accounts."""

from django.urls import include, path, re_path

from tracker.people import views

urlpatterns = [
    path("set-up/<str:token>/", views.set_up, name="set-up"),
    # Three of django-allauth's pages, at its addresses and under its names, with a stricter view in front.
    path("accounts/email/", views.address, name="account_email"),
    re_path(
        r"^accounts/confirm-email/(?P<key>[-:\w]+)/$", views.confirm_address, name="account_confirm_email"
    ),
    path("accounts/logout/", views.log_out, name="account_logout"),
    path("accounts/", include("allauth.account.urls")),
]
