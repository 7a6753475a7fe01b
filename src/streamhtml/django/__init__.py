"""The adapter for Django, under ASGI and WSGI. It is also a Django app, which serves the client.

With "streamhtml.django" in INSTALLED_APPS, ``{% load streamhtml %}{% streamhtml_script %}`` is the
script element.
"""

from collections.abc import AsyncGenerator
from functools import partial
from typing import Any

from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest, StreamingHttpResponse

from streamhtml._body import Body
from streamhtml._notice import Notice
from streamhtml._options import SiteOptions
from streamhtml._request_headers import HeaderSource
from streamhtml._response import BaseStreamingResponse
from streamhtml._template import FindTemplate, Template
from streamhtml._wsgi_iterator import SyncIterator
from streamhtml.django._connections import ConnectionScope
from streamhtml.django._primed import primed
from streamhtml.django._templates import (
    find_site_template,
    find_template,
    site_notice,
    site_options,
)

__all__ = ["StreamingHTMLResponse", "primed", "render_message"]


class StreamingHTMLResponse(BaseStreamingResponse[HttpRequest], StreamingHttpResponse):
    """Stream one message; the arguments are those of ``BaseStreamingResponse``.

    The name of a template, and ``streamhtml/notice.html``, are looked up in the project's engines
    (Django's or Jinja2). Their context processors are applied. A template from ``get_template()``
    can be passed instead of its name. Notices are in the active language. ``settings.STREAMHTML``
    has the options of the site.
    """

    _resource_scope = ConnectionScope

    def _read_request(self, request: HttpRequest) -> tuple[str, HeaderSource]:
        headers: Any = request.headers
        return request.method or "", headers

    @classmethod
    def _site_options(cls, request: HttpRequest) -> SiteOptions:
        return site_options()

    @classmethod
    def _template(cls, request: HttpRequest, template: Any) -> Template:
        return find_template(template, request)

    @classmethod
    def _notice(cls, request: HttpRequest, template: Any, language: str) -> Notice:
        return site_notice(request, language)

    @classmethod
    def _site_templates(cls, request: HttpRequest, template: Any) -> FindTemplate:
        return partial(find_site_template, request)

    def _respond(
        self, request: HttpRequest, body: Body, status: int, headers: dict[str, str]
    ) -> None:
        is_wsgi = isinstance(request, WSGIRequest)
        content: Any = SyncIterator(body, request.environ) if is_wsgi else body
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
