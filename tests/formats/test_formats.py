"""Which format a request gets, and the laws that hold for every one of them."""

import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from django.http.request import HttpHeaders
from markupsafe import Markup
from starlette.datastructures import Headers as StarletteHeaders
from tests.formats.test_events import read
from werkzeug.datastructures import EnvironHeaders
from werkzeug.datastructures import Headers as WerkzeugHeaders

from streamhtml import Fragment, Patch
from streamhtml.formats import (
    FORMATS,
    VARY,
    Format,
    FormatRequest,
    Headers,
    create_format,
    negotiate,
)
from streamhtml.formats.turbo import TurboFormat
from streamhtml.formats.whole import WholeFormat

NAVIGATION = (
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/jxl,image/avif,image/webp,"
    "image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7"
)
TURBO = "text/vnd.turbo-stream.html, text/html, application/xhtml+xml"
# Browsers say this over https, and to this machine.
BY_SCRIPT = {"Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"}
HTMX_2 = {"HX-Request": "true", "HX-Trigger": "f", "HX-Target": "f", "Accept": "*/*"}
HTMX_4 = {"HX-Request": "true", "HX-Request-Type": "partial", "HX-Target": "form#f"}
DATASTAR = "text/event-stream, text/html, application/json"

# Recorded from Chromium 156, htmx 2.0.11 and 4.0.1, Turbo 8 and curl 7.88; Datastar's is from its
# source.
REQUESTS: list[tuple[str, dict[str, str], str]] = [
    ("https navigation", {"Accept": NAVIGATION, "Sec-Fetch-Dest": "document"}, "page"),
    ("http navigation", {"Accept": NAVIGATION}, "page"),
    ("iframe", {"Accept": NAVIGATION, "Sec-Fetch-Dest": "iframe"}, "page"),
    ("frame", {"Accept": NAVIGATION, "Sec-Fetch-Dest": "frame"}, "page"),
    ("image", {"Accept": "image/avif,*/*;q=0.8", "Sec-Fetch-Dest": "image"}, "whole"),
    ("embed", {"Accept": NAVIGATION, "Sec-Fetch-Dest": "embed"}, "page"),
    ("object", {"Accept": NAVIGATION, "Sec-Fetch-Dest": "object"}, "page"),
    ("link rel=prefetch", {"Accept": NAVIGATION, "Sec-Purpose": "prefetch", **BY_SCRIPT}, "whole"),
    ("fetch()", {"Accept": "*/*", **BY_SCRIPT}, "whole"),
    ("fetch() over http", {"Accept": "*/*"}, "whole"),
    ("fetch() of HTML", {"Accept": "text/html", **BY_SCRIPT}, "whole"),
    ("curl", {"Accept": "*/*", "User-Agent": "curl/7.88.1"}, "whole"),
    ("nothing", {}, "whole"),
    ("EventSource", {"Accept": "text/event-stream", **BY_SCRIPT}, "sse"),
    ("EventSource over http", {"Accept": "text/event-stream"}, "sse"),
    ("htmx 2", {**HTMX_2, **BY_SCRIPT}, "whole"),
    ("htmx 2 over http", HTMX_2, "whole"),
    ("htmx 2 boosted", {**HTMX_2, "HX-Boosted": "true", **BY_SCRIPT}, "page"),
    ("htmx 2, back", {**HTMX_2, "HX-History-Restore-Request": "true", **BY_SCRIPT}, "page"),
    (
        "htmx 4, back",
        {
            "HX-History-Restore-Request": "true",
            "HX-Request-Type": "full",
            "Accept": "*/*",
            **BY_SCRIPT,
        },
        "page",
    ),
    ("htmx 4", {**HTMX_4, "Accept": "text/html", **BY_SCRIPT}, "whole"),
    ("htmx 4 over http", {**HTMX_4, "Accept": "text/html"}, "whole"),
    ("htmx 4 boosted", {**HTMX_4, "Accept": "text/html", "HX-Boosted": "true"}, "page"),
    ("htmx 4 hx-sse", {**HTMX_4, "Accept": "text/html, text/event-stream", **BY_SCRIPT}, "sse"),
    (
        "htmx 4 hx-multipart",
        {**HTMX_4, "Accept": "text/html, multipart/mixed, multipart/parallel", **BY_SCRIPT},
        "multipart",
    ),
    (
        "htmx 4 hx-multipart boosted",
        {**HTMX_4, "Accept": "text/html, multipart/mixed", "HX-Boosted": "true"},
        "page",
    ),
    (
        "htmx 4 hx-sse and hx-multipart",
        {**HTMX_4, "Accept": "text/html, text/event-stream, multipart/mixed"},
        "sse",
    ),
    ("htmx 4 that refuses parts", {**HTMX_4, "Accept": "multipart/mixed; q=0.0"}, "whole"),
    ("htmx 4, other parts", {**HTMX_4, "Accept": "multipart/parallel, multipart/*"}, "whole"),
    ("parts without htmx", {"Accept": "multipart/mixed", **BY_SCRIPT}, "whole"),
    ("parts or a page without htmx", {"Accept": "multipart/mixed, text/html"}, "page"),
    ("Turbo form", {"accept": TURBO, "x-turbo-request-id": "1", **BY_SCRIPT}, "turbo"),
    ("Turbo form over http", {"accept": TURBO, "x-turbo-request-id": "1"}, "turbo"),
    (
        "Turbo link",
        {"accept": "text/html, application/xhtml+xml", "x-turbo-request-id": "1", **BY_SCRIPT},
        "page",
    ),
    (
        "Turbo link in a frame",
        {"accept": "text/html", "x-turbo-request-id": "1", "turbo-frame": "f", **BY_SCRIPT},
        "whole",
    ),
    (
        "htmx 4 hx-sse boosted",
        {**HTMX_4, "Accept": "text/html, text/event-stream", "HX-Boosted": "true"},
        "page",
    ),
    ("turbo-stream-source", {"Accept": "text/event-stream", "Streaming-HTML": "turbo"}, "turbo"),
    ("Datastar", {"Accept": DATASTAR, "Datastar-Request": "true", **BY_SCRIPT}, "datastar"),
    ("our client", {"Accept": "*/*", "Streaming-HTML": "html"}, "html"),
    ("our client, htmx 2", {**HTMX_2, **BY_SCRIPT, "Streaming-HTML": "html"}, "html"),
    (
        "our client, htmx 4 hx-sse boosted",
        {
            **HTMX_4,
            "HX-Boosted": "true",
            "Accept": "text/html, text/event-stream",
            "Streaming-HTML": "html",
        },
        "html",
    ),
    ("the tutorial's client", {**HTMX_2, "Streaming-HTML": "htmx"}, "htmx"),
    ("in another case", {"Streaming-HTML": " HtMl "}, "html"),
    ("a newer client", {"Accept": NAVIGATION, "Streaming-HTML": "html-2"}, "whole"),
    ("a newer client of SSE", {"Accept": "text/event-stream", "Streaming-HTML": "x"}, "whole"),
    ("an empty name", {"Streaming-HTML": ""}, "whole"),
    ("upper case", {"ACCEPT": "TEXT/EVENT-STREAM"}, "sse"),
    ("weighted", {"Accept": "*/*;q=0.1,  text/event-stream ; q=0.9"}, "sse"),
    ("parameters", {"Accept": "Text/HTML;level=1;q=0.4"}, "page"),
    ("both streams", {"Accept": "text/event-stream, text/vnd.turbo-stream.html;q=0.5"}, "turbo"),
    ("not wanted", {"Accept": "*/*, text/event-stream;q=0"}, "whole"),
    ("not wanted, three places", {"Accept": "text/html; q=0.000, text/plain"}, "whole"),
    ("almost", {"Accept": "text/event-streams, xtext/html, text/vnd.turbo-stream"}, "whole"),
    ("in a parameter", {"Accept": 'text/plain;a="text/html"'}, "whole"),
    ("empty headers", {"Accept": "", "Datastar-Request": "", "HX-Request": ""}, "whole"),
]


