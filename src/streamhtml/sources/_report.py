"""What the tokens of one source report besides Deltas: facts, and how the answer ended."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from streamhtml._delta import Facts, Truncated

CUT_SHORT: Final = frozenset(
    {
        *("length", "max_tokens", "max_output_tokens", "model_length"),
        *("model_context_window_exceeded", "content_filter", "refusal", "safety", "recitation"),
        *("blocklist", "prohibited_content", "spii", "image_safety", "language"),
    }
)
"""The reasons, in lower case, with which the SDKs say that an answer ended too early."""


class SourceError(Exception):
    """Raised by the iteration of a source whose events say that the answer has failed."""


def field(value: object, name: str) -> Any:
    """Return an attribute of an object, or a value of a mapping; None if it is missing."""
    if isinstance(value, Mapping):
        return value.get(name)
    return getattr(value, name, None)


def text_field(value: object, *names: str) -> str:
    """Return the first of the named fields that is text, and not empty; else ``""``."""
    for name in names:
        found = field(value, name)
        if isinstance(found, str) and found:
            return found
    return ""


def list_field(value: object, name: str) -> list[Any]:
    """Return a field that is a list; an empty list if it is missing or something else."""
    found = field(value, name)
    return list(found) if isinstance(found, list | tuple) else []


class Report:
    """Collects the facts of one source.

    Attributes:
        facts: what was reported so far.
        why_cut_short: why the answer ended too early; ``""`` if it did not.
    """

    def __init__(self) -> None:
        self.facts = Facts()
        self.why_cut_short = ""

    def identify(self, response: object, *, id: str = "id", model: str = "model") -> None:
        """Take over the id and the model of a response, from its fields with these names."""
        self._add(response_id=text_field(response, id), model=text_field(response, model))

    def finish(self, reason: object) -> None:
        """Note why the model stopped. Anything but a text is ignored, such as None."""
        reason = getattr(reason, "value", reason)  # Some SDKs have an Enum.
        if isinstance(reason, str) and reason:
            self._add(finish_reason=reason)
            if reason.lower() in CUT_SHORT:
                self.why_cut_short = f"finish_reason={reason!r}"

    def count(self, usage: object) -> None:
        """Add the numbers of tokens that an object or a mapping has, by their own names."""
        names = usage if isinstance(usage, Mapping) else getattr(usage, "__dict__", {})
        numbers = {name: value for name, value in names.items() if type(value) is int}
        self._add(usage={**(self.facts.usage or {}), **numbers})

    def check(self) -> None:
        """Check at the end of the source that the answer is complete.

        Raises:
            Truncated: a token said that the answer was cut short.
        """
        if self.why_cut_short:
            raise Truncated(self.why_cut_short) from None

    def _add(self, **facts: Any) -> None:
        new = {name: value for name, value in facts.items() if value}
        if new:
            self.facts = replace(self.facts, **new)
