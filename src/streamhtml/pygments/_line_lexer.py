"""Lexes code line by line, and keeps the state of a Pygments lexer between the lines.

Many rules match several lines, such as a rule for ``/* … */``. While the end has not arrived, such
a rule does not match, and other rules would. So each line is read together with a text that ends
everything that may be open. A match that reaches into this text shows the colours of the line. It
is not final, and the next line is read from the beginning of the match again.
"""

import re
import time
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from inspect import signature
from types import SimpleNamespace
from typing import Any, Final, TypeAlias

from pygments.lexer import DelegatingLexer, ExtendedRegexLexer, Lexer, LexerContext, RegexLexer
from pygments.lexers import find_lexer_class
from pygments.lexers.data import YamlLexer, YamlLexerContext
from pygments.lexers.javascript import JavascriptLexer
from pygments.token import Error, Whitespace, _TokenType

LexedToken: TypeAlias = "tuple[int, _TokenType, str]"
"""The position, type and text of a token, as ``get_tokens_unprocessed()`` yields them."""

MAX_MATCH: Final = 10_000
"""How many characters a rule may look at, from the beginning of its match. With a text that is
made to be slow, the time of many rules grows with the square of this number."""

_READ_AGAIN: Final = 300
"""Length in characters of an unfinished match that is read again with each line. A longer one is
read again only if a line contains the end that the match is waiting for."""

_QUOTES: Final = ('"""', "'''", '"#', '"##', '"@', "'@", ')"', '"', "'")
_ENDS: Final = (
    "`", "```", "~~~", "*/", "-->", "*)", "-}", "--}}", "]]>", "]]", "#}", "%}", "}}", "?>", "%>",
    "|#", "=#", "#>", ")#", "=end", "=cut", "</script>", "</style>", ">", "]", "$$", ";",
)  # fmt: skip
# The first line is a word, because the line after "\" or a label is not empty.
_ENDING: Final = "\n".join(["x", ")", "{", "}", *_QUOTES, *_ENDS, ""])
# In JSX, an apostrophe is text, although the lexer takes it for the beginning of a string.
_ENDING_WITHOUT_QUOTES: Final = "\n".join(["x", ")", "{", "}", *_ENDS, ""])
_HEREDOC: Final = re.compile(r"<<[-~<]?[ \t]*[\"'\\]?([A-Za-z_]\w*)")
_LONG_BRACKET: Final = re.compile(r"\[(=+)\[")

_EMBEDDED: Final = {"script-content": "JavaScript", "style-content": "CSS"}
"""The language of the text in a state. Pygments reads this text with a single match."""
_END_TAG: Final = re.compile(r"<\s*/\s*(?:script|style)\s*>", re.IGNORECASE)


@cache
def can_read_lines(lexer: type[Lexer]) -> bool:
    """Return whether a ``LineLexer`` can read the lexer's language."""
    if not issubclass(lexer, RegexLexer) or issubclass(lexer, DelegatingLexer):
        return False
    stack = signature(lexer.get_tokens_unprocessed).parameters.get("stack")
    begins_at_root = stack is None or stack.default == ("root",)
    return begins_at_root and lexer.get_tokens is Lexer.get_tokens


@cache
def _compiled(name: str) -> type[Lexer]:
    """Return a lexer class, whose rules Pygments compiles when it is first used: now."""
    lexer = find_lexer_class(name)
    assert lexer is not None
    lexer()
    return lexer


