"""The client stays small: its size is in the README's first lines, and this is the gate."""

import gzip
from importlib.resources import files

import minify

LIMIT = 4608
"""Bytes, minified and gzipped: 4.5 KiB."""


def test_the_client_is_small() -> None:
    source = files("streamhtml").joinpath("static/streamhtml/streaming-html.js").read_text("utf-8")
    minified = minify.string("application/javascript", source)
    size = len(gzip.compress(minified.encode(), 9, mtime=0))
    print(f"streaming-html.js: {len(source)} bytes, minified {len(minified)}, gzipped {size}")
    assert size <= LIMIT
