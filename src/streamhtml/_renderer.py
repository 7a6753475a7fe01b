"""The ``Renderer`` protocol: how the text of one part becomes patches.

A renderer is synchronous and pure: it does no I/O, reads no clock, and sees no other part.
"""

from typing import Final, Literal, Protocol, TypeAlias

from markupsafe import Markup

from streamhtml._patch import Patch

RendererName: TypeAlias = Literal["markdown", "text", "template"]
"""The names that ``renderer=`` accepts."""

MAKES_A_RENDERER: Final = (
    "a function that makes a Renderer, such as partial(MarkdownRenderer, options=Options(…))"
)
"""What ``renderer=`` accepts besides, for error messages."""


class Renderer(Protocol):
    """Turns the text of one part into patches.

    It is created with the id of its region, the element that shows the part. Every patch that it
    returns has this id as its root.

    If ``feed()`` may read text again that it has taken before, the renderer should have an
    attribute ``held``: the number of these characters. If there are many, the next ``feed()`` is
    called on a worker thread, so that other requests do not wait for it.
    """

    element: str
    """The tag name of the region's element, such as "div"."""

    css_class: str
    """The class of the region's element, besides ``streamhtml``; or several, separated by spaces.

    If it is ``""`` or missing, the element has the class ``streamhtml`` only.
    """

    def feed(self, text: str) -> list[Patch]:
        """Take the next piece of text and return the changes that it makes.

        Args:
            text: a plain ``str`` is not escaped yet; a ``Markup`` is trusted HTML.
        """
        ...

    def close(self) -> list[Patch]:
        """End the text, and return the changes for the text that was held back."""
        ...

    def render(self, *texts: str) -> Markup:
        """Return the region's finished HTML: what all patches together would have produced.

        Args:
            texts: the whole text. It comes in pieces because each is either ``str`` or
                ``Markup``. ``feed()`` was not called before.
        """
        ...
