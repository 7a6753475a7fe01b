"""What an SDK returns is read as it is: each way, each aspect, with the provider's bytes cut."""

import pytest
from tests.sdks import environment, said
from tests.sdks.lab import Lab, aspects
from tests.sdks.way import Way

WAYS = environment.ways()


@pytest.mark.parametrize(
    ("way", "aspect"),
    [(way, aspect) for way in WAYS for aspect in aspects(way) if aspect not in way.varies],
    ids=str,
)
def test_what_the_provider_sends_arrives(lab: Lab, way: Way, aspect: str) -> None:
    assert lab.has(way, aspect) == (aspect not in way.lost), lab.answers_of(way)


@pytest.mark.parametrize(
    "way", [way for way in WAYS if way.sdk in ("OpenAI", "Open Responses", "LlamaIndex")], ids=str
)
def test_reasoning_has_another_name_on_some_servers(lab: Lab, way: Way) -> None:
    reply = lab.ask(way, "reasoning_short")

    assert reply.answer.text == "".join(said.TEXT)
    reasoning = "" if "reasoning" in way.lost else "".join(said.REASONING)
    assert reply.answer.text_of("reasoning") == reasoning


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
