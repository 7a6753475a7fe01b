"""The ``html`` format, for our own client: the HTML of each patch, then a comment that says what to
do with the HTML. docs/reference/html-format.md specifies the format.

This comment is called a mark. It comes after the HTML, so the client has both when it has read the
mark. A mark begins with the token of the response. To an HTML parser it would be what the HTML
standard calls a bogus comment, but the client removes it before it parses the HTML. A comment with
dashes would add 8 kB to an answer of 2,000 tokens.
"""

import secrets
import string

from streamhtml._patch import Fragment, Patch, check_id
from streamhtml.formats._format import Format

_ALPHABET = string.ascii_letters + string.digits

# The operations of a patch without a root. The page chooses the place, or the elements' ids do.
_WITHOUT_ROOT = {"append": "open", "replace": "swap"}


def new_token() -> str:
    """Return a new token: the two characters that begin the marks of one response.

    The token is short because it is sent with every patch. It need not be secret: where the HTML of
    a patch contains the beginning of a mark, ``change_token()`` makes another token. It begins with
    a digit, so that ``<!DOCTYPE`` is never a mark.
    """
    return secrets.choice(string.digits) + secrets.choice(_ALPHABET)


def change_token(token: str, html: str) -> tuple[str, str]:
    """Return a token whose marks do not occur in the HTML, and the text that announces it.

    If no mark with the present token occurs there, that is the token, and the text is empty.
    Nothing has to be parsed: a mark has one ``<``, so no mark can begin in the HTML and end after
    it.
    """
    if f"<!{token}" not in html:
        return token, ""
    new = new_token()
    while f"<!{new}" in html:
        new += secrets.choice(_ALPHABET)
    return new, f"<!{token} token {new}>"


class Numbers:
    """Knows which number a client gives to the next fragment: it only counts them."""

    __slots__ = ("_next", "_tag")

    def __init__(self) -> None:
        self._next = 0
        self._tag = ""

    def announce(self, fragment: Fragment) -> str:
        """Return the operation that tells the client the number of the fragment that is sent next.

        It is empty if the client knows the number, and for an answer that is in no log.
        """
        index, tag = fragment.index, fragment.tag
        if not tag:
            return ""
        is_known = index == self._next and tag == self._tag
        operation = "" if is_known else f"from {index if tag == self._tag else fragment.id}"
        self._next, self._tag = index + 1, tag
        return operation


class HTMLFormat(Format):
    """Encodes one response. A mark omits what is the same as in the mark before it."""

    can_resume = True

    def __init__(self) -> None:
        self.token = new_token()
        self._numbers = Numbers()
        self.media_type = f"text/html; charset=utf-8; fragments={self.token}"
        self._last: tuple[object, ...] = ()
        self._action = ""
        self._root = ""

    def encode(self, fragment: Fragment) -> str:
        """Return the patches of a fragment. The last mark says that the fragment is complete."""
        patches, outcome = fragment.patches, fragment.outcome
        if not patches and outcome is None:
            return self._mark("", "ping")
        pieces: list[str] = []
        if operation := self._numbers.announce(fragment):
            pieces.append(self._mark("", operation))
        last = 0 if outcome else len(patches)
        for number, patch in enumerate(patches, 1):
            html = str(patch.html)
            if "<!" in html:  # Fast path: change_token() would do nothing for most patches.
                self.token, announcement = change_token(self.token, html)
                html = announcement + html
            pieces += html, self._mark("" if number == last else "+", self._operation(patch))
        if outcome:
            pieces.append(self._mark("", f"end {outcome}"))
        return "".join(pieces)

    def skip(self, fragment: Fragment) -> None:
        """Do nothing: a client remembers the tails, and forgets the root."""

    def _mark(self, more: str, operation: str) -> str:
        return f"<!{self.token}{more} {operation}>" if operation else f"<!{self.token}{more}>"

    def _operation(self, patch: Patch) -> str:
        """Return the action and the place of a patch, if they differ from the last patch's."""
        current = (patch.action, patch.root, patch.depth, patch.child)
        if current == self._last:
            return ""
        action = patch.action if patch.root else _WITHOUT_ROOT[patch.action]
        words = [] if action == self._action and patch.root else [action]
        self._last, self._action = current, action
        if patch.root and patch.root != self._root:
            self._root = patch.root
            words.append(f"#{check_id(patch.root, 'root')}")
        if patch.child is not None:
            words.append(f"@{patch.child}")
        elif patch.depth or not words:
            words.append(str(patch.depth))
        return " ".join(words)