class LineLexer:
    """Lexes one block of code.

    Args:
        lexer: a lexer class for which ``can_read_lines()`` is true.
        max_match: see ``MAX_MATCH``.

    Attributes:
        deadline: the CPU time of this thread, in seconds, at which reading raises ``TimeoutError``.
            It is checked after each match, because some texts are made to be slow.
    """

    deadline = float("inf")

    def __init__(self, lexer: Any, max_match: int = MAX_MATCH) -> None:
        self._lexer = lexer(stripnl=False, ensurenl=False)
        self._rules = self._lexer._tokens
        self._max_match = max_match
        self._takes_context = isinstance(self._lexer, ExtendedRegexLexer)
        is_yaml = isinstance(self._lexer, YamlLexer)
        self._context: Any = (YamlLexerContext if is_yaml else LexerContext)("", 0)
        # Lexers of this kind give some tokens another type.
        own_method = getattr(lexer, "get_tokens_unprocessed", None)
        self._second = (
            lexer(stripnl=False, ensurenl=False)
            if not self._takes_context and own_method is not RegexLexer.get_tokens_unprocessed
            else None
        )
        self._text = ""  # what may be read again, and the line before it
        self._shown = 0  # how much of it was returned
        is_script = isinstance(self._lexer, JavascriptLexer)
        self._ending = _ENDING_WITHOUT_QUOTES if is_script else _ENDING
        self._embedded_lexers = {
            state: _compiled(name) for state, name in _EMBEDDED.items() if state in self._rules
        }
        self._inner: LineLexer | None = None
        self._unfinished: tuple[_TokenType, str] | None = None  # its last type, and its end

    def read(self, line: str) -> Iterator[tuple[_TokenType, str]]:
        """Yield the types and texts of a line, which ends with a line break."""
        self._forget()
        self._text += line
        end = len(self._text)
        for found in _HEREDOC.finditer(line):
            self._ending = f"x\n{found[1]}\n{self._ending}"
        for found in _LONG_BRACKET.finditer(line):
            self._ending = f"x\n]{found[1]}]\n{self._ending}"
        if self._unfinished and end - self._context.pos > _READ_AGAIN:
            kind, closing = self._unfinished
            if closing and closing not in line:
                yield kind, line
                self._shown = end
                return
        # A rule may need the line break that is before its match, so that is read with the next
        # line. It has no colour.
        tokens = list(self._tokens(self._text + self._ending, end - line.endswith("\n"), end))
        pos = self._shown
        for start, kind, value in self._retyped(tokens):
            part = value[max(pos - start, 0) : max(end - start, 0)]
            if part:
                yield kind, part
                pos += len(part)
        if pos < end:
            yield Whitespace, self._text[pos:]
        self._shown = end

    def read_all(self, text: str) -> Iterator[tuple[_TokenType, str]]:
        """Yield the types and texts of a whole block, which is not read by lines as well."""
        tokens = self._tokens(text, len(text), len(text))
        if self._second:
            tokens = iter(self._retyped(list(tokens)))
        for _, kind, value in tokens:
            yield kind, value

    def _forget(self) -> None:
        """Remove the text that is not needed any more, except for the line before it."""
        done = min(self._context.pos, self._shown)
        count = self._text.rfind("\n", 0, max(done - 1, 0)) + 1
        self._text = self._text[count:]
        self._context.pos -= count
        self._shown -= count

    def _tokens(self, text: str, stop: int, end: int) -> Iterator[LexedToken]:
        """Yield the tokens that begin before ``stop``.

        Args:
            text: the code, and after ``end`` a text that ends what is open.
            stop: where reading stops.
            end: the end of the code.
        """
        context = self._context
        context.text = text
        self._unfinished = None
        while (pos := context.pos) < stop:
            if time.thread_time() > self.deadline:
                raise TimeoutError
            if context.stack[-1] in self._embedded_lexers:
                yield from self._embedded(text, end)
                if context.pos > pos:
                    continue
            context.end = min(pos + self._max_match, len(text))
            for match, action, new_state in self._rules[context.stack[-1]]:
                found = match(text, pos, context.end)
                if not found:
                    continue
                if found.end() > end and (shorter := match(text, pos, end)):
                    # The code alone matches as far as it goes: a comment, or text of many lines.
                    found = shorter if shorter.end() == end else found
                may_wait = self._takes_context or found.end() > end
                before = self._saved_context() if may_wait else {}
                tokens = self._apply(action, found)
                yield from tokens
                if context.pos > end:
                    self._wait(tokens, text[end : context.pos], end)
                    vars(context).update(before)
                    return
                self._change_state(new_state)
                break
            else:
                if text[pos] == "\n":
                    context.stack = ["root"]
                yield pos, Whitespace if text[pos] == "\n" else Error, text[pos]
                context.pos = pos + 1

    def _apply(self, action: Any, found: Any) -> list[LexedToken]:
        """Return the tokens of a match, and go to its end."""
        context = self._context
        if isinstance(action, _TokenType):
            tokens = [(context.pos, action, found.group())]
        elif action is None:
            tokens = []
        elif self._takes_context:
            return list(action(self._lexer, found, context))
        else:
            tokens = list(action(self._lexer, found))
        context.pos = found.end()
        return tokens

    def _wait(self, tokens: list[LexedToken], beyond: str, end: int) -> None:
        """Remember a match that may end differently when more code arrives."""
        kinds = [kind for start, kind, _ in tokens if start < end]
        self._unfinished = (kinds[-1], beyond.rsplit("\n", 1)[-1]) if kinds else None

    def _saved_context(self) -> dict[str, Any]:
        items = vars(self._context).items()
        return {name: value[:] if isinstance(value, list) else value for name, value in items}

    def _change_state(self, new_state: Any) -> None:
        """Change the stack of states, as Pygments' documentation describes."""
        stack = self._context.stack
        if new_state is None:
            return
        if isinstance(new_state, int):
            del stack[max(len(stack) + new_state, 1) :]
            return
        for state in (new_state,) if isinstance(new_state, str) else new_state:
            if state == "#push":
                stack.append(stack[-1])
            elif state != "#pop":
                stack.append(state)
            elif len(stack) > 1:
                stack.pop()

    def _embedded(self, text: str, end: int) -> Iterator[LexedToken]:
        """Yield the tokens of a script or a style sheet, up to its end tag."""
        context = self._context
        pos = context.pos
        found = _END_TAG.search(text, pos, end)
        stop = found.start() if found else end
        if stop == pos:
            self._inner = None
            return
        if self._inner is None:
            lexer = self._embedded_lexers[context.stack[-1]]
            self._inner = LineLexer(lexer, self._max_match)
        self._inner.deadline = self.deadline
        is_whole = end == len(text)
        part = text[pos:stop]
        for kind, value in self._inner.read_all(part) if is_whole else self._inner.read(part):
            yield pos, kind, value
            pos += len(value)
        context.pos = stop

    def _retyped(self, tokens: list[LexedToken]) -> list[LexedToken]:
        """Return the tokens as the lexer's own ``get_tokens_unprocessed()`` would yield them.

        That method changes what the method of ``RegexLexer`` yields. Here it gets the tokens from a
        single rule that matches everything.
        """
        if not self._second or not tokens:
            return tokens
        text = "".join([value for _, _, value in tokens])
        match = SimpleNamespace(end=lambda: len(text))
        rule = (lambda _, pos: None if pos else match, lambda *_: iter(tokens), None)
        self._second._tokens = defaultdict(lambda: [rule])
        return list(self._second.get_tokens_unprocessed(text))
