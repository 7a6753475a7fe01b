"""``wait()``: a log in sync code."""

import signal
import sys
import threading

import anyio
import pytest
from tests.servers.waiting import wait_until

from streamhtml import Answer
from streamhtml.log import MemoryLog, _wait, wait


def test_it_returns_and_raises_what_the_call_does() -> None:
    async def fail() -> None:
        raise LookupError("no")

    assert wait(MemoryLog().answer("ai_1")) is None
    with pytest.raises(LookupError, match="no"):
        wait(fail())


def test_its_loop_may_have_begun_in_a_test_without_coverage() -> None:
    """So what runs there is called here too."""
    ended = threading.Event()
    assert anyio.run(_wait._run, MemoryLog().answer("ai_1"), ended) is None
    assert ended.is_set()


def test_a_signal_that_ends_the_program_ends_the_answer() -> None:
    begun, stored = threading.Event(), list[Answer]()

    async def tokens() -> object:
        yield "So far"
        begun.set()
        await anyio.sleep_forever()

    def end(*_: object) -> None:
        raise SystemExit(3)

    def send_signal() -> None:
        begun.wait(30)
        wait_until(lambda: sys._current_frames()[main].f_code.co_filename == threading.__file__)
        signal.pthread_kill(main, signal.SIGUSR1)

    wait(MemoryLog().status("ai_1"))  # The loop is there, so that only wait() waits later.
    main = threading.main_thread().ident
    assert main is not None
    before = signal.signal(signal.SIGUSR1, end)
    try:
        threading.Thread(target=send_signal, daemon=True).start()
        recording = MemoryLog().record("ai_1", tokens, on_end=stored.append)
        with pytest.raises(SystemExit):
            wait(recording.run())
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert [(answer.text, answer.outcome) for answer in stored] == [("So far", "interrupted")]
