"""Markdown that arrives in any pieces becomes patches; exact, linear, calm and safe.

The laws:

- **Exact**: however a text was cut, its patches make the page that ``render()`` makes of it.
- **Linear**: what is certain is sent, and never looked at again. What is held back is read again,
  but it is short; where it is not, only when it grew by a part of itself.
- **Calm**: what is not certain is a tail, completed as it will most likely end.
- **Safe**: HTML in the text is text. Elements, attributes and URLs are ours, by construction.

Nothing here does I/O or knows time. The way of a text: lines (``_blocks``) begin and continue
blocks (``_starts``, ``_containers``, ``_leaves``, ``_tables``). The text of these (``_prose``) is
read as it becomes certain (``_inline``, ``_reader``), and what is not is guessed (``_tail``). All
is written to a log (``_log``), which becomes patches (``_patches``).
"""

from streamhtml.markdown._options import Options
from streamhtml.markdown._renderer import MarkdownRenderer, render

__all__ = ["MarkdownRenderer", "Options", "render"]
