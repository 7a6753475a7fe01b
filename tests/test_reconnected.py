"""The answer to a client that reconnects by itself: how the first stream ended, and no token."""

import anyio
import pytest
from tests.recorded_source import RecordedSource

from streamhtml import Fragment, Notice, Reply, stream
from streamhtml._reconnected import Reconnected


def answer(last_id: str, into: str = "") -> list[Fragment]:
    """Return the fragments for a client that received ``last_id`` last."""
    source = RecordedSource("a")

    async def read() -> list[Fragment]:
        reconnected = Reconnected(stream(Reply(), source), last_id, Notice(), into)
        reconnected.stop()
        fragments = []
        while fragment := await anext(reconnected, None):
            fragments.append(fragment)
        reconnected.close()
        await reconnected.aclose()
        await source.until_closed()
        return fragments

    fragments = anyio.run(read)
    assert not source.started
    return fragments


@pytest.mark.parametrize("outcome", ["finished", "stopped", "truncated", "failed", "interrupted"])
def test_a_client_that_knows_the_outcome_gets_it_again(outcome: str) -> None:
    assert answer(outcome) == [Fragment(0, (), outcome)]  # type: ignore[arg-type]


@pytest.mark.parametrize("last_id", ["0", "17", "Finished", "finished, 17", "streaming", "new"])
@pytest.mark.parametrize("into", ["", "messages"])
def test_any_other_client_gets_a_notice_that_the_rest_was_lost(last_id: str, into: str) -> None:
    (fragment,) = answer(last_id, into)
    assert (fragment.index, fragment.outcome) == (0, "interrupted")
    (patch,) = fragment.patches
    assert (patch.action, patch.root) == ("append", into)
    assert "The answer was interrupted" in patch.html
