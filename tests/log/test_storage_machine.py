"""The memory log does what a storage promises, after any steps."""

from hypothesis import settings
from tests.log.storage_machine import StorageMachine

from streamhtml.log import Log, MemoryLog


class MemoryMachine(StorageMachine):
    log: MemoryLog

    def make_log(self) -> Log:
        return MemoryLog(lease=3600)

    def expire(self, answer_id: str) -> None:
        self.log._answers[answer_id].lease_until = 0.0

    def lose(self, answer_id: str) -> None:
        self.log._forget(answer_id)


TestMemoryLog = MemoryMachine.TestCase
TestMemoryLog.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)
