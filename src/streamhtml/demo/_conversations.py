"""The questions and answers of the demo's readers, in a database, as an application has them."""

import json
import re
import secrets
import sqlite3
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from streamhtml import Answer, pair_id

_SCHEMA: Final = """
    CREATE TABLE IF NOT EXISTS messages (
        pair TEXT PRIMARY KEY, conversation TEXT NOT NULL, question TEXT NOT NULL, answer TEXT
    )
"""


@dataclass(frozen=True, slots=True)
class Message:
    """One question, and its answer.

    Attributes:
        pair: the id of both, which is also the id of the message on the page.
        question: what the reader has asked.
        answer: the complete answer; None before it has ended.
    """

    pair: str
    question: str
    answer: Answer | None = None


class Conversations:
    """The conversations of all readers. Each of them is found by an id that nobody can guess.

    Args:
        path: the file of the database, which several processes can share; ":memory:" for one that
            belongs to this process.
    """

    def __init__(self, path: str) -> None:
        self._path = path

    @cached_property
    def _database(self) -> sqlite3.Connection:
        # A server may fork before the first question, and its threads share the connection.
        database = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
        database.execute(_SCHEMA)
        return database

    def close(self) -> None:
        """Close the connection to the database."""
        self._database.close()

    def add(self, conversation: str, question: str, replaces: str = "") -> Message:
        """Store a question.

        Args:
            conversation: the id of the conversation.
            question: what the reader has asked.
            replaces: the id of the message whose place it takes; ``""`` for a new one.
        """
        self._database.execute(
            "DELETE FROM messages WHERE conversation = ? AND pair = ?", (conversation, replaces)
        )
        message = Message(pair_id(), question)
        self._database.execute(
            "INSERT INTO messages VALUES (?, ?, ?, NULL)",
            (message.pair, conversation, _storable(question)),
        )
        return message

    def store(self, answer: Answer) -> None:
        """Store a complete answer."""
        self._database.execute(
            "UPDATE messages SET answer = ? WHERE pair = ?",
            (json.dumps(answer.to_dict()), answer.message_pair_id),
        )

    def find(self, conversation: str, pair: str) -> Message | None:
        """Return a message of a conversation; None if it has no such message."""
        return next((each for each in self.messages(conversation) if each.pair == pair), None)

    def messages(self, conversation: str) -> list[Message]:
        """Return all messages of a conversation."""
        rows = self._database.execute(
            "SELECT pair, question, answer FROM messages WHERE conversation = ? ORDER BY rowid",
            (conversation,),
        )
        return [
            Message(pair, question, Answer.from_dict(json.loads(answer)) if answer else None)
            for pair, question, answer in rows
        ]


def conversation_id(cookie: str | None) -> str:
    """Return the id of the reader's conversation; a new one if the cookie has none."""
    valid = cookie and re.fullmatch(r"[\w-]{43}", cookie, re.ASCII)
    return cookie if cookie and valid else secrets.token_urlsafe()


def _storable(text: str) -> str:
    # A form may contain half of a surrogate pair, which UTF-8 cannot have.
    return text.encode("utf-8", "replace").decode()
