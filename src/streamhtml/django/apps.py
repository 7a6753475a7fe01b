"""The Django app: static files that Django finds by itself, and a system check."""

from pathlib import Path

from django.apps import AppConfig
from django.core import checks

from streamhtml._resource_scope import use_without_response
from streamhtml._response import set_up
from streamhtml.django._atomic_requests import check_atomic_requests
from streamhtml.django._connections import ConnectionScope
from streamhtml.django._site import site_options


class StreamHTMLConfig(AppConfig):
    name = "streamhtml.django"
    label = "streamhtml"
    # Django looks for static/ in this directory. Every framework shares the package's static/.
    path = str(Path(__file__).parent.parent)

    def ready(self) -> None:
        set_up(site_options())
        use_without_response(ConnectionScope)
        checks.register(check_atomic_requests, checks.Tags.urls)
