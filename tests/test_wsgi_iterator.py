"""The bridge from async to sync: threads read what one shared loop produces."""

import asyncio
import gc
import os
import socket
import threading
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from tests.recorded_source import TIMEOUT

from streamhtml import Reply, _shared_loop, _sigterm, stream
from streamhtml._body import Body
from streamhtml._wsgi_iterator import CHECK_CLIENT_EVERY, SyncIterator, _producers, submit
from streamhtml.formats.html import HTMLFormat
from streamhtml.formats.whole import WholeFormat


def body(tokens: object, **environ: object) -> SyncIterator:
    fragments = stream(Reply(), tokens, interval=0, ping=0.01)  # type: ignore[arg-type]
    return SyncIterator(Body(fragments, HTMLFormat()), environ)


def test_async_sources_run_on_one_loop_whichever_thread_reads() -> None:
    threads: set[threading.Thread] = set()

    async def source() -> AsyncIterator[str]:
        for token in "abc":
            threads.add(threading.current_thread())
            yield token

    for _ in range(3):
        text = b"".join(body(source())).decode()
        assert text.endswith("end finished>")
    assert len(threads) == 1
    assert threading.current_thread() not in threads


def test_closing_closes_the_source_and_ends_the_iteration() -> None:
    closed = threading.Event()

    async def source() -> AsyncIterator[str]:
        try:
            yield "a"
            yield "b"
        finally:
            closed.set()

    for steps in 0, 1, 2:
        closed.clear()
        chunks = body(source())
        for _ in range(steps):
            next(chunks)
        chunks.close()
        chunks.close()
        if steps:
            assert closed.wait(TIMEOUT)
        with pytest.raises(StopIteration):
            next(chunks)


def read_until(chunks: SyncIterator, text: bytes) -> None:
    """Read until a chunk contains the text: on a busy machine, pings may come before it."""
    while text not in next(chunks):
        pass


async def silent(closed: threading.Event) -> AsyncIterator[str]:
    try:
        yield "a"
        await asyncio.sleep(60)
    finally:
        closed.set()


@pytest.mark.parametrize("name", ["gunicorn.socket", "werkzeug.socket"])
def test_the_iteration_ends_at_the_next_ping_when_the_client_has_left(name: str) -> None:
    closed = threading.Event()
    ours, theirs = socket.socketpair()
    with ours:
        chunks = body(silent(closed), **{name: ours})
        with theirs:
            theirs.send(b"the next request")
            assert b"open" in next(chunks)
            read_until(chunks, b"append")
            assert b"ping" in next(chunks)
            ours.recv(100)
            assert b"ping" in next(chunks)
        assert list(chunks) == []
        assert closed.wait(TIMEOUT)


@pytest.mark.parametrize("name", ["gunicorn.socket", "waitress.client_disconnected"])
def test_the_iteration_ends_soon_when_the_client_leaves_a_silent_source(name: str) -> None:
    closed = threading.Event()
    ours, theirs = socket.socketpair()
    fragments = stream(Reply(), silent(closed), interval=0, ping=None)
    value = ours if name == "gunicorn.socket" else lambda: theirs.fileno() < 0
    with ours:
        chunks = SyncIterator(Body(fragments, HTMLFormat()), {name: value})
        with theirs:
            assert b"open" in next(chunks)
            assert b"append" in next(chunks)
        assert list(chunks) == []
        assert closed.wait(TIMEOUT)


def test_a_slow_step_is_awaited_and_its_own_timeout_is_raised() -> None:
    class Slow:
        steps = 0

        async def __anext__(self) -> bytes:
            self.steps += 1
            await asyncio.sleep(CHECK_CLIENT_EVERY + 0.1)
            if self.steps > 1:
                raise TimeoutError("the step's own")
            return b"a"

        async def aclose(self) -> None: ...

    chunks = SyncIterator(Slow(), {})
    assert next(chunks) == b"a"
    with pytest.raises(TimeoutError, match="the step's own"):
        next(chunks)


