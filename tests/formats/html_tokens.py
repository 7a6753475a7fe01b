"""Tags, read one character at a time as the HTML standard's tokenizer does (13.2.5).

It shares no code with the library. A parser tells its tokenizer which elements contain only text,
and that depends on where they are. So a reader of hostile HTML asks for both answers.
"""

from collections.abc import Iterator
from typing import NamedTuple

SPACE = " \t\n\f\r"
ONLY_TEXT = {
    *("iframe", "noembed", "noframes", "script", "style", "xmp", "textarea", "title", "noscript"),
}


class Token(NamedTuple):
    kind: str
    """"start", "end", "comment" or "unfinished"."""
    name: str
    at: int
    end: int
    attributes: dict[str, str]


def tokens(html: str, only_text: frozenset[str]) -> Iterator[Token]:
    """Yield the tags and comments. ``only_text`` are the elements that contain no tags."""
    at = 0
    while (start := html.find("<", at)) >= 0:
        following = html[start + 1 : start + 2]
        if html.startswith("<!--", start):
            at = _comment(html, start + 4)
            yield Token("comment" if at >= 0 else "unfinished", "", start, at, {})
        elif following in ("!", "?") and following:
            at = html.find(">", start) + 1 or -1
            yield Token("comment" if at >= 0 else "unfinished", "", start, at, {})
        elif following.isascii() and following.isalpha():
            tag = _tag("start", html, start)
            yield tag
            at = tag.end
            if tag.name in only_text:
                at = _end_of_text(html, tag.name, at)
                if at < 0:
                    yield Token("unfinished", tag.name, start, -1, {})
        elif following == "/":
            name = html[start + 2 : start + 3]
            if name.isascii() and name.isalpha():
                tag = _tag("end", html, start)
                yield tag
                at = tag.end
            elif not name:
                at = len(html)
            else:
                at = html.find(">", start) + 1 or -1
        else:
            at = start + 1
        if at < 0:
            return


def _comment(html: str, at: int) -> int:
    for short in (">", "->"):
        if html.startswith(short, at):
            return at + len(short)
    ends = [place + len(end) for end in ("-->", "--!>") if (place := html.find(end, at)) >= 0]
    return min(ends, default=-1)


def _tag(kind: str, html: str, begin: int) -> Token:
    start = at = begin + (1 if kind == "start" else 2)
    while at < len(html) and html[at] not in SPACE + "/>":
        at += 1
    name = "".join(c.lower() if c.isascii() else c for c in html[start:at])
    attributes: dict[str, str] = {}
    while True:
        while at < len(html) and html[at] in SPACE + "/":
            at += 1
        if at >= len(html):
            return Token("unfinished", name, begin, -1, attributes)
        if html[at] == ">":
            return Token(kind, name, begin, at + 1, attributes)
        first = at
        at += 1  # An "=" at the beginning belongs to the name.
        while at < len(html) and html[at] not in SPACE + "/>=":
            at += 1
        key, value = html[first:at].lower(), ""
        while at < len(html) and html[at] in SPACE:
            at += 1
        if html[at : at + 1] == "=":
            at += 1
            while at < len(html) and html[at] in SPACE:
                at += 1
            quote = html[at : at + 1]
            if quote in ("'", '"') and quote:
                end = html.find(quote, at + 1)
                if end < 0:
                    return Token("unfinished", name, begin, -1, attributes)
                value, at = html[at + 1 : end], end + 1
            else:
                first = at
                while at < len(html) and html[at] not in SPACE + ">":
                    at += 1
                value = html[first:at]
        attributes.setdefault(key, value)


def _end_of_text(html: str, name: str, at: int) -> int:
    escaped = False  # In a script, after "<!--<script".
    while (at := html.find("<", at)) >= 0:
        rest = html[at : at + len(name) + 3].lower()
        if name == "script" and html.startswith("<!--", at):
            close, nested = html.find("-->", at), html.lower().find("<script", at)
            escaped = nested >= 0 and (close < 0 or nested < close)
        if (
            not escaped
            and rest.startswith(f"</{name}")
            and rest[len(name) + 2 :] in (*SPACE, "/", ">")
            and rest[len(name) + 2 :]
        ):
            return at
        at += 1
    return -1
