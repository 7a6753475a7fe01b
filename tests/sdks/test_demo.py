"""The demo asks a model of each provider through the real package."""

from collections.abc import Iterator

import pytest
from tests.sdks import environment, said
from tests.sdks.lab import CUT, Lab
from tests.sdks.provider_server import ProviderServer

from streamhtml import Reply, stream
from streamhtml.demo._conversations import Message
from streamhtml.demo._demo import Demo

NAMES = ("openai", "anthropic", "ollama", "gemini")
pytestmark = pytest.mark.skipif(environment.NAME != "sdks", reason="it needs the other environment")


@pytest.fixture(scope="module", autouse=True)
def provider() -> Iterator[None]:
    """A provider for all tests, because the demo keeps its clients."""
    with ProviderServer(CUT) as server, pytest.MonkeyPatch.context() as patch:
        for name, path in {
            "OPENAI_BASE_URL": "/openai/v1",
            "ANTHROPIC_BASE_URL": "/anthropic",
            "OLLAMA_HOST": "/ollama",
            "GOOGLE_GEMINI_BASE_URL": "/gemini",
        }.items():
            patch.setenv(name, server.url + path)
        for name in NAMES:
            patch.setenv(f"{name.upper()}_API_KEY", "none")
        yield


async def ask(model: str) -> Reply:
    reply = Reply()
    tokens = Demo(model=model, log="none").answer(Message("ai_1", "Hi"))
    async for _ in stream(reply, tokens, interval=0):
        pass
    return reply


@pytest.mark.parametrize("name", NAMES)
def test_the_answer_of_a_model_is_shown(lab: Lab, name: str) -> None:
    reply = lab.call(ask, f"{name}:text")

    assert (reply.state, reply.answer.text) == ("finished", "".join(said.TEXT))


@pytest.mark.parametrize("name", NAMES)
def test_an_error_of_the_provider_is_a_failed_answer(lab: Lab, name: str) -> None:
    reply = lab.call(ask, f"{name}:http401")

    assert (reply.state, reply.answer.text) == ("failed", "")
