"""The recipes of docs/how-to/sdks.md, with the real packages, as a reader pastes them."""

import sys
from collections.abc import Iterator
from functools import partial
from types import ModuleType
from typing import Any, Final

import pytest
from tests.docs.pages import DOCS, blocks, titled
from tests.sdks import environment, said
from tests.sdks.lab import CUT, Lab
from tests.sdks.provider_server import ProviderServer

from streamhtml import Reply, stream

PAGE: Final = DOCS / "how-to" / "sdks.md"
URLS: Final = {
    "ANTHROPIC_BASE_URL": "/anthropic",
    "GOOGLE_GEMINI_BASE_URL": "/gemini",
    "OLLAMA_HOST": "/ollama",
    "OPENAI_API_BASE": "/openai/v1",
    "OPENAI_BASE_URL": "/openai/v1",
    "MODEL_URL": "/open/v1",
    "AGENT_URL": "/ag-ui",
}
KEYS: Final = ("ANTHROPIC_API_KEY", "GEMINI_API_KEY", "MISTRAL_API_KEY", "OPENAI_API_KEY")
LLAMA_INDEX: Final = ["llama_index_chat.py"]
RECIPES: Final = [block.title for block in blocks(PAGE) if block.title.endswith(".py")]
HERE: Final = [
    title for title in RECIPES if (title in LLAMA_INDEX) == (environment.NAME == "sdks-llama-index")
]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ProviderServer]:
    with ProviderServer(CUT, always="reasoning") as opened:
        for name, path in URLS.items():
            monkeypatch.setenv(name, opened.url + path)
        for name in KEYS:
            monkeypatch.setenv(name, "none")
        if environment.NAME == "sdks":  # Mistral has no environment variable for its server.
            from mistralai.client import sdkconfiguration

            for region in sdkconfiguration.SERVERS:
                monkeypatch.setitem(sdkconfiguration.SERVERS, region, f"{opened.url}/mistral")
        yield opened


def pasted(title: str) -> ModuleType:
    """Return a recipe as a module; some SDKs look at the module of a function.

    Each has a name of its own, because a client that is forgotten leaves its connections open.
    """
    module = ModuleType(f"recipe_{title.removesuffix('.py')}_{len(sys.modules)}")
    sys.modules[module.__name__] = module
    exec(compile(titled(PAGE, title), title, "exec"), vars(module))
    return module


async def read(answer: Any) -> Reply:
    reply = Reply()
    async for _ in stream(reply, answer("Hi"), interval=0):
        pass
    return reply


@pytest.mark.parametrize("title", HERE)
def test_a_recipe_answers(lab: Lab, server: ProviderServer, title: str) -> None:
    reply = lab.call(partial(read, pasted(title).answer))

    assert (reply.state, reply.answer.text) == ("finished", "".join(said.TEXT))
    usage = reply.answer.facts.usage or {}
    assert {said.INPUT_TOKENS, said.OUTPUT_TOKENS} <= set(usage.values())


@pytest.mark.skipif(environment.NAME != "sdks", reason="it is run once, with the newest openai")
def test_the_recipe_with_tools_runs_them(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    with ProviderServer(CUT, always="agent") as server:
        monkeypatch.setenv("OPENAI_BASE_URL", f"{server.url}/openai/v1")
        monkeypatch.setenv("OPENAI_API_KEY", "none")
        reply = lab.call(partial(read, pasted("openai_tools.py").answer))

    *calls, text = reply.answer.parts
    assert {call.name: call.result for call in calls} == said.RESULTS
    assert {call.state for call in calls} == {"done"}
    assert (text.kind, text.text) == ("text", "".join(said.TEXT))
    assert (reply.answer.facts.usage or {})["input_tokens"] == 2 * said.INPUT_TOKENS


@pytest.mark.parametrize("title", RECIPES)
def test_a_recipe_is_short(title: str) -> None:
    assert len(titled(PAGE, title).splitlines()) <= 25
