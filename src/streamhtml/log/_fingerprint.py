"""The tag of an answer's fragments: a short hash of all that their numbers depend on.

Two workers have the same tag if they make the same fragments of the same entries. After a deploy
that changes how an answer is shown, they have another one.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache, partial
from hashlib import blake2b
from importlib.metadata import version
from itertools import islice
from operator import length_hint
from pathlib import PurePath
from re import Pattern
from types import BuiltinFunctionType, CellType, CodeType, FunctionType, MethodType
from typing import Final

from streamhtml._type_name import type_name

_MAX_VALUES: Final = 1_000
"""How many values of the options are looked into, because this is done for each response."""

_MAX_IN_SET: Final = 10
"""How many values inside each value of a set are looked into."""

_MAX_DEPTH: Final = 8
"""How deeply the options are looked into. What is nested deeper counts as the same."""

_ID: Final = re.compile(r'\sid="([^"]+)"')


def fingerprint(key: str, message_pair_id: str, html: str, options: object) -> str:
    """Return the tag of an answer's fragments: 8 hexadecimal digits.

    Args:
        key: the key of the answer in the log.
        message_pair_id: the id of the message.
        html: the message without any text. The ids in it say which parts the template shows.
        options: how the parts are rendered.
    """
    parts = sorted({each for each in _ID.findall(html) if each.startswith(message_pair_id)})
    what = [key, message_pair_id, parts, _version(), describe(options)]
    return blake2b(repr(what).encode("utf-8", "replace"), digest_size=4).hexdigest()


def describe(value: object) -> str:
    """Return a text that is the same in every process for an option with the same meaning.

    A function is described by its name and its code, because it can make a renderer with other
    options after a deploy.
    """
    return _describe(value, _MAX_DEPTH, iter(range(_MAX_VALUES)))


def _describe(value: object, depth: int, budget: Iterator[int]) -> str:
    if depth == 0 or next(budget, None) is None:
        return ""

    def inner(value: object, depth: int = depth - 1) -> str:
        return _describe(value, depth, budget)

    match value:
        case None | bool() | int() | float() | str() | bytes():
            return repr(value)
        case Mapping():
            first = islice(value.items(), _MAX_VALUES)
            pairs = [f"{inner(key)}: {inner(each)}" for key, each in first]
            return f"{{{', '.join(sorted(pairs))}}}"
        case list() | tuple():
            return f"[{', '.join(map(inner, value[:_MAX_VALUES]))}]"
        case set() | frozenset():
            # The order of a set differs in each process. So all of it counts, or only its length.
            if len(value) > length_hint(budget):
                return f"{{{len(value)} values}}"
            counted = zip(value, budget, strict=False)
            pieces = [_describe(each, depth - 1, iter(range(_MAX_IN_SET))) for each, _ in counted]
            return f"{{{', '.join(sorted(pieces))}}}"
        case partial():
            return inner([value.func, value.args, value.keywords])
        case FunctionType():
            inside = [_content(cell) for cell in value.__closure__ or ()]
            options = inner([inside, value.__defaults__, value.__kwdefaults__])
            return f"{value.__qualname__}({_describe_code(value.__code__)}, {options})"
        case MethodType():
            return inner([value.__func__, value.__self__])
        case type() | BuiltinFunctionType():
            return f"{value.__module__}.{value.__qualname__}"
        case Enum() | Pattern() | PurePath():
            return repr(value)
    if is_dataclass(value):
        values = [(field.name, getattr(value, field.name)) for field in fields(value)]
        return f"{type_name(value)}{inner(values)}"
    # A callable object, for example. Objects inside it are not looked into: they may be many.
    attributes = getattr(value, "__dict__", None)
    return f"{type_name(value)}({inner(attributes, min(depth - 1, 2))})"


def _content(cell: CellType) -> object:
    try:
        return cell.cell_contents
    except ValueError:  # Its name has no value yet.
        return None


def _describe_code(code: CodeType) -> str:
    constants = [
        _describe_code(each) if isinstance(each, CodeType) else describe(each)
        for each in code.co_consts
    ]
    digest = blake2b(code.co_code, digest_size=8)
    digest.update(repr((constants, code.co_names)).encode("utf-8", "replace"))
    return digest.hexdigest()


@cache
def _version() -> str:
    return version("streamhtml")  # Read once, because it takes some milliseconds.
