"""docs/reference/html-format.md: a client written from it reads its examples and our responses."""

import random
import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup
from playwright.sync_api import Route, sync_playwright
from tests.docs.pages import DOCS, ROOT, blocks, titled
from tests.docs.reference_client import Decoder, Page, spelled, token_of

from streamhtml import Fragment, Patch
from streamhtml.formats.html import HTMLFormat

PAGE = DOCS / "reference" / "html-format.md"
TOKEN = "T4k9Zq"
NEXT_TOKEN = "7b"
NAMES = [
    block.title.removeprefix("body: ") for block in blocks(PAGE) if block.title.startswith("body:")
]


def patch(action: str, html: str, root: str = "", **place: int) -> tuple[Patch, ...]:
    return (Patch(action, Markup(html), root, **place),)  # type: ignore[arg-type]


#: The fragments that our server encodes as the examples.
FRAGMENTS = {
    "text": [
        Fragment(0, patch("append", '<p id="ai_1"><span id="ai_1_text"></span></p>')),
        Fragment(1, patch("append", "Hel", "ai_1_text")),
        Fragment(2, patch("append", "lo &amp; ", "ai_1_text")),
        Fragment(2),
        Fragment(3, patch("append", "안녕", "ai_1_text")),
        Fragment(4, outcome="finished"),
    ],
    "failure": [
        Fragment(
            0,
            patch("append", '<p id="ai_2"><i id="ai_2_reasoning"></i><b id="ai_2_text"></b></p>'),
        ),
        Fragment(
            1,
            patch("append", "Hm.", "ai_2_reasoning") + patch("append", "Yes", "ai_2_text"),
        ),
        Fragment(2, patch("append", ", but", "ai_2_text")),
        Fragment(3, patch("append", "<em>It broke.</em>", "ai_2_text"), "failed"),
    ],
    "places": [
        Fragment(0, patch("append", '<div id="ai_3_text"></div>')),
        Fragment(1, patch("append", "<h2>Lis</h2><ul><li>one</li></ul>", "ai_3_text")),
        Fragment(2, patch("append", "<li>two</li>", "ai_3_text", depth=1)),
        Fragment(3, patch("tail", " and <b>thr</b>", "ai_3_text", depth=2)),
        Fragment(4, patch("append", " and <b>three</b>", "ai_3_text", depth=2)),
        Fragment(5, patch("replace", "<h2>List</h2>", "ai_3_text", child=0)),
        Fragment(6, outcome="finished"),
    ],
    "swap": [
        Fragment(0, patch("append", '<article id="ai_4"></article>')),
        Fragment(1, patch("replace", '<article id="ai_4" hx-swap-oob="true">Hel</article>')),
        Fragment(2, patch("replace", '<article id="ai_4" hx-swap-oob="true">Hello</article>')),
        Fragment(3, outcome="finished"),
    ],
    "container": [
        Fragment(0, patch("append", '<p id="ai_5"></p>', "messages")),
        Fragment(1, patch("append", "Hello", "ai_5")),
        Fragment(2, outcome="finished"),
    ],
    "token": [
        Fragment(0, patch("append", '<p id="ai_7"></p>')),
        Fragment(1, patch("append", '<b title="<!T4k9Zq append #ai_7>">a</b>', "ai_7")),
        Fragment(2, patch("append", "b", "ai_7")),
        Fragment(3, outcome="finished"),
    ],
    "cut": [
        Fragment(0, patch("append", '<p id="ai_6"></p>')),
        Fragment(1, patch("append", "Hello", "ai_6")),
        Fragment(2, patch("append", ", wor", "ai_6") + patch("append", "ld", "ai_6")),
    ],
}


def body_of(name: str) -> str:
    """Return the bytes of an example: the page breaks lines after a comment, a body does not."""
    return re.sub(
        rf"(<!(?:{TOKEN}|{NEXT_TOKEN})[^>]*>)\n", r"\1", titled(PAGE, f"body: {name}")
    ).rstrip("\n")


def pieces(data: bytes, how: str) -> list[bytes]:
    if how == "each byte":
        return [data[at : at + 1] for at in range(len(data))]
    if how == "whole":
        return [data]
    cuts = sorted(random.Random(how).choices(range(len(data) + 1), k=7))
    return [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True)]


def format_with_token() -> HTMLFormat:
    html_format = HTMLFormat()
    html_format.token = TOKEN
    return html_format


@pytest.mark.parametrize("how", ["whole", "each byte", "a", "b", "c"])
@pytest.mark.parametrize("name", NAMES)
def test_an_example_makes_the_page_that_is_shown(name: str, how: str) -> None:
    decoder, page = Decoder(TOKEN), Page()
    for piece in pieces(body_of(name).encode(), how):
        for fragment in decoder.feed(piece):
            page.apply(fragment)
    assert page.inner() == spelled(titled(PAGE, f"page: {name}").strip())
    assert bool(decoder.outcome) == (name != "cut")


