"""A reader who takes nothing, while the server waits in its own write or ``send()``.

Only the server can end its connection. But the source is closed, and ``on_end`` is called.
"""

from contextlib import closing
from pathlib import Path

import pytest
from tests.servers.raw_client import RawClient
from tests.servers.recorded_sources import Account
from tests.servers.server_commands import running
from tests.servers.waiting import wait_until

pytestmark = pytest.mark.slow

PAIRS = [
    ("gunicorn-gthread", "flask", False),
    ("gunicorn-gthread", "django-wsgi", False),
    ("gunicorn-gevent", "flask", False),
    ("gunicorn-sync", "django-wsgi", False),
    ("waitress", "flask", False),
    ("uvicorn", "starlette", True),
    ("uvicorn", "django-asgi", False),
    ("hypercorn", "fastapi", True),
]
"""The servers and sites, and whether the site's answer ends although the server waits."""


@pytest.mark.parametrize(("server", "site", "ends"), PAIRS)
def test_the_stream_of_a_reader_who_takes_nothing_ends(
    server: str, site: str, ends: bool, tmp_path: Path
) -> None:
    account, call = Account(tmp_path, "reader"), Account(tmp_path, "reader.call")
    query = "source=back-pressured&account=reader&interval=0&unread=1"
    with (
        # Uvicorn complains that the response was not completed.
        running(server, site, tmp_path, may_complain=server == "uvicorn") as running_server,
        closing(RawClient(running_server.url, "GET", query, {"Streaming-HTML": "html"})) as reader,
    ):
        reader.read_head()
        assert wait_until(lambda: account.at("ended interrupted"))
        assert account.at("limit unread")
        assert account.at("closed")
        if ends:
            assert wait_until(lambda: call.at("answered"))
        else:
            assert call.at("answered") is None
        reader.leave("middle")
        assert wait_until(lambda: call.at("answered"))
    events = [event["event"] for event in account.read()]
    assert events == ["opened", "closing", "closed", "limit unread", "ended interrupted"]
