"""Markdown as the specifications have it, read whole: for comparison with them, and that alone.

Raw HTML goes through here, and any URL. Never show the result of a text that you do not trust.
"""

from streamhtml.markdown._blocks import Blocks
from streamhtml.markdown._inline import Inline
from streamhtml.markdown._log import Log
from streamhtml.markdown._options import Dialect
from streamhtml.markdown._references import References
from streamhtml.markdown._urls import Anything


def render_spec(text: str, *, gfm: bool) -> str:
    """Return the HTML of a text by CommonMark 0.31.2, with or without GitHub's extensions.

    https://spec.commonmark.org/0.31.2/ and https://github.github.com/gfm/; what of the latter is
    "tagfilter" is left out.
    """
    dialect = Dialect(
        tables=gfm,
        strikethrough=gfm,
        task_items=gfm,
        autolinks=gfm,
        footnotes=False,
        alerts=False,
        math=False,
        cjk_emphasis=False,
        raw_html=True,
    )
    references = References("")
    log = Log()
    blocks = Blocks(log, Inline(dialect, Anything(), references), references)
    blocks.feed(text.replace("\0", "\ufffd"))
    blocks.break_off()
    references.complete()
    return log.html()
