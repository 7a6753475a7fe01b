"""Servers x sites x sources x ways of leaving: the source is closed, once, soon, to its end.

The table at the end of the run has the slowest of each (``conftest.py`` prints it).
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
from tests.servers import framework_sites as sites
from tests.servers.server_commands import COMMANDS, running
from tests.servers.raw_client import PATIENCE, Leaver, Way, wait_until
from tests.servers.process import Server, complaints_in
from tests.servers.recorded_sources import Account

from streamhtml._handoff import PREFETCH_BELOW
from streamhtml._pump import MAX_BUFFERED_DELTAS, CHECKPOINT_EVERY

HEART = {
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
        marks=[] if (server, site) in HEART else pytest.mark.slow,
    )
    for server, command in COMMANDS.items()
    for site in command.sites
]

QUIET = ["waiting", "steady", "opened", "failing-in-finally", "slow-finally"]
BUSY = ["fast", "never-suspending", "back-pressured", "sync"]
WAYS: tuple[Way, ...] = ("before", "middle", "reset", "half-close")

BOUNDS = {"asgi": 0.2, "wsgi": 1.0}
"""Seconds from the leaving to the source's closing."""

BUFFERED = 2 * (MAX_BUFFERED_DELTAS + CHECKPOINT_EVERY) + PREFETCH_BELOW
"""Tokens that may be pulled after the leaving, or after the server told of it: those of the batch
that is taken next, of the one that gathers while that is rendered and written, some steps in which
a source that never suspends is let run to an await, and on WSGI those of one small step, which has
no more of them than bytes: the bridge goes on behind it."""

DUE = (
    # Ours, of the source that fails as it is closed.
    r".*(?:the source failed while it was cancelled|closing the source failed)\n"
    r"Traceback[\s\S]*?\nOSError: the secret\n"
    # BaseHTTPMiddleware's, of any response whose reader leaves while GZipMiddleware holds its head
    # back, as that does until the first byte of the body.
    r"|.*ERROR.*\n(?:.*\n)?Traceback(?:(?!ERROR)[\s\S])*?RuntimeError: No response returned.\n"
    r"|.*Not Found: /\n"  # Django's, when we ask whether the server is there.
    r"|.*[Ll]ifespan.*\n"  # A server's, for Django has none.
)
"""What may stand in the log."""

DELAY = 0.3
"""Seconds that the view takes, where the reader leaves before the first byte."""


@dataclass(frozen=True)
class Case:
    """One request: for a source, and how its reader leaves."""

    source: str
    way: Way | None
    """None: it does not, and asks for the head only."""
    whole: bool = False
    """The reader knows no fragments: it is sent pings, and would be sent the message at the end."""

    @property
    def column(self) -> str:
        return "whole" if self.whole else (self.way or "HEAD")

    @property
    def name(self) -> str:
        return f"{self.source}-{self.way or 'HEAD'}{'-whole' if self.whole else ''}"


@dataclass(frozen=True)
class Result:
    """What became of a case, and its problem, if it has one."""

    case: Case
    account: Account
    seconds: float | None = None
    """From the leaving to the closing, where the source was opened at all."""
    pulls: int = 0
    """Tokens that were pulled after the leaving."""
    problem: str = ""


def quiet_cases() -> Iterator[Case]:
    """Yield those that can be tried at the same time."""
    for way in WAYS:
        yield from (Case(source, way) for source in QUIET)
        yield Case("waiting", way, whole=True)
        yield Case("slow-finally", way, whole=True)
    yield from (Case(source, None) for source in [*QUIET, *BUSY])


def busy_cases() -> Iterator[Case]:
    return (Case(source, way) for way in WAYS for source in BUSY)


def events(account: Account) -> dict[str, dict[str, Any]]:
    """Return what happened, by its name, and the last of each if it happened twice."""
    return {event["event"]: event for event in account.read()}


def ask(server: Server, case: Case, name: str) -> Leaver:
    """Ask for the case's source."""
    # Pressed by gzip, the tokens of "back-pressured" would never fill a connection.
    encoding = "identity" if case.source == "back-pressured" else "gzip"
    return Leaver(
        server.url,
        "GET" if case.way else "HEAD",
        f"source={case.source}&account={name}&delay={DELAY if case.way == 'before' else 0}"
        f"&ping={0.2 if case.whole else 15}",
        {"Accept-Encoding": encoding} | ({} if case.whole else {"Streaming-HTML": "html"}),
    )


def read(leaver: Leaver, case: Case, account: Account) -> None:
    """Read as far as the case's reader does before he leaves."""
    if case.way == "before":
        return
    leaver.read_head()
    if case.way:
        leaver.read_until(b"\n" if case.whole else b" append #")
    if case.source == "back-pressured" and case.way in ("middle", "reset"):
        assert wait_until(IsHeldUp(account)), "the source pulls, and nobody reads"


