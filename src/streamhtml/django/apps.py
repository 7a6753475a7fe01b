"""The Django app: static files that Django finds by itself, and a system check."""

from pathlib import Path

from django.apps import AppConfig
from django.core import checks

from streamhtml import _sigterm
from streamhtml.django._atomic_requests import check_atomic_requests


class StreamHTMLConfig(AppConfig):
    name = "streamhtml.django"
    label = "streamhtml"
    # Django looks for static/ here; ours is the package's, which every framework shares.
    path = str(Path(__file__).parent.parent)

    def ready(self) -> None:
        checks.register(check_atomic_requests, checks.Tags.urls)
        # Under WSGI responses are made in threads, which may not handle signals.
        _sigterm.install_handler()
