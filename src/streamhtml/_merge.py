"""``merge()``: one source from several, which are read side by side.

Each source is opened, read and closed in a task or thread of its own, by its own ``SourceReader``.
The deltas of each are taken in turn, so one that never waits does not hold up the others.
"""

import logging
import re
from collections import deque
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import anyio

from streamhtml._answer import PARAGRAPH
from streamhtml._delta import Delta, Facts, PartEnd, ToolDelta, Truncated
from streamhtml._eventloop import current_event_loop
from streamhtml._patch import Outcome
from streamhtml._read_deltas import CHECK_EVERY, ReadDeltas
from streamhtml._source_reader import CLOSE_TIMEOUT, SourceReader
from streamhtml._type_name import with_article
from streamhtml.sources import AsyncDeltas, SyncDeltas, Tokens, deltas

_OTHER_PARTS: Final = ("reasoning", "tool")
"""Parts of a source, besides its text, that have its name in front in the merged answer."""

_TEXT_PARTS: Final = ("text", "reasoning")
"""Parts that begin a new paragraph after a tool call."""

logger = logging.getLogger("streamhtml")


def merge(sources: Mapping[str, Tokens]) -> "MergedDeltas":
    """Return one source that reads several at once, each into a part of its own.

    The text of a source becomes the part that has its name: with ``{"left": a, "right": b}``, the
    template shows ``{{ parts.left }}`` and ``{{ parts.right }}``. Its other parts have its name in
    front, as in ``parts.left_reasoning`` and ``parts.left_tool``. A source named "text" becomes
    ``{{ ai_message }}``.

    If a source fails, the exception is logged, its part ends with a notice, and the others go on.
    ``part.outcome`` says how each has ended. The answer is "finished" if at least one of them is.
    Otherwise it is "truncated" if one of them is, or else it fails with the exception of the first.
    ``answer.facts.sources`` has the facts of each, such as its usage.

    Args:
        sources: the sources by their names. Each is anything that ``deltas()`` takes, and is closed
            together with the merged one.

    Raises:
        TypeError: ``sources`` is not a mapping, or one of them cannot be iterated.
        ValueError: there is no source, or a name cannot be that of a part.
    """
    if not isinstance(sources, Mapping):
        raise TypeError(
            f"sources is {with_article(sources)}, not a mapping; pass the sources by the names of "
            "their parts, such as merge({'left': a, 'right': b})"
        )
    if not sources:
        raise ValueError("sources is empty; pass at least one, such as merge({'left': a})")
    for name in sources:
        _check_name(name, sources)
    opened: dict[str, AsyncDeltas | SyncDeltas] = {}
    for name, tokens in sources.items():
        try:
            opened[name] = deltas(tokens)
        except TypeError as error:
            raise TypeError(f"the source {name!r} cannot be merged: {error}") from None
    return MergedDeltas(opened)


def _check_name(name: Any, names: Mapping[str, Any]) -> None:
    if not (isinstance(name, str) and re.fullmatch("[A-Za-z][A-Za-z0-9_]*", name)):
        raise ValueError(
            f"{name!r} cannot be the name of a part; use letters from a to z, digits and '_', with "
            "a letter first, such as 'left'"
        )
    if name in _OTHER_PARTS:
        raise ValueError(f"{name!r} is a part that each source may have; choose another name")
    for part in _OTHER_PARTS:
        if f"{name}_{part}" in names:
            raise ValueError(
                f"'{name}_{part}' is the part {part!r} of the source {name!r}, and cannot be the "
                "name of another source; choose another name"
            )


