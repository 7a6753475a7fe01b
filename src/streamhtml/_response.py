"""What every adapter has in common: the arguments, negotiation, headers, and the bytes.

Nothing here knows a framework; a request has ``method`` and ``headers`` in all of them.
"""

from abc import abstractmethod
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final, Generic, Protocol, TypeVar, cast, get_args

import jinja2
from jinja2.runtime import Context
from markupsafe import Markup

from streamhtml import _sigterm
from streamhtml._gzip import Gzip, accepts_gzip
from streamhtml._notice import TEMPLATE, Notice
from streamhtml._patch import Fragment, Outcome, Patch
from streamhtml._pump import close_unused
from streamhtml._renderer import Renderer, RendererName
from streamhtml._reply import Reply
from streamhtml._stream import OnEnd, Stream
from streamhtml._stream import stream as open_stream
from streamhtml._template import Template, built_in
from streamhtml.formats import EVENT_STREAM, VARY, Format, Headers, encoder
from streamhtml.formats.page import HOLE, PageFormat
from streamhtml.formats.turbo import TurboFormat
from streamhtml.sources import Tokens

HEADERS: Final[Mapping[str, str]] = {
    # Not stored, for an answer is personal; not transformed, for a proxy that compresses buffers.
    "Cache-Control": "no-store, no-transform",
    "X-Content-Type-Options": "nosniff",
    # nginx buffers a response unless told not to.
    "X-Accel-Buffering": "no",
}


class Request(Protocol):
    """What is read of a framework's request."""

    @property
    def method(self) -> str | None: ...
    @property
    def headers(self) -> Any: ...


RequestT = TypeVar("RequestT", bound=Request)


class Body:
    """The bytes of one response: UTF-8, compressed if so wished, one fragment a step."""

    begun = False

    def __init__(self, stream: "Stream | Ended", wire: Format, gzip: Gzip | None = None) -> None:
        self._stream = stream
        self._wire = wire
        self._gzip = gzip

    def __aiter__(self) -> "Body":
        return self

    async def __anext__(self) -> bytes:
        if not self.begun:
            self.begun = True
            _sigterm.register(self)
        fragment = await anext(self._stream)
        # A template may say what UTF-8 cannot: a lone surrogate becomes "?".
        data = self._wire.encode(fragment).encode("utf-8", "replace")
        if self._gzip is not None:
            data = self._gzip.encode(data, last=fragment.outcome is not None)
        return data

    def stop(self) -> None:
        """Close the source, from any thread, and tell the reader."""
        self._stream.stop()

    def interrupt(self) -> None:
        """Close the source, from any thread, and tell the reader that the server is to end."""
        self._stream.stop("interrupted")

    def close(self) -> None:
        """Close the source and end the stream, from any thread, now or soon."""
        _sigterm.unregister(self)
        self._stream.close()

    async def aclose(self) -> None:
        """Close the source, end the stream, and wait for both."""
        try:
            await self._stream.aclose()
        finally:
            _sigterm.unregister(self)


class Ended:
    """The stream of a client that has lost one and asks again: it is told how that has ended.

    Nothing is generated twice. A client that knows the outcome was only not closed; another has
    lost the rest of the answer, and sees that.

    Args:
        stream: is closed, without a step.
        last_event_id: what the client has seen last: the index of a fragment, or the outcome.
        notice: what another sees.
        into: where; ``""`` where the page says it.
    """

    def __init__(self, stream: Stream, last_event_id: str, notice: Notice, into: str) -> None:
        last = Fragment(0, (), cast("Outcome", last_event_id))
        if last_event_id not in get_args(Outcome):
            last = Fragment(0, (Patch("append", notice.plain("interrupted"), into),), "interrupted")
        self._fragments = iter([last])
        self._stream = stream
        stream.close()

    async def __anext__(self) -> Fragment:
        for fragment in self._fragments:
            return fragment
        raise StopAsyncIteration

    def stop(self, outcome: Outcome = "stopped") -> None:
        """There is nothing to stop."""

    def close(self) -> None:
        self._stream.close()

    async def aclose(self) -> None:
        # Built in a sync view, the stream could not close everything yet.
        await self._stream.aclose()


