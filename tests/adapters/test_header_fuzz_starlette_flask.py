"""No header of a client makes a response of Starlette and Flask fail."""

import pytest
from tests.adapters.header_fuzz import COUNTS, check


@COUNTS
@pytest.mark.parametrize("adapter", ["starlette", "flask"])
def test_no_header_makes_a_response_fail(
    adapter: str, count: int, caplog: pytest.LogCaptureFixture
) -> None:
    check(adapter, count, caplog)