async def seven() -> int:
    return 7


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")  # From Python 3.12 on.
def test_a_forked_child_has_a_loop_of_its_own() -> None:
    assert submit(seven()).result(TIMEOUT) == 7
    child = os.fork()
    if not child:
        status = 1
        try:
            status = 0 if submit(seven()).result(TIMEOUT) == 7 else 2
        finally:
            os._exit(status)
    assert os.waitpid(child, 0)[1] == 0


class Counting:
    """An endless iterator that counts its steps."""

    def __aiter__(self) -> "Counting":
        return self

    def __init__(self) -> None:
        self.steps = 0
        self.closed = threading.Event()

    async def __anext__(self) -> bytes:
        if self.closed.is_set():
            raise StopAsyncIteration
        self.steps += 1
        return str(self.steps).encode()

    async def aclose(self) -> None:
        self.closed.set()


async def settle() -> None:
    """Let the loop run everything that is ready."""
    for _ in range(20):
        await asyncio.sleep(0)


def test_the_loop_is_two_steps_ahead_at_most() -> None:
    steps = Counting()
    chunks = SyncIterator(steps, {})
    for asked in range(1, 50):
        assert next(chunks) == str(asked).encode()
        submit(settle()).result(TIMEOUT)
        assert steps.steps <= asked + 2
    chunks.close()
    assert steps.closed.is_set()


def test_a_late_wakeup_does_not_let_the_loop_run_further_ahead() -> None:
    """A thread may wake the loop for a chunk that it took before the last one was put."""
    steps = Counting()
    chunks = SyncIterator(steps, {})
    next(chunks)
    submit(settle()).result(TIMEOUT)
    for _ in range(5):
        assert chunks._handoff is not None
        chunks._handoff._wake_loop()
        submit(settle()).result(TIMEOUT)
        assert steps.steps <= 1 + 2
    assert next(chunks) == b"2"
    chunks.close()


def test_an_iterator_that_is_dropped_closes_what_it_iterates() -> None:
    steps = Counting()
    chunks = SyncIterator(steps, {})
    next(chunks)
    del chunks
    gc.collect()
    assert steps.closed.wait(TIMEOUT)
    submit(settle()).result(TIMEOUT)
    assert steps.steps <= 4


