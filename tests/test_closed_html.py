"""HTML of the user is closed where it enters, and our own renderers write only closed HTML."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from xml.etree.ElementTree import Element as Parsed

import html5lib
import pytest
from hypothesis import given
from markupsafe import Markup
from tests.formats.hostile import HTML, NOT_AS_HTML5LIB, PIECES, WELL_FORMED
from tests.markdown.test_laws import ANSWERS, UNDECIDABLE, read

from streamhtml import Delta, Notice, Patch, Reply
from streamhtml._closed_html import closed
from streamhtml.formats._html_tree import OPAQUE, Element
from streamhtml.markdown import MarkdownRenderer, Options


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        # Tags and comments that have no end.
        ("a < b", "a &lt; b"),
        ("<b title='a", "&lt;b title='a"),
        ("<b title=\"a'>b", "&lt;b title=\"a'>b"),
        ("</b x='>'>a</b", "a&lt;/b"),
        ("<a href='x'' b=c'>d", "<a href='x'' b=c'>d</a>"),
        ("<a b= >c</a><a ='>'>d", "<a b= >c</a>&lt;a ='>'>d"),
        ("a<!-- b", "a&lt;!-- b"),
        ("a<?b>c</>d<!e>f<!g", "acdf&lt;!g"),
        ("<!-- <b> --><!-->a<!---->", "<!-- <b> --><!-->a<!---->"),
        ("a<!-- b --!>c", "ac"),
        # Elements that are left open, and end tags without a start tag.
        ("a</template>b</div>c</br>d</p>", "abcd"),
        ("<template>a", "<template>a</template>"),
        ("<DIV><x-É>a", "<DIV><x-É>a</x-É></DIV>"),
        ("<div/>a<br/>b", "<div/>a<br/>b</div>"),
        ("<b><i>a</b>b</i>", "<b><i>a</i></b>b"),
        ("<plaintext><body>a</body>", "a"),
        # Elements that contain only text.
        ("<script>a<b", "<script>a<b</script>"),
        ("<textarea>a</b>", "<textarea>a</b></textarea>"),
        ("a</script >b</title>", "ab"),
        ("<script>a</script x='>'>b", "<script>a</script>b"),
        ("<script>a</script x='>b", "<script>a</script> x='>b"),
        ("<script>'</template>'</script>", r"<script>'<\/template>'</script>"),
        ("<script><!--<script></script>", "<script>&lt;!--&lt;script></script>"),
        ("<textarea></template></textarea>", "<textarea>&lt;/template></textarea>"),
        # Elements that a start tag ends, or that cannot be in one another.
        ("<p>a<p>b<div>c", "<p>a</p><p>b</p><div>c</div>"),
        ("<ul><li>a<li>b<ul><li>c", "<ul><li>a</li><li>b<ul><li>c</li></ul></li></ul>"),
        ("<dl><dt>a<dd>b", "<dl><dt>a</dt><dd>b</dd></dl>"),
        ("<a>a<a>b</a>c</a>", "<a>a</a><a>b</a>c"),
        ("<a><object><a>a", "<a><object><a>a</a></object></a>"),
        ("<button><p><button>a", "<button><p></p></button><button>a</button>"),
        ("<h1>a<h2>b", "<h1>a</h1><h2>b</h2>"),
        ("<form>a<form>b</form>c</form>d", "<form>abc</form>d"),
        ("<select><option>a<option>b", "<select><option>a</option><option>b</option></select>"),
        ("<select><input><select>a</select>b<textarea>c", "<select>ab</select>"),
        ("<ruby>a<rt>b<rt>c", "<ruby>a<rt>b</rt><rt>c</rt></ruby>"),
        # Tables.
        (
            "<table><tr><td>a<td>b<tr>",
            "<table><tbody><tr><td>a</td><td>b</td></tr><tr></tr></tbody></table>",
        ),
        ("<table>a<b>c", "<table><tbody><tr><td>a<b>c</b></td></tr></tbody></table>"),
        (
            "<table><col>a",
            "<table><colgroup><col></colgroup><tbody><tr><td>a</td></tr></tbody></table>",
        ),
        (
            "<table> <style></style><caption>a<tbody>",
            "<table> <style></style><caption>a</caption><tbody></tbody></table>",
        ),
        (
            "<table><td><table><tr></table>a",
            "<table><tbody><tr><td><table><tbody><tr></tr></tbody></table>a</td></tr></tbody></table>",
        ),
        ("<tr><td>a</td></tr>", "<tr><td>a</td></tr>"),
        ("<div><tr><td>a</td></tr></div>", "<div>a</div>"),
        ("<template><td>a</td></template>", "<template><td>a</td></template>"),
        # SVG and MathML.
        ("<svg/><svg><path/><g/>a", "<svg/><svg><path/><g/>a</svg>"),
        ("<svg><title>a<p>b</title><p>c", "<svg><title>a<p>b</p></title></svg><p>c</p>"),
        ("<svg><style>a<b</style><style/>", "<svg><style>a&lt;b</style><style></style></svg>"),
        ("<svg><input>a</svg>", "<svg><input>a</input></svg>"),
        ("<svg><hx-a/><template/>", "<svg><hx-a></hx-a><template></template></svg>"),
        ("<math><mi><p>a</mi><svg>b<math>", "<math><mi><p>a</p></mi>b</math>"),
        # Where it depends on the parser, there are no tags.
        ("<select><b><style>a<b</style>", "<select><b><style>a&lt;b</style></b></select>"),
        ("<col><style>a<b</style>", "<col><style>a&lt;b</style>"),
        ("<noscript><noscript>a</noscript>b</noscript>c", "<noscript>ab</noscript>c"),
        ('<b title="</noscript>"><!-- </noscript> -->', '<b title="&lt;/noscript>"></b>'),
        # htmx reads these as templates, and only if they are spelled as here.
        ("a</hx-a>b", "ab"),
        ("<HX-a/x=1/>b</hx-A >", "<hx-a x=1>b</hx-a>"),
        ("<hx-a\vb>c</hx-a\vb>", "c"),
        ("<hx-a><template></hx-a></template>", "<hx-a><template></template></hx-a>"),
        # What follows could complete a reference.
        ("a &am", "a &am<!---->"),
        ("a &#x3", "a &#x3<!---->"),
        ("a & b &amp;", "a & b &amp;"),
    ],
)  # fmt: skip
def test_what_is_left_open_is_closed(html: str, expected: str) -> None:
    assert closed(html) == expected
    assert closed(expected) == expected
    assert Patch("append", Markup(html)).html == expected


def parsed(html: str) -> Parsed:
    body = html5lib.parse(f"<!doctype html><body>{html}", namespaceHTMLElements=False).find("body")
    assert body is not None
    return body


def outline(element: Parsed) -> Iterator[object]:
    """Yield the names of the elements in an element, as html5lib parses them."""
    for child in element:
        if isinstance(child.tag, str):
            name = child.tag.rpartition("}")[2].lower().replace("image", "img")
            yield name, [] if name in OPAQUE else [*outline(child)]


def our_outline(element: Element) -> Iterator[object]:
    for child in element.elements():
        yield child.name.replace("image", "img"), [*our_outline(child)]


@given(HTML)
def test_a_parser_goes_on_after_closed_html_as_if_there_had_been_nothing(html: str) -> None:
    one = closed(html)
    assert closed(one) == one
    if NOT_AS_HTML5LIB.search(one):
        return  # The Chromium test reads these.
    main, footer = parsed(f"<main><b>{one}amp;<i>later</i></b></main><footer>END</footer>")
    assert (main.tag, footer.tag, footer.text, len(footer)) == ("main", "footer", "END", 0)
    (around,) = main
    last = around[-1]
    assert (last.tag, last.text, last.tail) == ("i", "later", None)
    before = around[-2].tail if len(around) > 1 else around.text
    assert (before or "").endswith("amp;")
    top = Element("main")
    top.read(one)
    assert [*outline(parsed(f"<main>{''.join(top.pieces())}</main>")[0])] == [*our_outline(top)]


@given(HTML)
def test_html_is_the_same_on_the_page_if_the_parser_leaves_it_as_it_is(html: str) -> None:
    """A browser's own serialisation is well-formed, so nothing is changed in it."""
    if NOT_AS_HTML5LIB.search(html):
        return
    written = html5lib.serialize(
        parsed(f"<main>{closed(html)}</main>"), omit_optional_tags=False, escape_lt_in_attrs=True
    )
    assert [*outline(parsed(closed(written)))] == [*outline(parsed(written))]


