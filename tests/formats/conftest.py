"""What all tests of the formats need."""

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="package", autouse=True)
def same_names() -> Iterator[None]:
    """Let all answers outside of a log have the same ids, so that they can be compared."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("streamhtml.formats._tails.new_key", lambda: "")
        yield
