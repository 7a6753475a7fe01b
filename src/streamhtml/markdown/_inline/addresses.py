"""Finds addresses in plain text: ``https://…``, ``www.…`` and e-mail. The functions are pure.

The rules are https://github.github.com/gfm/#autolinks-extension-.
"""

import re
from string import ascii_letters, digits
from typing import Final

from streamhtml.markdown._incomplete import INCOMPLETE, Incomplete
from streamhtml.markdown._inline.cjk import LETTERS, SIGNS

# The first letter is tested before the lookbehind, because that rules out most positions quickly.
URL: Final = r"(?P<url>[hHfF](?<![A-Za-z0-9].)(?i:(?<=h)ttps?|(?<=f)tp)://|w(?<![^\s*_~(\"'].)ww\.)"
"""A pattern for the beginning of a URL, to be searched for along with special characters."""

# The pattern begins only at the beginning of a word and has a maximum length, so that the search
# stays linear.
EMAIL: Final = (
    r"(?P<email>(?<![A-Za-z0-9])(?:[mM](?i:ailto):)?"
    r"[A-Za-z0-9][A-Za-z0-9._+-]{0,63}@(?:[A-Za-z0-9._-]*+))"
)
"""A pattern for an e-mail address. The search takes ten times as long with it."""

MAILTO: Final = "mailto:"
"""The text that belongs to the address after it."""

_DOMAIN: Final = re.compile(r"[^\s<!-,/:-@\[-^`{-~]+")
# A URL ends before a bracket that has no counterpart.
_END: Final = re.compile(r"[^\s<\[\]]*+(?:\[[^\s<\[\]]*+\][^\s<\[\]]*+)*")
_RUN: Final = re.compile(r"[^\s<]*+")
# The same, without the CJK letters and signs that end a URL. A letter does not end it at the
# beginning of a host's label or a part of the path, and neither do the letters and digits after it.
_WORD_IN_CJK: Final = rf"[{LETTERS}](?:[{LETTERS}A-Za-z0-9]++|[.:](?=[{LETTERS}]))*"
_LABEL_IN_CJK: Final = rf"(?:www\.)?[A-Za-z0-9-]++[{LETTERS}][{LETTERS}A-Za-z0-9-]*+"
_RUN_IN_CJK: Final = re.compile(
    rf"(?:{_LABEL_IN_CJK}(?=\.[A-Za-z]))?"  # "a한국.com", but not "a.com와"
    rf"(?:[^\s<!-,/:-@\[-^`{{-~{LETTERS}{SIGNS}]++|(?<=[/.]){_WORD_IN_CJK})*"
    rf"(?:[^\s<({LETTERS}{SIGNS}]++|\((?![{LETTERS}])"
    rf"|(?<=[/?=&#_+@{LETTERS}-])\(?{_WORD_IN_CJK})*"
)
_PARTIAL_LABEL_IN_CJK: Final = re.compile(rf"{_LABEL_IN_CJK}\.?\Z")
_LETTER_IN_CJK: Final = re.compile(f"[{LETTERS}]")
# Particles, which in Korean and Japanese follow a word without a space.
_PARTICLE: Final = re.compile(
    r"(?<=/)(?:[을를이가은는의와과도만]|에(?:서)?[는도]?|에[게의]|에서의|(?:으)?로[는도]?|이?라는"
    r"|부터|까지|처럼|보다|하고|이?[나며고]|이다|입니다|[をはがにでのとへも]|から|まで|です)\Z"
)
_MAX_PARTICLE: Final = 4  # with the slash before it
_REFERENCE: Final = re.compile(r"&[A-Za-z0-9]*;?\Z")
# Citations, such as [1], [doc1] and [^1], which follow an address.
_CITATION: Final = re.compile(r"\[(?:\^[^\s\[\]]{1,200}|(?:[A-Za-z]{1,10}[_-]?)?[1-9]\d{0,2})\]\Z")
_MAX_CITATION: Final = 203
_LINKED_CITATION: Final = re.compile(r"\[[A-Za-z]{0,10}[1-9]\d{0,2}\]\(")
# A mark or a citation and the punctuation after it, or a character reference.
_UNLIKELY: Final = re.compile(
    r"(?:(?:[*_~]|\[\^?[\w^-]{0,14}\]?)[*_~?!.,:;'\")]*(?:\[\^?[\w^-]{0,14}\]?[?!.,:;'\")]*)*"
    r"|&[A-Za-z0-9]*;?)\Z"
)

LAST_CHARACTERS: Final = frozenset("fhtpsw:/FHTPSW")
"""The last characters of an unfinished ``http://``, ``ftp://`` or ``www``."""

_MAX_LOCAL_PART: Final = 64  # before the "@"
# What precedes the "@" of ssh://user@host, and what follows the host of user@host:path.
_IN_URL: Final = re.compile(
    r"(?:://[A-Za-z0-9._~%!$&*+,;=:-]{0,64}|(?i:\b(?:sips?|xmpp|acct)):|@)\Z"
)
_PATH: Final = re.compile(r":[A-Za-z0-9/~:._-]")

