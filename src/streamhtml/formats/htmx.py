"""The ``htmx`` wire: out-of-band markup, for a page whose client swaps whatever it reads.

Each Fragment stands alone: the first is ordinary content, for the request's own target; every
later change is an element with ``hx-swap-oob`` (https://htmx.org/attributes/hx-swap-oob/).
"""

from streamhtml._patch import Fragment, Patch, id_selector


class HTMXFormat:
    """Encodes one response; remembers which tails stand on the page."""

    media_type = "text/html; charset=utf-8"
    at_once = False

    def __init__(self) -> None:
        self._tails: set[str] = set()

    def encode(self, fragment: Fragment) -> str:
        """Return the fragment as markup that htmx applies in one swap; a ping is a newline."""
        if not fragment.patches:
            return "\n"
        return "".join(self._patch(patch) for patch in fragment.patches)

    def _patch(self, patch: Patch) -> str:
        if not patch.root:
            # Content for the request's target, or elements that carry hx-swap-oob themselves.
            return str(patch.html)
        return self._without_tail(patch.root) + self._placed(patch)

    def _without_tail(self, root: str) -> str:
        if root not in self._tails:
            return ""
        self._tails.remove(root)
        return _out_of_band("delete", id_selector(f"{root}-tail"))

    def _placed(self, patch: Patch) -> str:
        if patch.action == "replace":
            # htmx would put the wrapper itself where an outerHTML swap goes. An index counts
            # from the front, :last-child from the back: the new must not move the old's place.
            beside = "beforebegin" if patch.child is None else "afterend"
            return _out_of_band(beside, patch.selector, patch.html) + _out_of_band(
                "delete", patch.selector
            )
        html = str(patch.html)
        if patch.action == "tail":
            self._tails.add(patch.root)
            html = f'<span id="{patch.root}-tail">{html}</span>'
        return _out_of_band("beforeend", patch.selector, html)


def _out_of_band(style: str, selector: str, html: str = "") -> str:
    return f'<div hx-swap-oob="{style}:{selector}">{html}</div>'
