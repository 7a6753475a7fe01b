"""The context manager around code of the app that runs outside of its view.

That code is the source, the templates after the first rendering, and ``on_end``. At the end of a
request, a framework releases what the view holds in its thread. It knows nothing of the threads and
tasks of a stream, so an adapter may have to do the same there. Nothing here knows a framework.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from typing import Protocol, TypeAlias


class Surroundings(Protocol):
    """Surrounds code once: with ``with`` on its thread, or with ``async with`` in its task.

    It may wait at the end, for some seconds at most. It raises nothing.
    """

    def __enter__(self) -> object: ...

    def __exit__(self, *exc: object) -> None: ...

    async def __aenter__(self) -> object: ...

    async def __aexit__(self, *exc: object) -> None: ...


MakeSurroundings: TypeAlias = Callable[[], Surroundings]

_make: ContextVar[MakeSurroundings] = ContextVar("streamhtml surroundings", default=nullcontext)


def surroundings() -> Surroundings:
    """Return what surrounds the code that is about to run."""
    return _make.get()()


@contextmanager
def use_surroundings(make: MakeSurroundings) -> Iterator[None]:
    """Let ``surroundings()`` return what ``make`` returns, for each stream made in the block."""
    token = _make.set(make)
    try:
        yield
    finally:
        _make.reset(token)
