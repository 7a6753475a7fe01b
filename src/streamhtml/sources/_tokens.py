"""Turns each token into its Deltas. Every accepted type of token is listed here."""

from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any, Final, Protocol, TypeAlias

from markupsafe import Markup

from streamhtml._delta import TOOL_FIELDS, Delta, ToolDelta
from streamhtml._type_name import type_name, with_article
from streamhtml.sources._ag_ui import AGUIEvents
from streamhtml.sources._anthropic import AnthropicEvents
from streamhtml.sources._cumulative import RepeatedText
from streamhtml.sources._fields import error_text, field, kind_of
from streamhtml.sources._gemini import GeminiResponses
from streamhtml.sources._langchain import ASK_FOR_MESSAGES, LangChainMessages, is_state
from streamhtml.sources._llama_index import LlamaIndexResponses
from streamhtml.sources._ollama import OllamaResponses
from streamhtml.sources._openai_agents import AgentsEvents
from streamhtml.sources._openai_chat import ChatChunks
from streamhtml.sources._openai_responses import ResponseEvents
from streamhtml.sources._pydantic_ai import PydanticAIEvents
from streamhtml.sources._report import Report, SourceError
from streamhtml.sources._think import THINK_TAGS, Tags, ThinkSplitter
from streamhtml.sources._tool_calls import ToolCalls
from streamhtml.sources._whole_answers import is_whole_answer, whole_answer

ReadToken: TypeAlias = Callable[[Any], Any]
"""A function that is asked first for each token. It returns the token itself, to have it read as
usual; or what to read instead of it: a ``str``, a ``Delta``, another token, a list or an iterator
of them, or None for nothing."""

_MAP_IT: Final = (
    "pass deltas(source, read=function) with a function that returns its text or a Delta, or None "
    "for nothing"
)
_DECODE_IT: Final = (
    "pass str: HTTP clients decode it, for example with aiter_text() or aiter_lines() instead of "
    "aiter_bytes()"
)

_MAX_NAMES: Final = 20
"""How many names of fields an error shows. A mapping with more of them is data, and no event."""

_MAX_LENGTH: Final = 80
"""How many characters of each an error shows."""


class Reader(Protocol):
    """Reads the tokens of one protocol."""

    def __init__(self, report: Report, calls: ToolCalls) -> None: ...

    @staticmethod
    def begins(token: object) -> bool:
        """Return whether only a source of this protocol yields such a token."""
        ...

    def read(self, token: Any) -> list[Delta] | None:
        """Return the Deltas of one token; None if the protocol has no such token."""
        ...


READERS: Final[tuple[type[Reader], ...]] = (
    ChatChunks,
    ResponseEvents,
    AnthropicEvents,
    AGUIEvents,
    AgentsEvents,
    PydanticAIEvents,
    GeminiResponses,
    OllamaResponses,
    LangChainMessages,
)


class KnownTokens:
    """Reads the tokens of all protocols that one source yields.

    Args:
        report: what the tokens report besides Deltas.
    """

    def __init__(self, report: Report) -> None:
        self._report = report
        self._calls = ToolCalls()
        self._llama_index = LlamaIndexResponses(self._calls)
        # One for each protocol that was met, the last first, because a type such as "error" or
        # "text" means something else in each.
        self._readers: list[Reader] = []

    def read(self, token: object) -> list[Delta] | None:
        """Return the Deltas of a token of a protocol; None if no protocol has such a token."""
        for reader in self._readers:
            if (found := reader.read(token)) is not None:
                return found
        for make in READERS:
            if make.begins(token):
                reader = make(self._report, self._calls)
                self._readers.insert(0, reader)
                return reader.read(token)
        return self._llama_index.read(token, self.read)


