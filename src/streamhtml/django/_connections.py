"""Closes the database connections that a source, a template or ``on_end`` has opened.

Django closes the connections of a thread when a request ends in it. A stream has threads of its
own, where nothing would close them until they are garbage-collected.
"""

import asyncio
import logging
from concurrent.futures import Executor
from contextlib import suppress
from typing import Any

from asgiref.sync import AsyncToSync, SyncToAsync, ThreadSensitiveContext
from django.db import connections

from streamhtml._source_reader import CLOSE_TIMEOUT

logger = logging.getLogger("streamhtml")


class ConnectionScope:
    """Closes the connections of code outside of a view when the code ends.

    Django's async ORM does its work in the thread that asgiref chooses for the request. Under ASGI
    this is the thread of the view, and a task uses it too, so both share a connection. Under WSGI
    an async view leaves no thread behind, so a task gets one of its own.
    """

    _needs_own_thread = False

    def __enter__(self) -> None:
        pass

    def __exit__(self, *exc: object) -> None:
        _close_connections()

    async def __aenter__(self) -> None:
        self._thread: ThreadSensitiveContext | None = None
        self._is_own = False
        if not self._needs_own_thread and _sync_caller_waits():
            return
        # asgiref would prefer the thread of a caller that no longer waits. Assign it even if it is
        # not visible here: asgiref copies such a value from one thread to another.
        AsyncToSync.executors.current = None
        if not self._needs_own_thread:
            self._thread = SyncToAsync.thread_sensitive_context.get(None)
        if self._thread is None:
            self._is_own = True
            self._thread = ThreadSensitiveContext()
            SyncToAsync.thread_sensitive_context.set(self._thread)

    async def __aexit__(self, *exc: object) -> None:
        executors: Any = SyncToAsync.context_to_thread_executor
        if self._thread is None or self._thread not in executors:  # The thread was not used.
            return
        executor: Executor = executors[self._thread]
        with suppress(RuntimeError):  # Python is exiting.
            closed = executor.submit(_close_connections, keep_transactions=not self._is_own)
            if self._is_own:
                del executors[self._thread]
                executor.shutdown(wait=False)
                await asyncio.wait([asyncio.wrap_future(closed)], timeout=CLOSE_TIMEOUT)


class WaitingViewScope(ConnectionScope):
    """The scope of a source if the thread of the view waits for its first delta."""

    _needs_own_thread = True


def _sync_caller_waits() -> bool:
    """Return whether a sync function waits in ``async_to_sync()``: the ORM then uses its thread.

    It is a test or a script, and it closes its connections itself.
    """
    executor = getattr(AsyncToSync.executors, "current", None)
    if executor is None:
        return False
    try:
        executor.submit(_do_nothing)
    except RuntimeError:
        return False
    return True


def _do_nothing() -> None:
    pass


def _close_connections(*, keep_transactions: bool = False) -> None:
    for connection in connections.all(initialized_only=True):
        if keep_transactions and connection.in_atomic_block:
            continue
        try:
            connection.close()
        except Exception:
            logger.warning("closing a database connection failed", exc_info=True)
