"""Firefox and WebKitGTK, each with its own profile and processes, which end with it.

Debian packages no driver for Firefox: it speaks WebDriver BiDi itself. WebKitGTK's driver speaks
the classic WebDriver, and needs a display.
"""

import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Protocol

import httpx
from websockets.sync.client import connect

_PATIENCE = 60.0
# To Firefox, history.replaceState() in a script, such as htmx 4's, is the end of a navigation.
# The timer fires after those with a delay of 0, in one of which htmx 4 processes the page.
_LOADED = """new Promise((done) => {
    if (document.readyState === "complete") setTimeout(done);
    else addEventListener("load", () => setTimeout(done));
})"""
_AS_JSON = "(async () => JSON.stringify([await ({})]))()"


class Engine(Protocol):
    """A browser with one page."""

    def open(self, url: str) -> None:
        """Go there, and wait until the page has loaded and its scripts have run."""

    def evaluate(self, expression: str) -> Any:
        """Return the value of an expression of JavaScript, awaited, as JSON tells it."""

    def resize(self, width: int, height: int) -> None:
        """Give the page another size, in pixels."""

    def perform(self, *sources: dict[str, Any]) -> None:
        """Do what a person would do, as WebDriver describes the actions of input sources."""

    def close(self) -> None:
        """End what was started."""


class Firefox:
    """Firefox, without a window."""

    def __init__(self) -> None:
        with ExitStack() as stack:
            profile = Path(stack.enter_context(_directory()))
            command = [_found("firefox-esr", "firefox"), "--headless", "--no-remote"]
            command += ["--profile", str(profile), "--remote-debugging-port=0", "about:blank"]
            firefox = stack.enter_context(_running(command, {"HOME": str(profile)}))
            server = _until(firefox, lambda: _json(profile / "WebDriverBiDiServer.json"))
            url = f"ws://{server['ws_host']}:{server['ws_port']}/session"
            self._socket = stack.enter_context(connect(url, proxy=None, max_size=None))
            self._commands = 0
            self._command("session.new", capabilities={})
            tree = self._command("browsingContext.getTree")
            self._page: str = tree["contexts"][0]["context"]
            self._ending = stack.pop_all()

    def begin(self, url: str) -> None:
        """Go there, and wait for nothing."""
        self._command("browsingContext.navigate", context=self._page, url=url, wait="none")

    def open(self, url: str) -> None:
        self._command("browsingContext.navigate", context=self._page, url=url, wait="complete")
        self.evaluate(_LOADED)

    def evaluate(self, expression: str) -> Any:
        reply = self._command(
            "script.evaluate",
            expression=_AS_JSON.format(expression),
            target={"context": self._page},
            awaitPromise=True,
        )
        if reply["type"] == "exception":
            raise RuntimeError(f"Firefox: {reply['exceptionDetails']['text']}: {expression}")
        return json.loads(reply["result"]["value"])[0]

    def resize(self, width: int, height: int) -> None:
        viewport = {"width": width, "height": height}
        self._command("browsingContext.setViewport", context=self._page, viewport=viewport)

    def perform(self, *sources: dict[str, Any]) -> None:
        self._command("input.performActions", context=self._page, actions=sources)

    def close(self) -> None:
        self._ending.close()

    def _command(self, method: str, **params: Any) -> Any:
        self._commands += 1
        self._socket.send(json.dumps({"id": self._commands, "method": method, "params": params}))
        while (answer := json.loads(self._socket.recv(_PATIENCE))).get("id") != self._commands:
            pass  # It is an event.
        if answer["type"] == "error":
            raise RuntimeError(f"Firefox: {method}: {answer['error']}: {answer['message']}")
        return answer["result"]


