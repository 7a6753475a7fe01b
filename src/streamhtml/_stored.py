"""Reads stored JSON strictly: each mistake is an error that says which field is wrong.

An error quotes no text, because somebody may have written it.
"""

import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any, Final, TypeVar

from streamhtml._delta import Facts
from streamhtml._said import Said, text_from_json, text_to_json
from streamhtml._type_name import with_article

T = TypeVar("T")

_MAX_SECONDS: Final = sys.float_info.max
"""So infinity is refused, and so is an ``int`` that is too large for a ``float``."""


class StoredObject:
    """A JSON object from a database, of which nothing is trusted.

    Args:
        data: the object.
        path: where it is, for errors; ``""`` at the top.

    Raises:
        ValueError: ``data`` is not a mapping.
    """

    def __init__(self, data: object, path: str = "") -> None:
        if not isinstance(data, Mapping):
            raise _error(path, data, "a mapping")
        self._data = data
        self._path = path

    def get(self, name: str) -> Any:
        """Return a value as it is; None if it is missing."""
        return self._data.get(name)

    def text(self, name: str) -> str:
        """Return a text, which may not be missing."""
        value = self.get(name)
        if isinstance(value, Mapping) and set(value) == {"escaped"}:
            with suppress(ValueError):
                value = text_from_json(value)
        if not isinstance(value, str):
            raise self._error(name, "a str")
        return value

    def optional_text(self, name: str) -> str | None:
        """Return a text, or None."""
        return None if self.get(name) is None else self.text(name)

    def one_of(self, name: str, known: tuple[T, ...]) -> T:
        """Return one of the known texts."""
        value = self.get(name)
        for each in known:
            if each == value:
                return each
        raise self._error(name, "one of " + ", ".join(map(repr, known)))

    def optional_one_of(self, name: str, known: tuple[T, ...]) -> T | None:
        """Return one of the known texts, or None."""
        return None if self.get(name) is None else self.one_of(name, known)

    def seconds(self, name: str) -> float | None:
        """Return a number of seconds, or None."""
        value = self.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self._error(name, "a number of seconds or None")
        if not 0 <= value <= _MAX_SECONDS:
            raise ValueError(f"{self._place(name)} is {value!r}; pass seconds from 0 on, or None")
        return value

    def counts(self, name: str) -> dict[str, int] | None:
        """Return whole numbers by their names, or None."""
        value = self.get(name)
        if value is None:
            return None
        if not isinstance(value, Mapping) or not all(
            isinstance(key, str) and type(number) is int for key, number in value.items()
        ):
            raise self._error(name, "a mapping of names to int, or None")
        return dict(value)

    def said(self, name: str) -> Said:
        """Return text that may have pieces of ``Markup``."""
        try:
            return Said.from_json(self.get(name))
        except ValueError:
            raise self._error(name, "a text or its pieces, as Answer.to_dict() stores it") from None

    def optional_said(self, name: str) -> Said | None:
        """Return such text, or None."""
        return None if self.get(name) is None else self.said(name)

    def objects(self, name: str) -> "Iterator[StoredObject]":
        """Iterate the objects of a list."""
        value = self.get(name)
        if not isinstance(value, list | tuple):
            raise self._error(name, "a list")
        for index, each in enumerate(value):
            yield StoredObject(each, f"{self._place(name)}[{index}]")

    def objects_by_name(self, name: str) -> "dict[str, StoredObject] | None":
        """Return the objects of an object by their names, or None."""
        value = self.get(name)
        if value is None:
            return None
        if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
            raise self._error(name, "a mapping of names, or None")
        return {key: StoredObject(each, f"{self._place(name)}[…]") for key, each in value.items()}

    def _place(self, name: str) -> str:
        return f"{self._path}.{name}" if self._path else name

    def _error(self, name: str, expected: str) -> ValueError:
        return _error(self._place(name), self.get(name), expected)


def facts_to_dict(facts: Facts) -> dict[str, Any]:
    """Return facts as values of JSON."""
    sources = facts.sources
    return {
        "model": _optional_to_json(facts.model),
        "response_id": _optional_to_json(facts.response_id),
        "finish_reason": _optional_to_json(facts.finish_reason),
        "usage": None if facts.usage is None else dict(facts.usage),
        "sources": None
        if sources is None
        else {name: facts_to_dict(each) for name, each in sources.items()},
    }


def _optional_to_json(text: str | None) -> Any:
    return None if text is None else text_to_json(str(text))


def facts_from_stored(stored: StoredObject) -> Facts:
    """Return the facts that ``facts_to_dict()`` has stored.

    Raises:
        ValueError: one of them is wrong. The message says which.
    """
    sources = stored.objects_by_name("sources")
    return Facts(
        model=stored.optional_text("model"),
        response_id=stored.optional_text("response_id"),
        finish_reason=stored.optional_text("finish_reason"),
        usage=stored.counts("usage"),
        sources=None
        if sources is None
        else {name: facts_from_stored(each) for name, each in sources.items()},
    )


def _error(path: str, value: object, expected: str) -> ValueError:
    if isinstance(value, str) and not path:
        return ValueError(
            "the stored answer is a str, not a mapping; pass json.loads(…) of what was stored"
        )
    is_wrong_text = isinstance(value, str) and expected.startswith("one of")
    found = "" if is_wrong_text else f"{with_article(value)}, "
    return ValueError(
        f"{path or 'the stored answer'} is {found}not {expected}; pass what Answer.to_dict() "
        "returned"
    )
