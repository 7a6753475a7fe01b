"""The ways of the providers' own SDKs, and of LiteLLM.

There is one client for each provider, as in an application. A client of google-genai that is
forgotten closes its connections, even while they stream.
"""

from functools import cache
from typing import Any, Final

import anthropic
import litellm
import ollama
import openai
from google import genai
from mistralai.client import Mistral
from tests.sdks.way import Way

MESSAGES: Final[list[Any]] = [{"role": "user", "content": "Hi"}]
TOOLS: Final[list[Any]] = [
    {"type": "function", "function": {"name": name, "parameters": {"type": "object"}}}
    for name in ("get_weather", "get_time")
]


@cache
def _openai(url: str) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{url}/openai/v1", api_key="none", max_retries=0)


@cache
def _async_openai(url: str, path: str = "openai") -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(base_url=f"{url}/{path}/v1", api_key="none", max_retries=0)


_CHAT: Final[dict[str, Any]] = {
    "messages": MESSAGES,
    "stream": True,
    "stream_options": {"include_usage": True},
}
_CHAT_EVENTS: Final[dict[str, Any]] = {
    "messages": MESSAGES,
    "tools": TOOLS,
    "stream_options": {"include_usage": True},
}
OPENAI: Final = (
    Way(
        sdk="OpenAI",
        call="`chat.completions.create(stream=True)`",
        protocol="chat",
        open=lambda url, model: _openai(url).chat.completions.create(model=model, **_CHAT),
        is_async=False,
    ),
    Way(
        sdk="OpenAI",
        call="`chat.completions.create(stream=True)`, async",
        protocol="chat",
        open=lambda url, model: _async_openai(url).chat.completions.create(model=model, **_CHAT),
    ),
    Way(
        sdk="OpenAI",
        call="`chat.completions.stream()`",
        protocol="chat",
        open=lambda url, model: _openai(url).chat.completions.stream(model=model, **_CHAT_EVENTS),
        is_async=False,
    ),
    Way(
        sdk="OpenAI",
        call="`chat.completions.stream()`, async",
        protocol="chat",
        open=lambda url, model: _async_openai(url).chat.completions.stream(
            model=model, **_CHAT_EVENTS
        ),
    ),
    Way(
        sdk="OpenAI",
        call="`responses.create(stream=True)`",
        protocol="responses",
        open=lambda url, model: _openai(url).responses.create(model=model, input="Hi", stream=True),
        is_async=False,
    ),
    Way(
        sdk="OpenAI",
        call="`responses.create(stream=True)`, async",
        protocol="responses",
        open=lambda url, model: _async_openai(url).responses.create(
            model=model, input="Hi", stream=True
        ),
    ),
    Way(
        sdk="OpenAI",
        call="`responses.stream()`",
        protocol="responses",
        open=lambda url, model: _openai(url).responses.stream(model=model, input="Hi"),
        is_async=False,
    ),
    Way(
        sdk="OpenAI",
        call="`responses.stream()`, async",
        protocol="responses",
        open=lambda url, model: _async_openai(url).responses.stream(model=model, input="Hi"),
    ),
    Way(
        sdk="Open Responses",
        call="OpenAI's `responses.create(stream=True)`, async",
        protocol="open-responses",
        open=lambda url, model: _async_openai(url, "open").responses.create(
            model=model, input="Hi", stream=True
        ),
    ),
)

_MESSAGES: Final[dict[str, Any]] = {"messages": MESSAGES, "max_tokens": 1024}


@cache
def _anthropic(url: str) -> anthropic.Anthropic:
    return anthropic.Anthropic(base_url=f"{url}/anthropic", api_key="none", max_retries=0)


@cache
def _async_anthropic(url: str) -> anthropic.AsyncAnthropic:
    return anthropic.AsyncAnthropic(base_url=f"{url}/anthropic", api_key="none", max_retries=0)


ANTHROPIC: Final = (
    Way(
        sdk="Anthropic",
        call="`messages.create(stream=True)`",
        protocol="anthropic",
        open=lambda url, model: _anthropic(url).messages.create(
            model=model, stream=True, **_MESSAGES
        ),
        is_async=False,
    ),
    Way(
        sdk="Anthropic",
        call="`messages.create(stream=True)`, async",
        protocol="anthropic",
        open=lambda url, model: _async_anthropic(url).messages.create(
            model=model, stream=True, **_MESSAGES
        ),
    ),
    Way(
        sdk="Anthropic",
        call="`messages.stream()`",
        protocol="anthropic",
        open=lambda url, model: _anthropic(url).messages.stream(model=model, **_MESSAGES),
        is_async=False,
    ),
    Way(
        sdk="Anthropic",
        call="`messages.stream()`, async",
        protocol="anthropic",
        open=lambda url, model: _async_anthropic(url).messages.stream(model=model, **_MESSAGES),
    ),
)