class WebKit:
    """WebKitGTK's MiniBrowser, on a virtual display."""

    def __init__(self) -> None:
        with ExitStack() as stack:
            home = stack.enter_context(_directory())
            display = stack.enter_context(_display())
            port = _free_port()
            command = [_found("WebKitWebDriver"), f"--port={port}"]
            environment = {"DISPLAY": display, "GDK_BACKEND": "x11", "HOME": home}
            driver = stack.enter_context(_running(command, environment))
            url = f"http://127.0.0.1:{port}"
            self._http = stack.enter_context(
                httpx.Client(base_url=url, timeout=_PATIENCE, trust_env=False)
            )
            _until(driver, lambda: _listens(port))
            session = self._command("POST", "/session", capabilities={})
            self._session = f"/session/{session['sessionId']}"
            self._wheel = 0
            stack.callback(self._command, "DELETE", self._session)
            self._ending = stack.pop_all()

    def open(self, url: str) -> None:
        self._command("POST", self._session + "/url", url=url)
        self.evaluate(_LOADED)

    def evaluate(self, expression: str) -> Any:
        script = "return " + _AS_JSON.format(expression)
        reply = self._command("POST", self._session + "/execute/sync", script=script, args=[])
        return json.loads(reply)[0]

    def resize(self, width: int, height: int) -> None:
        # Only the size of the window can be set.
        outer = self.evaluate("[outerWidth - innerWidth, outerHeight - innerHeight]")
        size = {"width": width + outer[0], "height": height + outer[1]}
        self._command("POST", self._session + "/window/rect", **size)

    def perform(self, *sources: dict[str, Any]) -> None:
        # The driver turns the wheel by the difference to what it was turned before.
        for action in (action for source in sources for action in source["actions"]):
            if action["type"] == "scroll":
                self._wheel += action["deltaY"]
                action["deltaY"] = self._wheel
        self._command("POST", self._session + "/actions", actions=sources)

    def close(self) -> None:
        self._ending.close()

    def _command(self, method: str, path: str, **body: Any) -> Any:
        response = self._http.request(method, path, json=None if method == "DELETE" else body)
        value = response.json()["value"]
        if response.is_error:
            raise RuntimeError(f"WebKit: {path}: {value['error']}: {value['message']}")
        return value


def _found(*names: str) -> str:
    path = next(filter(None, map(shutil.which, names)), None)
    if path is None:
        raise FileNotFoundError(f"{names[0]} is not installed: run scripts/bootstrap engines")
    return path


@contextmanager
def _running(
    command: list[str], environment: dict[str, str], pass_fds: Sequence[int] = ()
) -> Iterator[subprocess.Popen[bytes]]:
    # The tests use neither the desktop nor the proxy of the person who runs them.
    others = re.compile(r"XDG_|DBUS_|WAYLAND_|.*_proxy$", re.IGNORECASE)
    inherited = {name: value for name, value in os.environ.items() if not others.match(name)}
    process = subprocess.Popen(
        command,
        env=inherited | environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=pass_fds,
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def _display() -> Iterator[str]:
    """Run Xvfb, which chooses a free display number and prints it."""
    reading, writing = os.pipe()
    try:
        command = [_found("Xvfb"), "-displayfd", str(writing), "-nolisten", "tcp"]
        with _running(command, {}, pass_fds=[writing]), open(reading, closefd=False) as numbers:
            os.close(writing)
            yield f":{numbers.readline().strip()}"
    finally:
        os.close(reading)


def _directory() -> tempfile.TemporaryDirectory[str]:
    # The browser's last process may still be writing.
    return tempfile.TemporaryDirectory(prefix="streamhtml-", ignore_cleanup_errors=True)


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def _listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def _json(file: Path) -> Any:
    try:
        return json.loads(file.read_text())
    except (FileNotFoundError, json.JSONDecodeError):  # The file is not there yet, or not complete.
        return None


def _until(process: subprocess.Popen[bytes], ready: Callable[[], Any]) -> Any:
    """Wait until a process has provided something."""
    deadline = time.monotonic() + _PATIENCE
    while not (there := ready()):
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"{process.args!r} did not start; it returned {process.returncode}")
        time.sleep(0.02)
    return there
