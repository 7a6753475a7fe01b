"""The ways of LlamaIndex, which has an environment of its own."""

from functools import cache
from typing import Any, Final

from llama_index.core.agent.workflow import FunctionAgent
from llama_index.core.chat_engine import SimpleChatEngine
from llama_index.core.llms import ChatMessage
from llama_index.llms.openai import OpenAI
from tests.sdks.said import RESULTS
from tests.sdks.way import Way


def get_weather(city: str) -> str:
    """Return the weather."""
    return RESULTS["get_weather"]


def get_time(tz: str) -> str:
    """Return the time."""
    return RESULTS["get_time"]


@cache
def _llm(url: str, model: str) -> OpenAI:
    # LlamaIndex knows the models of OpenAI by their names.
    more = {"model": model, "stream_options": {"include_usage": True}}
    return OpenAI(
        model="gpt-4o",
        api_base=f"{url}/openai/v1",
        api_key="none",
        max_retries=0,
        additional_kwargs=more,
    )


_MESSAGES: Final = [ChatMessage(role="user", content="Hi")]


def _engine(url: str, model: str) -> Any:
    return SimpleChatEngine.from_defaults(llm=_llm(url, model))


def _agent(url: str, model: str) -> Any:
    agent = FunctionAgent(llm=_llm(url, model), tools=[get_weather, get_time])
    return agent.run("Hi")


_TEXT_ONLY: Final = dict.fromkeys(
    ("reasoning", "tools", "usage", "finish", "refusal"), "the engine streams the text only"
)
_MAY_DROP: Final = {"error": "LlamaIndex may drop the pieces before it"}
WAYS: Final = (
    Way(
        sdk="LlamaIndex",
        call="`stream_chat()`",
        protocol="chat",
        open=lambda url, model: _llm(url, model).stream_chat(_MESSAGES),
        is_async=False,
        lost={"stop": "LlamaIndex keeps the connection, and nothing closes it"},
    ),
    Way(
        sdk="LlamaIndex",
        call="`astream_chat()`",
        protocol="chat",
        open=lambda url, model: _llm(url, model).astream_chat(_MESSAGES),
    ),
    Way(
        sdk="LlamaIndex",
        call="`astream_complete()`",
        protocol="chat",
        open=lambda url, model: _llm(url, model).astream_complete("Hi"),
    ),
    Way(
        sdk="LlamaIndex",
        call="chat engine's `stream_chat()`",
        protocol="chat",
        open=lambda url, model: _engine(url, model).stream_chat("Hi"),
        is_async=False,
        lost={**_TEXT_ONLY, "stop": "a thread of LlamaIndex reads to the end"},
        varies=_MAY_DROP,
    ),
    Way(
        sdk="LlamaIndex",
        call="chat engine's `astream_chat()`",
        protocol="chat",
        open=lambda url, model: _engine(url, model).astream_chat("Hi"),
        lost={**_TEXT_ONLY, "stop": "a task of LlamaIndex reads to the end"},
        varies=_MAY_DROP,
    ),
    Way(
        sdk="LlamaIndex",
        call="`FunctionAgent.run()`",
        protocol="chat",
        open=_agent,
        tools="tools_in_turn",  # LlamaIndex mixes up calls whose arguments come in turns.
        runs_tools=True,
    ),
)