class StreamingReply(Generic[RequestT]):
    """A response that streams one message: the part that is the same in every framework.

    The message begins to show before the first token, grows as tokens arrive, and says how it
    ended. When the reader leaves, the source is closed. A page without a streaming client gets
    the finished message whole. A HEAD request takes no token.

    Args:
        request: the framework's own request.
        tokens: the model's answer: an async or sync iterable of ``str`` (or ``None``, ``Markup``,
            ``Delta``, OpenAI chat chunks); or a function without arguments that returns one, for
            a source that must be opened in the loop that iterates it (an SDK's stream, in a Flask
            or Django view under WSGI). The response closes it.
        template: of the message; the framework's name for it, or the template itself. It places
            the answer with ``{{ ai_message }}``. By default an accessible one of ours.
        context: the template's other names. ``message_pair_id``, if among them, becomes the
            message's id.
        renderer: "markdown"; "text", as it is; "template", which renders the template anew for
            each fragment; or a function that makes a ``Renderer`` from a region's id.
        into: the id of the element that the message is appended to; by default the page says
            where (``hx-target`` and ``hx-swap``, ``data-stream``, a ``<turbo-frame>``).
        format: "auto", what the page's client reads (see ``streamhtml.formats.negotiate()``); or
            "html", "htmx", "sse", "turbo", "datastar", "page" or "whole"; or what makes a
            ``Format``, a class for instance.
        page: template of the whole page for the format "page", that is, for a browser without
            JavaScript. It places the message with ``{{ streamed_message }}``, and has the context
            too. By default a bare page of ours.
        nonce: of the page's Content-Security-Policy, where its ``style-src`` asks for one: the
            format "page" puts away by ``<style>`` what it shows for a moment.
        interval: seconds between two fragments; what arrives in between goes out together.
        ping: seconds of silence after which something invisible is sent; ``None`` for never.
        on_end: called once with the ``Reply`` when it ended, however it did; see ``stream()``.
        compress: send gzip to a client that accepts it, each fragment readable when it arrives.
            Not by default: the length of what is compressed can tell an attacker a secret that
            stands beside words of his own (BREACH; docs/how-to/compress.md).
        status: the HTTP status.
        headers: more response headers, or other values for those that are set by default
            (``Vary`` is added to). A ``Content-Language`` is the language of the notices; by
            default the framework says which one is active.

    Attributes:
        reply: the ``Reply``: its ``message_pair_id``, its ``state``, its ``text`` so far.

    Raises:
        TypeError: ``tokens`` cannot be iterated.
        ValueError: another argument is not possible; or the template has no place for the answer.
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
        format: str | Callable[[], Format] = "auto",
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
            wire = encoder(format, request.headers)
            into = _place(wire, into, request.headers)
            gzip = None
            if compress and accepts_gzip(request.headers.get("Accept-Encoding")):
                gzip = Gzip()
            decided = {"Content-Type": wire.media_type}
            varies = [*VARY] if format == "auto" else []
            if compress:
                decided["Content-Encoding"] = "gzip" if gzip else ""
                varies.append("Accept-Encoding")
            all_headers = _headers(headers or {}, decided, varies)
            language = all_headers.get("Content-Language", "").partition(",")[0].strip()
            notice = self._notice(request, language)
            reply = Reply(
                None if template is None else self._template(request, template),
                context,
                renderer=renderer,
                into=into,
                at_once=wire.at_once,
                notice=notice,
            )
            if isinstance(wire, PageFormat):
                wire.nonce = nonce
                names = {"language": notice.language.replace("_", "-") or "en", "nonce": nonce}
                wire.page = self._page(request, page, {**names, **(context or {})})
        except BaseException:
            close_unused(tokens)
            raise
        stream = open_stream(reply, tokens, interval=interval, ping=ping, on_end=on_end)
        told: Stream | Ended = stream
        last_event_id = request.headers.get("Last-Event-ID")
        if request.method == "HEAD":
            stream.close()
        elif wire.media_type.startswith(EVENT_STREAM) and last_event_id:
            told = Ended(stream, last_event_id, notice, (into or "").removeprefix("#"))
        _sigterm.install_handler()
        self.reply = reply
        self._body = Body(told, wire, gzip)
        self._respond(request, self._body, status, all_headers)

    def stop(self) -> None:
        """Close the source, from any thread: the reader sees what has arrived, and "Stopped.".

        For a request by which the user asks for it. Before the response was begun it means that no
        token will be taken; after it has ended, nothing.
        """
        self._body.stop()

    def _page(self, request: RequestT, page: Any, context: Mapping[str, Any]) -> str:
        """Return the page around the message, ``HOLE`` being where that goes."""
        if "streamed_message" in context:
            raise ValueError("the context has 'streamed_message', which is the page's own name")
        ours = page is None
        template = built_in("streamhtml/page.html") if ours else self._template(request, page)
        html = template({**context, "streamed_message": Markup(HOLE)})
        if html.count(HOLE) != 1:
            raise ValueError(
                f"the page {page!r} shows {{{{ streamed_message }}}} {html.count(HOLE)} times; it "
                "is to be there once, where the message goes"
            )
        return html

    @abstractmethod
    def _template(self, request: RequestT, template: Any) -> Template:
        """Return a function that renders the framework's template."""

    @abstractmethod
    def _notice(self, request: RequestT, language: str) -> Notice:
        """Return the notices in this language; where it is ``""``, in the framework's active one.

        The site's own template is the one that ``_template()`` finds by the name ``TEMPLATE``.
        """

    @abstractmethod
    def _respond(
        self, request: RequestT, body: Body, status: int, headers: Mapping[str, str]
    ) -> None:
        """Become the framework's response."""


