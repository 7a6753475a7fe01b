"""Gzip in pieces: whatever has been sent can be read."""

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamhtml._gzip import Gzip, accepts_gzip


@given(st.lists(st.binary(), min_size=1))
def test_each_piece_can_be_read_when_it_arrives(pieces: list[bytes]) -> None:
    compress, reader = Gzip(), zlib.decompressobj(wbits=31)
    sent = b""
    for number, piece in enumerate(pieces, 1):
        data = compress.encode(piece, last=number == len(pieces))
        sent += data
        assert reader.decompress(data) == piece
    assert reader.eof
    assert gzip.decompress(sent) == b"".join(pieces)


@pytest.mark.parametrize(
    ("header", "accepted"),
    [
        (None, False),
        ("", False),
        ("gzip", True),
        ("GZip , deflate", True),
        ("deflate, gzip;q=0.5, br", True),
        ("br;q=1.0, x-gzip", True),
        ("*", True),
        ("deflate, *;q=0.1", True),
        ("gzip;q=0", False),
        ("gzip ; q=0.000, *", False),
        ("*;q=0", False),
        ("*;q=0, gzip", True),
        ("br, zstd", False),
        ("notgzip", False),
        ("gzip;level=9", False),
        ("identity", False),
    ],
)
def test_what_a_client_accepts(header: str | None, accepted: bool) -> None:
    assert accepts_gzip(header) is accepted
