"""The base class of every framework's response: its arguments, and the stages of its body."""

from abc import abstractmethod
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from functools import wraps
from inspect import signature
from typing import Any, ClassVar, Final, Generic, NamedTuple, ParamSpec, TypeVar

from markupsafe import Markup

from streamhtml import _sigterm
from streamhtml._answer import Answer
from streamhtml._arguments import (
    check_answer,
    check_compress,
    check_context,
    check_headers,
    check_into,
    check_request,
    check_status,
)
from streamhtml._body import Body
from streamhtml._ending import OnEnd
from streamhtml._gzip import Gzip, accepts_gzip
from streamhtml._jinja import JinjaSite
from streamhtml._limits import DEFAULT_LIMITS, Limits
from streamhtml._log_source import Client, LogSource, close_source, create_reply, open_stream
from streamhtml._notice import Notice
from streamhtml._page_template import page_renderer
from streamhtml._patch import OUTCOMES
from streamhtml._reconnected import Reconnected
from streamhtml._renderer import Renderer, RendererName
from streamhtml._reply import Reply
from streamhtml._request_headers import Headers, HeaderSource
from streamhtml._resource_scope import MakeResourceScope, use_resource_scope
from streamhtml._response_headers import build_headers, url_headers
from streamhtml._site import Site
from streamhtml._site_options import OF_ONE_RESPONSE, SiteOptions, check_names, check_site_options
from streamhtml._stream import Stream
from streamhtml.formats import VARY, Format, FormatName, FormatRequest, create_format, multipart
from streamhtml.formats import _server_sent_events as events
from streamhtml.sources import Tokens

RequestT = TypeVar("RequestT")
P = ParamSpec("P")
R = TypeVar("R")


def _with_site_options(function: Callable[P, R]) -> Callable[P, R]:
    """Give a method the options of the site for the arguments that a view does not pass.

    It is ``__init__``, or a method that shows an answer with some of the same arguments.
    """
    parameters = [*signature(function).parameters]
    known = frozenset(parameters)

    @wraps(function)
    def with_options(owner: Any, *args: Any, **named: Any) -> R:
        call: Callable[..., R] = function
        is_valid = args and hasattr(args[0], owner._request_attribute) and known >= named.keys()
        if is_valid and owner._site(args[0]).options.values is None:
            return call(owner, *args, **named)  # Fast path: no site options.
        passed = {**dict(zip(parameters, (owner, *args), strict=False)), **named}
        try:
            check_request(passed.get("request"), owner._request_attribute)
            check_names(named, parameters[1:])
            site_options = owner._site(passed["request"]).options
            set_by_site = checked_options(site_options)
        except BaseException:
            if "tokens" in passed and not hasattr(passed["tokens"], owner._request_attribute):
                close_source(passed["tokens"])
            raise
        options = {
            name: value
            for name, value in set_by_site.items()
            if name in known and name not in passed
        }
        try:
            return call(owner, *args, **named, **options)
        except Exception as error:
            if options:
                error.add_note(f"{site_options.place} sets {', '.join(map(repr, options))}")
            raise

    return with_options  # type: ignore[return-value]


