"""``http_status()``: what an error of a provider means for the status of the response."""

from typing import Any

import pytest

from streamhtml import http_status


class FailedError(Exception):
    def __init__(self, **fields: Any) -> None:
        self.__dict__.update(fields)


class ReadTimeoutError(FailedError):
    """As the errors of HTTP clients are named."""


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (FailedError(status_code=400), 400),
        (FailedError(status_code=401), 502),
        (FailedError(code=402), 502),
        (FailedError(response=FailedError(status_code=403)), 502),
        (FailedError(status_code=407), 502),
        (FailedError(code="invalid_api_key", status=429), 429),
        (FailedError(code=503), 503),
        (FailedError(response=FailedError(status_code=404)), 404),
        (FailedError(status_code=None, response=FailedError(status=529)), 529),
        (FailedError(http_status=418), 418),
        (FailedError(status_code=200), 502),
        (FailedError(status_code=600, code=-1), 502),
        (FailedError(status_code="401"), 502),
        (FailedError(status_code=True), 502),
        (ValueError("no"), 502),
        (TimeoutError(), 504),
        (ReadTimeoutError(), 504),
        (ReadTimeoutError(status_code=408), 408),
        (ExceptionGroup("two", [FailedError(status_code=429), ValueError()]), 429),
        (SystemExit(1), 502),
    ],
)
def test_the_status_of_an_error(error: BaseException, status: int) -> None:
    assert http_status(error) == status
    assert type(http_status(error)) is int
