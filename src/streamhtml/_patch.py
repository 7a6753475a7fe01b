"""The waist: everything before makes Patches and Fragments, everything after reads them.

Nothing here does I/O, knows a wire format, or imports another module of ours.
"""

import re
import secrets
from dataclasses import dataclass
from typing import Literal

from markupsafe import Markup

Action = Literal["append", "replace", "tail"]
Outcome = Literal["finished", "stopped", "truncated", "failed", "interrupted"]

# Ids travel inside HTML comments, CSS selectors and attributes: these characters need no
# escaping in the first two but "." and ":" (see Patch.selector), and none in the third.
_ID = re.compile(r"[A-Za-z_][A-Za-z0-9_.:-]*\Z")


@dataclass(slots=True)  # Not frozen: that makes one three times as slow, and many are made.
class Patch:
    """One change to the page. Nothing changes it once it is made.

    ``append`` adds ``html`` as the last children of an element, ``replace`` puts ``html`` where
    an element was, ``tail`` appends something provisional: it is shown now and gone before the
    next patch of the same root.

    The element is found from a root: ``root`` itself, then ``depth`` times the last element
    child; or, with ``child``, the root's element child of that index, from 0.

    An empty ``root`` means that the place is named elsewhere. For ``append`` it is the container
    that the page asked for (``hx-target``, ``data-stream``); for ``replace`` each top-level
    element of ``html`` replaces the one on the page that has the same id.

    Args:
        action: what is done.
        html: HTML, already escaped and well-formed by itself in the place where it goes.
        root: an element's id, without ``#``; or ``""``.
        depth: how many times to descend to the last element child.
        child: index of an element child of the root; excludes ``depth``.

    Raises:
        ValueError: a place that cannot be.
    """

    action: Action
    html: Markup
    root: str = ""
    depth: int = 0
    child: int | None = None

    def __post_init__(self) -> None:
        if self.depth < 0 or (self.child is not None and (self.child < 0 or self.depth)):
            raise ValueError(
                f"depth={self.depth!r} and child={self.child!r} name no element: one of them, "
                "and not below 0"
            )
        if not self.root and (self.action == "tail" or self.depth or self.child is not None):
            raise ValueError(f"{self.action!r} needs a root, to be there or to count from")

    @property
    def selector(self) -> str:
        """The CSS selector of the element; ``""`` where the place is named elsewhere."""
        if not self.root:
            return ""
        root = id_selector(self.root)
        if self.child is not None:
            return f"{root} > :nth-child({self.child + 1})"
        return root + " > :last-child" * self.depth


@dataclass(frozen=True, slots=True)
class Fragment:
    """What one flush sends: the patches that are applied together, or not at all.

    The first fragment of a message, index 0, is appended to a container; the later ones change
    what is there. A fragment with neither patches nor outcome is a ping: it says that the stream
    is alive, has the index of the fragment before it, and is not counted.

    Args:
        index: 0, 1, 2 … without a gap.
        patches: in the order in which they are applied.
        outcome: how the stream ended; on the last fragment alone.
    """

    index: int
    patches: tuple[Patch, ...] = ()
    outcome: Outcome | None = None


def pair_id(prefix: str = "ai_") -> str:
    """Return a new id for one question and its answer: ``prefix`` and 32 hexadecimal digits.

    The digits hold 128 random bits from the operating system, so an id cannot be guessed.

    Raises:
        ValueError: the prefix does not begin with a letter or an underscore (an id that begins
            with a digit cannot be written in a CSS selector), or holds other characters than
            ASCII letters, digits and ``_ . : -``.
    """
    return check_id(prefix, "prefix") + secrets.token_hex(16)


def id_selector(value: str) -> str:
    """Return the CSS selector of the element that has the id ``value``.

    Raises:
        ValueError: it cannot be an id; see ``check_id()``.
    """
    check_id(value, "id")
    # A colon by its number: htmx 4 looks for the last one, which is to be the one before "#".
    return "#" + value.replace(".", r"\.").replace(":", r"\3a ")


def check_id(value: str, name: str) -> str:
    """Return ``value`` if it can be an element's id everywhere that we write one.

    Raises:
        ValueError: it cannot; the message quotes it and calls it ``name``.
    """
    if not _ID.match(value):
        raise ValueError(
            f"{name}={value!r} cannot be used as an element id: begin with a letter or an "
            "underscore and go on with ASCII letters, digits, '_', '.', ':' or '-'"
        )
    return value
