"""Chooses the lexer for a block of code, and limits the time that it may take."""

import logging
import re
import time
from collections.abc import Iterable, Iterator
from functools import cache
from html import escape
from typing import Any, Final

from markupsafe import Markup
from pygments.lexers import find_lexer_class, get_all_lexers
from pygments.token import _TokenType

from streamhtml.pygments._classes import html_of
from streamhtml.pygments._line_lexer import MAX_MATCH, LineLexer, can_read_lines

logger = logging.getLogger("streamhtml")

MAX_LENGTH: Final = 200_000
"""Maximum length of a block in characters, about 5,000 lines, if its lexer reads it line by line.
When the block is complete, it is read once more, at about 2 µs per character."""

MAX_SECONDS: Final = 0.25
"""Maximum CPU time for a block, in seconds of this thread. It is checked after each token. The time
for making the lexer, which compiles its rules when it is first used, is not counted."""

SECONDS_PER_CHARACTER: Final = 5e-6
"""What is added to this time for each character, about three times of what a lexer needs."""

MAX_SLOW: Final = 2_000
"""Instead of ``MAX_MATCH`` for the lexers in ``_SLOW``, whose matches then take at most 0.3 s."""

_SLOW: Final = frozenset({
    "Bash Session", "CSS+Genshi Text", "Devicetree", "FStar", "HTML + Angular2", "HTML+Evoque",
    "HTML+Handlebars", "Janet", "JavaScript+Genshi Text", "K", "LilyPond", "Maple", "Matlab",
    "Modelica", "Numba_IR", "OCaml", "Opa", "Q", "Ragel in C Host", "Ragel in CPP Host",
    "Ragel in D Host", "Ragel in Java Host", "Ragel in Objective C Host", "Ragel in Ruby Host",
    "ReasonML", "TypoScriptCssData", "urlencoded", "XML+Evoque", "XQuery", "Zeek",
})  # fmt: skip
"""Lexers that took more than half a second before the first token or for a single token, so that
``MAX_SECONDS`` did not help. The texts were 10,000 characters that repeat one of 60 short texts."""

_HANGING: Final = frozenset({"Easytrieve"})
"""Lexers that took more than a second for 1,000 characters. They are never used."""

_NO_STATE: Final = frozenset({"JSON", "JSON-LD", "Bash Session", "Makefile"})
"""Lexers that keep no state between lines, or nearly none, so each line can be read alone."""

_NAME: Final = re.compile(r"[\w.+#-]+\Z")
"""The language names that the renderer writes as a class."""


def highlight(language: str) -> "CodeColors | None":
    """Return an object that colours a code block, for ``Options(highlight=highlight)``.

    Args:
        language: one of Pygments' names for the language, such as "python" or "js", in any case.

    Returns:
        An object that returns the HTML of each line, and in the end that of the block. The text is
        in elements that have Pygments' classes. None if the language is unknown.
    """
    name = _lexers().get(language.lower())
    return CodeColors(name) if name else None


@cache
def _lexers() -> dict[str, str]:
    """Return the names of Pygments' own lexers, by language name.

    Lexers that other packages have registered are left out, because a model should not be able to
    make the process import a package.
    """
    return {
        alias: name
        for name, aliases, _, _ in get_all_lexers(plugins=False)
        for alias in aliases
        if _NAME.match(alias) and name not in _HANGING
    }


class CodeColors:
    """Colours one block, see ``CodeHighlighter``.

    Args:
        name: the name of the lexer.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._max_match = MAX_SLOW if name in _SLOW else MAX_MATCH
        lexer = find_lexer_class(name)
        assert lexer is not None
        self._lexer: Any = lexer
        self._reads_lines = can_read_lines(lexer)
        self._is_over = not self._reads_lines and name not in _NO_STATE
        self._lines = LineLexer(lexer, self._max_match) if self._reads_lines else None
        self._length = 0
        self._seconds = MAX_SECONDS

    def line(self, text: str) -> Markup:
        """Return the HTML of the next line. It has no colours if they are not known yet."""
        self._length += len(text)
        if self._is_over or self._length > MAX_LENGTH:
            return _plain(text)
        begun = time.thread_time()
        self._seconds += SECONDS_PER_CHARACTER * len(text)
        if self._lines:
            self._lines.deadline = begun + self._seconds
            html = self._colored(self._lines.read(text), text)
        else:
            html = self._colored(self._at_once(text, self._seconds), text)
        self._seconds -= time.thread_time() - begun
        self._is_over = html is None
        return _plain(text) if html is None else html

    def block(self, text: str) -> Markup | None:
        """Return the HTML of the whole block; None to keep the lines, if the block is too long."""
        if len(text) > (MAX_LENGTH if self._reads_lines else self._max_match):
            return None
        seconds = MAX_SECONDS + SECONDS_PER_CHARACTER * len(text)
        html = self._colored(self._at_once(text, seconds), text)
        return _plain(text) if html is None else html

    def _at_once(self, text: str, seconds: float) -> Iterator[tuple[_TokenType, str]]:
        # Some lexers keep state while they read, so each text gets a new one.
        if self._reads_lines:
            lines = LineLexer(self._lexer, self._max_match)
            lines.deadline = time.thread_time() + seconds
            yield from lines.read_all(text)
            return
        lexer = self._lexer(stripnl=False, ensurenl=False)
        deadline = time.thread_time() + seconds
        for token in lexer.get_tokens(text):
            if time.thread_time() > deadline:
                raise TimeoutError
            yield token

    def _colored(self, tokens: Iterable[tuple[_TokenType, str]], text: str) -> Markup | None:
        """Return the HTML of the tokens; None if the lexer fails or does not keep the text."""
        try:
            found = list(tokens)
        except Exception as error:
            # The message of the exception is not logged, because it may quote the answer.
            logger.warning("the lexer %r of Pygments raised %s", self._name, type(error).__name__)
            return None
        return Markup(html_of(found)) if "".join([value for _, value in found]) == text else None


def _plain(text: str) -> Markup:
    return Markup(escape(text, quote=False))
