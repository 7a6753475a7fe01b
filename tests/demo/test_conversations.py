"""What the demo stores of its readers' questions and answers."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from streamhtml import Answer
from streamhtml._delta import Delta
from streamhtml.demo._conversations import Conversations, conversation_id


@pytest.fixture
def conversations() -> Iterator[Conversations]:
    with closing(Conversations(":memory:")) as conversations:
        yield conversations


def test_an_answer_is_found_by_its_conversation_only(conversations: Conversations) -> None:
    asked = conversations.add("mine", "Why?")
    answer = Answer(message_pair_id=asked.pair)
    answer.add(Delta("So."))
    answer.end("finished")

    conversations.store(answer)

    stored = conversations.find("mine", asked.pair)
    assert stored is not None
    assert stored.answer is not None
    assert (stored.question, stored.answer.text) == ("Why?", "So.")
    assert conversations.find("yours", asked.pair) is None
    assert conversations.messages("yours") == []


def test_a_question_replaces_one_of_the_same_conversation(conversations: Conversations) -> None:
    first = conversations.add("mine", "Why?")

    conversations.add("yours", "Me too", replaces=first.pair)
    second = conversations.add("mine", "Why not?", replaces=first.pair)

    assert [each.question for each in conversations.messages("mine")] == ["Why not?"]
    assert [each.pair for each in conversations.messages("mine")] == [second.pair]
    assert len(conversations.messages("yours")) == 1


def test_processes_share_a_file(tmp_path: Path) -> None:
    path = str(tmp_path / "conversations.sqlite3")
    with closing(Conversations(path)) as one, closing(Conversations(path)) as other:
        asked = one.add("mine", "half of a pair: \ud83d")
        found = other.find("mine", asked.pair)

    assert found is not None
    assert found.question == "half of a pair: ?"


def test_an_id_that_is_not_ours_is_replaced() -> None:
    ours = conversation_id(None)

    assert conversation_id(ours) == ours
    for cookie in "", "x", ours + "\r\n", ours[:-1] + ";":
        assert conversation_id(cookie) not in ("", cookie)
