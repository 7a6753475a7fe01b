"""A script that serves with Waitress and handles SIGTERM, which Waitress itself does not."""

import signal
import sys

import waitress  # type: ignore[import-untyped]

# Before the application is created, so that we can install our handler over this one.
signal.signal(signal.SIGTERM, lambda *_: sys.exit())

from tests.servers.app import app  # noqa: E402

if __name__ == "__main__":
    port = int(sys.argv[1])
    waitress.serve(
        app, host="127.0.0.1", port=port, threads=16, channel_request_lookahead=1, _quiet=True
    )
