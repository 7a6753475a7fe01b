"""Reads the fields of objects and mappings alike. No field is trusted to have the expected type."""

import json
from collections.abc import Mapping
from enum import Enum
from functools import lru_cache
from typing import Any


@lru_cache(maxsize=256)
def _reads_as(kind: Any) -> str:
    """Return how the fields of objects of this type are read. Asking each object takes longer."""
    if issubclass(kind, Mapping):
        return "mapping"
    return "model" if "__pydantic_extra__" in dir(kind) else "object"


@lru_cache(maxsize=4096)
def _has_attribute(kind: Any, name: str) -> bool:
    return hasattr(kind, name)


def field(value: Any, *names: str) -> Any:
    """Return the first of the named attributes or values that is not None; else None."""
    kind: Any = type(value)
    reads_as = _reads_as(kind)
    if reads_as == "model":
        return _field_of_model(value, names)
    for name in names:
        found = value.get(name) if reads_as == "mapping" else getattr(value, name, None)
        if found is not None:
            return found
    return None


def fields(value: Any, names: tuple[str, ...]) -> list[Any]:
    """Return all of the named attributes or values, or None for each that is missing.

    This is faster than calling ``field()`` for each of them.
    """
    kind: Any = type(value)
    reads_as = _reads_as(kind)
    if reads_as == "mapping":
        return list(map(value.get, names))
    if reads_as == "object":
        return [getattr(value, name, None) for name in names]
    return [_field_of_model(value, (name,)) for name in names]


def _field_of_model(model: Any, names: tuple[str, ...]) -> Any:
    """Read a field of one of Pydantic's models, which take long to say that they have none."""
    kind: Any = type(model)
    fields, extra = model.__dict__, model.__pydantic_extra__
    for name in names:
        found = fields.get(name)
        if found is None and extra:
            found = extra.get(name)
        if found is None and _has_attribute(kind, name):
            found = getattr(model, name, None)
        if found is not None:
            return found
    return None


def text_field(value: object, *names: str) -> str:
    """Return the first of the named fields that is text, and not empty; else ``""``."""
    for name in names:
        found = field(value, name)
        if isinstance(found, str) and found:
            # An Enum can be a str too, but str() of it has the name of its class.
            return found.value if isinstance(found, Enum) else found
    return ""


def list_field(value: object, *names: str) -> list[Any]:
    """Return a field that is a list; an empty list if it is missing or something else."""
    found = field(value, *names)
    return list(found) if isinstance(found, list | tuple) else []


def index_field(value: object, *names: str) -> int | None:
    """Return a field that is a whole number; None if it is missing or something else."""
    found = field(value, *names)
    return found if type(found) is int else None


def kind_of(token: object) -> str:
    """Return the type that an event says it has; ``""`` if it says none."""
    return text_field(token, "type", "event_kind")


def to_json(value: object) -> str:
    """Return what a tool takes or gives as JSON, for people to read; text as it is."""
    if isinstance(value, str):
        return value
    try:
        return "" if value is None else json.dumps(value, ensure_ascii=False, default=_plain)
    except (TypeError, ValueError):  # Its keys are no text, or it contains itself.
        return ""


def to_arguments(arguments: object) -> str:
    """Return the arguments of a tool as JSON: a text that is JSON already, or a mapping."""
    has_names = isinstance(arguments, Mapping) or hasattr(arguments, "__dict__")
    return to_json(arguments) if isinstance(arguments, str) or has_names else ""


def to_text(content: object) -> str:
    """Return the text of what a tool gives, which may be a list of blocks; or all of it as JSON."""
    blocks = content if isinstance(content, list | tuple) else [content]
    texts = [
        block if isinstance(block, str) else text_field(block, "text", "logs") for block in blocks
    ]
    return "".join(texts) if all(texts) else to_json(content)


def error_text(event: object) -> str:
    """Return what an event says about an error: its code and its message."""
    error = field(event, "error")
    if isinstance(error, str) and error:
        return error
    code = text_field(event, "code") if error is None else text_field(error, "code", "type")
    message = text_field(event if error is None else error, "message")
    return ": ".join(filter(None, (code, message)))


def _plain(value: object) -> object:
    fields = value if isinstance(value, Mapping) else getattr(value, "__dict__", None)
    return str(value) if fields is None else {str(name): fields[name] for name in fields}
