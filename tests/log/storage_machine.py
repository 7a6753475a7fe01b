"""Compares a storage with a model of what it promises, after any steps in any order.

Steps that the contract leaves open are left out: a writer never appends after its end.
"""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from streamhtml.log import AnswerGone, End, Log, WriterFenced

IDS = st.sampled_from(["a", "b"])
TEXTS = st.sampled_from(["x", "y", "한 \U0001f600"])
HEADERS = st.sampled_from(["first", "second"])
ENDS = st.sampled_from([None, None, None, None, "final", "repeatable", "repeatable"])


@dataclass
class Answer:
    """What a storage has of one answer."""

    epoch: int
    entries: list[str]
    ending: End | None = None
    is_held: bool = True
    is_stopped: bool = False


@dataclass
class Model:
    """What is stored, and the epochs of all writers."""

    answers: dict[str, Answer] = field(default_factory=dict)
    epochs: dict[str, list[int]] = field(default_factory=lambda: {"a": [1], "b": [1]})


class StorageMachine(RuleBasedStateMachine):
    """Inherit from it, and write the first three methods."""

    def make_log(self) -> Log:
        """Return a log that is empty, with a long lease."""
        raise NotImplementedError

    def expire(self, answer_id: str) -> None:
        """Let the lease of an answer run out."""
        raise NotImplementedError

    def lose(self, answer_id: str) -> None:
        """Let the storage forget an answer."""
        raise NotImplementedError

    @initialize()
    def start(self) -> None:
        self.runner = asyncio.Runner()
        self.log = self.make_log()
        self.model = Model()
        for answer_id in "a", "b":
            self.create(answer_id, "first")

    def teardown(self) -> None:
        if hasattr(self, "runner"):
            self.runner.close()

    def run(self, call: Any) -> Any:
        """Return what a step returns, or the class of what it raises."""
        try:
            return self.runner.run(call)
        except (AnswerGone, WriterFenced) as error:
            return type(error)

    def failure(self, answer_id: str, epoch: int) -> type[Exception] | None:
        """Return what a writer's call has to raise, whatever it wants to do."""
        answer = self.model.answers.get(answer_id)
        if answer is None:
            return AnswerGone
        return None if answer.epoch == epoch else WriterFenced

    @rule(answer_id=IDS, header=HEADERS)
    def create(self, answer_id: str, header: str) -> None:
        answer = self.model.answers.get(answer_id)
        if answer and answer.entries[0] == header and answer.ending:
            return
        epoch = self.run(self.log.create(answer_id, header))
        if answer and answer.entries[0] == header:
            assert epoch == answer.epoch
            answer.is_held = True
        elif answer and (answer.ending == "final" or (not answer.ending and answer.is_held)):
            assert epoch is None
        else:
            assert epoch > (answer.epoch if answer else 0)
            self.model.answers[answer_id] = Answer(epoch, [header])
            self.model.epochs[answer_id].append(epoch)

    @rule(answer_id=IDS, text=TEXTS, end=ENDS, data=st.data())
    def append(self, answer_id: str, text: str, end: End | None, data: st.DataObject) -> None:
        answer = self.model.answers.get(answer_id)
        count = len(answer.entries) if answer else 1
        # Mostly the next entry of the last writer.
        number = data.draw(st.sampled_from([count, count, count, *range(1, count + 2)]))
        epochs = self.model.epochs[answer_id]
        epoch = data.draw(st.sampled_from([epochs[-1], epochs[-1], *epochs]))
        is_new = number >= count
        if answer and answer.ending and is_new:
            return
        result = self.run(self.log.append(answer_id, epoch, number, text, end if is_new else None))
        if failure := self.failure(answer_id, epoch):
            assert result is failure
            return
        assert answer is not None
        if number > count:
            assert result is AnswerGone
        elif number < count and answer.entries[number] != text:
            assert result is WriterFenced
        else:
            assert result is answer.is_stopped
            answer.is_held = True
            if is_new:
                answer.entries.append(text)
                answer.ending = end

    @rule(answer_id=IDS, text=TEXTS)
    def append_next(self, answer_id: str, text: str) -> None:
        """Append the next entry, by the last writer: what happens most of the time."""
        answer = self.model.answers.get(answer_id)
        if answer and not answer.ending:
            number = len(answer.entries)
            stop = self.run(self.log.append(answer_id, answer.epoch, number, text))
            assert stop is answer.is_stopped
            answer.is_held = True
            answer.entries.append(text)

    @rule(answer_id=IDS, data=st.data())
    def renew(self, answer_id: str, data: st.DataObject) -> None:
        epoch = data.draw(st.sampled_from(self.model.epochs[answer_id]))
        result = self.run(self.log.renew(answer_id, epoch))
        answer = self.model.answers.get(answer_id)
        if failure := self.failure(answer_id, epoch):
            assert result is failure
        elif answer and answer.ending:
            assert result is WriterFenced
        elif answer:
            assert result is answer.is_stopped
            answer.is_held = True

    @rule(answer_id=IDS, text=TEXTS, later=st.integers(-1, 1))
    def end_lost(self, answer_id: str, text: str, later: int) -> None:
        answer = self.model.answers.get(answer_id)
        if answer and answer.ending:
            return
        epoch = self.model.epochs[answer_id][-1]
        number = (len(answer.entries) if answer else 1) + later
        self.run(self.log.end_lost(answer_id, epoch, number, text))
        if answer and answer.epoch == epoch and not answer.is_held and later == 0:
            answer.entries.append(text)
            answer.ending = "repeatable"

    @rule(answer_id=IDS)
    def request_stop(self, answer_id: str) -> None:
        self.run(self.log.request_stop(answer_id))
        if answer := self.model.answers.get(answer_id):
            answer.is_stopped = True

    @precondition(lambda self: self.model.answers)
    @rule(data=st.data(), other_writer=st.booleans(), is_lost=st.sampled_from([False, False, True]))
    def forget(self, data: st.DataObject, other_writer: bool, is_lost: bool) -> None:
        """Let a lease run out, or lose an answer. Somebody may begin it anew."""
        answer_id = data.draw(st.sampled_from(sorted(self.model.answers)))
        if is_lost:
            self.lose(answer_id)
            del self.model.answers[answer_id]
        else:
            self.expire(answer_id)
            self.model.answers[answer_id].is_held = False
        if other_writer:
            self.create(answer_id, "second")

    @rule(answer_id=IDS, after=st.integers(-1, 5))
    def read(self, answer_id: str, after: int) -> None:
        found = self.run(self.log.read(answer_id, after))
        answer = self.model.answers.get(answer_id)
        if answer is None:
            assert found is None
            return
        numbered = list(enumerate(answer.entries))
        assert (found.epoch, list(found.entries)) == (answer.epoch, numbered[after + 1 :])
        if not answer.ending:
            assert (found.lease_left > 0) == answer.is_held

    @invariant()
    def has_what_was_stored(self) -> None:
        if hasattr(self, "model"):
            for answer_id in "a", "b":
                self.read(answer_id, -1)