def test_many_threads_lose_nothing() -> None:
    async def source() -> AsyncIterator[str]:
        for number in range(500):
            yield f"{number} "
            if number % 3 == 0:
                await asyncio.sleep(0)

    expected = "".join(f"{number} " for number in range(500))
    texts: list[str] = []

    def read() -> None:
        reply = Reply(renderer="text")
        fragments = stream(reply, source(), interval=0)
        chunks = SyncIterator(Body(fragments, HTMLFormat()), {})
        page = b"".join(chunks).decode()
        chunks.close()
        texts.append(reply.text)
        assert page.endswith("end finished>")

    threads = [threading.Thread(target=read) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(TIMEOUT)
    assert texts == [expected] * 20


def test_a_producer_that_is_held_back_ends_when_the_iterator_is_closed(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Large(Counting):
        async def __anext__(self) -> bytes:
            return await super().__anext__() * 10_000

    for close in True, False:
        steps = Large()
        chunks = SyncIterator(steps, {})
        next(chunks)
        submit(settle()).result(TIMEOUT)  # The handoff holds one chunk, and the loop waits.
        if close:
            chunks.close()
        del chunks
        gc.collect()
        assert steps.closed.wait(TIMEOUT)
        submit(settle()).result(TIMEOUT)
        gc.collect()
        assert not _producers
    assert not caplog.records


async def raising_in_a_task(raised: type[BaseException]) -> None:
    async def work() -> None:
        raise raised

    await asyncio.create_task(work())


async def raising_in_a_callback(raised: type[BaseException]) -> None:
    def work() -> None:
        raise raised

    asyncio.get_running_loop().call_soon(work)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    raise raised


async def raising(raised: type[BaseException]) -> None:
    raise raised


async def stopping_the_loop(raised: type[BaseException]) -> None:
    asyncio.get_running_loop().stop()
    await asyncio.sleep(0)
    raise raised


@pytest.mark.parametrize("raised", [SystemExit, KeyboardInterrupt])
@pytest.mark.parametrize(
    ("end_loop", "breaks_loop"),
    [
        (raising, False),
        (raising_in_a_task, True),
        (raising_in_a_callback, True),
        (stopping_the_loop, True),
    ],
)
def test_a_source_that_ends_the_loop_ends_nobody_elses_stream(
    raised: type[BaseException],
    end_loop: Callable[[type[BaseException]], Awaitable[None]],
    breaks_loop: bool,
    caplog: pytest.LogCaptureFixture,
) -> None:
    go_on = threading.Event()
    ended: list[str] = []

    async def exits() -> AsyncIterator[str]:
        yield "a"
        await end_loop(raised)

    async def other() -> AsyncIterator[str]:
        yield "b"
        while not go_on.is_set():  # noqa: ASYNC110  (another thread sets it)
            await asyncio.sleep(0.001)
        yield "c"

    others = [body(other()) for _ in range(3)]
    for each in others:
        assert b"open" in next(each)
    failing = stream(Reply(), exits(), interval=0, on_end=lambda reply: ended.append(reply.state))
    assert b"".join(SyncIterator(Body(failing, HTMLFormat()), {})).endswith(b"end failed>")
    assert ended == ["failed"]
    go_on.set()
    for each in [*others, body(other())]:
        assert b"".join(each).endswith(b"end finished>")
    critical = [record for record in caplog.records if record.levelname == "CRITICAL"]
    assert len(critical) == breaks_loop
    if breaks_loop and end_loop is not stopping_the_loop:
        assert f"raise raised\n{raised.__name__}" in caplog.text


def test_if_the_loop_has_ended_its_readers_do_not_wait_and_a_new_one_is_started(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_shared_loop, "_thread", None)
    with monkeypatch.context() as patch:
        patch.setattr(_shared_loop, "_run_forever", asyncio.BaseEventLoop.run_forever)

        async def stops() -> AsyncIterator[str]:
            yield "a"
            asyncio.get_running_loop().stop()
            await asyncio.sleep(60)

        chunks = body(stops())
        with pytest.raises(RuntimeError, match="event loop of this stream has ended"):
            list(chunks)
        loop = _shared_loop._loop
    assert b"".join(body(["b"])).endswith(b"end finished>")
    assert loop is not None
    assert loop is not _shared_loop._loop
    for task in asyncio.all_tasks(loop):
        task.cancel()
    loop.run_until_complete(settle())
    loop.close()


def test_what_would_end_the_server_reaches_it_as_an_error() -> None:
    class Exits(Counting):
        async def __anext__(self) -> bytes:
            raise SystemExit(3)

    chunks = SyncIterator(Exits(), {})
    with pytest.raises(RuntimeError, match="the response raised a SystemExit"):
        next(chunks)
    chunks.close()


def test_a_stream_is_stopped_or_closed_before_the_shared_loop_knows_it() -> None:
    async def source() -> AsyncIterator[str]:
        raise AssertionError("not to be started")
        yield ""

    for tokens in source(), iter("ab"), Counting():
        fragments = stream(Reply(), tokens)  # type: ignore[arg-type]
        fragments.stop()
        text = b"".join(SyncIterator(Body(fragments, HTMLFormat()), {}))
        assert text.endswith(b"end stopped>")
        fragments = stream(Reply(), ["a"])
        fragments.close()
        assert b"".join(SyncIterator(Body(fragments, HTMLFormat()), {})) == b""


def test_a_page_that_gets_the_whole_message_learns_that_the_server_ends() -> None:
    async def interrupted() -> bytes:
        closed = threading.Event()
        fragments = stream(Reply(at_once=True), silent(closed), interval=0)
        whole = Body(fragments, WholeFormat())
        reading = asyncio.ensure_future(anext(whole))
        await asyncio.sleep(0)
        assert whole in {stream_ref() for stream_ref in _sigterm._streams}
        whole.interrupt()
        page = await reading
        await whole.aclose()
        return page

    assert b"The answer was interrupted" in asyncio.run(interrupted())
