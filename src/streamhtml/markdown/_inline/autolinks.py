"""Addresses in plain text: ``https://…``, ``www.…`` and e-mail.

https://github.github.com/gfm/#autolinks-extension-. Pure functions.
"""

import re
from string import ascii_letters, digits
from typing import Final

from streamhtml.markdown._incomplete import INCOMPLETE, Incomplete

# Its first letter comes before what must not stand before it: most places are passed by so.
URL: Final = r"(?P<url>[hHfF](?<![A-Za-z0-9].)(?i:(?<=h)ttps?|(?<=f)tp)://|w(?<![^\s*_~(\"'].)ww\.)"
"""What the address of a page begins with, for the search among other special characters."""

# Each word is tried once, and no longer than an address may be, so the search stays linear.
EMAIL: Final = r"(?P<email>(?<![A-Za-z0-9])[A-Za-z0-9][A-Za-z0-9._+-]{0,63}@(?:[A-Za-z0-9._-]*+))"
"""The same for an address of e-mail: it takes ten times as long."""

_DOMAIN: Final = re.compile(r"[^\s<!-,/:-@\[-^`{-~]+")
# It ends before a bracket without its counterpart.
_END: Final = re.compile(r"[^\s<\[\]]*+(?:\[[^\s<\[\]]*+\][^\s<\[\]]*+)*")
_RUN: Final = re.compile(r"[^\s<]*+")
_REFERENCE: Final = re.compile(r"&[A-Za-z0-9]*;?\Z")

LAST: Final = frozenset("fhtpsw:/FHTPSW")
"""The characters that the beginning of an address may end with, before its domain."""

_MAX_NAME: Final = 64  # before the "@"
_MARKS: Final = "._+-"
_IN_WORD: Final = ascii_letters + digits + _MARKS
_WORD: Final = re.compile(r"(?<![A-Za-z0-9])(?:[A-Za-z0-9][A-Za-z0-9._+-]*|(?i:https?|ftp):/?/?)\Z")
_UNFINISHED: Final = re.compile(
    r"(?:^|(?<=[^A-Za-z0-9]))(?:h|ht|htt|https?:?/?/?|f|ft|ftp:?/?/?|w|ww|www)\Z", re.IGNORECASE
)


def end_of_url(text: str, pos: int, *, whole: bool) -> int | Incomplete | None:
    """Return where the URL ends that begins at ``pos``, or None where there is none.

    Args:
        whole: whether the text ends here; otherwise what reaches its end may go on.
    """
    host = pos + 4 if text[pos] == "w" else text.index("//", pos) + 2
    domain = _DOMAIN.match(text, host)
    after = domain.end() if domain else host
    if after == len(text) and not whole:
        return INCOMPLETE
    if not domain:
        return None
    labels = domain[0].rstrip(".").split(".")
    if not labels[0] or any("_" in label for label in labels[-2:]):
        return None
    found, run = _END.match(text, pos), _RUN.match(text, pos)
    assert found
    assert run
    end = found.end()
    if run.end() == len(text) and not whole and not text.startswith("]", end):
        return INCOMPLETE
    return _trim(text, pos, end)


def end_of_email(found: "re.Match[str]", *, whole: bool) -> int | Incomplete | None:
    """Return where the address ends that ``EMAIL`` has found, or None where it is none."""
    if found.end() == len(found.string) and not whole:
        return INCOMPLETE
    address = found[0].rstrip(".")
    return found.start() + len(address) if is_email(address) else None


def likely_part(text: str) -> str:
    """Return what of the beginning of an address will most likely belong to it."""
    text = text.rstrip("*_~")
    return text[:-40] + _REFERENCE.sub("", text[-40:])


def is_email(address: str) -> bool:
    """Return whether what looks like an address of e-mail is one."""
    _, _, domain = address.partition("@")
    return "." in domain.strip(".") and ".." not in domain and domain[-1] not in "-_"


def unfinished(text: str, *, words: bool) -> int:
    """Return where a word at the end begins that may become an address; its length if none.

    Args:
        words: whether any word may, for an "@" may follow; otherwise only ``http``, ``www`` ….
    """
    if words:
        word = text[len(text.rstrip(_IN_WORD)) :].lstrip(_MARKS)
        if 0 < len(word) <= _MAX_NAME:  # As it is most of the time.
            return len(text) - len(word)
        found = _WORD.search(text, max(len(text) - _MAX_NAME - 1, 0))
    elif text[-1:] in LAST:
        found = _UNFINISHED.search(text, max(len(text) - 10, 0))
    else:
        return len(text)
    return found.start() if found else len(text)


def _trim(text: str, start: int, end: int) -> int:
    """Leave out the punctuation behind an address: each character is looked at once."""
    excess: int | None = None
    while True:  # It ends at a letter, for there is one at the start.
        last = text[end - 1]
        if last in "?!.,:*_~'\"":
            end -= 1
        elif last == ")":
            if excess is None:
                excess = text.count(")", start, end) - text.count("(", start, end)
            if excess <= 0:
                return end
            excess -= 1
            end -= 1
        elif last == ";":
            found = _REFERENCE.search(text[max(start, end - 40) : end])
            end -= len(found[0]) if found and len(found[0]) > 2 else 1
        else:
            return end