class BaseStreamingResponse(Generic[RequestT]):
    """Stream one message. This class has what is the same in every framework.

    The message is shown before the first token, grows as tokens arrive, and says how it ended.
    When the reader leaves, the source is closed. A client that does not read fragments gets the
    finished message in one piece. A HEAD request takes no token.

    Args:
        request: the framework's own request.
        tokens: the model's answer: an async or sync iterable of ``str`` (or ``None``, ``Markup``,
            ``Delta``), or what an SDK returns when it is asked to stream. The response closes it.
            Pass a function without arguments that returns it, if it must be opened in the event
            loop that iterates it. The stream of an async SDK needs this in a Flask view, and in a
            Django view under WSGI.
        template: the template of the message: its name in the framework, or the template itself.
            It shows the answer with ``{{ parts }}`` or ``{{ ai_message }}``. By default, it is an
            accessible template of this package.
        context: the other names in the template. A ``message_pair_id`` among them becomes the id
            of the message.
        renderer: "markdown"; "text", which shows the answer as it is; "template", which renders
            the template again for each fragment; or a function that makes a ``Renderer`` from the
            id of a region.
        renderers: the renderers of single kinds of parts, such as ``{"reasoning": "text"}``. The
            others use ``renderer``, except tool calls, which are shown as "text".
        parts_templates: the templates of single kinds of parts in ``{{ parts }}``, by the kind:
            their names in the framework, or the templates themselves. By default, they are the
            site's ``streamhtml/parts/KIND.html``, or those of this package.
        into: the id of the element that the message is appended to. By default the page chooses
            it (``hx-target`` and ``hx-swap``, ``data-stream``, a ``<turbo-frame>``). Turbo without
            a frame and Datastar need it: otherwise they get the finished message.
        format: "auto" for the format that the page's client reads (see
            ``streamhtml.formats.negotiate()``); or "html", "htmx", "sse", "multipart",
            "turbo", "datastar", "page" or "whole"; or your own class that is a ``Format``.
        page: the template of the whole page for the format "page", which is for a browser without
            JavaScript. It shows the message with ``{{ streamed_message }}``, and can use
            the names of ``context``. By default, it is a minimal page of this package.
        nonce: the nonce of the page's Content-Security-Policy, if its ``style-src`` needs one. The
            format "page" uses ``<style>`` to hide content that it shows only for a moment.
        interval: time in seconds between two fragments. Tokens that arrive in between are sent
            together.
        ping: time in seconds without a fragment, after which something invisible is sent; ``None``
            for never.
        on_end: called once with the ``Reply`` when the stream has ended, with any outcome. See
            ``stream()``.
        limits: what one answer may take, see ``Limits``.
        compress: send gzip to a client that accepts it. The client can still read each fragment
            when it arrives. It is off by default, because the length of compressed data can reveal
            a secret to an attacker who can put text near it (BREACH; docs/how-to/compress.md).
        status: the HTTP status.
        headers: additional response headers. They replace the default headers, except that a
            ``Vary`` is combined with ours. ``Content-Language`` sets the language of the notices,
            which by default is the framework's active language.
        resume_url: the URL at which the client gets the rest of an answer in a log, by GET, if the
            connection is lost: a path, or an absolute URL.
        stop_url: the URL to which the client sends a POST request if the reader stops the answer.

    Attributes:
        reply: the ``Reply``, with its ``message_pair_id``, its ``state`` and its ``text`` so far.

    Raises:
        TypeError: an argument has another type: ``tokens`` cannot be iterated, for example.
        ValueError: another argument is not valid, or the template does not show the answer.

    A site can set these arguments in one place for all of its responses, except those that belong
    to one response: ``request``, ``tokens``, ``context``, ``nonce``, ``resume_url`` and
    ``stop_url``. An argument that a view passes replaces that of the site.
    """

    reply: Reply

    _request_attribute: ClassVar[str]
    """The name of an attribute that every request of the framework has."""

    _resource_scope: MakeResourceScope = nullcontext
    """Makes the context manager around the source, the templates and ``on_end``."""

    @_with_site_options
    def __init__(
        self,
        request: RequestT,
        tokens: Tokens,
        template: Any = None,
        context: Mapping[str, Any] | None = None,
        *,
        renderer: RendererName | Callable[[str], Renderer] = "markdown",
        renderers: Mapping[str, RendererName | Callable[[str], Renderer]] | None = None,
        parts_templates: Mapping[str, Any] | None = None,
        into: str | None = None,
        format: FormatName | Callable[[], Format] = "auto",
        page: Any = None,
        nonce: str = "",
        interval: float = 0.04,
        ping: float | None = 15.0,
        on_end: OnEnd | None = None,
        limits: Limits = DEFAULT_LIMITS,
        compress: bool = False,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        resume_url: str | None = None,
        stop_url: str | None = None,
    ) -> None:
        try:
            check_context(context)
            check_into(into)
            check_compress(compress)
            check_status(status)
            check_headers(headers)
            method, raw_headers = self._read_request(request)
            sent = Headers(raw_headers)
            site = self._site(request)
            notice = site.notice(template, _language_of(headers or {}))
            render_page = page_renderer(
                page, site.load, context or {}, notice, nonce=nonce, headers=sent
            )
            into = (into or "").removeprefix("#")
            chosen = create_format(format, FormatRequest(sent, into, nonce, render_page))
            gzip = Gzip() if compress and accepts_gzip(sent.get("Accept-Encoding")) else None
            own_headers = build_headers(
                {**(headers or {}), **chosen.headers},
                chosen.media_type,
                vary=[*dict.fromkeys([*(VARY if format == "auto" else ()), *chosen.vary])],
                gzip=gzip is not None if compress else None,
                urls=url_headers(resume_url, stop_url, is_logged=isinstance(tokens, LogSource)),
            )
            options = site.templates(template, parts_templates)
            options |= {"context": context, "renderer": renderer, "renderers": renderers}
            options |= {"into": chosen.into, "at_once": chosen.at_once, "notice": notice}
            self.reply = create_reply(tokens, chosen.skip, **options)
        except BaseException:
            close_source(tokens)
            raise
        client_request = _ClientRequest(method, sent, chosen, resume_url)
        times = {"interval": interval, "ping": ping}
        stream = self._open(tokens, client_request, notice, **times, on_end=on_end, limits=limits)
        self._body = Body(stream, chosen, gzip)
        self._respond(request, self._body, status, own_headers)

    __init__.__doc__ = __doc__  # So that help() of a framework's class has it.

    def _open(
        self, tokens: Tokens, client_request: "_ClientRequest", notice: Notice, **options: Any
    ) -> Stream | Reconnected:
        """Return the stream for this request.

        For HEAD it is closed already. A client that reconnects gets a ``Reconnected`` instead.
        """
        with use_resource_scope(self._resource_scope):
            fragments = open_stream(self.reply, tokens, client_request.client, **options)
        _sigterm.install_handler()
        if client_request.method == "HEAD":
            fragments.close()
        last_id = client_request.last_id
        if isinstance(tokens, LogSource) and last_id not in OUTCOMES:
            last_id = ""  # The log knows what the client has missed.
        if not last_id:
            return fragments
        return Reconnected(fragments, last_id, notice, client_request.format.into)

    def stop(self) -> None:
        """End the answer early, because the user asked for it. May be called from any thread.

        The reader sees what has arrived, and then "You stopped this answer.". If the response has
        not begun, no token is read. If it has ended, this method does nothing.
        """
        self._body.stop()

    @classmethod
    @_with_site_options
    def render_message(
        cls,
        request: RequestT,
        answer: Answer,
        template: Any = None,
        context: Mapping[str, Any] | None = None,
        *,
        renderer: RendererName | Callable[[str], Renderer] = "markdown",
        renderers: Mapping[str, RendererName | Callable[[str], Renderer]] | None = None,
        parts_templates: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Markup:
        """Return the HTML that the stream of an answer has left on the page.

        Pass the same arguments as to the response. The options of the site are applied too.

        Args:
            request: the framework's own request.
            answer: the answer, for example what ``Answer.from_dict()`` returned. An answer without
                an outcome is shown as it is so far, without a notice.
            template: as for the response.
            context: as for the response. By default, ``message_pair_id`` is the one that the
                stream has used, which the answer keeps.
            renderer: as for the response.
            renderers: as for the response.
            parts_templates: as for the response.
            headers: as for the response. Only ``Content-Language`` counts.

        Returns:
            HTML, which is escaped. It contains the ``Markup`` of the answer unchanged.

        Raises:
            TypeError: an argument has another type.
            ValueError: another argument is not valid, or the template does not show the answer.
        """
        check_answer(answer)
        site = cls._site(request)
        return Reply(
            context=context,
            notice=site.notice(template, _language_of(headers or {})),
            answer=answer,
            renderer=renderer,
            renderers=renderers,
            **site.templates(template, parts_templates),
        ).render_whole()

    @classmethod
    def _site(cls, request: RequestT) -> Site:
        """Return what the app sets for all answers. By default, templates are passed themselves."""
        return JinjaSite()

    @abstractmethod
    def _read_request(self, request: RequestT) -> tuple[str, HeaderSource]:
        """Return the method and the headers of the request."""

    @abstractmethod
    def _respond(self, request: RequestT, body: Body, status: int, headers: dict[str, str]) -> None:
        """Initialise the framework's response."""


_OPTIONS: Final = frozenset(signature(BaseStreamingResponse.__init__).parameters) - {
    "self",
    *OF_ONE_RESPONSE,
}


def checked_options(site: SiteOptions) -> dict[str, Any]:
    """Return the options that a site has set for all responses.

    Raises:
        TypeError: they are not a mapping, or one of them has another type.
        ValueError: one of them is not an argument of ``StreamingHTMLResponse``, or not valid.
    """
    return check_site_options(site, _OPTIONS)


def set_up(options: SiteOptions) -> None:
    """Check the options of a site, and install the handler of SIGTERM, when the app starts.

    Under WSGI, views run in threads, which cannot install signal handlers.
    """
    checked_options(options)
    _sigterm.install_handler()


class _ClientRequest(NamedTuple):
    """A request, and the format of its answer."""

    method: str
    headers: Headers
    format: Format
    resume_url: str | None

    @property
    def client(self) -> Client:
        """What the request says about the reader of an answer in a log."""
        if not self.format.can_resume:
            return Client()
        names = self.format.last_id_header, events.LAST_ID_HEADER, multipart.LAST_ID_HEADER
        last_id = next(filter(None, map(self.headers.get, names)), "")
        reconnects = self.method == "GET" and self.format.last_id_header != ""
        return Client(last_id, resumes=reconnects or self.resume_url is not None)

    @property
    def last_id(self) -> str:
        """The last id that a reconnecting client received; ``""`` for a new question."""
        if self.method != "GET" or not self.format.last_id_header:
            return ""
        return self.headers.get(self.format.last_id_header, "")


def _language_of(headers: Mapping[str, str]) -> str:
    """Return the first language in the response's ``Content-Language``, or ``""``."""
    return Headers(headers).get("Content-Language", "").partition(",")[0].strip()