@pytest.mark.parametrize("html", WELL_FORMED)
def test_well_formed_html_is_not_torn_apart(html: str) -> None:
    added = re.sub(r"</(?:li|option|p)>", "", closed(html))
    assert added.replace("&lt;", "<").replace("<\\/", "</") == re.sub(
        r"</(?:li|option|p)>", "", html
    )


@pytest.mark.no_cover  # To trace it takes three times as long.
@pytest.mark.parametrize("piece", PIECES, ids=ascii)
def test_the_time_grows_with_the_length(piece: str) -> None:
    closed(piece * (100_000 // len(piece)))  # A test has a time limit.


def parts_of(path: Path) -> Iterable[str]:
    return re.findall(r".{1,40}", read(path), re.DOTALL)


def test_our_own_renderer_writes_only_closed_html() -> None:
    options = Options(math=True, ids=True, image_hosts={"example.org"})
    for path in (*ANSWERS, UNDECIDABLE):
        renderer = MarkdownRenderer("r", options)
        patches = [patch for text in parts_of(path) for patch in renderer.feed(text)]
        for patch in [*patches, *renderer.close()]:
            assert closed(patch.html) == patch.html
        whole = MarkdownRenderer("r", options).render(read(path))
        assert closed(whole) == whole


# What is left open here swallows what follows, unless it is closed.
UNCLOSED = [
    *("<b title='", '<b title="', "<b title=", "<b", "</b", "<", "<!--", "<!", "<?", "<!--->x<!--"),
    *("<script>", "<style>", "<textarea>", "<title>", "<plaintext>", "<xmp>", "<iframe>"),
    *("<noembed>", "<noframes>", "<svg><title>", "<svg><style>", "<math><mtext>", "<select>"),
    *("<script><!--<script>", "<svg><![CDATA[", "<table>", "<table><tr>", "<a>", "<b>", "<button>"),
    *("<option>", "<li>", "<form>", "<object>", "<frameset>", "<h1>", "</div>", "&", "&am", "&#1"),
]


# There is no place for a region in these.
NO_PLACE = re.compile("<(?:script|style|xmp|iframe|noembed|noframes|select)>|^<(?:textarea|title)>")


class Straight:
    """A renderer that a user could have written. It returns the text as HTML, unchanged."""

    element, css_class = "div", ""

    def __init__(self, root: str) -> None:
        self._root = root

    def feed(self, text: str) -> list[Patch]:
        return [Patch("append", Markup(text), self._root)]

    def close(self) -> list[Patch]:
        return []

    def render(self, *texts: str) -> Markup:
        return Markup("").join(map(Markup, texts))


LATER = "amp;later"


def message(html: str, way: str, *, at_once: bool) -> str:
    """Return the message into which HTML has come in some way, with the text ``LATER`` after it.

    Patches for the same place are joined, as clients do.
    """
    arguments: dict[str, object] = {"renderer": "text"}
    template, outcome = "<main>[]</main>", "finished"
    deltas = [Delta(Markup(html)), Delta(LATER)]
    if way in ("markdown", "template"):
        arguments["renderer"] = way
    elif way == "renderer":
        arguments["renderer"] = Straight
        deltas = [Delta(html), Delta(LATER)]
    elif way == "on_fence":
        options = Options(on_fence=lambda *_: Markup(html))
        arguments["renderer"] = lambda root: MarkdownRenderer(root, options)
        deltas = [Delta("```\na\n```\n"), Delta(LATER)]
    elif way == "shell":
        template = f"<main>{html}<section>[]</section></main>"
        deltas = [Delta(LATER)]
    elif way == "notice":
        arguments["notice"] = Notice(lambda context: html)
        template, outcome, deltas = f"<main>[]</main>{LATER}", "stopped", [Delta("a")]
    reply = Reply(
        lambda context: template.replace("[]", Markup.escape(context["ai_message"])),
        {"message_pair_id": "m"},
        at_once=at_once,
        **arguments,  # type: ignore[arg-type]
    )
    fragments = [reply.open(), *(reply.feed([each]) for each in deltas), reply.close(outcome)]  # type: ignore[arg-type]
    patches = [patch for fragment in fragments for patch in fragment.patches]
    if way == "template":
        return patches[-1].html
    shell, *changes = patches
    inside = "".join(patch.html for patch in changes if patch.action == "append")
    return re.sub(r'(id="m_text"[^>]*>)', lambda found: found[0] + inside, shell.html)


@pytest.mark.parametrize("at_once", [False, True], ids=["in pieces", "at once"])
@pytest.mark.parametrize(
    "way", ["text", "markdown", "renderer", "on_fence", "shell", "notice", "template"]
)
def test_html_that_is_left_open_does_not_swallow_what_follows(way: str, at_once: bool) -> None:
    for html in UNCLOSED:
        if way == "shell" and NO_PLACE.search(html):
            with pytest.raises(ValueError, match=r"inside of .* move (it|the part) out"):
                message(html, way, at_once=at_once)
            continue
        if way == "renderer" and at_once and "&" in html:
            continue  # The renderer itself has joined both.
        page = parsed(f"{message(html, way, at_once=at_once)}<footer>END</footer>")
        assert page[-1].tag == "footer", html
        assert page[-1].text == "END", html
        assert LATER in "".join(page.itertext()), html
        if way != "shell" and not (way == "renderer" and at_once):
            for element in page.iter():
                assert element.tag not in OPAQUE or LATER not in "".join(element.itertext()), html
