"""The adapter for Django, under ASGI and WSGI; also an app, for the client file.

With "streamhtml.django" in INSTALLED_APPS, ``{% load streamhtml %}{% streamhtml_script %}`` is the
script element.
"""

from collections.abc import AsyncGenerator, Mapping
from contextlib import nullcontext
from typing import Any

import jinja2
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest, StreamingHttpResponse
from django.template import TemplateDoesNotExist, loader
from django.utils.translation import check_for_language, get_language, gettext, override

from streamhtml._bridge import SyncIterator
from streamhtml._notice import TEMPLATE, Notice
from streamhtml._response import Body, StreamingReply, jinja_template
from streamhtml._template import Template

__all__ = ["StreamingHTMLResponse"]


class StreamingHTMLResponse(StreamingReply[HttpRequest], StreamingHttpResponse):
    """Stream one message; the arguments are those of ``StreamingReply``.

    A template's name is looked up in the project's engines (Django's or Jinja2), whose context
    processors apply; a template that ``get_template()`` returned will do as well. So is
    ``streamhtml/notice.html``; notices speak the active language.
    """

    def _template(self, request: HttpRequest, template: Any) -> Template:
        loaded = loader.get_template(template) if isinstance(template, str) else template
        _check_escaping(loaded.template)
        return lambda context: loaded.render(dict(context), request)

    def _notice(self, request: HttpRequest, language: str) -> Notice:
        own: Template | None
        try:
            own = self._template(request, TEMPLATE)
        except TemplateDoesNotExist:
            own = None
        known = bool(language) and check_for_language(language)
        with override(language) if known else nullcontext():
            return Notice(own, gettext, language or get_language() or "")

    def _respond(
        self, request: HttpRequest, body: Body, status: int, headers: Mapping[str, str]
    ) -> None:
        content: Any = body
        if isinstance(request, WSGIRequest):
            content = SyncIterator(body, request.environ)
        StreamingHttpResponse.__init__(self, content, status=status, headers=headers)
        # GZipMiddleware would hold small fragments back; it leaves alone what has an encoding.
        self.headers.setdefault("Content-Encoding", "identity")

    async def __aiter__(self) -> AsyncGenerator[bytes, None]:
        # Django closes this generator in every ending, but nothing that it iterates.
        try:
            async for part in super().__aiter__():
                yield part
        finally:
            await self._body.aclose()


def _check_escaping(template: Any) -> None:
    if isinstance(template, jinja2.Template):
        jinja_template(template)
    elif not template.engine.autoescape:
        raise ValueError(
            f"the engine of {template.name!r} does not escape, so a model's answer could write "
            "HTML; take autoescape=False out of its OPTIONS"
        )
