"""Maps of what is covered."""

from django.urls import path

from tracker.coverage import views

EDITION = "coverage/<slug:framework_key>/<str:edition>/"

urlpatterns = [
    path("coverage/", views.maps, name="maps"),
    path("coverage/<slug:framework_key>/", views.newest_map, name="newest-map"),
    path(EDITION, views.map, name="map"),
    path(f"{EDITION}layer.json", views.map_layer, name="map-layer"),
    path(f"{EDITION}map.csv", views.map_csv, name="map-csv"),
    path(f"{EDITION}map.svg", views.map_svg, name="map-svg"),
    path(f"{EDITION}claims/", views.claim_layer, name="claim-layer"),
    path(f"{EDITION}claims/take-back/", views.take_back_layer, name="take-back-layer"),
    path(f"{EDITION}<str:topic_id>/", views.map_topic, name="map-topic"),
]