@cache
def _gemini(url: str) -> genai.Client:
    return genai.Client(api_key="none", http_options={"base_url": f"{url}/gemini"})


GEMINI: Final = (
    Way(
        sdk="Google Gen AI",
        call="`models.generate_content_stream()`",
        protocol="gemini",
        open=lambda url, model: _gemini(url).models.generate_content_stream(
            model=model, contents="Hi"
        ),
        is_async=False,
    ),
    Way(
        sdk="Google Gen AI",
        call="`aio.models.generate_content_stream()`",
        protocol="gemini",
        open=lambda url, model: _gemini(url).aio.models.generate_content_stream(
            model=model, contents="Hi"
        ),
    ),
    Way(
        sdk="Google Gen AI",
        call="`aio.chats.create().send_message_stream()`",
        protocol="gemini",
        open=lambda url, model: (
            _gemini(url).aio.chats.create(model=model).send_message_stream("Hi")
        ),
    ),
)


@cache
def _ollama(url: str) -> ollama.Client:
    return ollama.Client(f"{url}/ollama")


@cache
def _async_ollama(url: str) -> ollama.AsyncClient:
    return ollama.AsyncClient(f"{url}/ollama")


_OLLAMA: Final[dict[str, Any]] = {"messages": MESSAGES, "stream": True}
OLLAMA: Final = (
    Way(
        sdk="Ollama",
        call="`chat(stream=True)`",
        protocol="ollama-chat",
        open=lambda url, model: _ollama(url).chat(model, **_OLLAMA),
        is_async=False,
    ),
    Way(
        sdk="Ollama",
        call="`AsyncClient().chat(stream=True)`",
        protocol="ollama-chat",
        open=lambda url, model: _async_ollama(url).chat(model, **_OLLAMA),
    ),
    Way(
        sdk="Ollama",
        call="`AsyncClient().generate(stream=True)`",
        protocol="ollama-generate",
        open=lambda url, model: _async_ollama(url).generate(model, prompt="Hi", stream=True),
    ),
)


@cache
def _mistral(url: str) -> Mistral:
    return Mistral(api_key="none", server_url=f"{url}/mistral")


MISTRAL: Final = (
    Way(
        sdk="Mistral",
        call="`chat.stream()`",
        protocol="mistral",
        open=lambda url, model: _mistral(url).chat.stream(model=model, messages=MESSAGES),
        is_async=False,
    ),
    Way(
        sdk="Mistral",
        call="`chat.stream_async()`",
        protocol="mistral",
        open=lambda url, model: _mistral(url).chat.stream_async(model=model, messages=MESSAGES),
    ),
)


def _litellm(url: str, model: str, provider: str) -> dict[str, Any]:
    path = "openai/v1" if provider == "openai" else provider
    return {
        "model": f"{provider}/{model}",
        "api_base": f"{url}/{path}",
        "api_key": "none",
        "num_retries": 0,
        **_CHAT,
    }


LITELLM: Final = (
    Way(
        sdk="LiteLLM",
        call="`completion(stream=True)`, OpenAI",
        protocol="chat",
        open=lambda url, model: litellm.completion(**_litellm(url, model, "openai")),
        is_async=False,
        lost={"refusal": "LiteLLM drops it"},
    ),
    Way(
        sdk="LiteLLM",
        call="`acompletion(stream=True)`, OpenAI",
        protocol="chat",
        open=lambda url, model: litellm.acompletion(**_litellm(url, model, "openai")),
        lost={"refusal": "LiteLLM drops it"},
    ),
    Way(
        sdk="LiteLLM",
        call="`acompletion(stream=True)`, Anthropic",
        protocol="anthropic",
        open=lambda url, model: litellm.acompletion(**_litellm(url, model, "anthropic")),
    ),
)

WAYS: Final = (*OPENAI, *ANTHROPIC, *GEMINI, *OLLAMA, *MISTRAL, *LITELLM)
