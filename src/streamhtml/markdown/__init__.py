"""Turns Markdown that arrives in pieces into patches, and parses each character about once.

The renderer keeps four laws:

- **Exact**: the patches build the page that ``render()`` builds, however the text was cut.
- **Linear**: text that is certain is sent once and never read again. Text that is held back is
  read again, but it is usually short. Long text must grow by a fraction before it is read again.
- **Calm**: uncertain text is shown as a tail, completed in the way it will most likely end.
- **Safe**: HTML in the text is shown as text, but for a few tags without attributes. The library
  writes every element, attribute and URL.

Nothing here does I/O or knows about time. The text passes through three packages:

1. ``_block`` splits it into lines and finds the blocks: paragraphs, lists, tables, code.
2. ``_inline`` reads the text inside a block: emphasis, links, code spans, formulas.
3. ``_output`` buffers the HTML that both write, and turns it into patches.

A leading underscore marks what is not public: import from ``streamhtml.markdown`` instead. The
modules inside these three packages need no underscore, because their package has one.
"""

from streamhtml.markdown._options import Options
from streamhtml.markdown._renderer import MarkdownRenderer, render

__all__ = ["MarkdownRenderer", "Options", "render"]