@pytest.mark.parametrize(
    ("headers", "name"), [case[1:] for case in REQUESTS], ids=[case[0] for case in REQUESTS]
)
def test_auto_chooses_the_format_that_the_client_reads(headers: dict[str, str], name: str) -> None:
    assert negotiate(headers) == name


def test_vary_names_every_header_that_decides() -> None:
    read = set()

    class Watched(Headers):
        def __getitem__(self, name: str) -> str:
            read.add(name)
            return super().__getitem__(name)

    for _, headers, _ in REQUESTS:
        negotiate(Watched(headers))
    assert read == set(VARY)


AS_FRAMEWORKS_HAVE_THEM: dict[str, Callable[[dict[str, str]], Any]] = {
    "a dict": dict,
    "a dict, lower case": lambda headers: {k.lower(): v for k, v in headers.items()},
    "a dict, upper case": lambda headers: {k.upper(): v for k, v in headers.items()},
    "a dict of bytes": lambda headers: {k.encode(): v.encode() for k, v in headers.items()},
    "pairs": lambda headers: list(headers.items()),
    "an iterator of pairs": lambda headers: iter(headers.items()),
    "pairs of bytes, as in a scope": lambda headers: [
        (k.lower().encode(), v.encode()) for k, v in headers.items()
    ],
    "lists of bytes": lambda headers: [[k.encode(), v.encode()] for k, v in headers.items()],
    "httpx": httpx.Headers,
    "Starlette": StarletteHeaders,
    "Werkzeug": WerkzeugHeaders,
    "Werkzeug, from an environ": lambda headers: EnvironHeaders(
        {f"HTTP_{k.upper().replace('-', '_')}": v for k, v in headers.items()}
    ),
    "Django": lambda headers: HttpHeaders(
        {f"HTTP_{k.upper().replace('-', '_')}": v for k, v in headers.items()}
    ),
}


