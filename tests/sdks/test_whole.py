"""A whole answer is refused with a message that says so: the user forgot to ask for a stream."""

from collections.abc import Callable
from typing import Any, Final

import pytest
from tests.sdks import environment
from tests.sdks.provider_server import ProviderServer

from streamhtml import deltas

if environment.NAME == "sdks":
    from tests.sdks import ways_agents as agents
    from tests.sdks import ways_providers as providers

    MESSAGES = providers.MESSAGES
    WHOLE: Final[dict[str, Callable[[str], Any]]] = {
        "OpenAI chat": lambda url: providers._openai(url).chat.completions.create(
            model="m", messages=MESSAGES
        ),
        "OpenAI Responses": lambda url: providers._openai(url).responses.create(
            model="m", input="Hi"
        ),
        "Anthropic": lambda url: providers._anthropic(url).messages.create(
            model="m", messages=MESSAGES, max_tokens=9
        ),
        "Gemini": lambda url: providers._gemini(url).models.generate_content(
            model="m", contents="Hi"
        ),
        "Ollama": lambda url: providers._ollama(url).chat("m", messages=MESSAGES),
        "Mistral": lambda url: providers._mistral(url).chat.complete(model="m", messages=MESSAGES),
        "LangChain": lambda url: agents._langchain(url, "m").invoke("Hi"),
    }
    MODELS: Final[dict[str, Callable[[str], Any]]] = {
        "LangChain": lambda url: agents._langchain(url, "m"),
        "LangGraph": lambda url: agents._graph(url, "m"),
    }
else:
    from tests.sdks import ways_llama_index as llama_index

    WHOLE = {
        "LlamaIndex": lambda url: llama_index._llm(url, "m").chat(llama_index._MESSAGES),
    }
    MODELS = {"LlamaIndex": lambda url: llama_index._llm(url, "m")}


@pytest.mark.parametrize("name", WHOLE)
def test_a_whole_answer_is_named(name: str) -> None:
    with ProviderServer() as server, pytest.raises(TypeError, match="whole answer"):
        list(deltas(WHOLE[name](server.url)))


@pytest.mark.parametrize("name", MODELS)
def test_a_model_is_named(name: str) -> None:
    with pytest.raises(TypeError, match="itself"):
        list(deltas(MODELS[name]("http://127.0.0.1")))
