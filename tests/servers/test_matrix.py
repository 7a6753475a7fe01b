"""Servers x sites x sources x ways of leaving: the source is closed once, soon and completely.

A table at the end of the run shows the slowest source of each (``conftest.py`` prints it).
"""

import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.servers.process import Server, complaints_in
from tests.servers.raw_client import RawClient, Way
from tests.servers.recorded_sources import Account
from tests.servers.server_commands import COMMANDS, running
from tests.servers.waiting import LIMIT, TIMEOUT, wait_until

from streamhtml._batch import MAX_BUFFERED_DELTAS
from streamhtml._handoff import PREFETCH_BELOW
from streamhtml._turns import CHECKPOINT_EVERY

FAST_RUN = {
    ("uvicorn", "starlette"),
    ("uvicorn", "django-asgi-gzip"),
    ("hypercorn", "fastapi-middleware"),
    ("daphne", "django-asgi"),
    ("granian", "starlette"),
    ("gunicorn-asgi", "fastapi"),
    ("gunicorn-gthread", "flask"),
    ("gunicorn-gevent", "django-wsgi"),
    ("waitress", "flask"),
}
PAIRS = [
    pytest.param(
        server,
        site,
        id=f"{server}-{site}",
        marks=[] if (server, site) in FAST_RUN else pytest.mark.slow,
    )
    for server, command in COMMANDS.items()
    for site in command.sites
]

QUIET = ["waiting", "steady", "opened", "failing-in-finally", "slow-finally"]
BUSY = ["fast", "never-suspending", "back-pressured", "sync"]
WAYS: tuple[Way, ...] = ("before", "middle", "reset", "half-close")

MAX_LATE_TOKENS = 2 * (MAX_BUFFERED_DELTAS + CHECKPOINT_EVERY) + PREFETCH_BELOW
"""Number of tokens that may be taken after the reader left, or after the server noticed it.

These are the tokens of the next batch, those that are collected while it is rendered and sent, and
some in which a source that never suspends may reach an await. On WSGI the bridge prefetches, so
there are those of one small chunk too, which has no more tokens than bytes.
"""

EXPECTED_LOG = (
    # We log this for the source that fails while it is closed.
    r".*(?:the source failed while it was cancelled|closing the source failed)\n"
    r"Traceback[\s\S]*?\nOSError: the secret\n"
    # BaseHTTPMiddleware logs this for any response whose reader leaves while GZipMiddleware still
    # holds back the head, which it does until the first byte of the body.
    r"|.*ERROR.*\n(?:.*\n)?Traceback(?:(?!ERROR)[\s\S])*?RuntimeError: No response returned.\n"
    r"|.*Not Found: /\n"  # Django logs this when the test checks if the server is ready.
    r"|.*[Ll]ifespan.*\n"  # Servers log this because Django does not support lifespan.
)
"""What the log of a server may contain."""

DELAY = 0.3
"""Time in seconds that the view takes if the reader leaves before the first byte."""


@dataclass(frozen=True)
class Case:
    """One request: its source, and how its reader leaves."""

    source: str
    way: Way | None
    """``None`` means that the reader does not leave. It sends a HEAD request."""
    whole: bool = False
    """Whether the reader does not know fragments. It gets pings, and the message at the end."""

    @property
    def column(self) -> str:
        return "whole" if self.whole else (self.way or "HEAD")

    @property
    def name(self) -> str:
        return f"{self.source}-{self.way or 'HEAD'}{'-whole' if self.whole else ''}"


@dataclass(frozen=True)
class Result:
    """What happened in a case, and its problem, if there is one."""

    case: Case
    account: Account
    seconds: float | None = None
    """Time from the leaving to the closing, if the source was opened at all."""
    pulls: int = 0
    """Number of tokens that were taken after the leaving."""
    problem: str = ""


def quiet_cases() -> Iterator[Case]:
    """Yield the cases that can run at the same time."""
    for way in WAYS:
        yield from (Case(source, way) for source in QUIET)
        yield Case("waiting", way, whole=True)
        yield Case("slow-finally", way, whole=True)
    yield from (Case(source, None) for source in [*QUIET, *BUSY])


def busy_cases() -> Iterator[Case]:
    return (Case(source, way) for way in WAYS for source in BUSY)


def events(account: Account) -> dict[str, dict[str, Any]]:
    """Return the events by name; the last one if it happened twice."""
    return {event["event"]: event for event in account.read()}


def ask(server: Server, case: Case, name: str) -> RawClient:
    """Send the request of a case."""
    # Compressed, the tokens of "back-pressured" would never fill a connection.
    encoding = "identity" if case.source == "back-pressured" else "gzip"
    return RawClient(
        server.url,
        "GET" if case.way else "HEAD",
        f"source={case.source}&account={name}&delay={DELAY if case.way == 'before' else 0}"
        f"&ping={0.2 if case.whole else 15}",
        {"Accept-Encoding": encoding} | ({} if case.whole else {"Streaming-HTML": "html"}),
    )


def read(leaver: RawClient, case: Case, account: Account) -> None:
    """Read as far as the reader of the case does before leaving."""
    if case.way == "before":
        return
    leaver.read_head()
    if case.way:
        leaver.read_until(b"\n" if case.whole else b" append #")
    if case.source == "back-pressured" and case.way in ("middle", "reset"):
        assert wait_until(IsHeldBack(account)), "the source goes on although nobody reads"


