"""Server-sent events: any text arrives as itself, read by the decoder of httpx-sse."""

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise

import httpx
import pytest
from httpx_sse import EventSource, ServerSentEvent
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from streamhtml import Fragment, Patch
from streamhtml.formats import _server_sent_events as events
from streamhtml.formats.sse import SSEFormat

# Line ends, what str.splitlines() and others take for one, and what means something to a parser.
PIECES = [
    *("\r", "\n", "\r\n", "\n\r", "\n\n", "\r\r"),
    *("\u2028", "\u2029", "\x85", "\v", "\f", "\x1c", "\x1d", "\x1e", "\x1f", "\0", "\ufeff"),
    *("data:", "data: x", "event:", "event: end", "id:", "id: 7", "retry:", "retry: 1", ":", ": c"),
    *(" ", "  ", "\t", "a", "안녕", "👋", "\ud800", "\udfff", "<!-- -->", "&#13;"),
]
TEXTS = st.lists(st.sampled_from(PIECES), max_size=8).map("".join) | st.text(
    st.characters(codec=None), max_size=20
)
"""Any text, and most of all the hostile."""

HOSTILE = [
    *("7\n", "7\r", "7\r\n", "7\nevent: forged", "7\0", "", " ", "a b", " a", "a ", "\n"),
    *("é", "１", "a\u2028", "a\x85", "a\v", "\ufeff7", "\ud800", "a" * 129, 'x"', "a,b", "a#b"),
]


def arrived(text: str) -> str:
    """Return what a reader has of a text: UTF-8 has no surrogates, and an event no CR."""
    return re.sub("\r\n|\r", "\n", text.encode("utf-8", "replace").decode())


def body_of(texts: Sequence[str], pings: int = 0) -> str:
    """Return the event stream of a message: a fragment for each text, and pings after each."""
    sse_format = SSEFormat(lambda fragment: [str(fragment.patches[0].html)])
    fragments = [Fragment(i, (Patch("append", Markup(text)),)) for i, text in enumerate(texts)]
    end = Fragment(len(texts), (), "finished")
    return "".join(
        sse_format.encode(each) + sse_format.encode(Fragment(0)) * pings
        for each in [*fragments, end]
    )


def expected_of(texts: Sequence[str]) -> list[tuple[str, str, str]]:
    """Return the events of that: the name, the data and the id of each."""
    sent = [Patch("append", Markup(text)).html for text in texts]
    messages = [("message", arrived(html), str(number)) for number, html in enumerate(sent)]
    return [*messages, ("end", "finished", "finished")]


def cut(body: bytes, places: Iterable[int]) -> list[bytes]:
    starts = [0, *sorted({place % (len(body) + 1) for place in places}), len(body)]
    return [body[start:end] for start, end in pairwise(starts)]


def read(chunks: Iterable[bytes]) -> list[ServerSentEvent]:
    headers = {"Content-Type": SSEFormat.media_type}
    response = httpx.Response(200, headers=headers, content=iter(chunks))
    return list(EventSource(response).iter_sse())


def triples(events: Iterable[ServerSentEvent]) -> list[tuple[str, str, str]]:
    return [(event.event, event.data, event.id) for event in events]


@given(st.lists(TEXTS, max_size=8), st.lists(st.integers(0, 5000), max_size=8))
def test_law_any_text_arrives_at_any_cut(texts: list[str], places: list[int]) -> None:
    body = body_of(texts).encode("utf-8", "replace")
    assert b"\r" not in body
    assert triples(read(cut(body, places))) == expected_of(texts)


@pytest.mark.parametrize("piece", PIECES, ids=ascii)
def test_each_hostile_piece_arrives_byte_by_byte(piece: str) -> None:
    texts = [piece, piece + "a", "a" + piece, "a" + piece + "b", piece * 2, ""]
    body = body_of(texts).encode("utf-8", "replace")
    assert triples(read(cut(body, range(len(body))))) == expected_of(texts)


def test_a_ping_is_neither_an_event_nor_part_of_one() -> None:
    body = events.PING + body_of(["a", ""], pings=2)
    assert len(re.findall("^:$", body, re.MULTILINE)) == 7
    assert triples(read([body.encode()])) == expected_of(["a", ""])


def test_an_event_line_by_line() -> None:
    assert events.event("a", id="0") == "data: a\nid: 0\n\n"
    assert events.event("", id="0") == "data: \nid: 0\n\n"
    assert events.event(" a\r\n\rb\n", id="7.a", event="x-y:z_1") == (
        "event: x-y:z_1\ndata:  a\ndata: \ndata: b\ndata: \nid: 7.a\n\n"
    )


def test_a_client_has_read_all_of_an_event_when_it_reads_its_id() -> None:
    """Datastar repeats an id that it has read, also if the event was cut after it."""
    *before, last, _, _ = events.event("a\nb", id="7", event="x").split("\n")
    assert last == "id: 7"
    assert before == ["event: x", "data: a", "data: b"]


def test_the_end_has_the_outcome_and_a_long_retry_time() -> None:
    assert events.end("failed") == "event: end\ndata: failed\nid: failed\nretry: 86400000\n\n"
    (end,) = read([events.end("failed").encode()])
    assert end.retry == 24 * 3600 * 1000


@pytest.mark.parametrize("value", HOSTILE, ids=ascii)
def test_an_id_or_a_name_that_could_forge_a_line_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f"id={value!r} cannot be used")):
        events.event("a", id=value)
    with pytest.raises(ValueError, match=re.escape(f"id={value!r} cannot be used")):
        events.end(value)
    if value:  # Without a name it is a message.
        with pytest.raises(ValueError, match=re.escape(f"event={value!r} cannot be used")):
            events.event("a", id="0", event=value)


@pytest.mark.parametrize("value", ["0", "interrupted", "a" * 128, "Az_09.:-", "-", ":"])
def test_ordinary_ids_and_names_are_accepted(value: str) -> None:
    (event,) = read([events.event("a", id=value, event=value).encode()])
    assert (event.id, event.event, event.data) == (value, value, "a")


@given(TEXTS, st.sampled_from(["elements ", "  ", ""]))
def test_law_each_line_arrives_with_its_prefix(text: str, prefix: str) -> None:
    (event,) = read(
        [events.event(events.prefix_lines(prefix, text), id="0").encode("utf-8", "replace")]
    )
    lines = event.data.split("\n")
    assert all(line.startswith(prefix) for line in lines)
    assert "\n".join(line[len(prefix) :] for line in lines) == arrived(text)