def jinja_template(template: jinja2.Template) -> jinja2.Template:
    """Return the template if it escapes what it is given.

    Raises:
        ValueError: it does not: a model's answer could then write HTML.
    """
    autoescape = template.environment.autoescape
    if callable(autoescape):
        autoescape = autoescape(template.name)
    if not autoescape:
        raise ValueError(
            f"the Jinja environment of {template.name!r} does not escape; make it with "
            "autoescape=True (or name the template .html where select_autoescape() decides)"
        )
    return template


def jinja_notice(
    environment: jinja2.Environment, find: Callable[[str], Template], language: str
) -> Notice:
    """Return the notices of a site with this Jinja environment.

    Args:
        environment: its catalogue is the ``gettext`` that jinja2.ext.i18n has installed, if so.
        find: returns a template by its name, or raises ``jinja2.TemplateNotFound``.
        language: as ``Notice`` takes it.
    """
    own: Template | None = None
    if environment.loader is not None:
        with suppress(jinja2.TemplateNotFound):
            own = find(TEMPLATE)
    gettext: Any = environment.globals.get("gettext")
    if gettext is None:
        return Notice(own, language=language)
    # The new style of gettext() wants the context of a template.
    context = Context(environment, {}, None, {}, environment.globals)
    return Notice(own, lambda text: str(context.call(gettext, text)), language)


def _place(wire: Format, into: str | None, headers: Headers) -> str | None:
    """Return the id of the container, where the view or the request names one.

    Raises:
        ValueError: neither does, and the format's clients do not know it by themselves.
    """
    if isinstance(wire, TurboFormat):
        into = into or headers.get("Turbo-Frame")
    if wire.needs_into and not into:
        raise ValueError(
            f"into={into!r}, but a client of {type(wire).__name__} does not say where the message "
            "goes; pass into=, the id of the element that it is appended to"
        )
    return into


def _headers(
    given: Mapping[str, str], decided: Mapping[str, str], varies: list[str]
) -> dict[str, str]:
    """Return all headers: the defaults, the caller's, and those that are not the caller's.

    One of these that is ``""`` is not sent.
    """
    headers = dict(HEADERS)
    for given_name, value in given.items():
        name = _title(given_name)
        if name in decided:
            why = "the format decides it" if name == "Content-Type" else "compress=True decides it"
            raise ValueError(f"headers has {given_name}: {value!r}, but {why}")
        headers[name] = value
    headers.update({name: value for name, value in decided.items() if value})
    if varies := list(filter(None, [headers.get("Vary"), *varies])):
        headers["Vary"] = ", ".join(varies)
    return headers


def _title(name: str) -> str:
    return "-".join(word.capitalize() for word in name.split("-"))
