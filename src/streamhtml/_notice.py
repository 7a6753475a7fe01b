"""The notice after an answer that did not finish: its text, its language and its template.

Nothing here does I/O. The adapters find the reader's language and the site's translations.
"""

import logging
from collections.abc import Callable, Mapping
from typing import Any, Final

from markupsafe import Markup

from streamhtml._closed_html import closed
from streamhtml._patch import Outcome
from streamhtml._template import Template, built_in
from streamhtml._words import NOTICES, words_in

TEMPLATE: Final = "streamhtml/notice.html"
"""The template's name. A site's template with this name replaces the built-in one."""

logger = logging.getLogger("streamhtml")


class Notice:
    """The notices of one answer, in the reader's language.

    The texts are chosen when the Notice is created. A text comes from the site's translations if
    they have it. Otherwise it comes from the built-in translation into this language (only Korean
    so far). Otherwise it is English.

    Args:
        template: renders a notice. Its context has the names of the message's template, and also
            ``message_pair_id``, ``outcome`` and ``notice``. ``notice`` is the text, which the
            template must escape. By default, the built-in template is used.
        gettext: translates one of the English texts, or returns it unchanged.
        language: a language tag such as "ko" or "ko-KR", or a locale name such as "ko_KR"; ``""``
            if unknown.

    Attributes:
        language: the argument, unchanged.
        words: the words of this package in the reader's language.
        is_own: whether the site passed its own template, which may be slow or query a database.
    """

    def __init__(
        self,
        template: Template | None = None,
        gettext: Callable[[str], str] = str,
        language: str = "",
    ) -> None:
        # Load it now, because nothing may fail at the end of an answer.
        self._built_in_template = built_in(TEMPLATE)
        self._template = template or self._built_in_template
        self.language = language
        self.is_own = template is not None
        self.words = words_in(language, gettext)

    def render(self, outcome: Outcome, message_pair_id: str, context: Mapping[str, Any]) -> Markup:
        """Return the notice as HTML, for any outcome but "finished".

        What the site's template leaves open is closed. If the template raises, the exception is
        logged, and the built-in template is used.
        """
        names = {
            "message_pair_id": message_pair_id,
            "outcome": outcome,
            "notice": self.words[NOTICES[outcome]],
        }
        try:
            return closed(self._template({**context, **names}).strip())
        except Exception:
            logger.exception("could not render the notice of %s", message_pair_id)
            return self.plain(outcome)

    def plain(self, outcome: Outcome) -> Markup:
        """Return the notice from the built-in template. This never raises."""
        names = {"outcome": outcome, "notice": self.words[NOTICES[outcome]]}
        return Markup(self._built_in_template(names))
