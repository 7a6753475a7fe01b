"""Which of the two environments this is, and its ways."""

from importlib.metadata import version
from importlib.util import find_spec
from typing import Final

from tests.sdks.way import Way

NAME: Final = "sdks-llama-index" if find_spec("llama_index") else "sdks"
PACKAGES: Final = {
    "sdks-llama-index": ("llama-index-core", "llama-index-llms-openai", "openai"),
    "sdks": (
        *("openai", "anthropic", "google-genai", "ollama", "mistralai", "litellm"),
        *("langchain-core", "langchain-openai", "langgraph", "pydantic-ai-slim"),
        *("openai-agents", "ag-ui-protocol", "openresponses-types"),
    ),
}[NAME]
"""The packages under test."""


def ways() -> tuple[Way, ...]:
    """Return the ways of the SDKs that are installed. Importing them takes seconds."""
    if NAME == "sdks-llama-index":
        from tests.sdks import ways_llama_index

        return ways_llama_index.WAYS
    from tests.sdks import ways_agents, ways_providers

    return (*ways_providers.WAYS, *ways_agents.WAYS)


def versions() -> list[str]:
    """Return the packages with their versions."""
    return [f"{name} {version(name)}" for name in PACKAGES]
