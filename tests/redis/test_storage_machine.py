"""The log in Redis does what a storage promises, after any steps."""

from hypothesis import settings
from tests.log.storage_machine import StorageMachine
from tests.servers.redis_server import RedisServer

from streamhtml.log import Log
from streamhtml.redis import RedisLog


def test_any_steps(server: RedisServer) -> None:
    class RedisMachine(StorageMachine):
        def make_log(self) -> Log:
            with server.client() as client:
                client.flushall()
            return RedisLog(server.url, lease=3600)

        def expire(self, answer_id: str) -> None:
            with server.client() as client:
                client.delete(f"streamhtml:{{{answer_id}}}:lease")

        def lose(self, answer_id: str) -> None:
            with server.client() as client:
                client.delete(f"streamhtml:{{{answer_id}}}:entries")

    case = RedisMachine.TestCase
    case.settings = settings(max_examples=8, stateful_step_count=30, deadline=None)
    case().runTest()
