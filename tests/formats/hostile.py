"""HTML that tries to leave the patch that it is in: pieces of tags, of marks and of events."""

import re
import string
from typing import Final

from hypothesis import strategies as st

ALL_MARKS: Final = "".join(
    f"<!{digit}{other} append #m><img src=x: onerror=hit(1)><!{digit}{other}>"
    for digit in string.digits
    for other in string.ascii_letters + string.digits
)
"""A patch in the html format for each token of two characters."""

_NAMES: Final = (
    *("template", "turbo-stream", "hx-partial", "hx-a", "div", "span", "p", "li", "ul", "b", "a"),
    *("script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes", "noscript"),
    *("svg", "math", "path", "foreignObject", "desc", "mi", "annotation-xml", "select", "option"),
    *("table", "tr", "td", "col", "colgroup", "caption", "tbody", "button", "form", "plaintext"),
    *("html", "head", "body", "frameset", "main", "section", "h1", "dd", "br", "img", "object"),
)
PIECES: Final = (
    *(f"<{name}>" for name in _NAMES),
    *(f"</{name}>" for name in _NAMES),
    *("</TEMPLATE >", "</template/>", "<template/>", "<svg/>", "</template x='>", "</template"),
    *(
        '<b title="',
        "<b title='",
        "<b title=",
        '">',
        "'>",
        ">",
        '"',
        "'",
        "=",
        "<",
        "</",
        "<b",
        "/",
    ),
    *('<b title="</template>">', "<b title='</div><p id=outside>'>", '<a b="<hx-a x>">'),
    *('<i title="<head>">', '<i title="</body></head></html>">', "<hx-a/>", "</hx-a >", "<hx-a\v>"),
    *("<!--", "-->", "--!>", "<!-->", "<!--->", "<!", "<?", "<![CDATA[", "]]>", "<!-- </div> -->"),
    *("<script>'</template>'</script>", "<style></template></style>", "<script><!--<script>"),
    *("<svg><title>t</title><path d='M0'/></svg>", "<svg><path d='></svg>", "<\0b>", "<b\xa0x>"),
    *("</\u017fcript>", "<\u017fcript>", "<p hx-swap-oob=true id=outside>x</p>", "\ud800", "<b@c>"),
    "<turbo-stream action=replace target=outside><template>x</template></turbo-stream>",
    *("</script\v>", "</script >"),
    *("\n", "\r", "\r\n", "\n\n", "\u2028", "\x85", "data: x", "event: end\n", "id: 7\n"),
    *("a", " ", "&lt;", "&"),
    *("<!08", "<!08 append #m>", "<!08>", "<!0", "8"),
    *("data-streamhtml='x'", "<b data-streamhtml=a>"),
)

HTML: Final = st.lists(st.sampled_from(PIECES), max_size=8).map("".join)
"""Most of it is not well-formed."""

NOT_AS_HTML5LIB: Final = re.compile(
    r"</?(?:template|hx-|noscript)|\0|(<(?:a|b|i|nobr)\b[^>]*>)(?:.*\1){3}",
    re.IGNORECASE | re.DOTALL,
)
"""HTML that html5lib reads in another way than the standard of today says.

It does not know templates, and closes too much if four equal elements are in one another.
"""

AROUND: Final = (
    *("div", "p", "a", "b", "button", "form", "h1", "nobr", "object", "section", "ul><li"),
    *("ul><li><section", "dl><dd", "table><tbody><tr><td", "ruby><rt", "button><a", "p><b"),
)
"""Elements that can be open around a message, or around a region in it."""


def end_tags(names: str) -> str:
    return "".join(f"</{name}>" for name in reversed(names.split("><")))


WELL_FORMED: Final = (
    "a &amp; b",
    "<p>a<br>b</p>",
    '<b title="</template><!08 append #m>">a</b>',
    "<i data-a='</div></turbo-stream>' hidden>a</i>",
    "<template><p>a</p></template>",
    "<template><template>a</template><b>b</b></template>",
    "<template><svg><path d='M0 0'/></svg></template><template>a</template>",
    '<svg viewBox="0 0 1 1"><title>Icon</title><g><path d="M0 0"/></g></svg>',
    "<svg><foreignObject><div>a</div></foreignObject></svg>",
    "<math><mi>x</mi><mo>+</mo></math>",
    "<script>if (1 < 2 && 3 > 2) hits += '<i>'</script>",
    "<style>a > b { content: '<' }</style>",
    "<textarea><b>a</b></textarea>",
    "<select><option>1<option selected>2</select>",
    "<table><colgroup><col></colgroup><tbody><tr><td>1</td></tr></tbody></table>",
    "<ul><li>a<li>b</ul>",
    "<div class='a b'><p>a<p>b</div>",
    "<input disabled value=1><img alt='' src=/x/>",
    "<x-a><slot name=b></slot></x-a>",
    "<emotion-\U0001f60d>a</emotion-\U0001f60d>",
    "<noscript><p>a</p></noscript>",
)
"""What templates of an app may contain. On the page, it must stay exactly as it is."""
