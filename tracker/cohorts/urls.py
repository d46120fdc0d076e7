"""Cohorts."""

from django.urls import path

from tracker.cohorts import views

urlpatterns = [
    path("cohorts/", views.cohorts, name="cohorts"),
    path("cohorts/<int:pk>/", views.cohort, name="cohort"),
    path("cohorts/<int:pk>/members.csv", views.cohort_csv, name="cohort-csv"),
    path("cohorts/<int:pk>/invite/", views.invite_anew, name="invite-anew"),
    path("cohorts/<int:pk>/end/", views.end_cohort, name="end-cohort"),
    path("cohorts/<int:pk>/propose/", views.propose_revision, name="propose-revision"),
    path("cohorts/<int:pk>/leave/", views.leave_cohort, name="leave-cohort"),
    path("cohorts/<int:pk>/members/<int:membership_id>/remove/", views.remove_member, name="remove-member"),
    path("cohorts/proposals/<int:pk>/take/", views.take_proposal, name="take-proposal"),
    path("cohorts/proposals/<int:pk>/leave/", views.leave_proposal, name="leave-proposal"),
    path("join/<str:token>/", views.join_cohort, name="join-cohort"),
]
