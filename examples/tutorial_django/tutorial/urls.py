"""Two addresses: the page, and the reply to a message."""

from chat import views
from django.urls import path

urlpatterns = [
    path("", views.index, name="index"),
    path("reply/", views.reply, name="reply"),
]
