"""Entries: what was said and how it ended, as JSON text for a storage.

Entry 0 is a ``Header``, each further one a ``Batch``, and the last one an ``EndEntry``. What is
read comes from a database, and is not trusted, except that stored ``Markup`` is trusted HTML again.
Nothing here does I/O.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias

from streamhtml._delta import (
    NO_FACTS,
    TOOL_FIELDS,
    Delta,
    Facts,
    PartEnd,
    Replacement,
    ToolDelta,
    ToolField,
)
from streamhtml._limits import LIMIT_OUTCOMES, LimitName
from streamhtml._patch import OUTCOMES, Outcome
from streamhtml._said import text_from_json, text_to_json
from streamhtml._stored import StoredObject, facts_from_stored, facts_to_dict

VERSION: Final = 1

_LAST_TIME: Final = datetime.max.replace(tzinfo=UTC).timestamp()

_LIMITS: Final[tuple[LimitName, ...]] = tuple(LIMIT_OUTCOMES)


@dataclass(frozen=True, slots=True)
class Header:
    """The first entry.

    Attributes:
        key: a random text, different for each generation; ``""`` for an answer that was stopped
            before anybody began it.
        began: the time at which it began, in seconds since 1970 (UTC).
    """

    key: str
    began: float


@dataclass(frozen=True, slots=True)
class Batch:
    """Deltas that one fragment shows.

    Attributes:
        at: seconds from the start of the answer.
        deltas: the Deltas, merged.
    """

    at: float
    deltas: list[Delta]


@dataclass(frozen=True, slots=True)
class EndEntry:
    """How an answer has ended.

    Attributes:
        outcome: how it ended.
        ended: the time, in seconds since 1970 (UTC).
        duration: seconds from its start; None if unknown.
        limit: the name of the limit that ended it, or None.
        first_delta_after: as in ``Answer``.
        facts: as in ``Answer``.
    """

    outcome: Outcome
    ended: float
    duration: float | None = None
    limit: LimitName | None = None
    first_delta_after: float | None = None
    facts: Facts = NO_FACTS


Entry: TypeAlias = Header | Batch | EndEntry


def encode(entry: Entry) -> str:
    """Return an entry as JSON text, which is always the same for the same entry."""
    return json.dumps(_to_json(entry), ensure_ascii=False, separators=(",", ":"))


def _to_json(entry: Entry) -> dict[str, Any]:
    if isinstance(entry, Header):
        return {"version": VERSION, "key": entry.key, "began": entry.began}
    if isinstance(entry, EndEntry):
        return {
            "outcome": entry.outcome,
            "ended": entry.ended,
            "duration": entry.duration,
            "limit": entry.limit,
            "first_delta_after": entry.first_delta_after,
            **({} if entry.facts == NO_FACTS else {"facts": facts_to_dict(entry.facts)}),
        }
    deltas = entry.deltas
    if len(deltas) == 1 and type(deltas[0]) is Delta and deltas[0].part == "text":
        return {"at": entry.at, "text": text_to_json(deltas[0].text)}  # The usual batch.
    return {"at": entry.at, "deltas": [_delta_to_json(delta) for delta in deltas]}


def _delta_to_json(delta: Delta) -> dict[str, Any]:
    stored: dict[str, Any] = {"text": text_to_json(delta.text), "part": text_to_json(delta.part)}
    if isinstance(delta, ToolDelta):
        stored |= {
            "id": text_to_json(delta.id),
            "name": text_to_json(delta.name),
            "field": delta.field,
        }
    elif isinstance(delta, PartEnd):
        stored["outcome"] = delta.outcome
    elif isinstance(delta, Replacement):
        stored["replaces"] = True
    return stored


def decode(text: str) -> Entry:
    """Return the entry that ``encode()`` has stored.

    Raises:
        ValueError: it is something else, or comes from a newer version. No text is quoted.
    """
    try:
        data = json.loads(text)
    except RecursionError:
        raise ValueError("an entry of the log is nested too deeply") from None
    match data:
        case {"at": float() as at, "text": str() as said} if len(data) == 2 and at >= 0:
            return Batch(at, [Delta(said)])  # Fast path: the usual batch.
        case {"outcome": _}:
            return _end_from_json(StoredObject(data))
        case {"key": _}:
            return _header_from_json(StoredObject(data))
        case Mapping():
            return _batch_from_json(StoredObject(data))
    raise ValueError("an entry of the log is not a JSON object")


def _header_from_json(stored: StoredObject) -> Header:
    if stored.get("version") != VERSION:
        raise ValueError(
            f"the answer in the log has the version {stored.get('version')!r}, and this package "
            f"reads version {VERSION}"
        )
    return Header(stored.text("key"), _time(stored, "began"))


def _time(stored: StoredObject, name: str) -> float:
    seconds = stored.seconds(name) or 0.0
    if seconds > _LAST_TIME:
        raise ValueError(f"an entry of the log has {name}={seconds!r}, which is no time")
    return seconds


def _end_from_json(stored: StoredObject) -> EndEntry:
    facts = stored.get("facts")
    return EndEntry(
        stored.one_of("outcome", OUTCOMES),
        _time(stored, "ended"),
        stored.seconds("duration"),
        stored.optional_one_of("limit", _LIMITS),
        stored.seconds("first_delta_after"),
        NO_FACTS if facts is None else facts_from_stored(StoredObject(facts, "facts")),
    )


def _batch_from_json(stored: StoredObject) -> Batch:
    at = stored.seconds("at") or 0.0
    if stored.get("deltas") is None:
        return Batch(at, [Delta(text_from_json(stored.get("text")))])
    return Batch(at, [_delta_from_json(each) for each in stored.objects("deltas")])


def _delta_from_json(stored: StoredObject) -> Delta:
    text, part = text_from_json(stored.get("text")), stored.text("part")
    if stored.get("field") is not None:
        field: ToolField = stored.one_of("field", TOOL_FIELDS)
        return ToolDelta(text, part, stored.text("id"), stored.text("name"), field)
    if stored.get("outcome") is not None:
        return PartEnd(text, part, stored.one_of("outcome", OUTCOMES))
    if stored.get("replaces") is not None:
        return Replacement(text, part)
    return Delta(text, part)
