"""The constructs and the limits of the parser's Markdown. This module contains only data."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Dialect:
    """The constructs beyond CommonMark that the parser recognises.

    Attributes:
        cjk: whether marks and addresses are read differently beside Chinese, Japanese and Korean.
        single_tilde: whether ``~a~`` is strikethrough, as ``~~a~~`` is.
        breaks: whether every line break is a hard line break.
    """

    tables: bool = True
    strikethrough: bool = True
    task_items: bool = True
    autolinks: bool = True
    footnotes: bool = True
    alerts: bool = True
    math: bool = True
    cjk: bool = True
    single_tilde: bool = False
    breaks: bool = False
    citations: bool = False


MAX_CONTAINERS: Final = 50
"""Maximum nesting of block quotes and list items. Deeper markers are text. Browsers flatten
elements below a depth of 512, so a streamed page would differ from a loaded one."""

MAX_EMPHASIS: Final = 100
"""Maximum nesting of emphasis, for the same reason."""

MAX_TAGS: Final = 20
"""Maximum nesting of ``<sub>``, ``<sup>`` and ``<kbd>``, for the same reason."""

MAX_IMAGES: Final = 8
"""Maximum nesting of images. The description of each one contains those of all images inside it."""

MAX_COLUMNS: Final = 128
"""Maximum number of columns in a table. A wider table is text. Short rows are filled with empty
cells, so without a limit two bytes of Markdown could become a megabyte of HTML."""

MAX_FILLED_CELLS: Final = 10_000
"""Maximum number of empty cells that are added to a table's short rows. Later rows stay short."""
