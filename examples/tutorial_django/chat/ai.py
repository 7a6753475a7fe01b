"""A replacement for a model. The view only calls ``astream()``.

To ask a real model through the openai package::

    async def astream(message: str) -> AsyncIterator[ChatCompletionChunk]:
        async with (
            AsyncOpenAI() as client,
            await client.chat.completions.create(
                model="gpt-5-mini", messages=[{"role": "user", "content": message}], stream=True
            ) as chunks,
        ):
            async for chunk in chunks:
                yield chunk
"""

import asyncio
import re
from collections.abc import AsyncIterator

ANSWER = """You wrote “{message}”, which has {count} characters.

Each word of this answer is a token. The view passes the tokens to the response, the response \
renders the message with the text so far, and the browser replaces the old message with the new \
one.

- 한국어와 이모지 👩‍💻 are text like any other.
- So are <b>tags</b>, & ampersands and "quotes": the template escapes them.
"""


async def astream(message: str) -> AsyncIterator[str]:
    """Yield an answer to ``message``, word by word, 20 words per second."""
    for word in re.findall(r"\s*\S+", answer(message)):
        await asyncio.sleep(0.05)
        yield word


def answer(message: str) -> str:
    """Return the whole answer."""
    return ANSWER.format(message=message, count=len(message)).strip()
