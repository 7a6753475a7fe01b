"""A real model, through the package of its provider. ``streamhtml`` reads what it returns.

Each package is imported when the first answer is requested. There is one client for the process,
which takes the key and the address of the provider from the environment.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final

_MAX_TOKENS: Final = 4096
"""The limit of an answer of Anthropic's models, which has to be given."""


@dataclass(frozen=True, slots=True)
class Provider:
    """How a provider is asked.

    Args:
        package: what has to be installed, by its name for pip.
        module: what is imported.
        stream: returns the source of an answer, from the name of the model and the prompt. It is
            called in the event loop that reads the source.
        keys: the environment variables of which one has to be set.
    """

    package: str
    module: str
    stream: Callable[[str, str], Any]
    keys: tuple[str, ...] = ()

    def is_installed(self) -> bool:
        """Return whether the package can be imported."""
        try:
            return find_spec(self.module) is not None
        except ModuleNotFoundError:  # The package that contains it is missing.
            return False


def stream(prompt: str, model: str) -> Callable[[], Any]:
    """Return a function that asks the model, and returns the source of its answer.

    Args:
        prompt: the user's message.
        model: the provider and the name of the model, as in "openai:gpt-5-mini".
    """
    provider, _, name = model.partition(":")
    return lambda: PROVIDERS[provider].stream(name, prompt)


def _messages(prompt: str) -> list[Any]:
    return [{"role": "user", "content": prompt}]


@cache
def _client(module: str, name: str) -> Any:
    return getattr(import_module(module), name)()


PROVIDERS: Final = {
    "openai": Provider(
        "openai",
        "openai",
        lambda model, prompt: _client("openai", "AsyncOpenAI").chat.completions.create(
            model=model, messages=_messages(prompt), stream=True
        ),
        ("OPENAI_API_KEY",),
    ),
    "anthropic": Provider(
        "anthropic",
        "anthropic",
        lambda model, prompt: _client("anthropic", "AsyncAnthropic").messages.stream(
            model=model, messages=_messages(prompt), max_tokens=_MAX_TOKENS
        ),
        ("ANTHROPIC_API_KEY",),
    ),
    "ollama": Provider(
        "ollama",
        "ollama",
        lambda model, prompt: _client("ollama", "AsyncClient").chat(
            model, messages=_messages(prompt), stream=True
        ),
    ),
    "gemini": Provider(
        "google-genai",
        "google.genai",
        lambda model, prompt: _client("google.genai", "Client").aio.models.generate_content_stream(
            model=model, contents=prompt
        ),
        ("GEMINI_API_KEY", "GOOGLE_API_KEY"),
    ),
}
