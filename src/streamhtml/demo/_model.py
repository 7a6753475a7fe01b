"""A real model, through the openai package: any server that speaks its protocol will do.

Where it is and how to get in say ``OPENAI_BASE_URL`` and ``OPENAI_API_KEY``.
"""

from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from openai.types.chat import ChatCompletionChunk


async def stream(prompt: str, model: str) -> "AsyncGenerator[ChatCompletionChunk]":
    """Yield the chunks of the model's answer; streamhtml reads them as they are.

    The connection is opened by the first step and closed when the generator is, because both
    the client and the stream are entered in here.
    """
    from openai import AsyncOpenAI

    async with (
        AsyncOpenAI() as client,
        await client.chat.completions.create(
            model=model, messages=[{"role": "user", "content": prompt}], stream=True
        ) as chunks,
    ):
        async for chunk in chunks:
            yield chunk