CONTEXT: Final = 68
"""How many characters before an e-mail address tell whether it is one."""
_MARKS: Final = "._+-"
_IN_WORD: Final = ascii_letters + digits + _MARKS
_WORD: Final = re.compile(
    r"(?<![A-Za-z0-9])(?:[A-Za-z0-9][A-Za-z0-9._+-]*|(?i:https?|ftp):/?/?|(?i:mailto):)\Z"
)
_VERSION: Final = re.compile(r"v?\d+(?:\.(?:\d+|x))+(?:-.*)?\Z", re.IGNORECASE)
_UNFINISHED: Final = re.compile(
    r"(?:^|(?<=[^A-Za-z0-9]))(?:h|ht|htt|https?:?/?/?|f|ft|ftp:?/?/?|w|ww|www)\Z", re.IGNORECASE
)


def end_of_url(text: str, pos: int, *, final: bool, cjk: bool) -> int | Incomplete | None:
    """Return where the URL at ``pos`` ends, or None if there is no URL.

    Args:
        text: the text, with the beginning of a URL at ``pos``.
        pos: index of the URL's first character.
        final: whether the text is complete. If not, a URL at its end may continue.
        cjk: whether the URL ends before a Chinese, Japanese or Korean letter, unless that letter
            begins a label of the host or a part of the path; before a full-width sign; and before
            a particle that is alone after a slash. The first label of the host may contain such
            letters at any place, and no particle is looked for after such a host.
    """
    host = pos + 4 if text[pos] == "w" else text.index("//", pos) + 2
    cjk = cjk and not text.isascii()
    run = (_RUN_IN_CJK if cjk else _RUN).match(text, host)
    assert run
    if cjk and not final and _PARTIAL_LABEL_IN_CJK.match(text, host):
        return INCOMPLETE
    domain = _DOMAIN.match(text, host, run.end())
    after = domain.end() if domain else host
    if after == len(text) and not final:
        return INCOMPLETE
    if not domain:
        return None
    labels = domain[0].rstrip(".").split(".")
    if not labels[0] or any("_" in label for label in labels[-2:]):
        return None
    found = _END.match(text, pos, run.end())
    assert found
    end = found.end()
    if run.end() == len(text) and not final and not text.startswith("]", end):
        return INCOMPLETE
    cited = _LINKED_CITATION.search(text, host, end)
    end = _trim(text, pos, cited.start() if cited else end)
    if not cjk or _LETTER_IN_CJK.search(domain[0]):
        return end
    particle = _PARTICLE.search(text[max(end - _MAX_PARTICLE, host) : end])
    return end - len(particle[0]) if particle else end


def end_of_email(found: "re.Match[str]", *, final: bool) -> int | Incomplete | None:
    """Return where the match of ``EMAIL`` ends as an address, or None if it is not one.

    It is not one in ``ssh://user@host`` and ``user@host:path``.
    """
    text, start, end = found.string, found.start(), found.end()
    if not final and (end == len(text) or text[end:] == ":"):
        return INCOMPLETE
    address = found[0].rstrip(".")
    if not is_email(address):
        return None
    if ":" not in address and (
        _PATH.match(text, end) or _IN_URL.search(text, max(start - CONTEXT, 0), start)
    ):
        return None
    return start + len(address)


def likely_part(text: str) -> str:
    """Return an unfinished address without an end that will most likely not belong to it."""
    if cited := _LINKED_CITATION.search(text):
        return text[: cited.start()]
    return text[:-40] + _UNLIKELY.sub("", text[-40:])


def is_email(address: str) -> bool:
    """Return whether a match of ``EMAIL`` is an e-mail address.

    The ``18.2.0`` of ``react@18.2.0`` and a numeric host are not the domain of one.
    """
    _, _, domain = address.partition("@")
    return (
        "." in domain.strip(".")
        and ".." not in domain
        and domain[-1] not in "-_"
        and domain.rstrip(".").rpartition(".")[2][0].isalpha()
        and not _VERSION.match(domain)
    )


def follows_mailto(text: str, pos: int) -> bool:
    """Return whether ``mailto:`` precedes a position."""
    start = pos - len(MAILTO)
    return (
        pos >= len(MAILTO)
        and text[pos - 1] == ":"
        and text[start:pos].lower() == MAILTO
        and not (start and text[start - 1].isascii() and text[start - 1].isalnum())
    )


def unfinished_start(text: str, *, words: bool) -> int:
    """Return where the last word begins if it may become an address, else the text's length.

    Args:
        text: the text so far.
        words: whether any word counts, because an "@" may follow. If not, only the beginnings of
            ``http://``, ``ftp://`` and ``www`` do.
    """
    if words:
        word = text[len(text.rstrip(_IN_WORD)) :].lstrip(_MARKS)
        if 0 < len(word) <= _MAX_LOCAL_PART:  # Fast path: most words.
            start = len(text) - len(word)
            return start - len(MAILTO) if follows_mailto(text, start) else start
        found = _WORD.search(text, max(len(text) - _MAX_LOCAL_PART - 1, 0))
    elif text[-1:] in LAST_CHARACTERS:
        found = _UNFINISHED.search(text, max(len(text) - 10, 0))
    else:
        return len(text)
    return found.start() if found else len(text)


def _trim(text: str, start: int, end: int) -> int:
    """Return the end of an address without punctuation and citations after it, in linear time."""
    excess: int | None = None
    while True:  # The loop ends, because an address begins with a letter.
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
        elif last == "]":
            found = _CITATION.search(text, max(start, end - _MAX_CITATION), end)
            if not found:
                return end
            end = found.start()
        elif last == ";":
            found = _REFERENCE.search(text[max(start, end - 40) : end])
            end -= len(found[0]) if found and len(found[0]) > 2 else 1
        else:
            return end
