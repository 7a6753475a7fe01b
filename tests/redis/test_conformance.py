"""The log in Redis passes the kit."""

import pytest
from tests.servers.redis_server import RedisServer

from streamhtml.log import Log
from streamhtml.redis import RedisLog
from streamhtml.testing import LogConformance


class TestRedisLog(LogConformance):
    @pytest.fixture(autouse=True)
    def use(self, server: RedisServer) -> None:
        self.server = server

    async def make_log(self, *, lease: float, ttl: float) -> Log:
        return RedisLog(self.server.url, lease=lease, ttl=ttl)
