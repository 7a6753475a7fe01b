"""What the tokens of one source report besides Deltas: facts, and how the answer ended."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from streamhtml._delta import NO_FACTS, Truncated
from streamhtml.sources._fields import text_field

CUT_SHORT: Final = frozenset(
    {
        *("length", "max_tokens", "max_output_tokens", "model_length"),
        *("model_context_window_exceeded", "content_filter", "refusal", "safety", "recitation"),
        *("blocklist", "prohibited_content", "spii", "image_safety", "language", "cancelled"),
    }
)
"""The reasons, in lower case, with which the SDKs say that an answer ended too early."""


class SourceError(Exception):
    """Raised by the iteration of a source whose events say that the answer has failed.

    Args:
        message: what the provider said about the error. It is not shown to the reader.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)


class Report:
    """Collects the facts of one source.

    Attributes:
        facts: what was reported so far. The numbers of tokens are those of all responses together.
        why_cut_short: why the answer ended too early; ``""`` if it did not.
        refused: whether a model's refusal was read, which an SDK may raise once more.
        complaint: what is wrong with the source, if it ends now; ``""`` if nothing is.
    """

    __slots__ = ("_earlier", "_usage", "complaint", "facts", "refused", "why_cut_short")

    def __init__(self) -> None:
        self.facts = NO_FACTS
        self.why_cut_short = ""
        self.refused = False
        self.complaint = ""
        self._earlier: dict[str, int] = {}  # The usage of the responses before this one.
        self._usage: dict[str, int] = {}

    def begin_response(self) -> None:
        """Note that another response of the same answer begins."""
        self._earlier, self._usage = dict(self.facts.usage or {}), {}

    def identify(self, response: object, *, id: str = "id", model: str = "model") -> None:
        """Take over the id and the model of a response, from its fields with these names."""
        facts = self.facts
        response_id = text_field(response, id) or facts.response_id
        name = text_field(response, model) or facts.model
        if response_id != facts.response_id or name != facts.model:
            self.facts = replace(facts, response_id=response_id, model=name)

    def finish(self, reason: object, *, cut_short: bool = False) -> None:
        """Note why the model stopped. Anything but a text is ignored, such as None.

        Args:
            reason: the word of the provider.
            cut_short: whether the answer ended too early; the word may say so too.
        """
        reason = getattr(reason, "value", reason)  # Some SDKs have an Enum.
        if isinstance(reason, str) and reason:
            self.facts = replace(self.facts, finish_reason=reason)
            if cut_short or reason.lower() in CUT_SHORT:
                self.why_cut_short = f"finish_reason={reason!r}"

    def count(self, usage: Any) -> None:
        """Take over the numbers of tokens of a response so far, by their own names.

        Args:
            usage: an object or a mapping; a list of them is added up; anything else is ignored.
        """
        if not usage:
            return
        numbers: dict[str, int] = {}
        for each in usage if isinstance(usage, list | tuple) else [usage]:
            names = each if isinstance(each, Mapping) else getattr(each, "__dict__", {})
            for name, value in names.items():
                if type(value) is int:
                    numbers[str(name)] = numbers.get(str(name), 0) + value
        self._usage |= numbers
        both = {**self._earlier, **self._usage}
        total = {name: self._earlier.get(name, 0) + self._usage.get(name, 0) for name in both}
        if total:
            self.facts = replace(self.facts, usage=total)

    def check(self) -> None:
        """Check at the end of the source that the answer is complete.

        Raises:
            Truncated: a token said that the answer was cut short.
            TypeError: the source had nothing to read.
        """
        if self.why_cut_short:
            raise Truncated(self.why_cut_short) from None
        if self.complaint:
            raise TypeError(self.complaint) from None

    def explain(self, error: Exception) -> Exception:
        """Return the exception to raise for one that the source has raised.

        Some SDKs raise at the end of an answer that was cut short or refused. The reader has seen
        that answer, and it has not failed: it is ``Truncated``, with the exception as the cause.
        """
        if (self.why_cut_short or self.refused) and not isinstance(error, Truncated):
            truncated = Truncated(self.why_cut_short or "refusal")
            truncated.__cause__ = error
            return truncated
        return error
