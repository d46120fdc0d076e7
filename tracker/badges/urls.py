"""Signed badges."""

from django.urls import path

from tracker.badges import views

urlpatterns = [
    path(".well-known/jwks.json", views.key_set, name="badge-keys"),
    path("badges/", views.badges, name="badges"),
    path("badges/check/", views.check_badge, name="check-badge"),
    path("badges/issuer/", views.issuer, name="badge-issuer"),
    path("badges/keys/<str:kid>/", views.badge_key, name="badge-key"),
    path("badges/status/<int:number>/", views.badge_status, name="badge-status"),
    path("badges/<int:completion_id>/issue/", views.issue_badge, name="issue-badge"),
    path("badges/<uuid:badge_id>/badge.jwt", views.badge_file, {"form": "jwt"}, name="badge-jwt"),
    path("badges/<uuid:badge_id>/badge.svg", views.badge_file, {"form": "svg"}, name="badge-svg"),
    path("badges/<uuid:badge_id>/withdraw/", views.withdraw_badge, name="withdraw-badge"),
]
