"""``Delta`` and ``Truncated``: what comes out of a source. Nothing here opens or reads one."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup


@dataclass(frozen=True, slots=True)
class Delta:
    """A piece of one part of the message.

    Args:
        text: the piece. A plain ``str`` is untrusted text and is escaped when it is shown. A
            ``markupsafe.Markup`` is trusted HTML, well-formed by itself, and is shown as it is.
        part: the name of the part: "text", "reasoning", "tool" or any other.
    """

    text: str
    part: str = "text"


class Truncated(Exception):  # noqa: N818 - the name of an outcome
    """Raised by a source to say that the answer was cut short, for example by the model's limit.

    This is not a failure: the reader keeps the text that has arrived, and sees a notice after it.
    ``deltas()`` raises it at the end of a source whose OpenAI chat chunks reported it.

    Args:
        reason: for code that catches the exception; it is not shown to the reader.
    """

    def __init__(self, reason: str = "") -> None:
        super().__init__(reason)


def merge_deltas(deltas: Iterable[Delta]) -> Sequence[Delta]:
    """Join the text of neighbouring Deltas of the same part, and drop the empty ones.

    A Delta with ``Markup`` stays separate, because a renderer may give each an element of its
    own. If they were joined, the result would depend on how many happen to arrive at once.
    """
    if isinstance(deltas, list) and len(deltas) == 1 and deltas[0].text:
        return deltas  # Fast path: the usual batch.
    merged: list[Delta] = []
    texts: list[str] = []  # The texts of the last Delta in `merged`, while it can still grow.
    for delta in deltas:
        if not delta.text:
            continue
        if texts and delta.part == merged[-1].part and not isinstance(delta.text, Markup):
            texts.append(delta.text)
            continue
        if len(texts) > 1:
            merged[-1] = Delta("".join(texts), merged[-1].part)
        merged.append(delta)
        texts = [] if isinstance(delta.text, Markup) else [delta.text]
    if len(texts) > 1:
        merged[-1] = Delta("".join(texts), merged[-1].part)
    return merged
