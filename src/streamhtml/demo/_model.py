"""A real model, through the openai package and any server that speaks its protocol.

``OPENAI_BASE_URL`` and ``OPENAI_API_KEY`` say where the server is, and give access to it.
"""

from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from openai.types.chat import ChatCompletionChunk


async def stream(prompt: str, model: str) -> "AsyncGenerator[ChatCompletionChunk]":
    """Yield the chunks of the model's answer, which streamhtml reads as they are.

    The connection is opened when the first chunk is requested, and closed with the generator.
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
