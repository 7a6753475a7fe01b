"""What an SDK returns is read as it is: each way, each aspect, with the provider's bytes cut."""

import pytest
from tests.sdks import environment
from tests.sdks.lab import Lab, aspects
from tests.sdks.way import Way

WAYS = environment.ways()


@pytest.mark.parametrize(
    ("way", "aspect"),
    [(way, aspect) for way in WAYS for aspect in aspects(way)],
    ids=str,
)
def test_what_the_provider_sends_arrives(lab: Lab, way: Way, aspect: str) -> None:
    assert lab.has(way, aspect) == (aspect not in way.lost), lab.answers_of(way)


@pytest.mark.parametrize("way", WAYS, ids=str)
@pytest.mark.parametrize("status", [401, 429])
def test_an_error_before_the_answer_is_seen(lab: Lab, way: Way, status: int) -> None:
    try:
        reply = lab.ask(way, f"http{status}")
    except Exception as error:  # Sync clients wait for the head of the response.
        raised = error
    else:
        assert (reply.state, reply.answer.text) == ("failed", "")
        return
    assert not way.is_async
    assert getattr(raised, "status_code", None) == status or str(status) in str(raised)
