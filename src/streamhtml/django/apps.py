"""The Django app: it makes the client file a static file that Django finds by itself."""

from pathlib import Path

from django.apps import AppConfig


class StreamHTMLConfig(AppConfig):
    name = "streamhtml.django"
    label = "streamhtml"
    # Django looks for static/ here; ours is the package's, which every framework shares.
    path = str(Path(__file__).parent.parent)