class IsHeldUp:
    """Whether a source has pulled and does so no more: it is back-pressured.

    Or has pulled so much that it never will be: daphne buffers all that nobody reads.
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
    """Leave in the case's way, and wait until all has come to its end."""
    account, call = Account(folder, name), Account(folder, f"{name}.call")
    problem = ""
    with closing(ask(server, case, name)) as leaver:
        assert wait_until(lambda: "asked" in events(call)), f"{case} did not reach the site"
        read(leaver, case, account)
        left_at = leaver.leave(case.way or "middle")
        if case.way == "half-close" and not leaver.read_on(PATIENCE):
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
    told_at = events(call).get("told", {"at": left_at})["at"]
    if not problem and sum(at > told_at for at in closes["pulls"]) > BUFFERED:
        problem = f"{pulls} tokens were pulled after the reader had left"
    return Result(case, account, closes["at"] - max(left_at, opened["at"]), pulls, problem)


def wrong_events(case: Case, account: Account) -> str:
    """Return the account's events, if they are not what they should be at the end."""
    counts = Counter(event["event"] for event in account.read())
    opened, ended = counts["opened"], counts["ended interrupted"]
    if case.way is None:
        right = opened == (case.source == "opened") and ended == 0
    elif case.way == "before" and case.source == "opened":
        right = opened in (0, 1) and ended in (0, 1)  # The view opened it, and not the stream.
    elif case.way == "before":
        right = opened in (0, 1) and ended in (opened, 1)
    else:
        right = opened == ended == 1
    right = right and counts["closing"] == counts["closed"] == opened
    right = right and counts.total() == 3 * opened + ended
    return "" if right else str([event["event"] for event in account.read()])


def try_case(run: Callable[[str], Result], case: Case, bound: float) -> Result:
    """Run a case, and again where it is late: the bound is of the code, and the machine is busy."""
    for attempt in range(3):
        result = run(f"{case.name}-{attempt}")
        if (result.seconds or 0) <= bound or result.problem:
            return result
    return replace(result, problem=f"closed {result.seconds:.3f} s after the reader had left")


class Holdings:
    """What a server holds, compared with what it held at first."""

    def __init__(self, server: Server) -> None:
        self._url = f"{server.url}/state"
        with httpx.Client(timeout=PATIENCE) as client:
            self._at_first = self._now(client)

    def _now(self, client: httpx.Client) -> dict[str, int]:
        state = client.get(self._url).raise_for_status().json()
        state["threads"] -= state["pooled"]  # They are kept for the next one.
        return {name: state[name] for name in ("tasks", "threads", "files", "sockets")}

    def more(self) -> str:
        """Say what there is more of; give it time."""
        more = ""

        def is_back() -> bool:
            nonlocal more
            changes = {name: (self._at_first[name], now) for name, now in self._now(client).items()}
            more = ", ".join(
                f"{was} {name} became {now}" for name, (was, now) in changes.items() if now > was
            )
            return not more

        # By one connection: some servers hold a closed one for seconds.
        with httpx.Client(timeout=PATIENCE) as client:
            wait_until(is_back, every=0.1)
        return more


def unexpected(log: str) -> list[str]:
    """Return the log's complaints, but for those that are due."""
    return complaints_in(re.sub(DUE, "", log))


def walk(server: Server, folder: Path, bound: float, at_once: int) -> tuple[list[Result], str]:
    """Try all cases, the quiet ones so many at once; return what the server holds more of after."""

    def run(case: Case) -> Result:
        return try_case(lambda name: leave(server, folder, case, name), case, bound)

    leave(server, folder, Case("waiting", "middle"), "first")
    holdings = Holdings(server)
    with ThreadPoolExecutor(at_once) as pool:
        results = list(pool.map(run, quiet_cases()))
    results += map(run, busy_cases())
    more = holdings.more()
    late = [wrong_events(result.case, result.account) for result in results]
    return [
        replace(result, problem=result.problem or problem)
        for result, problem in zip(results, late, strict=True)
    ], more


@pytest.mark.parametrize(("server", "site"), PAIRS)
def test_matrix(
    server: str, site: str, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    bound = BOUNDS["asgi" if site in sites.ASGI else "wsgi"]
    with running(server, site, tmp_path, may_complain=True) as process:
        results, more = walk(process, tmp_path, bound, 1 if server == "gunicorn-sync" else 8)
    complaints = unexpected(process.log)
    rows = [
        (result.case.column, result.case.source, result.seconds, result.pulls, result.problem)
        for result in results
    ]
    record_property("leaving", (server, site, rows, more, len(complaints)))
    problems = {result.case.name: result.problem for result in results if result.problem}
    assert (problems, more, complaints) == ({}, "", []), process.log
