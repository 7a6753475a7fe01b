"""The adapter for Django, under ASGI and WSGI. It is also a Django app, which serves the client.

With "streamhtml.django" in INSTALLED_APPS, ``{% load streamhtml %}{% streamhtml_script %}`` is the
script element, and ``{% streamhtml_style %}`` the link to the style sheet.
"""

from collections.abc import AsyncGenerator
from typing import Any

from django.http import HttpRequest, StreamingHttpResponse

from streamhtml._body import Body
from streamhtml._request_headers import HeaderSource
from streamhtml._response import BaseStreamingResponse
from streamhtml._wsgi_iterator import SyncIterator
from streamhtml.django._connections import ConnectionScope
from streamhtml.django._primed import primed
from streamhtml.django._site import DjangoSite

__all__ = ["StreamingHTMLResponse", "primed", "render_message"]


class StreamingHTMLResponse(BaseStreamingResponse[HttpRequest], StreamingHttpResponse):
    """Stream one message. ``__init__`` describes the arguments, the same in every framework.

    Templates are looked up by name in the project's engines (Django's or Jinja2). Their context
    processors are applied. Instead of a name, a template from ``get_template()`` can be passed.
    Notices are in the active language. ``settings.STREAMHTML`` has the options of the site.
    """

    _request_attribute = "META"
    _resource_scope = ConnectionScope

    def _read_request(self, request: HttpRequest) -> tuple[str, HeaderSource]:
        headers: Any = request.headers
        return request.method or "", headers

    @classmethod
    def _site(cls, request: HttpRequest) -> DjangoSite:
        return DjangoSite(request)

    def _respond(
        self, request: HttpRequest, body: Body, status: int, headers: dict[str, str]
    ) -> None:
        # Not isinstance(): the request of Django REST framework is a proxy.
        environ = getattr(request, "environ", None)
        content: Any = body if environ is None else SyncIterator(body, environ)
        StreamingHttpResponse.__init__(self, content, status=status, headers=headers)
        # GZipMiddleware would hold back small fragments. It skips a body that has an encoding.
        self.headers.setdefault("Content-Encoding", "identity")

    async def __aiter__(self) -> AsyncGenerator[bytes, None]:
        # Django closes this generator in every case, but not the body that it iterates.
        try:
            async for part in super().__aiter__():
                yield part
        finally:
            await self._body.aclose()


render_message = StreamingHTMLResponse.render_message