@pytest.mark.parametrize("kind", AS_FRAMEWORKS_HAVE_THEM)
def test_the_headers_of_every_framework_are_read_in_any_case(kind: str) -> None:
    for _, headers, name in REQUESTS:
        assert negotiate(AS_FRAMEWORKS_HAVE_THEM[kind](headers)) == name


def created(format: Any, headers: dict[str, str], into: str = "m") -> Any:
    return create_format(format, FormatRequest(Headers(headers), into))


@pytest.mark.parametrize("name", FORMATS)
def test_a_named_format_overrides_the_request(name: str) -> None:
    for _, headers, _ in REQUESTS:
        assert type(created(name, headers)) is FORMATS[name]


@pytest.mark.parametrize("name", FORMATS)
def test_auto_creates_the_format_that_the_request_names(name: str) -> None:
    headers = {"Streaming-HTML": name.upper()}
    one = created("auto", headers)
    assert type(one) is FORMATS[name]
    assert created("auto", headers) is not one
    assert one.needs_into == (name in {"turbo", "datastar"})
    assert one.at_once == (name == "whole")


@pytest.mark.parametrize(
    ("format", "headers", "as_events"),
    [
        ("turbo", {"Accept": "text/event-stream"}, True),
        ("auto", {"Accept": "text/event-stream", "Streaming-HTML": "turbo"}, True),
        ("turbo", {"Accept": f"text/event-stream, {TURBO}"}, False),
        ("turbo", {"Accept": "text/html"}, False),
    ],
)
def test_turbo_uses_an_event_stream_if_the_client_reads_nothing_else(
    format: str, headers: dict[str, str], as_events: bool
) -> None:
    turbo = created(format, headers)
    assert turbo.needs_into
    assert isinstance(turbo, TurboFormat)
    text = turbo.encode(Fragment(0, (Patch("append", Markup("a"), "r"),)))
    element = "<turbo-stream action=append target=r><template>a</template></turbo-stream>"
    if as_events:
        assert (turbo.media_type, text) == (
            "text/event-stream",
            f"data: {element}\nid: 0\n\n",
        )
        assert turbo.last_id_header == "Last-Event-ID"
    else:
        assert text == f"{element}<!{turbo.token}>"
        assert turbo.last_id_header == ""


def test_htmx_4_gets_one_message_for_each_change() -> None:
    sse = created("sse", HTMX_4)
    patches = (Patch("tail", Markup("t"), "r"), Patch("append", Markup("a"), "r", 1))
    events = read([sse.encode(Fragment(2, patches)).encode()])
    assert {event.id for event in events} == {"2"}
    assert len(events) == 3
    assert all(event.data.startswith("<hx-partial ") for event in events)


@pytest.mark.parametrize("name", ["nonsense", "", "HTML", "Auto"])
def test_an_unknown_name_is_refused_and_the_known_ones_are_listed(name: str) -> None:
    known = "'auto', 'html', 'htmx', 'sse', 'multipart', 'turbo', 'datastar', 'page', 'whole'"
    with pytest.raises(ValueError, match=f"^format='{name}' is not known; use one of {known}, or"):
        created(name, {"Streaming-HTML": "html"})


class Shouting(Format):
    """A format of a user."""

    media_type = "text/plain"

    def encode(self, fragment: Fragment) -> str:
        return "".join(patch.html.upper() for patch in fragment.patches)


