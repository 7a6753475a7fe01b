"""The notice after an answer that did not finish: its text, its language and its template.

Nothing here does I/O. The adapters find the reader's language and the site's translations.
"""

import logging
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from markupsafe import Markup

from streamhtml._closed_html import closed
from streamhtml._patch import Outcome
from streamhtml._template import Template, built_in

TEMPLATE: Final = "streamhtml/notice.html"
"""The template's name. A site's template with this name replaces the built-in one."""

NOTICES: Final[dict[Outcome, str]] = {
    "finished": "",
    "stopped": "Stopped.",
    "truncated": "The answer is cut short here.",
    "failed": "Something went wrong, and the answer ends here.",
    "interrupted": "The connection was lost, and the answer ends here.",
}
"""The English words for each outcome, as plain text. They are the msgids of translations."""

_TRANSLATIONS: Final[dict[str, dict[Outcome, str]]] = {
    "ko": {
        "stopped": "중지했습니다.",
        "truncated": "답변이 여기서 잘려 끝까지 나오지 않았습니다.",
        "failed": "문제가 생겨 답변이 여기서 끝납니다.",
        "interrupted": "연결이 끊겨 답변이 여기서 끝납니다.",
    },
}

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
        gettext: translates one of the English texts in ``NOTICES``, or returns it unchanged.
        language: a language tag such as "ko" or "ko-KR", or a locale name such as "ko_KR"; ``""``
            if unknown.

    Attributes:
        language: the argument, unchanged.
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
        translations = _TRANSLATIONS.get(re.split("[-_]", language)[0].lower(), {})
        self._words: dict[Outcome, str] = {}
        for outcome, english in NOTICES.items():
            if english:  # gettext("") would return the header of the translation file.
                translated = str(gettext(english))
                if translated == english:
                    translated = translations.get(outcome, english)
                self._words[outcome] = translated

    def render(self, outcome: Outcome, message_pair_id: str, context: Mapping[str, Any]) -> Markup:
        """Return the notice as HTML, for any outcome but "finished".

        What the site's template leaves open is closed. If the template raises, the exception is
        logged, and the built-in template is used.
        """
        names = {
            "message_pair_id": message_pair_id,
            "outcome": outcome,
            "notice": self._words[outcome],
        }
        try:
            return closed(self._template({**context, **names}).strip())
        except Exception:
            logger.exception("could not render the notice of %s", message_pair_id)
            return self.plain(outcome)

    def plain(self, outcome: Outcome) -> Markup:
        """Return the notice from the built-in template. This never raises."""
        return Markup(self._built_in_template({"notice": self._words[outcome]}))
