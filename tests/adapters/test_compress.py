"""``compress=True``, and gzip by others: a fragment can be read when its chunk has arrived."""

import zlib
from typing import Any

import pytest
from tests.adapters.calls import Answer
from tests.adapters.test_adapters import SHOWN, TOKENS, Call, call, text_of

__all__ = ["call"]  # The fixture.

GZIP = {"Streaming-HTML": "html", "Accept-Encoding": "gzip, deflate, br"}


def read(answer: Answer) -> list[str]:
    """Return what a browser has after each chunk, and what that chunk has added."""
    reader = zlib.decompressobj(wbits=31)
    pieces = [reader.decompress(chunk).decode() for chunk in answer.chunks]
    assert reader.eof
    assert not reader.unused_data  # Browsers show the first member of a file alone.
    return pieces


def streamed(request: Any, response: Any, **arguments: Any) -> Any:
    return response(request, TOKENS, renderer="text", interval=0, **arguments)


def assert_fragments(answer: Answer, pieces: list[str]) -> None:
    full = [piece for piece in pieces if piece]
    assert len(full) >= 3
    assert all(piece.endswith(">") for piece in full)
    assert full[-1].endswith(" end finished>")
    plain = Answer(answer.status, answer.headers, [piece.encode() for piece in pieces])
    assert text_of(plain) == SHOWN


def test_a_client_that_accepts_gzip_gets_it(call: Call) -> None:
    answer = call(
        lambda request, response: streamed(
            request, response, compress=True, headers={"Vary": "Cookie"}
        ),
        headers=GZIP,
    )
    assert answer.headers["Content-Encoding"] == "gzip"
    varies = answer.headers["Vary"].split(", ")
    assert varies[:2] == ["Cookie", "Streaming-HTML"]
    assert "Accept-Encoding" in varies
    assert "Content-Length" not in answer.headers
    assert_fragments(answer, read(answer))


@pytest.mark.parametrize("accepted", ["", "br"])
def test_a_client_that_does_not_gets_what_it_can_read(call: Call, accepted: str) -> None:
    answer = call(
        lambda request, response: streamed(request, response, compress=True),
        headers=GZIP | {"Accept-Encoding": accepted},
    )
    assert answer.headers.get("Content-Encoding", "identity") == "identity"
    assert "Accept-Encoding" in answer.headers["Vary"]
    assert_fragments(answer, [chunk.decode() for chunk in answer.chunks])


def test_it_is_not_done_unasked(call: Call, request: pytest.FixtureRequest) -> None:
    answer = call(streamed, headers=GZIP)
    if "starlette-middleware" in request.node.name:  # Starlette's own, which flushes.
        assert_fragments(answer, read(answer))
    else:
        assert answer.headers.get("Content-Encoding", "identity") == "identity"
        assert_fragments(answer, [chunk.decode() for chunk in answer.chunks])


def test_a_whole_message_and_a_ping_are_compressed(call: Call) -> None:
    answer = call(
        lambda request, response: streamed(request, response, compress=True, format="whole"),
        headers=GZIP,
    )
    assert f">{SHOWN}</span>" in "".join(read(answer))


def test_a_head_request_has_the_headers(call: Call) -> None:
    answer = call(
        lambda request, response: streamed(request, response, compress=True), "HEAD", headers=GZIP
    )
    assert answer.headers["Content-Encoding"] == "gzip"
    assert b"".join(answer.chunks) == b""


def test_an_encoding_in_the_headers_is_refused_with_compress(call: Call) -> None:
    refused: list[str] = []

    def view(request: Any, response: Any) -> Any:
        with pytest.raises(ValueError, match="compress=True decides it") as caught:
            streamed(request, response, compress=True, headers={"content-encoding": "br"})
        refused.append(str(caught.value))
        return streamed(request, response)

    assert call(view).status == 200
    assert "headers has 'content-encoding', but compress=True decides it; leave" in refused[0]


def test_a_reader_that_leaves_and_a_source_that_fails(call: Call) -> None:
    def fails() -> Any:
        yield "a"
        raise ValueError("the secret")

    def view(request: Any, response: Any) -> Any:
        return response(request, fails(), compress=True)

    assert "".join(read(call(view, headers=GZIP))).endswith(" end failed>")
    left = call(view, headers=GZIP, leave_after=1)
    assert zlib.decompressobj(wbits=31).decompress(left.chunks[0]).endswith(b" open>")
