"""Rules for addresses that become links: ``<https://…>``, and addresses in plain text.

https://spec.commonmark.org/0.31.2/#autolinks; https://github.github.com/gfm/#autolinks-extension-
"""

import re
from typing import Final

from streamhtml.markdown._escaping import escape
from streamhtml.markdown._incomplete import INCOMPLETE
from streamhtml.markdown._inline import addresses
from streamhtml.markdown._inline.link_syntax import Target
from streamhtml.markdown._inline.state import InlineState
from streamhtml.markdown._inline.tags import read_tag

_AUTOLINK: Final = re.compile(r"<([A-Za-z][A-Za-z0-9+.-]{1,31}:[^<>\x00-\x20\x7f]*)>")
_EMAIL_AUTOLINK: Final = re.compile(
    r"<([a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
    r"(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*)>"
)
_PARTIAL_AUTOLINK: Final = re.compile(
    r"<(?:[A-Za-z][A-Za-z0-9+.-]{0,31}(?::[^\s<>]*)?"
    r"|[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}(?:@[A-Za-z0-9.-]*)?)?\Z"
)
_AFTER_WORD: Final = re.compile("[_@]")
_REST_OF_EMAIL: Final = re.compile(r"[A-Za-z0-9._+-]*@[A-Za-z0-9._-]*")


def read_less_than(state: InlineState) -> None:
    """Read ``<``: an autolink, an HTML tag, or text."""
    text, pos = state.text, state.pos
    if read_tag(state):
        return
    found = _AUTOLINK.match(text, pos)
    prefix = ""
    if not found:
        found = _EMAIL_AUTOLINK.match(text, pos)
        prefix = addresses.MAILTO
    if found:
        start, end = state.context.policy.link(Target(prefix + found[1], None))
        plain = escape(found[1] if start else found[0])
        state.links.append((len(state.pieces), plain))
        state.add(f"{start}{plain}{end}", pos)
        state.pos = found.end()
    elif not state.final and _PARTIAL_AUTOLINK.match(text, pos):
        state.stop()
    else:
        state.add_literal()


def read_address(state: InlineState, found: "re.Match[str]") -> None:
    """Read the beginning of an address in plain text: a link, or text."""
    text, pos = state.text, state.pos
    is_email = found.lastgroup == "email"
    if is_email:
        if pos - len(addresses.MAILTO) < state.first and addresses.follows_mailto(text, pos):
            state.restart = True  # A part of this "mailto:" was shown as plain text already.
        end = addresses.end_of_email(found, final=state.final)
    else:
        cjk = state.context.dialect.cjk
        end = addresses.end_of_url(text, pos, final=state.final, cjk=cjk)
    if end is INCOMPLETE:
        state.stop(escape(addresses.likely_part(text[pos:])))
        return
    if end is None:
        # Take the word as text, but not a "_", which may be a delimiter.
        state.add_literal(len(_AFTER_WORD.split(found[0], maxsplit=1)[0]))
        return
    address = text[pos:end]
    scheme = "http://" if text[pos] == "w" and not is_email else ""
    if is_email and ":" not in address:
        scheme = addresses.MAILTO
    plain = escape(address)
    start, close = state.context.policy.link(Target(scheme + address, None))
    state.links.append((len(state.pieces), plain))
    state.add(f"{start}{plain}{close}", pos)
    state.pos = end


def check_shown_email(state: InlineState) -> None:
    """Check whether the beginning of an e-mail address has already been shown as plain text."""
    before = state.text[state.first - 1]
    if not (before.isascii() and (before.isalnum() or before in "._+-")):
        return
    found = _REST_OF_EMAIL.match(state.text, state.first)
    if not found:
        return
    if found.end() == len(state.text) and not state.final:
        state.stop(escape(found[0].rstrip("_")))
    elif addresses.is_email("a" + found[0].rstrip(".")):
        state.restart = True
