"""The clients stay small: their sizes are in the documentation, and this is the gate."""

import gzip
from importlib.resources import files

import minify
import pytest

LIMITS = {"streaming-html.js": 4608, "turbo-streaming.js": 1536}
"""Bytes, minified and gzipped: 4.5 and 1.5 KiB."""


@pytest.mark.parametrize("name", LIMITS)
def test_the_client_is_small(name: str) -> None:
    source = files("streamhtml").joinpath(f"static/streamhtml/{name}").read_text("utf-8")
    minified = minify.string("application/javascript", source)
    size = len(gzip.compress(minified.encode(), 9, mtime=0))
    print(f"{name}: {len(source)} bytes, minified {len(minified)}, gzipped {size}")
    assert size <= LIMITS[name]
