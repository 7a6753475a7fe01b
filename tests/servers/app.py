"""The application of one server: the site that SITE names. Django allows one in a process."""

import os

from tests.servers.sites import ASGI, WSGI

app = {**ASGI, **WSGI}[os.environ["SITE"]]()
