"""Pages that show two features or more."""

from django.urls import path

from tracker.desk.views import home, journal, learning, module, settings, start, today

urlpatterns = [
    path("", home.home, name="home"),
    path("theme/", home.theme, name="theme"),
    path("start/", start.start, name="start"),
    path("start/hours/", start.start_hours, name="start-hours"),
    path("start/known/", start.start_known, name="start-known"),
    path("start/reminder/", start.start_reminder, name="start-reminder"),
    path("start/preview/", start.start_preview, name="start-preview"),
    path("today/", today.today, name="today"),
    path("plan/", module.plan, name="plan"),
    path("plan/pause/", module.add_pause, name="add-pause"),
    path("plan/pause/<int:pk>/end/", module.end_pause, name="end-pause"),
    path("plan/own-ratio/", module.own_ratio, name="own-ratio"),
    path("plan/newer/", learning.newer_curriculum, name="newer-curriculum"),
    path("plan/<slug:module_key>/", module.module, name="module"),
    path("plan/<slug:module_key>/self-check/", learning.self_check, name="self-check"),
    path("plan/<slug:module_key>/self-check/result/", learning.self_check_result, name="self-check-result"),
    path("plan/<slug:module_key>/<slug:slug>/", learning.activity, name="activity"),
    path("plan/<slug:module_key>/<str:activity_key>/mark/", module.mark_activity, name="mark-activity"),
    path("skills/", learning.skills_matrix, name="skills-matrix"),
    path("journal/", journal.journal, name="journal"),
    path("journal/log/", journal.log, name="log"),
    path("journal/<int:pk>/", journal.study_session, name="study-session"),
    path("journal/<int:pk>/delete/", journal.delete_session, name="delete-session"),
    path("journal/<int:pk>/put-back/", journal.put_back_session, name="put-back-session"),
    path("settings/", settings.settings, name="settings"),
    path("settings/zone/", settings.change_zone, name="change-zone"),
    path("settings/reminder/", settings.change_reminder, name="change-reminder"),
    path("settings/mail/", settings.mail, name="mail"),
    path("settings/mail/<str:name>/", settings.letter, name="letter"),
    path("settings/mail/<str:name>/file/", settings.letter_file, name="letter-file"),
    path("settings/my-data/", settings.my_data, name="my-data"),
    path("settings/leave/", settings.leave, name="leave"),
    path("settings/stay/", settings.stay, name="stay"),
    path("settings/people/", settings.people, name="people"),
    path("settings/people/<int:pk>/", settings.set_active, name="set-active"),
]
