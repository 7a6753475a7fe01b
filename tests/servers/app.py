"""The application that a server serves: the site that SITE names. Django allows one per process.

If a request names an account, a second one, ``NAME.call``, records the call of the application:
"asked", "answered", and "noticed" when the server reports that the reader has left, if it does.
"""

import os
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qs

from tests.servers import database_site, framework_sites
from tests.servers.framework_sites import ACCOUNTS
from tests.servers.recorded_sources import Account


def _call(query: str) -> Account | None:
    names = parse_qs(query).get("account")
    return Account(ACCOUNTS, f"{names[0]}.call") if names else None


def _asgi(site: Any) -> Any:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        call = _call(scope.get("query_string", b"").decode())
        if call is None:
            await site(scope, receive, send)
            return
        call.write("asked")

        async def receive_and_record() -> Any:
            message = await receive()
            if message["type"] == "http.disconnect":
                call.write("noticed")
            return message

        try:
            await site(scope, receive_and_record, send)
        finally:
            call.write("answered")

    return app


def _wsgi(site: Any) -> Any:
    from werkzeug.wsgi import ClosingIterator

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        call = _call(environ.get("QUERY_STRING", ""))
        if call is None:
            return site(environ, start_response)
        call.write("asked")
        has_left = environ.get("waitress.client_disconnected")

        def disconnected() -> bool:
            if left := has_left():
                call.write("noticed")
            return left

        if has_left:
            environ["waitress.client_disconnected"] = disconnected
        parts = site(environ, start_response)
        return ClosingIterator(parts, lambda: call.write("answered"))

    return app


_ASGI = framework_sites.ASGI | database_site.ASGI
_WSGI = framework_sites.WSGI | database_site.WSGI
_name = os.environ["SITE"]
app = _asgi(_ASGI[_name]()) if _name in _ASGI else _wsgi(_WSGI[_name]())
