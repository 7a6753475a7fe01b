"""A context manager that releases the resources of code that runs outside of the view.

That code is the source, the templates after the first rendering, and ``on_end``. At the end of a
request, a framework releases what the view holds in its thread, such as database connections. It
knows nothing of the threads and tasks of a stream, so an adapter does the same there. Nothing here
knows a framework.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from typing import Protocol, TypeAlias


class ResourceScope(Protocol):
    """Releases the resources of the code in one ``with`` block, or ``async with`` block.

    ``with`` is used on the thread in which the code runs, and ``async with`` in its task.

    It may wait at the end, for some seconds at most. It raises nothing.
    """

    def __enter__(self) -> object: ...

    def __exit__(self, *exc: object) -> None: ...

    async def __aenter__(self) -> object: ...

    async def __aexit__(self, *exc: object) -> None: ...


MakeResourceScope: TypeAlias = Callable[[], ResourceScope]

_make: ContextVar[MakeResourceScope | None] = ContextVar("streamhtml resource scope", default=None)

_without_response: MakeResourceScope = nullcontext


def resource_scope() -> ResourceScope:
    """Return a new scope for the code that is about to run."""
    return (_make.get() or _without_response)()


def use_without_response(make: MakeResourceScope) -> None:
    """Let ``resource_scope()`` return what ``make`` returns, where there is no response.

    This is for the answers that a task of this process generates.
    """
    global _without_response
    _without_response = make


@contextmanager
def use_resource_scope(make: MakeResourceScope) -> Iterator[None]:
    """Let ``resource_scope()`` return what ``make`` returns, for each stream made in the block."""
    token = _make.set(make)
    try:
        yield
    finally:
        _make.reset(token)
