"""For an ASGI server: ``uvicorn tutorial.asgi:application``."""

import os

from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tutorial.settings")

# runserver serves the static files by itself; here the handler does.
application = ASGIStaticFilesHandler(get_asgi_application())
