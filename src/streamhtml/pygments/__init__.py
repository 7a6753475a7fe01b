"""Colours code with Pygments, for ``Options(highlight=highlight)``, and makes its style sheet.

The law: highlighting never changes the text of a block, writes classes but no inline styles, and
raises no exceptions. If Pygments fails or takes too long, the block has no colours.
"""

from streamhtml.pygments._highlight import highlight
from streamhtml.pygments._stylesheet import stylesheet

__all__ = ["highlight", "stylesheet"]
