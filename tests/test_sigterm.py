"""SIGTERM in a process with open streams: the streams end, then its own handler is called."""

import asyncio
import gc
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from weakref import ref

from tests.servers.process import Server

from streamhtml import Reply, _sigterm, stream
from streamhtml._body import Body
from streamhtml._sigterm import GRACE_PERIOD
from streamhtml.formats.html import HTMLFormat

TIMEOUT = 30.0
"""Time in seconds to wait for what must happen, on a busy machine."""

BEGIN = """
import _thread, asyncio, os, signal, threading, time
from streamhtml import Reply, _sigterm, stream
from streamhtml._body import Body
from streamhtml.formats.html import HTMLFormat

_sigterm.GRACE_PERIOD = 60  # A busy machine may need more than the usual second.
streams = 0


def say(*words):
    # One call, because a signal handler may print between the two of print().
    os.write(1, (" ".join(map(str, words)) + "\\n").encode())


def handler(number, frame):
    say("the handler at", time.monotonic())
    if "loop" in globals():
        loop.call_soon_threadsafe(server_may_stop.set)


async def waiting():
    try:
        yield "a "
        await asyncio.sleep(30)
    finally:
        say("closed")


async def read(body):
    global streams
    async for part in body:
        if b" end " in part:
            say("it has ended:", part.decode().split()[-1].strip(">"))
        elif b" append #" in part:
            streams += 1
            say("streams:", streams)
    await body.aclose()


def opened():
    return Body(stream(Reply(renderer="text"), waiting(), interval=0), HTMLFormat())


async def main(streams):
    global loop, server_may_stop
    loop, server_may_stop = asyncio.get_running_loop(), asyncio.Event()
    await asyncio.gather(*(read(opened()) for _ in range(streams)))
    await server_may_stop.wait()

"""


@contextmanager
def running(program: str) -> Iterator[Server]:
    """Run a program that begins with ``BEGIN``."""
    process = Server([sys.executable, "-c", BEGIN + program], {}, Path(__file__).parents[1])
    try:
        yield process
    finally:
        process.stop()
    assert not process.complaints, process.log


def output(process: Server) -> list[str]:
    """Return the lines that it printed, without the times."""
    return [re.sub(r" at [\d.]+$", "", line) for line in process.log.splitlines()]


def test_without_a_handler_the_process_ends_at_once() -> None:
    with running("asyncio.run(main(1))") as process:
        process.wait_for("streams: 1", TIMEOUT)
        process.terminate()
        assert process.wait(TIMEOUT) == -15
    assert output(process) == ["streams: 1"]


def test_the_handler_is_called_once_when_the_streams_have_ended() -> None:
    with running("signal.signal(signal.SIGTERM, handler); asyncio.run(main(3))") as process:
        process.wait_for("streams: 3", TIMEOUT)
        process.terminate()
        assert process.wait(TIMEOUT) == 0
    lines = output(process)[3:]
    ends = ["it has ended: interrupted"] * 3
    assert [line for line in lines if line != "closed"] == [*ends, "the handler"]
    assert lines.count("closed") == 3


STUCK = """
async def stuck():
    body = opened()
    await anext(body)
    await anext(body)
    await main(1)

signal.signal(signal.SIGTERM, handler)
asyncio.run(stuck())
"""


def test_a_stream_that_is_not_read_to_its_end_delays_the_signal_by_the_grace_period() -> None:
    with running(f"_sigterm.GRACE_PERIOD = {GRACE_PERIOD}{STUCK}") as process:
        process.wait_for("streams: 1", TIMEOUT)
        sent_at = process.terminate()
        came_at = float(process.wait_for("the handler", TIMEOUT)[1].split()[-1])
        assert process.wait(TIMEOUT) == 0
    assert came_at - sent_at > GRACE_PERIOD / 2
    assert output(process).count("it has ended: interrupted") == 1
    assert output(process).count("the handler") == 1


def test_a_second_signal_goes_to_the_server() -> None:
    with running("_sigterm.GRACE_PERIOD = 3600" + STUCK) as process:
        process.wait_for("streams: 1", TIMEOUT)
        process.terminate()
        process.wait_for("it has ended: interrupted", TIMEOUT)
        process.terminate()
        assert process.wait(TIMEOUT) == 0
    assert output(process).count("the handler") == 1


LATE = """
async def late():
    await main(1)
    await read(opened())
    say("it is over")

signal.signal(signal.SIGTERM, handler)
asyncio.run(late())
"""


def test_a_stream_that_begins_after_the_signal_ends_at_once() -> None:
    with running(LATE) as process:
        process.wait_for("streams: 1", TIMEOUT)
        process.terminate()
        assert process.wait(TIMEOUT) == 0
    lines = output(process)
    late = lines[lines.index("the handler") + 1 :]
    assert [line for line in late if line != "closed"] == [
        "it has ended: interrupted",
        "it is over",
    ]


