"""What links open for others, and the learner's own pages about them."""

from django.urls import path

from tracker.sharing import views

urlpatterns = [
    path("p/<str:token>/", views.portfolio, name="portfolio"),
    path("mentor/<str:token>/", views.mentor, name="mentor"),
    path("mentor/<str:token>/files/<uuid:file_id>/", views.mentor_file, name="mentor-file"),
    path("mentor/<str:token>/copies/", views.ask_for_copies, name="ask-for-copies"),
    path("mentor/<str:token>/<slug:module_key>/", views.mentor_milestone, name="mentor-milestone"),
    path("mentor/<str:token>/<slug:module_key>/confirm/", views.confirm_milestone, name="confirm-milestone"),
    path("mentor-mail/<str:token>/", views.mentor_mail, name="mentor-mail"),
    path("mentor-mail/<str:token>/leave/", views.leave_mentor_mail, name="leave-mentor-mail"),
    path("sharing/", views.sharing, name="sharing"),
    path("sharing/milestones/", views.share_milestones, name="share-milestones"),
    path("sharing/portfolios/", views.make_portfolio, name="make-portfolio"),
    path("sharing/portfolios/<int:pk>/", views.change_portfolio, name="change-portfolio"),
    path("sharing/portfolios/<int:pk>/preview/", views.preview_portfolio, name="preview-portfolio"),
    path("sharing/portfolios/<int:pk>/portfolio.html", views.portfolio_file, name="portfolio-file"),
    path("sharing/portfolios/<int:pk>/portfolio.pdf", views.portfolio_pdf, name="portfolio-pdf"),
    path("sharing/portfolios/<int:pk>/resume.json", views.portfolio_resume, name="portfolio-resume"),
    path("sharing/portfolios/<int:pk>/renew/", views.renew_portfolio, name="renew-portfolio"),
    path("sharing/portfolios/<int:pk>/revoke/", views.revoke_portfolio, name="revoke-portfolio"),
    path("sharing/mentors/", views.make_mentor_link, name="make-mentor-link"),
    path("sharing/mentors/<int:pk>/revoke/", views.revoke_mentor_link, name="revoke-mentor-link"),
    path("sharing/comments/<int:pk>/delete/", views.delete_comment, name="delete-comment"),
    path("sharing/comments/<slug:module_key>/", views.comments, name="comments"),
]