class MergedDeltas(ReadDeltas):
    """The source that ``merge()`` returns."""

    def __init__(self, sources: Mapping[str, AsyncDeltas | SyncDeltas]) -> None:
        super().__init__()
        self._sources = sources
        self._children: dict[str, SourceReader] = {}
        self._errors: dict[str, BaseException] = {}
        self._outcomes: dict[str, Outcome] = {}
        self._calls_seen: set[tuple[str, str]] = set()  # By source and id.
        # By source and part, once there is such a part: whether a tool call came after it.
        self._call_since: dict[tuple[str, str], bool] = {}
        self._running: deque[tuple[str, SourceReader]] = deque()  # The next one to ask first.
        self._owners = {name: name for name in sources}  # The source of each part.

    def __del__(self) -> None:
        for reader in self._children.values():
            reader.close()

    def _start(self) -> None:
        wakeup = current_event_loop().create_wakeup()
        for name, source in self._sources.items():
            self._children[name] = SourceReader(source)
        for reader in self._children.values():
            reader.start(wakeup)
        self._running.extend(self._children.items())

    async def _next_batch(self) -> list[Delta] | None:
        if not self._children:
            self._start()
        while self._running:
            for _ in range(len(self._running)):
                name, reader = self._running.popleft()
                if (batch := reader.poll()) is None:
                    return [self._end_part(name, reader)]
                self._running.append((name, reader))
                if batch and (renamed := self._rename(name, batch)):
                    return renamed
            if self._was_read(sum(child.source.reads for child in self._children.values())):
                return []
            await self._running[0][1].wait(CHECK_EVERY)
        self._check_outcomes()
        return None

    def _take_rest(self) -> list[Delta]:
        rest: list[Delta] = []
        for name, reader in self._children.items():
            rest += self._rename(name, reader.take_rest())
        return rest

    def close_unopened(self) -> bool:
        if not self._children:
            closed = [source.close_unopened() for source in self._sources.values()]
            self._closed = all(closed)
        return self._closed

    async def aclose(self) -> None:
        """Close all sources, at the same time."""
        if self._closed:
            return
        for reader in self._children.values():
            reader.close()
        await super().aclose()
        with anyio.move_on_after(CLOSE_TIMEOUT, shield=True):
            for reader in self._children.values():
                await reader.wait_until_closed(CLOSE_TIMEOUT)
        self._report_facts()
        if not self._children:
            for source in self._sources.values():
                if not source.close_unopened():
                    assert isinstance(source, AsyncDeltas)
                    await source.aclose()

    def _rename(self, name: str, batch: list[Delta]) -> list[Delta]:
        """Return Deltas with the names of their parts in the merged answer.

        Two sources must not write into one part. The source that does so second is ended.
        """
        renamed: list[Delta] = []
        for delta in batch:
            part = name if delta.part == "text" else f"{name}_{delta.part}"
            owner = self._owners.setdefault(part, name)
            if owner != name:
                self._errors[name] = ValueError(
                    f"the part {delta.part!r} of the source {name!r} has the name {part!r}, which "
                    f"belongs to the source {owner!r}; give one of the sources another name"
                )
                self._children[name].close()
            if name in self._errors:
                break
            if self._begins_paragraph(name, delta):
                renamed.append(Delta(PARAGRAPH, part))
            renamed.append(
                Delta(delta.text, part) if type(delta) is Delta else replace(delta, part=part)
            )
        return renamed

    def _begins_paragraph(self, name: str, delta: Delta) -> bool:
        """Return whether this goes on after a tool call, in one part with what came before.

        Without ``merge()``, it would be a part of its own.
        """
        if isinstance(delta, ToolDelta) and (name, delta.id) not in self._calls_seen:
            self._calls_seen.add((name, delta.id))
            for part in _TEXT_PARTS:
                if (name, part) in self._call_since:
                    self._call_since[name, part] = True
        if delta.part not in _TEXT_PARTS:
            return False
        begins = self._call_since.get((name, delta.part), False)
        self._call_since[name, delta.part] = False
        return begins and type(delta) is Delta

    def _end_part(self, name: str, reader: SourceReader) -> PartEnd:
        error = self._errors.get(name) or reader.error
        outcome: Outcome = "interrupted" if reader.interrupted else "finished"
        if isinstance(error, Truncated):
            outcome = "truncated"
        elif error is not None:
            outcome = "failed"
            logger.error("the source %r of merge() failed", name, exc_info=error)
        if error is not None:
            self._errors[name] = error
        self._outcomes[name] = outcome
        self._report_facts()
        return PartEnd(part=name, outcome=outcome)

    def _check_outcomes(self) -> None:
        """Raise what ends the whole answer, if no source is finished."""
        if "finished" in self._outcomes.values():
            return
        errors = [self._errors[name] for name in self._sources if name in self._errors]
        for error in sorted(errors, key=lambda error: not isinstance(error, Truncated)):
            raise error

    def _report_facts(self) -> None:
        self.report.facts = Facts(
            sources={name: reader.source.report.facts for name, reader in self._children.items()}
        )
