"""The scripted bodies are what the protocols allow: the types of their packages accept them."""

import pytest
from pydantic import TypeAdapter
from tests.sdks import bodies, bodies_openai, environment

pytestmark = pytest.mark.skipif(environment.NAME != "sdks", reason="it needs the other environment")


@pytest.mark.parametrize("scenario", bodies.AG_UI)
def test_the_events_of_ag_ui_are_valid(scenario: str) -> None:
    from ag_ui.core import Event

    for event in bodies.AG_UI[scenario]:
        TypeAdapter(Event).validate_python(event)


@pytest.mark.parametrize("scenario", bodies_openai.RESPONSES)
def test_the_events_of_responses_are_valid(scenario: str) -> None:
    from openai.types.responses import ResponseStreamEvent

    for event in bodies_openai.RESPONSES[scenario]:
        TypeAdapter(ResponseStreamEvent).validate_python(event)


@pytest.mark.parametrize("scenario", bodies_openai.OPEN_RESPONSES)
def test_the_events_of_open_responses_are_valid(scenario: str) -> None:
    from openresponses_types import types

    known = {
        next(iter(model.model_fields["type"].annotation)).value: model
        for name, model in vars(types).items()
        if name.endswith("StreamingEvent")
    }
    for event in bodies_openai.OPEN_RESPONSES[scenario]:
        known[event["type"]].model_validate(event)


@pytest.mark.parametrize("scenario", bodies_openai.CHAT)
def test_the_chunks_of_chat_completions_are_valid(scenario: str) -> None:
    from openai.types.chat import ChatCompletionChunk

    for chunk in bodies_openai.CHAT[scenario]:
        if "error" not in chunk:
            ChatCompletionChunk.model_validate(chunk)


@pytest.mark.parametrize("scenario", bodies.ANTHROPIC)
def test_the_events_of_anthropic_are_valid(scenario: str) -> None:
    from anthropic.types import RawMessageStreamEvent

    for event in bodies.ANTHROPIC[scenario]:
        if event["type"] not in ("ping", "error"):
            TypeAdapter(RawMessageStreamEvent).validate_python(event)
