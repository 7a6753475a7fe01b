"""The memory log passes the kit, on both event loops."""

from streamhtml.log import Log, MemoryLog
from streamhtml.testing import LogConformance


class TestMemoryLog(LogConformance):
    backends = ("asyncio", "trio")

    async def make_log(self, *, lease: float, ttl: float) -> Log:
        return MemoryLog(lease=lease, ttl=ttl)
