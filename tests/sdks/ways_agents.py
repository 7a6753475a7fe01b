"""The ways of frameworks for agents. They reach the provider through the package of OpenAI."""

import json
import warnings
from collections.abc import AsyncIterator
from functools import cache
from typing import Any, Final

import agents
import httpx
import openai
from ag_ui.core import Event as AGUIEvent
from langchain_core.output_parsers import StrOutputParser
from langchain_openai import ChatOpenAI
from langgraph.prebuilt import create_react_agent
from pydantic import TypeAdapter
from pydantic_ai import Agent
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
from pydantic_ai.providers.openai import OpenAIProvider
from tests.sdks.said import RESULTS
from tests.sdks.way import Way


def get_weather(city: str) -> str:
    """Return the weather."""
    return RESULTS["get_weather"]


def get_time(tz: str) -> str:
    """Return the time."""
    return RESULTS["get_time"]


NO_REASONING: Final = "langchain-openai drops `reasoning_content`"
NO_REFUSAL: Final = "langchain-openai drops the refusals of chat completions"


def _langchain(url: str, model: str, **options: Any) -> ChatOpenAI:
    return ChatOpenAI(
        model=model,
        base_url=f"{url}/openai/v1",
        api_key="none",
        max_retries=0,
        stream_usage=True,
        **options,
    )


_LOST: Final = {"reasoning": NO_REASONING, "refusal": NO_REFUSAL}
LANGCHAIN: Final = (
    Way(
        sdk="LangChain",
        call="`stream()`",
        protocol="chat",
        open=lambda url, model: _langchain(url, model).stream("Hi"),
        is_async=False,
        lost=_LOST,
    ),
    Way(
        sdk="LangChain",
        call="`astream()`",
        protocol="chat",
        open=lambda url, model: _langchain(url, model).astream("Hi"),
        lost=_LOST,
    ),
    Way(
        sdk="LangChain",
        call="`astream()`, Responses",
        protocol="responses",
        open=lambda url, model: _langchain(url, model, use_responses_api=True).astream("Hi"),
    ),
    Way(
        sdk="LangChain",
        call='`astream_events(version="v2")`',
        protocol="chat",
        open=lambda url, model: _langchain(url, model).astream_events("Hi", version="v2"),
        lost=_LOST,
    ),
    Way(
        sdk="LangChain",
        call='`astream_events(version="v3")`',
        protocol="chat",
        open=lambda url, model: _langchain(url, model).astream_events("Hi", version="v3"),
        lost=_LOST,
    ),
    Way(
        sdk="LangChain",
        call='`stream_events(version="v3")`',
        protocol="chat",
        open=lambda url, model: _langchain(url, model).stream_events("Hi", version="v3"),
        is_async=False,
        lost={**_LOST, "stop": "the stream has no method that closes it"},
    ),
    Way(
        sdk="LangChain",
        call="`(llm | StrOutputParser()).astream()`",
        protocol="chat",
        open=lambda url, model: (_langchain(url, model) | StrOutputParser()).astream("Hi"),
        lost={
            **_LOST,
            **dict.fromkeys(("tools", "usage", "finish"), "the parser returns the text only"),
        },
    ),
)


def _graph(url: str, model: str) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Its successor is in a package of its own.
        return create_react_agent(_langchain(url, model), [get_weather, get_time])


_INPUT: Final[Any] = {"messages": [("user", "Hi")]}
LANGGRAPH: Final = (
    Way(
        sdk="LangGraph",
        call='`stream(stream_mode="messages")`',
        protocol="chat",
        open=lambda url, model: _graph(url, model).stream(_INPUT, stream_mode="messages"),
        is_async=False,
        lost={**_LOST, "stop": "LangGraph waits until the model has finished"},
        runs_tools=True,
    ),
    Way(
        sdk="LangGraph",
        call='`astream(stream_mode="messages")`',
        protocol="chat",
        open=lambda url, model: _graph(url, model).astream(_INPUT, stream_mode="messages"),
        lost=_LOST,
        runs_tools=True,
    ),
    Way(
        sdk="LangGraph",
        call='`astream(stream_mode=["messages", "updates"], subgraphs=True)`',
        protocol="chat",
        open=lambda url, model: _graph(url, model).astream(
            _INPUT, stream_mode=["messages", "updates"], subgraphs=True
        ),
        lost=_LOST,
        runs_tools=True,
    ),
    Way(
        sdk="LangGraph",
        call='`astream(stream_mode="messages", version="v2")`',
        protocol="chat",
        open=lambda url, model: _graph(url, model).astream(
            _INPUT, stream_mode="messages", version="v2"
        ),
        lost=_LOST,
        runs_tools=True,
    ),
    Way(
        sdk="LangGraph",
        call='`astream_events(version="v2")`',
        protocol="chat",
        open=lambda url, model: _graph(url, model).astream_events(_INPUT, version="v2"),
        lost=_LOST,
        runs_tools=True,
    ),
    Way(
        sdk="LangGraph",
        call='`astream_events(version="v3")`',
        protocol="chat",
        open=lambda url, model: _graph(url, model).astream_events(_INPUT, version="v3"),
        lost={**_LOST, "results": "LangGraph has no event for the tools of this agent"},
        runs_tools=True,
    ),
)


