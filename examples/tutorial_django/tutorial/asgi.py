"""The ASGI application. Run it with ``uvicorn tutorial.asgi:application``."""

import os

from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tutorial.settings")

# runserver serves static files by itself. An ASGI server needs this handler.
application = ASGIStaticFilesHandler(get_asgi_application())
