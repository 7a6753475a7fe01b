"""The built-in answers: the files in ``answers/``, token by token, in place of a model.

The same prompt always gets the same tokens.
"""

import asyncio
import logging
import re
import time
from collections.abc import AsyncGenerator
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Final

from markupsafe import Markup

from streamhtml import Delta, merge
from streamhtml.demo import _tool_answer
from streamhtml.sources import Tokens

logger = logging.getLogger("streamhtml.demo")

FAIL: Final = "fail"
SLEEP: Final = "sleep"
LONG: Final = "long"
SIDE_BY_SIDE: Final = "side by side"
"""The prompt for two answers at the same time, of which one fails."""
TOOLS: Final = re.compile(r"\b(weather|tools?|think)\b", re.IGNORECASE)
"""A prompt with one of these words gets reasoning and tool calls."""

FAIL_LENGTH: Final = 200
FAIL_AFTER: Final = 100
SLEEP_SECONDS: Final = 30.0
SLEEP_TOKENS: Final = ("Let", " me", " sleep", " on", " that", "…", " 💤")
AWAKE: Final = " Good morning!"

_ANSWERS: Final = Path(__file__).parent / "answers"

# The first pattern that is found in the prompt chooses the answer. If none is found, a hash of the
# prompt chooses it.
_TOPICS: Final = {
    "arabic": r"[\u0600-\u06ff]|\barabic\b",
    "korean": r"[\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3]|\bkorean\b",
    "sources": r"\b(sources?|cit(e|ations?)|tea)\b",
    "formulas": r"\b(formulas?|equations?|integral|maths?)\b",
    "python": r"\b(python|code|program|function|async\w*)\b",
    "table": r"\b(table|compare|comparison|versus|vs)\b",
    "seoul": r"\b(seoul|travel|trip|weekend|plan|list)\b",
    "emoji": r"\b(emojis?|flags?|unicode)\b",
    "html": r"\b(html|escape|script|tags?)\b|[<>&]",
    "quote": r"\b(quote|poem|haiku|story)\b",
    "explain": r"\b(how|why|explain|stream\w*)\b",
    "hello": r"\b(hello|hi|hey|help|who|what)\b",
    "markdown": r"\b(markdown|bread|recipe|bak(e|ing)|footnotes?)\b",
}

# The answers of "long". The figures in the documentation are about this text, so it stays as it is.
_LONG: Final = tuple(topic for topic in _TOPICS if topic not in {"arabic", "sources", "formulas"})

_SOURCES: Final = {
    "1": (
        "https://en.wikipedia.org/wiki/Camellia_sinensis",
        "Camellia sinensis",
        "The plant, where it grows, and the kinds of tea.",
    ),
    "2": (
        "https://en.wikipedia.org/wiki/History_of_tea",
        "History of tea",
        "From the first leaves in China to plantations all over the world.",
    ),
    "3": (
        "https://en.wikipedia.org/wiki/The_Classic_of_Tea",
        "The Classic of Tea",
        "The book by Lu Yu, written between 760 and 762.",
    ),
}

# These are similar to the tokens of a real model: a short word with the space before it, a piece of
# a longer word, three digits, one or two syllables of Korean, a few letters of Arabic. As with a
# real model, an emoji of several code points is split.
_TOKEN: Final = re.compile(
    r" ?[A-Za-z]{1,7}| ?\d{1,3}| ?[가-힣]{1,2}| ?[\u0621-\u0652]{1,4}|\n+| +(?= )"
    r"| ?[!-/:-@\[-`{-~]{1,3}|.",
    re.DOTALL,
)


def tokens(prompt: str) -> tuple[str, ...]:
    """Return the tokens of the whole answer to a prompt.

    For "fail" these are the tokens of the complete answer, although its stream fails halfway.
    """
    command = _command(prompt)
    if command == SLEEP:
        return (*SLEEP_TOKENS, AWAKE)
    if command == FAIL:
        return _tokens("explain")[:FAIL_LENGTH]
    if command == LONG:
        return tuple(token for topic in _LONG for token in (*_tokens(topic), "\n\n"))
    return _tokens(_topic(prompt))


async def stream(prompt: str, rate: float) -> AsyncGenerator[str | Delta]:
    """Yield the tokens of the answer to a prompt.

    Args:
        prompt: the user's message.
        rate: tokens per second; 0 for no pause.

    Raises:
        RuntimeError: the prompt is "fail". It is raised after half of the answer.
    """
    command = _command(prompt)
    if TOOLS.search(prompt):
        async for delta in _tool_answer.stream(rate):
            yield delta
        return
    for index, token in enumerate(tokens(prompt)):
        if command == FAIL and index == FAIL_AFTER:
            raise RuntimeError(
                f"the prompt was {FAIL!r}, so the answer fails after {FAIL_AFTER} tokens"
            )
        if command == SLEEP and token == AWAKE:
            await _sleep()
        await asyncio.sleep(1 / rate if rate else 0)
        yield token


def two_answers(rate: float) -> Tokens:
    """Return the source of two answers: "left" is complete, "right" fails."""
    return merge({"left": stream("html", rate), "right": stream(FAIL, rate)})


def citation(label: str) -> Markup | None:
    """Return the HTML of a citation: its number, and a card with the source."""
    if label not in _SOURCES:
        return None
    url, title, excerpt = _SOURCES[label]
    return Markup(
        '<span class="streamhtml-citation" tabindex="0">{}<span class="streamhtml-citation-card">'
        '<a href="{}" rel="noopener" target="_blank">{}</a> {}</span></span>'
    ).format(label, url, title, excerpt)


def language(prompt: str) -> str:
    """Return the language that a prompt is written in, if its letters tell it: "ko", "ar" or ""."""
    if re.search(r"[\u0600-\u06ff]", prompt):
        return "ar"
    return "ko" if re.search(r"[\uac00-\ud7a3]", prompt) else ""


def is_side_by_side(prompt: str) -> bool:
    """Return whether a prompt asks for two answers."""
    return _command(prompt) == SIDE_BY_SIDE


async def _sleep() -> None:
    began = time.monotonic()
    logger.info(
        "sleep: the source waits for %g s; close the tab to see how it is closed", SLEEP_SECONDS
    )
    try:
        await asyncio.sleep(SLEEP_SECONDS)
    finally:
        logger.info("sleep: the source was closed after %.1f s", time.monotonic() - began)


def _command(prompt: str) -> str:
    return prompt.strip().casefold()


def _topic(prompt: str) -> str:
    for topic, pattern in _TOPICS.items():
        if re.search(pattern, prompt, re.IGNORECASE):
            return topic
    digest = blake2b(prompt.encode("utf-8", "replace"), digest_size=8).digest()
    return list(_TOPICS)[int.from_bytes(digest) % len(_TOPICS)]


@cache
def _tokens(topic: str) -> tuple[str, ...]:
    text = (_ANSWERS / f"{topic}.md").read_text(encoding="utf-8").rstrip("\n")
    return tuple(_TOKEN.findall(text))
