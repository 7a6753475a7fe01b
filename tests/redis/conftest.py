"""One Redis for the tests of a module that do not disturb it."""

from collections.abc import Iterator

import pytest
from tests.servers.redis_server import RedisServer, redis_server


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    """A Redis that keeps nothing on the disk."""
    with redis_server() as running:
        yield running
