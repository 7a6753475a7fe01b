"""``Patch`` and ``Fragment``: the renderers and the reply create them, and the formats read them.

The law: the HTML of each patch is closed (see ``_closed_html``). So every format can write it
between its own elements, and clients can join it with what follows.

This module does no I/O, and knows no output format.
"""

import re
import secrets
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal, get_args

from markupsafe import Markup

from streamhtml._closed_html import closed

Action = Literal["append", "replace", "tail"]
Outcome = Literal["finished", "stopped", "truncated", "failed", "interrupted"]

OUTCOMES: Final[tuple[Outcome, ...]] = get_args(Outcome)

# Ids are written into HTML comments, attributes and CSS selectors. None of these characters needs
# escaping there, except "." and ":" in selectors (see id_selector).
_ID = re.compile(r"[A-Za-z_][A-Za-z0-9_.:-]*\Z")


# A patch and a fragment are not frozen, because frozen ones take three times as long to make.
@dataclass(slots=True)
class Patch:
    """One change to the page. Do not modify a Patch after it was made.

    ``append`` adds ``html`` as the last children of an element. ``replace`` puts ``html`` in the
    place of an element. ``tail`` appends ``html`` provisionally: it is removed again before the
    next patch that has the same root.

    The element is found from the root: follow the last element child ``depth`` times, or take the
    element child with the index ``child``. Without either, it is the root itself.

    If ``root`` is empty, the patch does not say the place. For ``append`` it is the container
    that the page asked for (``hx-target``, ``data-stream``). For ``replace``, each top-level
    element of ``html`` replaces the element on the page that has the same id.

    Args:
        action: "append", "replace" or "tail".
        html: HTML, already escaped, and well-formed by itself where it is inserted. What it leaves
            open is closed, so ``patch.html`` may differ from the argument.
        root: the id of an element, without ``#``; or ``""``.
        depth: how many times to go to the last element child.
        child: the index of an element child of the root, from 0. It cannot be combined with
            ``depth``.

    Raises:
        ValueError: the arguments do not describe a place.
    """

    action: Action
    html: Markup
    root: str = ""
    depth: int = 0
    child: int | None = None

    def __post_init__(self) -> None:
        if self.depth < 0 or (self.child is not None and (self.child < 0 or self.depth)):
            raise ValueError(
                f"depth={self.depth!r} and child={self.child!r} name no element; use one of them, "
                "and no number below 0"
            )
        if not self.root and (self.action == "tail" or self.depth or self.child is not None):
            raise ValueError(
                f"a tail, and a place with depth={self.depth!r} and child={self.child!r}, needs a "
                "root; pass the id of the element that the place is counted from"
            )
        if "<" in self.html or "&" in self.html:
            self.html = closed(self.html)

    @property
    def selector(self) -> str:
        """The CSS selector of the element; ``""`` if the root is empty."""
        if not self.root:
            return ""
        root = id_selector(self.root)
        if self.child is not None:
            return f"{root} > :nth-child({self.child + 1})"
        return root + " > :last-child" * self.depth


def closed_patch(
    action: Action, html: Markup, root: str = "", depth: int = 0, child: int | None = None
) -> Patch:
    """Return a patch whose HTML is known to be closed, because our own code has written it.

    Neither the HTML nor the place is checked.
    """
    patch = object.__new__(Patch)
    patch.action = action
    patch.html = html
    patch.root = root
    patch.depth = depth
    patch.child = child
    return patch


@dataclass(slots=True)
class Fragment:
    """One step of a stream: patches that are applied together, or not at all. Do not modify it.

    The first fragment of a message, index 0, appends the message to a container. Later fragments
    change the message. A fragment with neither patches nor outcome is a ping: it shows that the
    connection is alive. It repeats the index of the fragment before it, and is not counted.

    Args:
        index: the number of the fragment: 0, 1, 2 … without a gap. For an answer in a log, it is
            the number of the log's entry, and entries that show nothing leave a gap.
        patches: the changes, in the order in which they are applied.
        outcome: how the stream ended; only the last fragment has one.
        tag: names what the number belongs to, for an answer in a log: ASCII letters and digits. Two
            fragments with the same number and tag are the same. ``""`` for any other answer.
    """

    index: int
    patches: tuple[Patch, ...] = ()
    outcome: Outcome | None = None
    tag: str = ""

    @property
    def id(self) -> str:
        """What a client repeats when it reconnects: the number, and the tag if there is one."""
        return f"{self.index}.{self.tag}" if self.tag else str(self.index)


def pair_id(prefix: str = "ai_") -> str:
    """Return a new id for one question and its answer: ``prefix`` and 32 hexadecimal digits.

    The digits are 128 random bits from the operating system, so the id cannot be guessed.

    Raises:
        ValueError: the prefix does not begin with an ASCII letter or an underscore (a CSS selector
            cannot contain an id that begins with a digit), or it has characters other than ASCII
            letters, digits and ``_ . : -``.
    """
    return check_id(prefix, "prefix") + secrets.token_hex(16)


@lru_cache(256)
def id_selector(value: str) -> str:
    """Return the CSS selector of the element that has the id ``value``.

    Raises:
        ValueError: the value is not a valid id; see ``check_id()``.
    """
    check_id(value, "id")
    # The colon is escaped by its number, because htmx 4 splits hx-swap-oob="beforeend:#id" at the
    # last ":", which must be the one before "#".
    return "#" + value.replace(".", r"\.").replace(":", r"\3a ")


def is_id(value: str) -> bool:
    """Return whether ``value`` is safe as an element's id in every place where ids are written."""
    return _ID.match(value) is not None


def check_id(value: str, name: str) -> str:
    """Return ``value`` if it is safe as an element's id in every place where ids are written.

    Raises:
        ValueError: it is not safe. The message quotes ``name`` and ``value``.
    """
    if not is_id(value):
        raise ValueError(
            f"{name}={value!r} cannot be used as an element id: begin with a letter or an "
            "underscore, and continue with ASCII letters, digits, '_', '.', ':' or '-'"
        )
    return value
