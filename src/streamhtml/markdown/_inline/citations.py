"""Keeps the citations of one document, such as ``[1]``, and asks the caller for their HTML.

The law: nothing that the model wrote is logged.
"""

import logging
from traceback import format_tb

from streamhtml.markdown._options import OnCitation
from streamhtml.markdown._returned_html import returned_html

logger = logging.getLogger("streamhtml")


class Citations:
    """The HTML of one document's citations, by label.

    Args:
        on_citation: see ``Options``.
    """

    def __init__(self, on_citation: OnCitation) -> None:
        self._on_citation = on_citation
        self._html: dict[str, str | None] = {}
        self._unanswered: list[str] = []

    def html(self, label: str) -> str | None:
        """Return the HTML for a label, or None if its text is kept for now."""
        if label not in self._html:
            self._html[label] = self._ask(label)
        return self._html[label]

    def finish(self) -> None:
        """Record that the text is complete. Labels that had no answer are asked for once more."""
        for label in self._unanswered:
            del self._html[label]

    def _ask(self, label: str) -> str | None:
        try:
            html = returned_html(self._on_citation(label))
        except Exception as error:
            # The message of the error may contain the label, which the model wrote.
            name, frames = type(error).__name__, "".join(format_tb(error.__traceback__))
            logger.error("on_citation raised %s; the citation stays text\n%s", name, frames)  # noqa: TRY400
            return None
        if html is None:
            self._unanswered.append(label)
        return html
