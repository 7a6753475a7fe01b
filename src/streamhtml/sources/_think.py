"""Finds the reasoning that a model writes into its text, as in ``<think>…</think>``.

Models with open weights do so, where the server does not tell the reasoning from the text. The tags
count at the beginning of an answer only, so a text about them is left alone.
"""

import re
from collections.abc import Iterable
from typing import Any, Final, TypeAlias

from markupsafe import Markup

from streamhtml._delta import Delta, ToolDelta
from streamhtml._type_name import with_article

Tags: TypeAlias = Iterable[str | tuple[str, str]]
"""Names of elements, such as "think"; or pairs of what opens and what closes the reasoning."""

THINK_TAGS: Final[Tags] = (
    "think",
    "thinking",
    "thought",
    "reasoning",
    "seed:think",
    ("[THINK]", "[/THINK]"),
    ("◁think▷", "◁/think▷"),
)
"""What DeepSeek, Qwen, GLM, MiniMax, Gemma, Seed, Magistral and Kimi write."""


class ThinkSplitter:
    """Splits the text of one answer, in pieces of any size, into reasoning and text.

    White space around the tags is dropped. Reasoning that never ends stays reasoning. A closing tag
    between two backticks is code, and does not count.

    Args:
        tags: see ``Tags``.

    Attributes:
        is_done: whether the rest of the text is passed through unchanged.
    """

    __slots__ = ("_after_tag", "_closer", "_closers", "_held", "is_done")

    def __init__(self, tags: Tags = THINK_TAGS) -> None:
        self._closers = _USUAL if tags is THINK_TAGS else _closers(tags)
        self._closer = ""  # Of the reasoning that has begun; "" before and after it.
        self._after_tag = False
        self._held = ""
        self.is_done = not self._closers

    def feed(self, text: str) -> list[Delta]:
        """Return the Deltas of the next piece. What may be the beginning of a tag is held back."""
        text, self._held = self._held + text, ""
        if not (self.is_done or self._closer or self._after_tag):
            text = self._read_opener(text)
        if self._closer:
            return self._read_reasoning(text)
        return self._read_text(text)

    def split(self, deltas: list[Delta]) -> list[Delta]:
        """Return the same Deltas, but split the text in them.

        A source that has reasoning of its own does not write it into its text too. After a tool
        call the model answers anew.
        """
        found: list[Delta] = []
        for delta in deltas:
            if type(delta) is Delta and delta.part == "text" and not isinstance(delta.text, Markup):
                found += [delta] if self.is_done else self.feed(delta.text)
                continue
            if delta.part in ("text", "reasoning") or isinstance(delta, ToolDelta):
                found += self.close()
            found.append(delta)
            if isinstance(delta, ToolDelta):
                self._after_tag, self.is_done = False, not self._closers
        return found

    def close(self) -> list[Delta]:
        """Return what was held back, now that the text has ended."""
        held, self._held, self.is_done = self._held, "", True
        closer, self._closer = self._closer, ""
        return _deltas(held.removesuffix(closer), "reasoning") if closer else _deltas(held)

    def _read_opener(self, text: str) -> str:
        """Look for an opening tag, and return the text after it."""
        start = text.lstrip()
        for opener, closer in self._closers.items():
            if start.startswith(opener):
                self._closer, self._after_tag = closer, True
                return start[len(opener) :]
        if any(opener.startswith(start) for opener in self._closers):
            self._held = text
            return ""
        self.is_done = True
        return text

    def _read_reasoning(self, text: str) -> list[Delta]:
        text = self._without_space(text)
        end = text.find(self._closer)
        while end > 0 and text[end - 1] == "`" == text[end + len(self._closer) :][:1]:
            end = text.find(self._closer, end + 1)
        after = end + len(self._closer)
        if end < 0 or (after == len(text) and text[:end].endswith("`")):
            said, self._held = self._hold_back(text)
            return _deltas(said, "reasoning")
        self._closer, self._after_tag = "", True
        return _deltas(text[:end], "reasoning") + self._read_text(text[after:])

    def _hold_back(self, text: str) -> tuple[str, str]:
        """Split the text before what may be the beginning of the closing tag."""
        for start in range(max(len(text) - len(self._closer) - 1, 0), len(text)):
            end = text[start:]
            if self._closer.startswith(end) or f"`{self._closer}".startswith(end):
                return text[:start], end
        return text, ""

    def _read_text(self, text: str) -> list[Delta]:
        text = self._without_space(text)
        self.is_done = self.is_done or bool(text)
        return _deltas(text)

    def _without_space(self, text: str) -> str:
        """Return the text without the white space that follows a tag."""
        if self._after_tag:
            text = text.lstrip()
            self._after_tag = not text
        return text


def _closers(tags: Tags) -> dict[str, str]:
    """Return what closes the reasoning, by what opens it.

    Raises:
        TypeError: the tags are not a collection of names and pairs.
        ValueError: a name is not that of an element.
    """
    if isinstance(tags, str):
        raise TypeError(f"tags={tags!r} is one name, not a collection; pass ({tags!r},)")
    return dict(_pair(tag) for tag in tags)


def _pair(tag: Any) -> tuple[str, str]:
    """Return what opens and what closes the reasoning.

    Raises:
        TypeError: the tag is neither a name nor a pair.
        ValueError: the name is not that of an element.
    """
    if isinstance(tag, str):
        if not re.fullmatch(r"[\w:.-]+", tag):
            raise ValueError(
                f"the tag {tag!r} is not the name of an element; pass the name, such as 'think', "
                "or a pair of what opens and what closes the reasoning"
            )
        return f"<{tag}>", f"</{tag}>"
    is_pair = isinstance(tag, tuple) and len(tag) == 2
    if is_pair and all(isinstance(each, str) for each in tag) and tag[1]:
        return tag[0], tag[1]
    raise TypeError(
        f"a tag is {tag!r}, {with_article(tag)}; pass the name of an element, such as 'think', or "
        "a pair of what opens and what closes the reasoning"
    )


def _deltas(text: str, part: str = "text") -> list[Delta]:
    return [Delta(text, part)] if text else []


_USUAL: Final = _closers(THINK_TAGS)