THREADS = """
signal.signal(signal.SIGTERM, handler)
thread = threading.Thread(target=_sigterm.install_handler)
thread.start()
thread.join()
say("from a thread:", signal.getsignal(signal.SIGTERM).__name__)
_sigterm.install_handler()
say("from the main thread:", signal.getsignal(signal.SIGTERM).__name__)
_sigterm.install_handler()
signal.pause()
say("it is over")
while True:
    signal.pause()
"""


def test_only_the_main_thread_can_install_the_handler() -> None:
    with running(THREADS) as process:
        process.wait_for("from the main thread", TIMEOUT)
        process.terminate()
        process.wait_for("the handler", TIMEOUT)
        process.kill()
    assert output(process)[:2] == ["from a thread: handler", "from the main thread: _on_sigterm"]
    assert output(process).count("the handler") == 1


REPLACED = """
def another(number, frame):
    say("another")
    handler(number, frame)

signal.signal(signal.SIGTERM, handler)
_sigterm.install_handler()
signal.signal(signal.SIGTERM, another)
asyncio.run(main(1))
"""


def test_a_handler_that_is_installed_later_is_kept() -> None:
    with running(REPLACED) as process:
        process.wait_for("streams: 1", TIMEOUT)
        process.terminate()
        assert process.wait(TIMEOUT) == 0
    assert [line for line in output(process) if line != "closed"] == [
        *("streams: 1", "it has ended: interrupted", "another", "the handler")
    ]


CHAINED = """
signal.signal(signal.SIGTERM, handler)
_sigterm.install_handler()
found = signal.getsignal(signal.SIGTERM)

def chained(number, frame):
    say("chained")
    found(number, frame)

signal.signal(signal.SIGTERM, chained)
asyncio.run(main(1))
"""


def test_a_later_handler_may_call_ours() -> None:
    with running(CHAINED) as process:
        process.wait_for("streams: 1", TIMEOUT)
        process.terminate()
        process.wait_for("chained", TIMEOUT)
        try:
            assert process.wait(TIMEOUT) == 0
        finally:
            process.kill()
    assert [line for line in output(process) if line != "closed"] == [
        *("streams: 1", "it has ended: interrupted", "chained", "the handler")
    ]


ASYNCIO_HANDLER = """
async def serve():
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, handler, 15, None)
    threads = _thread._count()
    await main(1)
    # A thread that sends the signal again, if there were one, would have ended by then.
    while _thread._count() > threads:
        await asyncio.sleep(0.01)

asyncio.run(serve())
"""


def test_a_handler_of_asyncio_is_called_once() -> None:
    with running(ASYNCIO_HANDLER) as process:
        process.wait_for("streams: 1", TIMEOUT)
        process.terminate()
        assert process.wait(TIMEOUT) == 0
    assert output(process).count("it has ended: interrupted") == 1
    assert output(process).count("the handler") == 1


FORKED = """
async def fork():
    reading = asyncio.create_task(main(1))
    while not streams:
        await asyncio.sleep(0.01)
    if not os.fork():
        say("the child is", os.getpid())
        while True:
            signal.pause()
    await reading

signal.signal(signal.SIGTERM, handler)
asyncio.run(fork())
"""


def test_a_child_that_gets_the_signal_ends_no_stream_of_its_parent() -> None:
    with running(f"_sigterm.GRACE_PERIOD = {GRACE_PERIOD}{FORKED}") as process:
        child = int(process.wait_for("the child is", TIMEOUT)[1].split()[-1])
        try:
            os.kill(child, signal.SIGTERM)
            process.wait_for("the handler", TIMEOUT)  # The child's.
            assert "it has ended" not in process.log
            process.terminate()
            process.wait_for("it has ended: interrupted", TIMEOUT)
            assert process.wait(TIMEOUT) == 0
        finally:
            os.kill(child, signal.SIGKILL)
    assert output(process).count("the handler") == 2


class Endless:
    def __aiter__(self) -> AsyncIterator[str]:
        return self

    async def __anext__(self) -> str:
        await asyncio.sleep(0)
        return "a "


def endless() -> Body:
    return Body(stream(Reply(renderer="text"), Endless(), interval=0), HTMLFormat())


def test_a_body_is_registered_while_it_streams() -> None:
    async def main() -> None:
        body = endless()
        assert ref(body) not in _sigterm._streams
        await anext(body)
        assert ref(body) in _sigterm._streams
        await body.aclose()
        assert ref(body) not in _sigterm._streams

    asyncio.run(main())


def test_a_body_that_is_dropped_is_not_registered() -> None:
    async def main() -> None:
        before = set(_sigterm._streams)
        body = endless()
        await anext(body)
        assert len(_sigterm._streams - before) == 1
        del body
        gc.collect()
        assert _sigterm._streams <= before

    asyncio.run(main())
