"""Turns each token into its Deltas. Every accepted type of token is listed here."""

from streamhtml._delta import Delta, Truncated
from streamhtml._type_name import with_article
from streamhtml.sources._openai_chat import is_chat_chunk, read_chat_chunk, why_cut_short


class TokenReader:
    """Reads the tokens of one source, and remembers if one says that the answer is cut short.

    Attributes:
        reads: how many tokens were read, those without text included.
    """

    def __init__(self) -> None:
        self.reads = 0
        self._pending: list[Delta] = []
        self._why_cut_short = ""
        self._closed = False

    def read(self, token: object) -> list[Delta]:
        """Return the Deltas of the next token.

        Raises:
            TypeError: the token has a type that is not accepted.
        """
        self.reads += 1
        if isinstance(token, str):
            return [Delta(token)] if token else []
        if token is None:
            return []
        if isinstance(token, Delta):
            return [token] if token.text else []
        if is_chat_chunk(token):
            self._why_cut_short = why_cut_short(token) or self._why_cut_short
            return read_chat_chunk(token)
        raise TypeError(
            f"a token is {with_article(token)}; tokens are str, None, Markup, Delta or OpenAI chat "
            "chunks: map others first, as in (event.text async for event in stream)"
        )

    def end(self) -> None:
        """Check at the end of the source that the answer is complete.

        Raises:
            Truncated: a token said that the answer was cut short.
        """
        if self._why_cut_short:
            raise Truncated(self._why_cut_short) from None
