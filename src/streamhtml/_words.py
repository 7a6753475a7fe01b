"""The words of this package that a reader sees, in the reader's language.

Nothing here does I/O. The adapters find the reader's language and the site's translations.
"""

import re
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from streamhtml._patch import Outcome

NOTICES: Final[dict[Outcome, str]] = {
    "finished": "",
    "stopped": "You stopped this answer.",
    "truncated": "The answer is cut short here.",
    "failed": "Something went wrong, and the answer ends here.",
    "interrupted": "The connection was lost, and the answer ends here.",
}
"""The English words for each outcome, as plain text. They are the msgids of translations."""

PARTS: Final = (
    "Thinking…",
    "Thought",
    "Thought for less than a second",
    "Thought for 1 second",
    "Thought for {seconds} seconds",
    "Running…",
    "Called",
    "Done",
    "Failed",
    "Tool",
    "Arguments",
    "Result",
    "Error",
)
"""The English words in the templates of parts. They are the msgids of translations, too. A
translation keeps ``{seconds}``, which becomes a number from 2 on."""

_TRANSLATIONS: Final[dict[str, dict[str, str]]] = {
    "ko": {
        "You stopped this answer.": "답변을 중지했습니다.",
        "The answer is cut short here.": "답변이 여기서 잘려 끝까지 나오지 않았습니다.",
        "Something went wrong, and the answer ends here.": "문제가 생겨 답변이 여기서 끝납니다.",
        "The connection was lost, and the answer ends here.": "연결이 끊겨 답변이 여기서 끝납니다.",
        "Thinking…": "생각하는 중…",
        "Thought": "생각함",
        "Thought for less than a second": "1초 미만 동안 생각함",
        "Thought for 1 second": "1초 동안 생각함",
        "Thought for {seconds} seconds": "{seconds}초 동안 생각함",
        "Running…": "실행 중…",
        "Called": "호출됨",
        "Done": "완료",
        "Failed": "실패",
        "Tool": "도구",
        "Arguments": "인수",
        "Result": "결과",
        "Error": "오류",
    },
}


_BUILT_IN: Final = {english: english for english in (*filter(None, NOTICES.values()), *PARTS)}


Words: TypeAlias = Mapping[str, str]
"""The words in one language, by the English ones."""


def words_in(language: str, gettext: Callable[[str], str] = str) -> Words:
    """Return the words in a language.

    They come from the site's translations if it has them, else from the built-in ones into this
    language (only Korean so far), else they are English.

    Args:
        language: a language tag such as "ko" or "ko-KR", or a locale name such as "ko_KR"; ``""``
            if unknown.
        gettext: translates the English words, or returns them unchanged.
    """
    built_in = _TRANSLATIONS.get(re.split("[-_]", language)[0].lower(), {})
    if gettext is str:  # Fast path: most sites have no translations.
        return _BUILT_IN | built_in
    words: dict[str, str] = {}
    for english in _BUILT_IN:
        # gettext("") would return the header of the translation file.
        translated = str(gettext(english))
        words[english] = built_in.get(english, english) if translated == english else translated
    return words
