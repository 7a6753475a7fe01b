"""Each way through a view of each framework: the text arrives, and the provider sees the end."""

import re
from functools import partial
from typing import Any

import pytest
from tests.adapters.calls import Answer, call_asgi, call_wsgi
from tests.docs.reference_client import Decoder, Page, token_of
from tests.sdks import environment, said
from tests.sdks.apps import APPS, ASGI
from tests.sdks.lab import CUT, Lab, is_seen
from tests.sdks.provider_server import ProviderServer
from tests.sdks.way import Way

WAYS = environment.ways()
HEADERS = {"Streaming-HTML": "html"}


def answer(lab: Lab, framework: str, source: Any, leave_after: int | None = None) -> Answer:
    """Send one request to a view, and read the answer, or the beginning of it."""
    app = APPS[framework](source)
    if framework in ASGI:
        ask = partial(call_asgi, app, headers=HEADERS, leave_after=leave_after)
        done: Answer = lab.call(ask)
        return done
    return call_wsgi(app, headers=HEADERS, leave_after=leave_after)


def source_of(way: Way, framework: str, url: str, model: str) -> Any:
    """Return what makes the source in the view, as the documentation says."""
    make = partial(way.open, url, model)
    # Under WSGI, an async source has to be opened in the loop that reads it.
    return (lambda: make) if way.is_async and framework not in ASGI else make


@pytest.mark.parametrize("way", WAYS, ids=str)
@pytest.mark.parametrize("framework", APPS)
def test_the_text_is_on_the_page(lab: Lab, framework: str, way: Way) -> None:
    with ProviderServer(CUT) as server:
        got = answer(lab, framework, source_of(way, framework, server.url, "text"))
    page, decoder = Page(), Decoder(token_of(got.headers["Content-Type"]))
    for chunk in got.chunks:
        for fragment in decoder.feed(chunk):
            page.apply(fragment)
    assert decoder.outcome == "finished"
    text = re.sub(r"<[^>]*>", "", page.inner())
    assert re.sub(r"[*\s-]", "", "".join(said.TEXT)) in re.sub(r"\s", "", text)


@pytest.mark.parametrize("way", WAYS, ids=str)
@pytest.mark.parametrize("framework", APPS)
def test_the_provider_sees_that_the_reader_has_left(lab: Lab, framework: str, way: Way) -> None:
    def leave(url: str) -> float:
        return answer(lab, framework, source_of(way, framework, url, "slow"), 3).left_at

    assert is_seen(leave, way) == ("stop" not in way.lost)
