"""The words of this package that a reader sees, in the reader's language.

Nothing here does I/O. The adapters find the reader's language and the site's translations.
"""

import re
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from markupsafe import Markup

from streamhtml._patch import Outcome

NOTICES: Final[dict[Outcome, str]] = {
    "finished": "",
    "stopped": "You stopped this answer.",
    "truncated": "The answer is cut short here.",
    "failed": "Something went wrong, and the answer ends here.",
    "interrupted": "The answer was interrupted, and ends here.",
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

PAGE: Final = ("Back",)
"""The English words on the built-in page. They are the msgids of translations."""

CLIENT: Final = {
    "complete": "Reply complete.",
    "thinking": "Thinking…",
    "wait": "Please wait until the answer is complete.",
    "stopped": "You stopped this answer.",
    "lost": "The connection was lost, and the answer ends here.",
    "retry": "Try again",
    "later": "later",
    "error": "Something went wrong. Please try again.",
    "error-401": "Please sign in, and try again.",
    "error-413": "This is too large. Please shorten it.",
    "error-429": "Too many requests. Please try again {time}.",
    "error-5xx": "The server has a problem. Please try again {time}.",
    "error-offline": "The server cannot be reached. Please try again.",
}
"""The client's English words, by the name of their attribute without ``data-stream-``. They are the
msgids of translations, and the client's source has them too. A translation keeps ``{time}``, which
becomes "in 30 seconds" in the page's language, or the translation of "later"."""

_TRANSLATIONS: Final[dict[str, dict[str, str]]] = {
    "ko": {
        "You stopped this answer.": "답변을 중지했습니다.",
        "The answer is cut short here.": "답변이 여기서 잘려 끝까지 나오지 않았습니다.",
        "Something went wrong, and the answer ends here.": "문제가 생겨 답변이 여기서 끝납니다.",
        "The answer was interrupted, and ends here.": "답변이 도중에 끊겨 여기서 끝납니다.",
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
        "Back": "돌아가기",
        "Reply complete.": "답변이 완료되었습니다.",
        "Please wait until the answer is complete.": "답변이 끝날 때까지 기다려 주세요.",
        "Try again": "다시 시도",
        "later": "나중에",
        "Something went wrong. Please try again.": "문제가 생겼습니다. 다시 시도해 주세요.",
        "Please sign in, and try again.": "로그인한 뒤 다시 시도해 주세요.",
        "This is too large. Please shorten it.": "내용이 너무 큽니다. 줄여서 보내 주세요.",
        "Too many requests. Please try again {time}.": (
            "요청이 너무 많습니다. {time} 다시 시도해 주세요."
        ),
        "The server has a problem. Please try again {time}.": (
            "서버에 문제가 있습니다. {time} 다시 시도해 주세요."
        ),
        "The server cannot be reached. Please try again.": (
            "서버에 연결할 수 없습니다. 다시 시도해 주세요."
        ),
    },
}


_OF_ANSWERS: Final = {
    english: english for english in (*filter(None, NOTICES.values()), *PARTS, *PAGE)
}
_OF_CLIENT: Final = {english: english for english in CLIENT.values()}


Words: TypeAlias = Mapping[str, str]
"""The words in one language, by the English ones."""


def words_in(language: str, gettext: Callable[[str], str] = str) -> Words:
    """Return the words of answers in a language.

    They come from the site's translations if it has them, else from the built-in ones into this
    language (only Korean so far), else they are English.

    Args:
        language: a language tag such as "ko" or "ko-KR", or a locale name such as "ko_KR"; ``""``
            if unknown.
        gettext: translates the English words, or returns them unchanged.
    """
    return _translate(_OF_ANSWERS, language, gettext)


def client_words(language: str, gettext: Callable[[str], str] = str) -> Markup:
    """Return the client's words in a language, as attributes of an HTML element.

    Write them on the ``<script>`` element that loads the client. Words that stay English are left
    out, so the result may be empty.

    Args:
        language: a language tag such as "ko" or "ko-KR", or a locale name such as "ko_KR"; ``""``
            if unknown.
        gettext: translates the English words, or returns them unchanged.

    Returns:
        The attributes, separated by spaces. Their values are escaped.
    """
    words = _translate(_OF_CLIENT, language, gettext)
    return Markup(" ").join(
        Markup('data-stream-{}="{}"').format(name, words[english])
        for name, english in CLIENT.items()
        if words[english] != english
    )


def _translate(words: dict[str, str], language: str, gettext: Callable[[str], str]) -> Words:
    built_in = _TRANSLATIONS.get(re.split("[-_]", language)[0].lower(), {})
    if gettext is str:  # Fast path: most sites have no translations.
        return words | built_in
    translations: dict[str, str] = {}
    for english in words:
        # gettext("") would return the header of the translation file.
        translated = str(gettext(english))
        is_own = translated != english
        translations[english] = translated if is_own else built_in.get(english, english)
    return translations