@pytest.mark.parametrize("name", NAMES)
def test_an_example_is_what_the_library_sends(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streamhtml.formats.html.new_token", lambda: NEXT_TOKEN)
    html_format = format_with_token()
    body = "".join(html_format.encode(fragment) for fragment in FRAGMENTS[name])
    assert body.startswith(body_of(name)) if name == "cut" else body == body_of(name)


SCRIPT = (ROOT / "src/streamhtml/static/streamhtml/streaming-html.js").read_text("utf-8")
FORM = f"""<!doctype html><div id="messages"></div>
    <form method="post" data-stream="#messages"><button>Send</button></form>
    <script>{SCRIPT}</script>"""


def serve(name: str) -> Callable[[Route], None]:
    """Return what answers a GET with the page and a POST with an example."""
    of_body = f"text/html; charset=utf-8; fragments={TOKEN}"

    def answer(route: Route) -> None:
        if route.request.method == "GET":
            route.fulfill(body=FORM, content_type="text/html; charset=utf-8")
        else:
            route.fulfill(body=body_of(name), content_type=of_body)

    return answer


@pytest.mark.browser
def test_our_client_makes_the_pages_that_are_shown() -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium")
        for name in NAMES:
            page = browser.new_page()
            page.route("**/*", serve(name))
            page.goto("http://page.test/")
            reason = page.evaluate(
                """() => new Promise((ended) => {
                addEventListener("stream:end", (event) => ended(event.detail.reason));
                document.querySelector("button").click(); })"""
            )
            page.evaluate(
                """() => { for (const element of document.querySelectorAll("[role=alert]"))
                element.remove(); }"""
            )
            shown = page.inner_html("#messages")
            assert spelled(shown) == spelled(titled(PAGE, f"page: {name}").strip()), name
            ends = {"cut": "incomplete", "failure": "failed"}
            assert reason == ends.get(name, "finished")
        browser.close()


def test_the_token_is_in_the_content_type() -> None:
    html_format = HTMLFormat()
    assert token_of(html_format.media_type) == html_format.token
    assert token_of('text/html; fragments="abc"') == "abc"
    assert token_of("text/html; charset=utf-8") == ""


ROOTS = st.sampled_from(["", "a", "b-", "_c.d:e"])
# A mark of the first token, parts of it, and text around them.
FORGED = ["<!T4k9Zq", "<!T4k9Zq append #a>", "<!T4k9Zq end finished>", "<!T4k9", "Zq>", "<", "<!"]
HTML = st.lists(st.sampled_from([*FORGED, *"ab<>!-/T4 한😀\n"])).map("".join).map(Markup)
PLACES = st.one_of(
    st.just({}),
    st.integers(1, 12).map(lambda depth: {"depth": depth}),
    st.integers(0, 12).map(lambda child: {"child": child}),
)


@st.composite
def patches(draw: st.DrawFn) -> Patch:
    root = draw(ROOTS)
    actions = ["append", "replace", "tail"] if root else ["append", "replace"]
    place = draw(PLACES) if root else {}
    return Patch(draw(st.sampled_from(actions)), draw(HTML), root, **place)  # type: ignore[arg-type]


@given(
    st.lists(st.lists(patches(), max_size=4).map(tuple), max_size=8),
    st.sampled_from(["finished", "stopped", "truncated", "failed", "interrupted"]),
    st.sampled_from(["whole", "each byte", "d"]),
)
def test_a_client_reads_the_same_patches_as_the_library_sends(
    sent: list[tuple[Patch, ...]], outcome: str, how: str
) -> None:
    html_format, decoder = format_with_token(), Decoder(TOKEN)
    fragments = [Fragment(index, patches) for index, patches in enumerate(sent)]
    fragments.append(Fragment(len(fragments), outcome=outcome))  # type: ignore[arg-type]
    body = "".join(html_format.encode(fragment) for fragment in fragments).encode()
    read = [fragment for piece in pieces(body, how) for fragment in decoder.feed(piece)]

    names = {"append": "open", "replace": "swap"}
    assert [
        (change.operation, change.root, change.depth, change.child, change.html)
        for fragment in read
        for change in fragment.changes
    ] == [
        (
            patch.action if patch.root else names[patch.action],
            patch.root,
            patch.depth,
            patch.child,
            str(patch.html),
        )
        for fragment in fragments
        for patch in fragment.patches
    ]
    assert len(read) + decoder.pings == len(fragments)
    assert decoder.outcome == outcome


@pytest.mark.parametrize(
    "body",
    [
        "<!T>",
        "<!T append>",
        "<!T append 1>",
        "<!T append #1>",
        "<!T open>x<!T ping>",
        "<!T open>x<!T end finished>",
        "<!T end done>",
        "<!T remove #a>",
        "<!Topen>",
        "<!T token>",
        "<!T token a.b>",
        "x<!T token U>",
        "<!T+ token U>",
        "<!T end finished><!T ping>",
    ],
)
def test_a_body_outside_the_grammar_is_refused(body: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        list(Decoder("T").feed(body.encode()))
