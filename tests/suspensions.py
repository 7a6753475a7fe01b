"""Observe a coroutine from outside: its suspensions, and what it logs, warns of or leaves open."""

import gc
import logging
import re
import sys
import threading
import warnings
import weakref
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

OnSuspension = Callable[[int, Any], None]


class CountedCoroutine(Coroutine[Any, Any, Any]):
    """Run a coroutine, and call a function at each of its suspensions.

    A suspension is each time that the coroutine yields to the event loop.

    Args:
        coroutine: what is run.
        on_suspension: called with the number of the suspension and with what is awaited.
    """

    def __init__(self, coroutine: Coroutine[Any, Any, Any], on_suspension: OnSuspension) -> None:
        self._coroutine = coroutine
        self._on_suspension = on_suspension
        self._suspensions = 0

    def __await__(self) -> "CountedCoroutine":
        return self

    def __iter__(self) -> "CountedCoroutine":
        return self

    def __next__(self) -> Any:
        return self.send(None)

    def __getattr__(self, name: str) -> Any:  # Event loops look at cr_frame and others.
        return getattr(self._coroutine, name)

    def send(self, value: Any) -> Any:
        return self._suspended(self._coroutine.send(value))

    def throw(self, *error: Any) -> Any:
        return self._suspended(self._coroutine.throw(*error))

    def close(self) -> None:
        self._coroutine.close()

    def _suspended(self, awaited: Any) -> Any:
        self._suspensions += 1
        self._on_suspension(self._suspensions, awaited)
        return awaited


def is_ours(coroutine: Any) -> bool:
    """Return whether a coroutine that has not ended belongs to the library."""
    frame = getattr(coroutine, "cr_frame", None)
    module = type(coroutine).__module__ if frame is None else frame.f_globals.get("__name__", "")
    return module.startswith("streamhtml.")


def source_threads() -> list[threading.Thread]:
    """Return the threads of sync sources that are running."""
    return [thread for thread in threading.enumerate() if thread.name == "streamhtml"]


@contextmanager
def report_open_generators(problems: list[str]) -> Iterator[None]:
    """Report async generators that are left to the garbage collector or to the end of the loop."""
    first, last = sys.get_asyncgen_hooks()
    started: weakref.WeakSet[AsyncGenerator[Any, Any]] = weakref.WeakSet()

    def on_start(generator: AsyncGenerator[Any, Any]) -> None:
        started.add(generator)
        if first is not None:
            first(generator)

    def on_collection(generator: AsyncGenerator[Any, Any]) -> None:
        problems.append(f"left to the garbage collector: {generator}")
        if last is not None:
            last(generator)

    sys.set_asyncgen_hooks(on_start, on_collection)
    try:
        yield
    finally:
        open_generators = [gen for gen in started if gen.ag_frame is not None]  # type: ignore[attr-defined]
        problems += [f"still open: {gen}" for gen in open_generators]
        sys.set_asyncgen_hooks(first, last)


class _UnexpectedRecords(logging.Handler):
    def __init__(self, expected: str, problems: list[str]) -> None:
        super().__init__(logging.WARNING)
        self._expected = re.compile(expected)
        self._problems = problems

    def emit(self, record: logging.LogRecord) -> None:
        if not self._expected.match(record.getMessage()):
            self._problems.append(f"logged: {self.format(record)}")


@contextmanager
def report_complaints(expected: str, problems: list[str]) -> Iterator[None]:
    """Report log records, warnings, and exceptions that no caller can see.

    Args:
        expected: a pattern of the log messages that are no problem.
        problems: the list to which the others are added.
    """
    handler = _UnexpectedRecords(expected, problems)
    unraisablehook, excepthook = sys.unraisablehook, threading.excepthook
    sys.unraisablehook = lambda args: problems.append(f"unraisable: {args}")
    threading.excepthook = lambda args: problems.append(f"in a thread: {args}")
    logging.getLogger().addHandler(handler)
    try:
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            yield
            gc.collect()
        problems += [f"warned: {warning.message}" for warning in warned]
    finally:
        logging.getLogger().removeHandler(handler)
        sys.unraisablehook, threading.excepthook = unraisablehook, excepthook