class IsHeldBack:
    """Whether a source has yielded tokens and then stopped, because it is held back.

    Or whether it has yielded so many that it never will be: daphne buffers everything.
    """

    def __init__(self, account: Account) -> None:
        self._account = account
        self._pulls, self._since = 0, time.monotonic()

    def __call__(self) -> bool:
        pulls, now = self._account.shown(), time.monotonic()
        if pulls != self._pulls:
            self._pulls, self._since = pulls, now
        return (pulls > 0 and now > self._since + 0.3) or pulls > 3 * MAX_BUFFERED_DELTAS


def leave(server: Server, folder: Path, case: Case, name: str) -> Result:
    """Run a case: read, leave, and wait until the source and the response have ended."""
    account, call = Account(folder, name), Account(folder, f"{name}.call")
    problem = ""
    with closing(ask(server, case, name)) as leaver:
        assert wait_until(lambda: "asked" in events(call)), f"{case} did not reach the site"
        read(leaver, case, account)
        left_at = leaver.leave(case.way or "middle")
        if case.way == "half-close" and not leaver.read_to_end(TIMEOUT):
            problem = "the server went on sending"
    if not problem and not wait_until(lambda: "answered" in events(call)):
        problem = "the site's answer never ended"
    if not problem and not wait_until(lambda: not wrong_events(case, account)):
        problem = wrong_events(case, account)
    happened = events(account)
    if not case.way or not happened.keys() >= {"opened", "closing"}:
        return Result(case, account, problem=problem)
    opened, closes = happened["opened"], happened["closing"]
    pulls = sum(at > left_at for at in closes["pulls"])
    noticed_at = events(call).get("noticed", {"at": left_at})["at"]
    if not problem and sum(at > noticed_at for at in closes["pulls"]) > MAX_LATE_TOKENS:
        problem = f"{pulls} tokens were taken after the reader had left"
    seconds = closes["at"] - max(left_at, opened["at"])
    if not problem and seconds > LIMIT:
        problem = f"closed {seconds:.3f} s after the reader had left"
    return Result(case, account, seconds, pulls, problem)


def wrong_events(case: Case, account: Account) -> str:
    """Return the events of the account if they are not as expected at the end, or ``""``."""
    counts = Counter(event["event"] for event in account.read())
    opened, ended = counts["opened"], counts["ended interrupted"]
    if case.way is None:
        right = opened == (case.source == "opened") and ended == 0
    elif case.way == "before" and case.source == "opened":
        right = opened in (0, 1) and ended in (0, 1)  # The view opened it, not the stream.
    elif case.way == "before":
        right = opened in (0, 1) and ended in (opened, 1)
    else:
        right = opened == ended == 1
    right = right and counts["closing"] == counts["closed"] == opened
    right = right and counts.total() == 3 * opened + ended
    return "" if right else str([event["event"] for event in account.read()])


class Resources:
    """The tasks, threads and files of a server, compared with those at the beginning."""

    def __init__(self, server: Server) -> None:
        self._url = f"{server.url}/state"
        with httpx.Client(timeout=TIMEOUT) as client:
            self._at_first = self._now(client)

    def _now(self, client: httpx.Client) -> dict[str, int]:
        state = client.get(self._url).raise_for_status().json()
        state["threads"] -= state["pooled"]  # Pools keep these threads for the next request.
        return {name: state[name] for name in ("tasks", "threads", "files", "sockets")}

    def more(self) -> str:
        """Return what there is more of than at the beginning, after waiting for it to go."""
        more = ""

        def is_back() -> bool:
            nonlocal more
            changes = {name: (self._at_first[name], now) for name, now in self._now(client).items()}
            more = ", ".join(
                f"{was} {name} became {now}" for name, (was, now) in changes.items() if now > was
            )
            return not more

        # On one connection, because some servers keep a closed one for seconds.
        with httpx.Client(timeout=TIMEOUT) as client:
            wait_until(is_back, every=0.1)
        return more


def unexpected(log: str) -> list[str]:
    """Return the complaints in the log that are not expected."""
    return complaints_in(re.sub(EXPECTED_LOG, "", log))


def run_cases(server: Server, folder: Path, at_once: int) -> tuple[list[Result], str]:
    """Run all cases, the quiet ones in parallel. Return the results and what the server leaks."""

    def run(case: Case) -> Result:
        return leave(server, folder, case, case.name)

    leave(server, folder, Case("waiting", "middle"), "first")
    resources = Resources(server)
    with ThreadPoolExecutor(at_once) as pool:
        results = list(pool.map(run, quiet_cases()))
    results += map(run, busy_cases())
    more = resources.more()
    late = [wrong_events(result.case, result.account) for result in results]
    return [
        replace(result, problem=result.problem or problem)
        for result, problem in zip(results, late, strict=True)
    ], more


@pytest.mark.parametrize(("server", "site"), PAIRS)
def test_matrix(
    server: str, site: str, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    with running(server, site, tmp_path, may_complain=True) as process:
        results, more = run_cases(process, tmp_path, 1 if server == "gunicorn-sync" else 8)
    complaints = unexpected(process.log)
    rows = [
        (result.case.column, result.case.source, result.seconds, result.pulls, result.problem)
        for result in results
    ]
    record_property("leaving", (server, site, rows, more, len(complaints)))
    problems = {result.case.name: result.problem for result in results if result.problem}
    assert (problems, more, complaints) == ({}, "", []), process.log
