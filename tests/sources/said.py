"""Read events, and compare what was said in them."""

from typing import Any

from tests.sources.protocols import as_objects

from streamhtml import SourceError, Truncated, deltas
from streamhtml._answer import Answer

Part = tuple[str, ...]
"""The kind and the text; of a tool call its id, its name, its arguments, and its result if any."""


def said(events: Any) -> tuple[list[Part], str, Any]:
    """Return the parts, how the answer ended, and the facts."""
    source, answer, ended = deltas(events), Answer(), "finished"
    try:
        for delta in source:
            answer.add(delta)
    except (Truncated, SourceError) as error:
        ended = f"{type(error).__name__}: {error}"
    return [_part(part) for part in answer.parts], ended, source.report.facts


def said_in_both_forms(events: list[Any]) -> tuple[list[Part], str, Any]:
    """Read mappings and objects, which must say the same."""
    first, second = said(events), said([as_objects(event) for event in events])
    assert first[:2] == second[:2]
    assert first[2] == second[2]
    return first


def _part(part: Any) -> Part:
    if part.kind not in ("tool", "approval"):
        return (part.kind, part.text)
    results = [str(each) for each in (part.result, part.error) if each is not None]
    failed = ["failed"] if part.error is not None else []
    return (part.kind, part.id, part.name, part.text, *results, *failed)
