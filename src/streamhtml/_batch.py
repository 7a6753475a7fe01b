"""Takes a batch of limited size from the pump's buffer, so that no step of a stream takes long.

The law: the limit only decides where the text is cut. What the reader sees does not depend on it.
"""

from collections import deque
from dataclasses import replace
from typing import Final, TypeAlias

from markupsafe import Markup

from streamhtml._delta import Delta, Replacement

MAX_BATCH_CHARS: Final = 4096
"""Maximum number of characters that one step renders on the event loop. The slowest texts that we
know take 2 µs for each character in the renderer, and as long again in a format."""

_DELTA_CHARS: Final = 16
"""Each Delta counts as this many characters more, because it is rendered by itself. Plain tokens
are joined first."""

MAX_BUFFERED_DELTAS: Final = 1024
"""Maximum number of unread deltas. At this number, the source waits for the reader."""

MAX_BUFFERED_CHARS: Final = 1 << 16
"""Maximum number of unread characters. At this number, the source waits for the reader, so that a
reader who is slow or gone does not cost more memory."""


class CutToken:
    """The rest of a token that was too long for one batch.

    Args:
        delta: the whole token.
        start: the index of the first character that is still unread.
    """

    __slots__ = ("delta", "start")

    def __init__(self, delta: Delta, start: int) -> None:
        self.delta = delta
        self.start = start


Buffer: TypeAlias = "deque[str | Delta | CutToken]"
"""The unread tokens. The source adds them at the right, perhaps in another thread. Only the reader
changes the left."""


def take_batch(buffer: Buffer, max_chars: float) -> tuple[list[Delta], int]:
    """Take tokens from the left of the buffer, and join neighbouring plain ones into one Delta.

    A token that exceeds the limit is cut, and its rest stays in the buffer. ``Markup`` is not cut,
    because a part of it would not be well-formed.

    Args:
        buffer: the unread tokens.
        max_chars: the maximum number of characters to take.

    Returns:
        What was taken, and its number of characters.
    """
    if len(buffer) == 1 and type(token := buffer[0]) is str and len(token) <= max_chars:
        buffer.popleft()  # Fast path: one plain token, as models send them.
        return [Delta(token)], len(token)
    batch: list[Delta] = []
    texts: list[str] = []
    size = 0
    for _ in range(len(buffer)):
        token = buffer.popleft()
        if type(token) is str:  # Fast path: most tokens are plain strings.
            texts.append(token)
            size += len(token)
            if size < max_chars:
                continue
            if size > max_chars:
                texts[-1] = token[: int(max_chars) - size]
                buffer.appendleft(CutToken(Delta(token), len(texts[-1])))
                size = int(max_chars)
            break
        if texts:
            batch.append(Delta("".join(texts)))
            texts = []
        batch.append(_take_one(buffer, token, max_chars - size))
        size += len(batch[-1].text)
        max_chars -= _DELTA_CHARS
        if size >= max_chars:
            break
    if texts:
        batch.append(Delta("".join(texts)))
    return batch, size


def _take_one(buffer: Buffer, token: str | Delta | CutToken, max_chars: float) -> Delta:
    """Return a token as a Delta. If it is too long, cut it, and put the rest back."""
    if isinstance(token, Delta):
        if len(token.text) <= max_chars or isinstance(token.text, Markup):
            return token
        token = CutToken(token, 0)
    assert isinstance(token, CutToken)
    delta, start = token.delta, token.start
    end = int(min(start + max_chars, len(delta.text)))
    if end < len(delta.text):
        token.start = end
        buffer.appendleft(token)
    if start and isinstance(delta, Replacement):
        return Delta(delta.text[start:end], delta.part)  # It goes on with the new content.
    return replace(delta, text=delta.text[start:end])
