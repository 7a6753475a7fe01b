"""The ``html`` wire, for our own client: the HTML of each patch, then a comment that says what
to do with it. docs/reference/html-format.md specifies it.

The comment begins with a token of this response, which the model never sees and so cannot
write; it ends the patch, so that the HTML and its operation are known together. It is a comment to
every HTML parser, in the short form that HTML calls bogus: our client cuts it out before it parses,
and without the dashes 2,000 tokens take 8 kB less.
"""

import secrets
import string

from streamhtml._patch import Fragment, Patch, check_id

_ALPHABET = string.ascii_letters + string.digits

# A patch without a root: the page knows where it goes, or its elements' own ids say it.
_UNPLACED = {"append": "open", "replace": "swap"}


def new_token() -> str:
    """Return a token that begins the marks of one response.

    Each character costs a byte a patch. Model output is escaped before it gets here, so no text can
    hold a mark, whatever it guesses; the token keeps apart what a template may hold by accident.
    Nothing that HTML knows has a digit there: ``<!DOCTYPE`` could be taken for a mark.
    """
    return secrets.choice(string.digits) + secrets.choice(_ALPHABET)


class HTMLFormat:
    """Encodes one response. Nothing that was said by the patch before is said again."""

    at_once = False
    needs_into = False

    def __init__(self) -> None:
        self.token = new_token()
        self.media_type = f"text/html; charset=utf-8; fragments={self.token}"
        self._last: tuple[object, ...] = ()
        self._action = ""
        self._root = ""

    def encode(self, fragment: Fragment) -> str:
        """Return the fragment's patches, the last of them marked as the end of the fragment."""
        patches, outcome = fragment.patches, fragment.outcome
        if not patches and outcome is None:
            return self._mark("", "ping")
        pieces: list[str] = []
        for patch in patches[: None if outcome else -1]:
            pieces += (str(patch.html), self._mark("+", self._operation(patch)))
        if outcome is None:
            pieces += (str(patches[-1].html), self._mark("", self._operation(patches[-1])))
        else:
            pieces.append(self._mark("", f"end {outcome}"))
        return "".join(pieces)

    def _mark(self, more: str, operation: str) -> str:
        return f"<!{self.token}{more} {operation}>" if operation else f"<!{self.token}{more}>"

    def _operation(self, patch: Patch) -> str:
        """Name the action and the place: what of them is not that of the patch before."""
        this = (patch.action, patch.root, patch.depth, patch.child)
        if this == self._last:
            return ""
        action = patch.action if patch.root else _UNPLACED[patch.action]
        words = [] if action == self._action and patch.root else [action]
        self._last, self._action = this, action
        if patch.root and patch.root != self._root:
            self._root = patch.root
            words.append(f"#{check_id(patch.root, 'root')}")
        if patch.child is not None:
            words.append(f"@{patch.child}")
        elif patch.depth or not words:
            words.append(str(patch.depth))
        return " ".join(words)