class Incomplete:
    """What an object has that knows nothing of ``Format``."""

    media_type = "text/plain"

    def encode(self, fragment: Fragment) -> str:
        raise AssertionError("not to be called")


def test_a_class_of_the_user_is_a_format(monkeypatch: pytest.MonkeyPatch) -> None:
    headers = {"Streaming-HTML": "shouting"}
    assert isinstance(created(Shouting, {}), Shouting)
    assert isinstance(created("auto", headers), WholeFormat)
    monkeypatch.setitem(FORMATS, "shouting", Shouting)
    assert negotiate(headers) == "shouting"
    for wanted in "auto", "shouting":
        assert isinstance(created(wanted, headers), Shouting)


def test_a_class_that_is_not_a_format_is_refused() -> None:
    says = "the Incomplete that format= returns has no at_once, needs_into, into, last_id_header"
    with pytest.raises(TypeError, match=says):
        created(Incomplete, {})


def test_a_format_without_encode_is_refused() -> None:
    class Silent(Format):
        media_type = "text/plain"

    with pytest.raises(TypeError, match=r"abstract class Silent .*encode"):
        created(Silent, {})


def test_a_format_without_a_media_type_is_refused() -> None:
    class Untyped(Format):
        def encode(self, fragment: Fragment) -> str:
            raise AssertionError("not to be called")

    with pytest.raises(
        TypeError, match="the Untyped that format= returns has no media_type; inherit"
    ):
        created(Untyped, {})


def test_a_format_that_the_site_removed_is_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(FORMATS, "datastar")
    assert type(created("auto", {"Datastar-Request": "true"})) is WholeFormat


def test_a_format_of_the_user_can_read_the_request() -> None:
    class Framed(Shouting):
        needs_into = True

        def prepare(self, request: FormatRequest) -> None:
            self.into = request.into or request.headers.get("X-Frame", "")
            self.head = request.render_page(Markup("[message]"))
            self.last_id_header = "X-Last"

    def render_page(message: Markup) -> str:
        return f"<html>{message}</html>"

    request = FormatRequest(Headers({"x-frame": "f"}), render_page=render_page)
    framed = create_format(Framed, request)
    assert isinstance(framed, Framed)
    assert (framed.into, framed.head) == ("f", "<html>[message]</html>")
    assert (framed.at_once, framed.last_id_header) == (False, "X-Last")
    with pytest.raises(ValueError, match="into='', but a client of Framed does not say where"):
        created(Framed, {}, into="")
    odd = FormatRequest(Headers({"X-Frame": '"'}), render_page=render_page)
    assert type(create_format(Framed, odd)) is WholeFormat


@pytest.mark.parametrize(
    "root",
    [
        'x"><img src=x onerror=alert(1)>',
        "x\n",
        "x\ny",
        "x\r",
        "x y",
        " x",
        "#x",
        "1",
        "x>",
        "x,body",
        "x'",
        "é",
        "x\0",
    ],
)
@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("action", ["append", "tail", "replace"])
def test_no_format_writes_a_hostile_root(
    name: str, action: Any, root: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streamhtml.formats._spine.new_token", lambda: "0x")
    one_format = FORMATS[name]()
    if name not in {"page", "whole"}:  # These write no root at all.
        with pytest.raises(ValueError, match=re.escape(f"={root!r} cannot be used")):
            one_format.encode(Fragment(0, (Patch(action, Markup("a"), root),)))
    else:
        shell = one_format.encode(Fragment(0, (Patch("append", Markup("<p id=m></p>")),)))
        other = FORMATS[name]()
        assert other.encode(Fragment(0, (Patch("append", Markup("<p id=m></p>"), root),))) == shell


def test_whole_is_plain_html() -> None:
    one_format = WholeFormat()
    assert one_format.at_once
    assert one_format.encode(Fragment(0)) == "\n"
    assert one_format.encode(Fragment(0, (Patch("append", Markup("<hr>")),), "finished")) == "<hr>"


def test_a_page_that_is_markup_escapes_no_message() -> None:
    def render_page(message: Markup) -> Markup:
        return Markup("<main>{}</main>").format(message)

    page = create_format("page", FormatRequest(render_page=render_page))
    text = page.encode(Fragment(0, (Patch("append", Markup("<p>Hi</p>")),), "finished"))
    assert "<p" in text
    assert "&lt;" not in text
