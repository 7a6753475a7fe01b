"""Where raw HTML begins and ends. https://spec.commonmark.org/0.31.2/#html-blocks and #raw-html

Only the comparison with the specification lets raw HTML through.
"""

import re
from typing import Final

_ATTRIBUTE: Final = (
    r"\s+[a-zA-Z_:][a-zA-Z0-9_.:-]*(?:\s*=\s*(?:[^\s\"'=<>`\x00-\x20]+|'[^']*'|\"[^\"]*\"))?"
)
_OPEN_TAG: Final = rf"<[A-Za-z][A-Za-z0-9-]*(?:{_ATTRIBUTE})*\s*/?>"
_CLOSE_TAG: Final = r"</[A-Za-z][A-Za-z0-9-]*\s*>"
_TAG: Final = re.compile(
    rf"{_OPEN_TAG}|{_CLOSE_TAG}|<!---?>|<!--[\s\S]*?-->|<\?[\s\S]*?\?>|<![A-Za-z][^>]*>"
    r"|<!\[CDATA\[[\s\S]*?\]\]>"
)
_BLOCK_NAMES: Final = (
    "address|article|aside|base|basefont|blockquote|body|caption|center|col|colgroup|dd|details"
    "|dialog|dir|div|dl|dt|fieldset|figcaption|figure|footer|form|frame|frameset|h[1-6]|head"
    "|header|hr|html|iframe|legend|li|link|main|menu|menuitem|nav|noframes|ol|optgroup|option|p"
    "|param|search|section|summary|table|tbody|td|tfoot|th|thead|title|tr|track|ul"
)
_BLOCKS: Final = tuple(
    (re.compile(start, re.IGNORECASE), re.compile(end, re.IGNORECASE) if end else None)
    for start, end in (
        (r"<(?:script|pre|textarea|style)(?:\s|>|\Z)", r"</(?:script|pre|textarea|style)>"),
        (r"<!--", r"-->"),
        (r"<\?", r"\?>"),
        (r"<![A-Za-z]", r">"),
        (r"<!\[CDATA\[", r"\]\]>"),
        (rf"</?(?:{_BLOCK_NAMES})(?:\s|/?>|\Z)", None),
    )
)
_ALONE: Final = re.compile(rf"(?:{_OPEN_TAG}|{_CLOSE_TAG})\s*\Z")

BLANK: Final = re.compile(r"\s*\Z")


def raw_tag_end(text: str, pos: int) -> int | None:
    """Return where the tag or comment at ``pos`` ends, or None if there is none."""
    found = _TAG.match(text, pos)
    return found.end() if found else None


def html_block_end(line: str, *, in_paragraph: bool) -> re.Pattern[str] | None:
    """Return the pattern of the line that ends the HTML block which begins with this line.

    ``BLANK`` means that the block ends before a blank line.
    """
    for start, end in _BLOCKS:
        if start.match(line):
            return end or BLANK
    return BLANK if not in_paragraph and _ALONE.match(line) else None
