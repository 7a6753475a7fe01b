"""What a caller may choose, and which constructs the parser knows. Data alone."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final, TypeAlias

from markupsafe import Markup

OnFence: TypeAlias = Callable[[str, str], Markup | None]


@dataclass(frozen=True, slots=True)
class Options:
    """How Markdown is rendered. The same options give the same HTML, streamed or at once.

    Args:
        image_hosts: hosts that images may be loaded from, in lower case, each for itself without
            its subdomains ("img.example.com"). An image from elsewhere becomes a link with its
            alternative text, so that nothing is loaded by the answer alone.
        on_fence: called with the language (the first word of the info string, or "math" for a
            formula on lines of its own; "" for none) and the text of each code block that was
            fenced, once, when it is complete. Returns HTML, already escaped and trusted, to be
            shown in the block's place, or None to leave it. What it raises is logged, and leaves
            the block as it is.
        ids: give headings an id, and link footnotes with their references: all ids begin with the
            id of the region that the text is shown in.
        math: whether ``$…$``, ``$$…$$``, ``\\(…\\)`` and ``\\[…\\]`` are formulas.
    """

    image_hosts: Collection[str] = ()
    on_fence: OnFence | None = None
    ids: bool = False
    math: bool = True

    def __post_init__(self) -> None:
        if isinstance(self.image_hosts, str):
            raise TypeError(
                f"image_hosts={self.image_hosts!r} is one string; pass a collection of hosts, "
                f"as in [{self.image_hosts!r}]"
            )
        for host in self.image_hosts:
            if host != host.lower() or "/" in host or not host:
                raise ValueError(
                    f"image_hosts has {host!r}, which is not the name of a host in lower case, "
                    "such as 'img.example.com'"
                )


@dataclass(frozen=True, slots=True)
class Dialect:
    """The constructs beyond CommonMark that the parser knows."""

    tables: bool = True
    strikethrough: bool = True
    task_items: bool = True
    autolinks: bool = True
    footnotes: bool = True
    alerts: bool = True
    math: bool = True
    cjk_emphasis: bool = True


MAX_CONTAINERS: Final = 50
"""Block quotes and list items inside each other; deeper markers are text. Browsers flatten
elements beyond a depth of 512, where a streamed page would differ from one parsed whole."""

MAX_EMPHASIS: Final = 100
"""Emphasis inside emphasis, for the same reason."""

MAX_COLUMNS: Final = 128
"""Cells of a table's row; a wider table is text. A row is filled up with empty cells, so that
without a limit two bytes of Markdown could become a megabyte of HTML."""

MAX_FILLED: Final = 10_000
"""Empty cells that a document's short rows are filled up with; the rest stays short."""
