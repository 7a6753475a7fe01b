"""The log in Redis passes the kit."""

import pytest
from tests.servers.redis_server import RedisServer
from tests.servers.waiting import TIMEOUT

from streamhtml.log import Log
from streamhtml.redis import RedisLog
from streamhtml.redis._connections import ConnectionsByLoop
from streamhtml.testing import LogConformance


class TestRedisLog(LogConformance):
    @pytest.fixture(autouse=True)
    def use(self, server: RedisServer) -> None:
        self.server = server

    async def make_log(self, *, lease: float, ttl: float) -> Log:
        log = RedisLog(self.server.url, lease=lease, ttl=ttl)
        # On a busy machine, Redis takes longer than a short lease now and then.
        log._connections = ConnectionsByLoop(self.server.url, timeout=TIMEOUT)
        return log
