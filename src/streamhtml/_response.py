"""The response without a framework: what the arguments mean, and how the stages fit together."""

from abc import abstractmethod
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Generic, TypeVar

from streamhtml import _sigterm
from streamhtml._body import Body
from streamhtml._gzip import Gzip, accepts_gzip
from streamhtml._notice import Notice
from streamhtml._page_template import page_renderer
from streamhtml._pump import close_unused
from streamhtml._reconnected import Reconnected
from streamhtml._renderer import Renderer, RendererName
from streamhtml._reply import Reply
from streamhtml._request_headers import Headers, HeaderSource
from streamhtml._response_headers import build_headers
from streamhtml._stream import OnEnd, stream
from streamhtml._template import Template
from streamhtml.formats import VARY, Format, FormatName, FormatRequest, create_format
from streamhtml.sources import Tokens

RequestT = TypeVar("RequestT")


class BaseStreamingResponse(Generic[RequestT]):
    """A response that streams one message: the part that is the same in every framework.

    The message is shown before the first token, grows as tokens arrive, and says how it ended.
    When the reader leaves, the source is closed. A client that does not read fragments gets the
    finished message in one piece. A HEAD request takes no token.

    Args:
        request: the framework's own request.
        tokens: the model's answer: an async or sync iterable of ``str`` (or ``None``, ``Markup``,
            ``Delta``, OpenAI chat chunks). Or a function without arguments that returns one, for
            a source that must be opened in the event loop that iterates it, such as an SDK's
            stream in a Flask or Django view under WSGI. The response closes it.
        template: the template of the message: its name in the framework, or the template itself.
            It shows the answer with ``{{ ai_message }}``. By default an accessible one of ours.
        context: the other names in the template. A ``message_pair_id`` among them becomes the id
            of the message.
        renderer: "markdown"; "text", which shows the answer as it is; "template", which renders
            the template again for each fragment; or a function that makes a ``Renderer`` from the
            id of a region.
        into: the id of the element that the message is appended to. By default the page says where
            (``hx-target`` and ``hx-swap``, ``data-stream``, a ``<turbo-frame>``).
        format: "auto", which is what the page's client reads (see
            ``streamhtml.formats.negotiate()``); or "html", "htmx", "sse", "turbo", "datastar",
            "page" or "whole"; or a class of your own that is a ``Format``.
        page: the template of the whole page for the format "page", which is for a browser without
            JavaScript. It shows the message with ``{{ streamed_message }}``, and has the names
            of ``context`` too. By default a bare page of ours.
        nonce: the nonce of the page's Content-Security-Policy, where its ``style-src`` needs one:
            the format "page" hides with ``<style>`` what it shows only for a moment.
        interval: seconds between two fragments. What arrives in between is sent together.
        ping: seconds of silence after which something invisible is sent; ``None`` for never.
        on_end: is called once with the ``Reply`` when the stream has ended, in whatever way; see
            ``stream()``.
        compress: send gzip to a client that accepts it, so that each fragment can be read when it
            arrives. It is off by default: the length of compressed data can reveal a secret to an
            attacker whose own words are near it (BREACH; docs/how-to/compress.md).
        status: the HTTP status.
        headers: more response headers, or other values for those that are set by default.
            ``Vary`` is added to. ``Content-Language`` sets the language of the notices; by
            default it is the framework's active language.

    Attributes:
        reply: the ``Reply``: its ``message_pair_id``, its ``state``, its ``text`` so far.

    Raises:
        TypeError: ``tokens`` cannot be iterated.
        ValueError: another argument is not valid, or the template does not show the answer.
    """

    reply: Reply

    def __init__(
        self,
        request: RequestT,
        tokens: Tokens,
        template: Any = None,
        context: Mapping[str, Any] | None = None,
        *,
        renderer: RendererName | Callable[[str], Renderer] = "markdown",
        into: str | None = None,
        format: FormatName | Callable[[], Format] = "auto",
        page: Any = None,
        nonce: str = "",
        interval: float = 0.04,
        ping: float | None = 15.0,
        on_end: OnEnd | None = None,
        compress: bool = False,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        try:
            method, raw_headers = self._read_request(request)
            sent = Headers(raw_headers)
            find = partial(self._template, request)
            notice = self._notice(request, template, _language_of(headers or {}))
            render_page = page_renderer(page, find, context or {}, notice.language, nonce)
            into = (into or "").removeprefix("#")
            chosen = create_format(format, FormatRequest(sent, into, nonce, render_page))
            gzip = Gzip() if compress and accepts_gzip(sent.get("Accept-Encoding")) else None
            own_headers = build_headers(
                headers or {},
                chosen.media_type,
                vary=VARY if format == "auto" else (),
                gzip=gzip is not None if compress else None,
            )
            self.reply = Reply(
                None if template is None else find(template),
                context,
                renderer=renderer,
                into=chosen.into,
                at_once=chosen.at_once,
                notice=notice,
            )
        except BaseException:
            close_unused(tokens)
            raise
        fragments = stream(self.reply, tokens, interval=interval, ping=ping, on_end=on_end)
        reconnected = None
        if method == "HEAD":
            fragments.close()
        elif last_id := sent.get(chosen.last_id_header):
            reconnected = Reconnected(fragments, last_id, notice, chosen.into)
        _sigterm.install_handler()
        self._body = Body(reconnected or fragments, chosen, gzip)
        self._respond(request, self._body, status, own_headers)

    def stop(self) -> None:
        """Close the source, because the user asked for it; may be called from any thread.

        The reader sees what has arrived, and then "Stopped.". Called before the response has begun,
        no token is taken. Called after it has ended, nothing happens.
        """
        self._body.stop()

    @abstractmethod
    def _read_request(self, request: RequestT) -> tuple[str, HeaderSource]:
        """Return the method and the headers of the request."""

    @abstractmethod
    def _template(self, request: RequestT, template: Any) -> Template:
        """Return the function that renders the framework's template."""

    @abstractmethod
    def _notice(self, request: RequestT, template: Any, language: str) -> Notice:
        """Return the notices of the site, in a language.

        Args:
            request: the framework's own request.
            template: the template of the message, as the view passes it.
            language: as ``Notice`` takes it; ``""`` for the framework's active language.
        """

    @abstractmethod
    def _respond(self, request: RequestT, body: Body, status: int, headers: dict[str, str]) -> None:
        """Initialise the framework's response."""


def _language_of(headers: Mapping[str, str]) -> str:
    """Return the first language in the response's ``Content-Language``, or ``""``."""
    return Headers(headers).get("Content-Language", "").partition(",")[0].strip()
