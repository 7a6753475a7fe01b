"""The clients of all formats: what each has on its page, and what it loads."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from tests.browser.npm_files import HTMX, NODE_MODULES, TURBO

from streamhtml.formats._client_hints import chromium_version

_STATIC: Final = files("streamhtml").joinpath("static/streamhtml")
_SSE2: Final = files("django_htmx").joinpath("static/django_htmx/ext/hx-sse-2.min.js")
SCRIPTS: Final = {
    "htmx2": HTMX["htmx2"],
    "htmx4": HTMX["htmx4"],
    "sse2": Path(str(_SSE2)),
    "sse4": NODE_MODULES / "htmx4/dist/ext/hx-sse.min.js",
    "multipart": NODE_MODULES / "htmx4/dist/ext/hx-multipart.min.js",
    "turbo": TURBO,
    "datastar": Path(__file__).with_name("datastar-protocol.js"),
    "ours": Path(str(_STATIC.joinpath("streaming-html.min.js"))),
}


@dataclass(frozen=True)
class Client:
    """How a page requests an answer.

    Args:
        format: the name of the format that the library must choose.
        asks: what asks for the answer, as the documentation names it.
        sends: the request headers that decide, as ``decisive()`` returns them.
        body: the HTML of the page's body, with ``{url}`` in the place of the answer's address.
        scripts: the keys in ``SCRIPTS`` of what the page loads, in order.
        reconnects: whether it reconnects after a lost connection, with the last id that it got.
        closes: the reason in htmx's event when the stream has ended; ``""`` for no event.
        options: more arguments of the response.
    """

    format: str
    asks: str
    sends: str
    body: str
    scripts: tuple[str, ...] = ()
    reconnects: bool = False
    closes: str = ""
    options: dict[str, Any] = field(default_factory=dict)


_DECISIVE: Final = ("Streaming-HTML", "Datastar-Request", "Turbo-Frame", "HX-Request")
_TYPES: Final = frozenset(
    {"text/html", "text/event-stream", "text/vnd.turbo-stream.html", "multipart/mixed"}
)


def decisive(headers: Mapping[str, str]) -> str:
    """Return the headers of a request that decide its format, as the documentation shows them."""
    accepted = [each.partition(";")[0].strip() for each in headers.get("Accept", "").split(",")]
    types = ", ".join(each for each in accepted if each in _TYPES)
    said = {name: headers[name] for name in _DECISIVE if name in headers}
    shown = [f"`{name}: {value}`" for name, value in (said | {"Accept": types}).items() if value]
    is_page = headers.get("Sec-Fetch-Dest") == "document"
    if is_page and chromium_version(headers.get("Sec-CH-UA", "")) >= 150:
        shown.insert(0, '`Sec-CH-UA: "Chromium";v="150"` or more')
    return ", ".join(shown)


_BUTTON: Final = "<button>Send</button>"
_HTMX: Final = 'hx-target="#messages" hx-swap="beforeend"'
_HERE: Final = '<div id="messages"></div>'
_INTO: Final = {"into": "messages"}

CLIENTS: Final = {
    "html": Client(
        "html",
        "`<form data-stream>`",
        "`Streaming-HTML: html`",
        '<form action="{url}" method="post" data-stream="#messages beforeend">'
        f"{_BUTTON}</form>{_HERE}",
        ("ours",),
    ),
    "html-htmx2": Client(
        "html",
        "`hx-post`, `hx-get`",
        "`Streaming-HTML: html`, `HX-Request: true`",
        f'<form hx-ext="streaming-html" hx-post="{{url}}" {_HTMX}>{_BUTTON}</form>{_HERE}',
        ("htmx2", "ours"),
    ),
    "html-htmx4": Client(
        "html",
        "`hx-post`, `hx-get`",
        "`Streaming-HTML: html`, `HX-Request: true`, `Accept: text/html`",
        f'<form hx-post="{{url}}" {_HTMX}>{_BUTTON}</form>{_HERE}',
        ("htmx4", "ours"),
    ),
    "sse-htmx4-post": Client(
        "sse",
        "`hx-post`",
        "`HX-Request: true`, `Accept: text/html, text/event-stream`",
        f'<form hx-post="{{url}}" {_HTMX}>{_BUTTON}</form>{_HERE}',
        ("htmx4", "sse4"),
        closes="ended",
    ),
    "sse-htmx4-get-again": Client(
        "sse",
        "`hx-get` with `sse.reconnect:true`",
        "`HX-Request: true`, `Accept: text/html, text/event-stream`",
        f'<form hx-get="{{url}}" hx-config="sse.reconnect:true" hx-sse:close="end" {_HTMX}>'
        f"{_BUTTON}</form>{_HERE}",
        ("htmx4", "sse4"),
        reconnects=True,
        closes="message",
    ),
    "sse-htmx4-connect": Client(
        "sse",
        "`hx-sse:connect`",
        "`HX-Request: true`, `Accept: text/html, text/event-stream`",
        f'<button hx-sse:connect="{{url}}" hx-sse:close="end" hx-trigger="click" {_HTMX}>'
        f"Send</button>{_HERE}",
        ("htmx4", "sse4"),
        reconnects=True,
        closes="message",
    ),
    "sse-htmx2": Client(
        "sse",
        "`sse-connect`",
        "`Accept: text/event-stream`",
        # A source connects when htmx processes it. Here it is in the answer to the form.
        f'<form hx-get="/source/sse-htmx2" hx-target="#source">{_BUTTON}</form>'
        '<div id="source"></div>',
        ("htmx2", "sse2"),
        reconnects=True,
        closes="message",
    ),
    "multipart": Client(
        "multipart",
        "`hx-post`, `hx-get`",
        "`HX-Request: true`, `Accept: text/html, multipart/mixed`",
        f'<form hx-post="{{url}}" {_HTMX}>{_BUTTON}</form>{_HERE}',
        ("htmx4", "multipart"),
        closes="ended",
    ),
    "multipart-connect": Client(
        "multipart",
        "`hx-multipart:connect`",
        "`HX-Request: true`, `Accept: text/html, multipart/mixed`",
        '<button hx-multipart:connect="{url}" hx-multipart:close="stream:end" '
        f'hx-trigger="click" {_HTMX}>Send</button>{_HERE}',
        ("htmx4", "multipart"),
        reconnects=True,
        closes="part",
    ),
    "multipart-ours": Client(
        "multipart",
        "`hx-post`, `hx-get` with `hx-headers`",
        "`Streaming-HTML: multipart`, `HX-Request: true`, `Accept: text/html, multipart/mixed`",
        f"""<form hx-post="{{url}}" hx-headers='{{{{"Streaming-HTML": "multipart"}}}}' {_HTMX}>"""
        f"{_BUTTON}</form>{_HERE}",
        ("htmx4", "multipart", "ours"),
        closes="ended",
    ),
    "turbo": Client(
        "turbo",
        "`<form>`",
        "`Accept: text/vnd.turbo-stream.html, text/html`",
        f'<form action="{{url}}" method="post">{_BUTTON}</form>{_HERE}',
        ("turbo", "ours"),
        options=_INTO,
    ),
    "turbo-source": Client(
        "sse",
        "`<turbo-stream-source>`",
        "`Accept: text/event-stream`",
        f'<form action="/source/turbo-source" method="post">{_BUTTON}</form>{_HERE}',
        ("turbo",),
        reconnects=True,
        # An EventSource cannot say which library it belongs to.
        options={**_INTO, "format": "turbo"},
    ),
    "datastar": Client(
        "datastar",
        "`@post()`, `@get()`",
        "`Datastar-Request: true`, `Accept: text/event-stream, text/html`",
        f'<form data-datastar="{{url}}">{_BUTTON}</form>{_HERE}',
        ("datastar",),
        reconnects=True,
        options=_INTO,
    ),
    "page": Client(
        "page",
        "`<form>`, a link",
        '`Sec-CH-UA: "Chromium";v="150"` or more, `Accept: text/html`',
        f'<form action="{{url}}">{_BUTTON}</form>',
    ),
    "page-in-order": Client(
        "page",
        "`<form>`, a link",
        "`Accept: text/html`",
        f'<form action="{{url}}">{_BUTTON}</form>',
    ),
    "whole": Client(
        "whole",
        "`hx-post`, `hx-get`",
        "`HX-Request: true`",
        f'<form hx-post="{{url}}" {_HTMX}>{_BUTTON}</form>{_HERE}',
        ("htmx2",),
    ),
}

SOURCES: Final = {
    "sse-htmx2": (
        "text/html",
        """<div id="messages" hx-ext="sse" sse-connect="{url}"
            sse-swap="message" hx-swap="beforeend" sse-close="end"></div>""",
    ),
    "turbo-source": (
        "text/vnd.turbo-stream.html",
        """<turbo-stream action="before" target="messages"><template>
            <turbo-stream-source src="{url}"></turbo-stream-source></template></turbo-stream>""",
    ),
}
