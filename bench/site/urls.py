"""The yardstick's three pages."""

from django.urls import path

from bench.site import views

urlpatterns = [
    path("hello/", views.hello, name="hello"),
    path("bare/", views.bare, name="bare"),
    path("six/", views.six, name="six"),
]