@cache
def _openai(url: str) -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(base_url=f"{url}/openai/v1", api_key="none", max_retries=0)


def _pydantic_ai(url: str, model: str, kind: type[Any] = OpenAIChatModel) -> Agent:
    provider = OpenAIProvider(openai_client=_openai(url))
    agent: Agent = Agent(kind(model, provider=provider))
    agent.tool_plain(get_weather)
    agent.tool_plain(get_time)
    return agent


async def _cumulative(url: str, model: str) -> AsyncIterator[str]:
    async with _pydantic_ai(url, model).run_stream("Hi") as result:
        async for text in result.stream_text(debounce_by=None):
            yield text


_LAST: Final = "it streams the last message only"
_TEXT_ONLY: Final = "it streams the text of the last message only"
_NO_REFUSAL: Final = {"refusal": "Pydantic AI raises an error with it"}
PYDANTIC_AI: Final = (
    Way(
        sdk="Pydantic AI",
        call="`run_stream()`",
        protocol="chat",
        open=lambda url, model: _pydantic_ai(url, model).run_stream("Hi"),
        lost={**_NO_REFUSAL, **dict.fromkeys(("tools", "results"), _LAST)},
        runs_tools=True,
    ),
    Way(
        sdk="Pydantic AI",
        call="`stream_text()`, which repeats the text",
        protocol="chat",
        open=_cumulative,
        lost=dict.fromkeys(
            ("reasoning", "tools", "results", "usage", "finish", "refusal"), _TEXT_ONLY
        ),
        runs_tools=True,
    ),
    Way(
        sdk="Pydantic AI",
        call="`run_stream_events()`",
        protocol="chat",
        open=lambda url, model: _pydantic_ai(url, model).run_stream_events("Hi"),
        lost=_NO_REFUSAL,
        runs_tools=True,
    ),
    Way(
        sdk="Pydantic AI",
        call="`run_stream_events()`, Responses",
        protocol="responses",
        open=lambda url, model: _pydantic_ai(url, model, OpenAIResponsesModel).run_stream_events(
            "Hi"
        ),
        lost=_NO_REFUSAL,
        runs_tools=True,
    ),
)


def _agent(url: str, model: str, kind: type[Any]) -> agents.RunResultStreaming:
    tools = [agents.function_tool(get_weather), agents.function_tool(get_time)]
    settings = agents.ModelSettings(include_usage=True)
    agent = agents.Agent(
        name="agent", model=kind(model, _openai(url)), tools=tools, model_settings=settings
    )
    return agents.Runner.run_streamed(agent, "Hi")


OPENAI_AGENTS: Final = (
    Way(
        sdk="OpenAI Agents SDK",
        call="`Runner.run_streamed()`",
        protocol="responses",
        open=lambda url, model: _agent(url, model, agents.OpenAIResponsesModel),
        runs_tools=True,
    ),
    Way(
        sdk="OpenAI Agents SDK",
        call="`Runner.run_streamed()`, chat completions",
        protocol="chat",
        open=lambda url, model: _agent(url, model, agents.OpenAIChatCompletionsModel),
        lost={"finish": "the SDK drops the reason of chat completions"},
        runs_tools=True,
    ),
)

_AG_UI_EVENT: Final[TypeAdapter[Any]] = TypeAdapter(AGUIEvent)


async def _ag_ui(url: str, model: str, *, typed: bool) -> AsyncIterator[Any]:
    """Yield the events of an agent on another server: as the package's types, or as JSON."""
    async with (
        httpx.AsyncClient() as client,
        client.stream("POST", f"{url}/ag-ui", json={"model": model}) as response,
    ):
        response.raise_for_status()
        async for line in response.aiter_lines():
            if line.startswith("data: "):
                data = line.removeprefix("data: ")
                yield _AG_UI_EVENT.validate_json(data) if typed else json.loads(data)


AG_UI: Final = (
    Way(
        sdk="AG-UI",
        call="events of `ag-ui-protocol`",
        protocol="ag-ui",
        open=lambda url, model: _ag_ui(url, model, typed=True),
    ),
    Way(
        sdk="AG-UI",
        call="the JSON of the events",
        protocol="ag-ui",
        open=lambda url, model: _ag_ui(url, model, typed=False),
    ),
)

WAYS: Final = (*LANGCHAIN, *LANGGRAPH, *PYDANTIC_AI, *OPENAI_AGENTS, *AG_UI)
