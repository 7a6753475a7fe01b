"""The HTML of an answer, without the message around it."""

from collections.abc import Iterable

from streamhtml import Fragment


def text_of(fragments: Iterable[Fragment]) -> str:
    """Return what the fragments of a built-in message add to it, without the elements of parts."""
    return "".join(
        patch.html
        for fragment in fragments
        for patch in fragment.patches
        if not patch.html.startswith(("<article", '<div class="streamhtml-part">'))
    )
