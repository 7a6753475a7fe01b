"""The URLs of the page and of the reply."""

from chat import views
from django.urls import path

urlpatterns = [
    path("", views.index, name="index"),
    path("reply/", views.reply, name="reply"),
]
