"""What the reader is told where an answer did not finish: the words, and the template around them.

Pure: which language is spoken, and what the site's own catalogue says, is for others to know.
"""

import logging
import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final

from jinja2 import Environment, PackageLoader
from markupsafe import Markup

from streamhtml._patch import Outcome
from streamhtml._template import Template

TEMPLATE: Final = "streamhtml/notice.html"
"""The name of the template: a site that has one of this name replaces ours."""

NOTICES: Final[dict[Outcome, str]] = {
    "finished": "",
    "stopped": "Stopped.",
    "truncated": "The answer is cut short here.",
    "failed": "Something went wrong, and the answer ends here.",
    "interrupted": "The connection was lost, and the answer ends here.",
}
"""The words for each outcome, in plain text; a site's catalogue has them as its msgids."""

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

    The words are chosen here and now: those of the site's catalogue, where it has them; else
    ours in this language, English and Korean; else the English ones.

    Args:
        template: renders a notice, from the context of the message's template and
            ``message_pair_id``, ``outcome`` and ``notice``: the words, to be escaped. By default
            ours.
        gettext: translates one of the English texts (``NOTICES``), or returns it as it is.
        language: a tag as "ko" or "ko-KR", or a locale's name as "ko_KR"; ``""`` if not known.
    """

    def __init__(
        self,
        template: Template | None = None,
        gettext: Callable[[str], str] = str,
        language: str = "",
    ) -> None:
        self._ours = built_in(TEMPLATE)  # Now, for at the end nothing may go wrong.
        self._template = template or self._ours
        self.language = language
        """As it was given."""
        self.is_own = template is not None
        """Whether the template is the site's, and so may take long or wait for a database."""
        ours = _TRANSLATIONS.get(re.split("[-_]", language)[0].lower(), {})
        self._words: dict[Outcome, str] = {}
        for outcome, english in NOTICES.items():
            if english:  # gettext("") is the head of a catalogue.
                theirs = str(gettext(english))
                self._words[outcome] = ours.get(outcome, english) if theirs == english else theirs

    def render(self, outcome: Outcome, message_pair_id: str, context: Mapping[str, Any]) -> Markup:
        """Return the notice, for any outcome but "finished".

        Where the site's template raises, that is logged, and the notice is ours.
        """
        more = {
            "message_pair_id": message_pair_id,
            "outcome": outcome,
            "notice": self._words[outcome],
        }
        try:
            return Markup(self._template({**context, **more}).strip())
        except Exception:
            logger.exception("the notice of %s could not be rendered", message_pair_id)
            return self.plain(outcome)

    def plain(self, outcome: Outcome) -> Markup:
        """Return the notice with nothing of the site's but the words; it does not raise."""
        return Markup(self._ours({"notice": self._words[outcome]}))


@cache
def built_in(name: str) -> Template:
    """Return one of our own templates."""
    environment = Environment(loader=PackageLoader("streamhtml"), autoescape=True)
    return environment.get_template(name).render