class TokenReader:
    """Reads the tokens of one source, and remembers if one says that the answer is cut short.

    Attributes:
        passes_text: whether a plain ``str`` is a piece of the text, and need not be read.
        reads: how many tokens were read, those without text included.
        report: what the tokens reported besides Deltas.
    """

    def __init__(self, tokens: object = None, read: ReadToken | None = None) -> None:
        self.passes_text = False
        self.reads = 0
        self.report = Report()
        self._tokens = tokens
        self._is_opened = False
        self._read_with = read
        self._repeated = RepeatedText()
        self._think = ThinkSplitter(THINK_TAGS)
        if isinstance(tokens, TokenReader):  # It reads the tokens, and ``read`` gets its Deltas.
            self.report, self._think = tokens.report, ThinkSplitter(())
        self._known: KnownTokens | None = None  # Only if a token is no text.
        self._pending: list[Delta] = []  # In reverse order.
        self._error: Exception | None = None  # Raised after the pending Deltas.
        self._closed = False

    def split_reasoning(self, tags: Tags) -> None:
        """Find reasoning between these tags, not between the usual ones.

        Raises:
            TypeError: a tag is neither a name nor a pair.
            RuntimeError: tokens were read already.
        """
        if self._is_opened:
            raise RuntimeError(
                "this source was iterated already; call think() before the source is iterated"
            )
        self._think = ThinkSplitter(tags)

    def read_with(self, read: ReadToken) -> bool:
        """Ask this function first for each token. Return False if it is too late for that."""
        if self._read_with is not None or self._is_opened:
            return False
        self._read_with = read
        return True

    def read(self, token: object) -> list[Delta]:
        """Return the Deltas of the next token.

        Raises:
            TypeError: the token has a type that is not accepted.
            SourceError: the token says that the answer has failed.
        """
        self.reads += 1
        found = self._read_one(token) if self._read_with is None else self._ask(token)
        if self._think.is_done:
            for delta in found:
                if type(delta) is ToolDelta:
                    break
            else:
                return found
        found = self._think.split(found)
        self.passes_text = self.passes_text and self._think.is_done
        return found

    def take_pending(self) -> list[Delta]:
        """Return the Deltas of the tokens that were read, and that the iteration did not return."""
        pending, self._pending = self._pending[::-1], []
        return pending

    def end(self) -> list[Delta]:
        """Return what was held back, now that the source has ended or is closed."""
        held = [Delta(piece) for piece in self._repeated.close()]
        return [*self.take_pending(), *self._think.split(held), *self._think.close()]

    def _end(self) -> list[Delta]:
        """Return what was held back, in reverse order.

        If nothing was, raise the error of the source, or check that the answer is complete.
        """
        if held := self.end():
            return held[::-1]
        if self._error is not None:
            error, self._error = self._error, None
            raise error
        self.report.check()
        return []

    def _fail(self, error: Exception) -> list[Delta]:
        """Return what was held back, in reverse order; the error is raised after it, or at once."""
        self._error = self.report.explain(error)
        return self._end()

    def _ask(self, token: object) -> list[Delta]:
        """Let the function of the application read a token."""
        assert self._read_with is not None
        try:
            given = self._read_with(token)
            if given is token or not (isinstance(given, list | Iterator) or _is_pieces(given)):
                found = self._read_one(given)
            else:
                found = [delta for each in given for delta in self._read_one(each)]
        except (StopIteration, StopAsyncIteration) as error:  # It would end the source.
            raise RuntimeError(f"the read function raised {type_name(error)}") from error
        self.passes_text = False
        return found

    def _read_one(self, token: object) -> list[Delta]:
        if type(token) is str:
            self.passes_text = self._repeated.is_done and self._think.is_done
            return [Delta(piece) for piece in self._repeated.feed(token) if piece]
        if token is None:
            return []
        if isinstance(token, Delta):
            found = [_checked(token)] if token.text or type(token) is not Delta else []
        elif isinstance(token, str):
            # str() of an Enum, for example, is another text than its own.
            text = token if isinstance(token, Markup) else str.__str__(token)
            found = [Delta(text)] if token else []
        else:
            if self._known is None:
                self._known = KnownTokens(self.report)
            known = self._known.read(token)
            if known is None:
                raise _unknown(token)
            found = known
        if self._repeated.holds:
            found = [*(Delta(piece) for piece in self._repeated.close()), *found]
        return found


def _checked(delta: Delta) -> Delta:
    """Return a Delta of the application, whose text may have another type."""
    if not isinstance(delta.text, str):
        raise TypeError(
            f"the text of a {type(delta).__name__} is {with_article(delta.text)}, not a str; pass "
            "str(value), or json.dumps(value) for JSON"
        )
    if not isinstance(delta.part, str):
        raise TypeError(
            f"the part of a {type(delta).__name__} is {with_article(delta.part)}, not a str; pass "
            "its kind, such as 'status'"
        )
    if isinstance(delta, ToolDelta) and delta.field not in TOOL_FIELDS:
        known = ", ".join(map(repr, TOOL_FIELDS))
        raise ValueError(f"field={delta.field!r} of a ToolDelta is not known; use one of {known}")
    return delta


def _is_pieces(given: object) -> bool:
    """Return whether this is a tuple of pieces, and not one of LangGraph's tokens."""
    return isinstance(given, tuple) and all(
        piece is None or isinstance(piece, str | Delta) for piece in given
    )


def _unknown(token: object) -> Exception:
    """Return the error about an unknown token.

    It has the type and the names of the fields of the token, but not what they contain.
    """
    if is_whole_answer(token):
        return TypeError(whole_answer("a token", token))
    # Mistral's errors have their own way to say that they are errors.
    if (field(token, "error") or field(token, "object") == "error") and (text := error_text(token)):
        return SourceError(f"the provider reported an error: {text}")
    names = token if isinstance(token, Mapping) else getattr(token, "__dict__", {})
    kind = f" of the type {kind_of(token)[:_MAX_LENGTH]!r}" if kind_of(token) else ""
    shown = ", ".join(str(name)[:_MAX_LENGTH] for name in islice(names, _MAX_NAMES))
    fields = f" with the fields {shown}" if shown else ""
    remedy = ASK_FOR_MESSAGES if is_state(token) else _MAP_IT
    if isinstance(token, bytes | bytearray):
        remedy = _DECODE_IT
    what = f"a token is {with_article(token)}{kind}{fields}, which is not known"
    return TypeError(f"{what}; {remedy}")
