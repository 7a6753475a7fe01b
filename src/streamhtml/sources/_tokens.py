"""Turns each token into its Deltas. Every accepted type of token is listed here."""

from collections.abc import Mapping
from enum import Enum
from typing import Any, Final, Protocol

from markupsafe import Markup

from streamhtml._delta import Delta
from streamhtml._type_name import with_article
from streamhtml.sources._ag_ui import AGUIEvents
from streamhtml.sources._anthropic import AnthropicEvents
from streamhtml.sources._cumulative import RepeatedText
from streamhtml.sources._gemini import GeminiResponses
from streamhtml.sources._langchain import LangChainMessages
from streamhtml.sources._llama_index import LlamaIndexResponses
from streamhtml.sources._ollama import OllamaResponses
from streamhtml.sources._openai_agents import AgentsEvents
from streamhtml.sources._openai_chat import ChatChunks
from streamhtml.sources._openai_responses import ResponseEvents
from streamhtml.sources._pydantic_ai import PydanticAIEvents
from streamhtml.sources._report import Report, field
from streamhtml.sources._think import ThinkSplitter


class EventReader(Protocol):
    """Reads events that say their type."""

    def __init__(self, report: Report) -> None: ...

    @staticmethod
    def recognises(kind: str) -> bool:
        """Return whether events of this type are read."""
        ...

    def read(self, kind: str, event: Any) -> list[Delta]:
        """Return the Deltas of one event."""
        ...


class ShapeReader(Protocol):
    """Reads tokens that are recognised by their fields."""

    def __init__(self, report: Report) -> None: ...

    @staticmethod
    def recognises(token: object) -> bool:
        """Return whether such a token is read."""
        ...

    def read(self, token: Any) -> list[Delta]:
        """Return the Deltas of one token."""
        ...


EVENTS: Final[tuple[type[EventReader], ...]] = (
    ResponseEvents,
    AnthropicEvents,
    AGUIEvents,
    AgentsEvents,
    PydanticAIEvents,
)
SHAPES: Final[tuple[type[ShapeReader], ...]] = (
    ChatChunks,
    GeminiResponses,
    OllamaResponses,
    LangChainMessages,
    LlamaIndexResponses,
)
# What chat.completions.stream() of OpenAI yields beside the chunks.
_REPEATED: Final = ("content.", "refusal.", "tool_calls.function.", "logprobs.")


class TokenReader:
    """Reads the tokens of one source, and remembers if one says that the answer is cut short.

    Attributes:
        passes_text: whether a plain ``str`` is a piece of the text, and need not be read.
        reads: how many tokens were read, those without text included.
        report: what the tokens reported besides Deltas.
    """

    def __init__(self) -> None:
        self.passes_text = False
        self._repeated = RepeatedText()
        self._think = ThinkSplitter()
        self.reads = 0
        self.report = Report()
        self._pending: list[Delta] = []
        self._shapes: dict[type[ShapeReader], ShapeReader] = {}
        self._events: dict[type[EventReader], EventReader] = {}
        self._closed = False

    def read(self, token: object) -> list[Delta]:
        """Return the Deltas of the next token.

        Raises:
            TypeError: the token has a type that is not accepted.
            SourceError: the token says that the answer has failed.
        """
        self.reads += 1
        if isinstance(token, str):
            found = self._read_text(token)
        elif token is None:
            return []
        elif isinstance(token, Delta):
            found = [token] if token.text or type(token) is not Delta else []
        else:
            found = self._read_object(token)
        return found if self._think.is_done else self._think.split(found)

    def end(self) -> list[Delta]:
        """Return what was held back, now that the source has ended or is closed."""
        held = [Delta(piece) for piece in self._repeated.close()]
        return [*self._think.split(held), *self._think.close()]

    def _end(self) -> list[Delta]:
        """Return what was held back, the last first; at the second call, check the answer."""
        if held := self.end():
            return held[::-1]
        self.report.check()
        return []

    def _read_text(self, token: str) -> list[Delta]:
        if isinstance(token, Markup):
            return [Delta(token)] if token else []
        self.passes_text = self._repeated.is_done and self._think.is_done
        return [Delta(piece) for piece in self._repeated.feed(token) if piece]

    def _read_object(self, token: object) -> list[Delta]:
        for shape in SHAPES:
            if shape.recognises(token):
                if shape not in self._shapes:
                    self._shapes[shape] = shape(self.report)
                return self._shapes[shape].read(token)
        if kind := _kind(token):
            for events in EVENTS:
                if events.recognises(kind):
                    if events not in self._events:
                        self._events[events] = events(self.report)
                    return self._events[events].read(kind, token)
            if kind.startswith(_REPEATED):
                return []
        raise TypeError(_unknown(token))


def _kind(token: object) -> str:
    """Return the type that an event says it has; ``""`` if it says none."""
    kind = field(token, "type") or field(token, "event_kind")
    kind = kind.value if isinstance(kind, Enum) else kind
    return kind if isinstance(kind, str) else ""


def _unknown(token: object) -> str:
    """Describe a token by its type and the names of its fields, but not by what they contain."""
    names = token if isinstance(token, Mapping) else getattr(token, "__dict__", {})
    fields = f" with the fields {', '.join(map(str, names))}" if names else ""
    kind = f" and the type {_kind(token)!r}" if _kind(token) else ""
    return (
        f"a token is {with_article(token)}{fields}{kind}, which is not known; map it to a str or a "
        "Delta first, as in (event.text async for event in stream)"
    )
