"""What was said: its parts in order, their states and times, and its form in JSON."""

import json
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from streamhtml import Answer, AnswerPart, Delta, Facts, ToolDelta
from streamhtml._delta import PartEnd
from streamhtml._patch import Outcome
from streamhtml._said import Said

TEXTS = st.text(st.sampled_from('a<"\\\0\ud83d\ude00') | st.characters(), max_size=5)
PIECES = TEXTS | TEXTS.map(Markup)
KINDS = st.sampled_from(["text", "reasoning", "tool", "status"])
CALLS = st.builds(
    ToolDelta,
    PIECES,
    part=st.sampled_from(["tool", "left_tool"]),
    id=st.sampled_from(["", "1", "2"]),
    name=st.sampled_from(["", "search"]),
    field=st.sampled_from(["arguments", "result", "error"]),
)
DELTAS = st.lists(
    st.builds(Delta, PIECES, KINDS)
    | CALLS
    | st.builds(Delta.replace, PIECES, st.sampled_from(["text", "status"]))
    | st.builds(PartEnd, part=KINDS, outcome=st.sampled_from(get_args(Outcome))),
    max_size=12,
)
NAMES = st.none() | TEXTS
PLAIN_FACTS = st.builds(
    Facts,
    model=NAMES,
    response_id=NAMES,
    finish_reason=NAMES,
    usage=st.none() | st.dictionaries(TEXTS, st.integers(), max_size=2),
)
FACTS = PLAIN_FACTS | st.builds(
    Facts, sources=st.dictionaries(TEXTS, PLAIN_FACTS, max_size=2) | st.none()
)
TIMES = st.none() | st.floats(0, 1e6)


def said(deltas: list[Delta], outcome: Outcome | None = None, step: float = 1) -> Answer:
    answer = Answer()
    for number, delta in enumerate(deltas):
        answer.add(delta, number * step)
    if outcome is not None:
        answer.end(outcome, len(deltas) * step)
    return answer


@st.composite
def answers(draw: st.DrawFn) -> Answer:
    answer = Answer(message_pair_id=draw(st.sampled_from(["", "ai_1"])), facts=draw(FACTS))
    for delta in draw(DELTAS):
        answer.add(delta, draw(TIMES))
    answer.first_delta_after = draw(TIMES)
    if (outcome := draw(st.none() | st.sampled_from(get_args(Outcome)))) is not None:
        answer.end(outcome, draw(TIMES))
    return answer


@given(answers())
def test_law_a_stored_answer_is_the_same_answer(answer: Answer) -> None:
    stored = json.dumps(answer.to_dict(), allow_nan=False)
    stored.encode("ascii")
    read = Answer.from_dict(json.loads(stored))
    assert read == answer == Answer.from_dict(answer.to_dict())
    assert [list(map(type, part.said)) for part in read.parts] == [
        list(map(type, part.said)) for part in answer.parts
    ]


@given(st.lists(PIECES))
def test_law_what_is_stored_has_no_character_that_databases_refuse(pieces: list[str]) -> None:
    stored = json.dumps(Said(*pieces).to_json(), ensure_ascii=False)
    stored.encode()  # No surrogates.
    assert "\\u0000" not in stored.replace("\\\\", "")


@given(DELTAS)
def test_law_the_text_of_a_kind_is_all_its_text_in_order(deltas: list[Delta]) -> None:
    deltas = [delta for delta in deltas if type(delta) is Delta]
    answer = said(deltas)
    for kind in "reasoning", "tool", "status", "text":
        expected = Said(*(str(delta.text) for delta in deltas if delta.part == kind))
        assert answer.text_of(kind).replace("\n\n", "") == str(expected).replace("\n\n", "")


@given(answers(), DELTAS)
def test_law_an_answer_goes_on_where_it_was_stored(answer: Answer, deltas: list[Delta]) -> None:
    read = Answer.from_dict(answer.to_dict())
    for delta in deltas:
        assert answer.add(delta) == read.add(delta)
    assert read == answer


VERSION_1: dict[str, Any] = {
    "version": 1,
    "message_pair_id": "ai_1",
    "parts": [
        {
            "kind": "reasoning",
            "text": "Think.",
            "state": "done",
            "outcome": None,
            "began_after": 0.0,
            "ended_after": 0.25,
        },
        {
            "kind": "text",
            "text": "Look: ",
            "state": "done",
            "outcome": None,
            "began_after": 0.25,
            "ended_after": 0.5,
        },
        {
            "kind": "tool",
            "text": '{"q": 1}',
            "id": "call_1",
            "name": "search",
            "result": "3 hits",
            "error": None,
            "state": "done",
            "outcome": None,
            "began_after": 0.5,
            "ended_after": 0.75,
        },
        {
            "kind": "text",
            "text": ["<b>", {"html": "<hr>"}, {"escaped": '"\\u0000"'}],
            "state": "done",
            "outcome": None,
            "began_after": 1.0,
            "ended_after": 1.75,
        },
    ],
    "outcome": "truncated",
    "model": "m-1",
    "response_id": "resp_1",
    "finish_reason": "length",
    "usage": {"input_tokens": 7},
    "sources": None,
    "first_delta_after": 0.1,
    "duration": 1.75,
}


def test_version_1_of_a_stored_answer() -> None:
    answer = said(
        [
            Delta("Think.", "reasoning"),
            Delta("Look: "),
            ToolDelta('{"q": 1}', id="call_1", name="search"),
            ToolDelta("3 hits", id="call_1", field="result"),
            Delta("<b>"),
            Delta(Markup("<hr>")),
            Delta("\0"),
        ],
        "truncated",
        step=0.25,
    )
    answer.message_pair_id = "ai_1"
    answer.first_delta_after = 0.1
    answer.facts = Facts("m-1", "resp_1", "length", {"input_tokens": 7})
    assert answer.to_dict() == VERSION_1
    assert Answer.from_dict(VERSION_1) == answer
    assert answer.text == "Look: \n\n<b><hr>\0"
    assert [part.seconds for part in answer.parts] == [0.25, 0.25, 0.25, 0.75]
    assert Answer.from_dict({"version": 1, "message_pair_id": "", "parts": []}) == Answer()


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"version": 2}, "version=2 is not 1"),
    ({"version": True}, "version=True is not 1"),
    ({"version": None}, "version=None is not 1"),
    ({"message_pair_id": None}, "message_pair_id is None, not a str"),
    ({"message_pair_id": "1><"}, "message_pair_id cannot be used as an element id"),
    ({"parts": None}, "parts is None, not a list"),
    ({"parts": "secret"}, "parts is a str, not a list"),
    ({"parts": ["secret"]}, r"parts\[0\] is a str, not a mapping"),
    ({"outcome": "secret"}, "outcome is not one of 'finished', 'stopped'"),
    ({"outcome": []}, "outcome is a list, not one of"),
    ({"duration": "secret"}, "duration is a str, not a number of seconds or None"),
    ({"duration": True}, "duration is a bool, not a number of seconds or None"),
    ({"duration": float("nan")}, "duration is nan; "),
    ({"first_delta_after": -1}, "first_delta_after is -1; "),
    ({"usage": []}, "usage is a list, not a mapping of names to int, or None"),
    ({"usage": {"secret": 0.5}}, "usage is a dict, not a mapping of names to int, or None"),
    ({"model": 1}, "model is an int, not a str"),
    ({"sources": []}, "sources is a list, not a mapping of names, or None"),
    ({"sources": {"secret": 1}}, r"sources\[…\] is an int, not a mapping"),
    ({"sources": {"secret": {"model": 1}}}, r"sources\[…\]\.model is an int, not a str"),
]
WRONG_PARTS: list[tuple[dict[str, Any], str]] = [
    ({"kind": None}, r"parts\[1\]\.kind is None, not a str"),
    ({"text": None}, r"parts\[1\]\.text is None, not a text or its pieces"),
    ({"text": [{"html": 1}]}, r"parts\[1\]\.text is a list, not a text or its pieces"),
    ({"text": [{"html": {"html": "a"}}]}, r"parts\[1\]\.text is a list"),
    ({"text": {"escaped": "secret"}}, r"parts\[1\]\.text is a dict"),
    ({"text": {"escaped": '"\\'}}, r"parts\[1\]\.text is a dict"),
    ({"text": {"escaped": "1"}}, r"parts\[1\]\.text is a dict"),
    ({"result": 1}, r"parts\[1\]\.result is an int"),
    ({"state": "secret"}, r"parts\[1\]\.state is not one of 'streaming', 'called'"),
    ({"id": 1}, r"parts\[1\]\.id is an int, not a str"),
    ({"ended_after": "1"}, r"parts\[1\]\.ended_after is a str, not a number of seconds"),
]


@pytest.mark.parametrize(("change", "error"), WRONG)
def test_an_error_says_which_value_is_wrong(change: dict[str, Any], error: str) -> None:
    with pytest.raises(ValueError, match=rf"^{error}.*pass ") as raised:
        Answer.from_dict(Answer().to_dict() | change)
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(("change", "error"), WRONG_PARTS)
def test_an_error_says_which_part_is_wrong(change: dict[str, Any], error: str) -> None:
    stored = said([Delta("a"), ToolDelta("{}", id="1")]).to_dict()
    stored["parts"][1] |= change
    with pytest.raises(ValueError, match=rf"^{error}.*pass ") as raised:
        Answer.from_dict(stored)
    assert "secret" not in str(raised.value)


def test_only_a_mapping_is_a_stored_answer() -> None:
    with pytest.raises(ValueError, match=r"the stored answer is a str, .*; pass json\.loads"):
        Answer.from_dict(json.dumps(Answer().to_dict()))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="the stored answer is a list, not a mapping; pass what"):
        Answer.from_dict([])  # type: ignore[arg-type]


def kinds(deltas: list[Delta]) -> list[tuple[str, str]]:
    return [(part.kind, part.text) for part in said(deltas).parts]


def test_text_reasoning_and_tool_calls_take_turns() -> None:
    deltas = [
        Delta("a"),
        Delta("thought", "reasoning"),
        Delta("b", "status"),
        Delta("!", "reasoning"),
        Delta("c"),
        Delta("d", "status"),
        Delta("e"),
        ToolDelta("{", id="1", name="x"),
        ToolDelta("[", id="2", name="y"),
        ToolDelta("}", id="1"),
        Delta("f"),
        ToolDelta("]", id="2"),
        ToolDelta("found", id="1", field="result"),
        Delta("g"),
    ]
    assert kinds(deltas) == [
        ("text", "a"),
        ("reasoning", "thought!"),
        ("status", "bd"),
        ("text", "ce"),
        ("tool", "{}"),
        ("tool", "[]"),
        ("text", "fg"),
    ]
    answer = said(deltas)
    assert answer.text == "ace\n\nfg"
    assert [part.index for part in answer.parts] == list(range(7))
    assert [part.name for part in answer.parts if part.is_tool] == ["x", "y"]


def test_calls_of_several_sources_may_have_the_same_id() -> None:
    deltas = [ToolDelta("1", "left_tool", id="1"), ToolDelta("2", "right_tool", id="1")]
    assert kinds([*deltas, *deltas]) == [("left_tool", "11"), ("right_tool", "22")]


def test_a_replacement_is_the_whole_new_content_of_its_kind() -> None:
    assert kinds([Delta("a", "status"), Delta.replace("b", "status"), Delta("c", "status")]) == [
        ("status", "bc")
    ]
    around = [Delta("a"), ToolDelta(id="1"), Delta("b"), Delta.replace("c")]
    assert kinds(around) == [("text", "c"), ("tool", ""), ("text", "")]
    assert said(around).text == "c"
    assert said([*around, Delta("d")]).text == "c\n\nd"
    assert kinds([Delta.replace("a"), ToolDelta(id="1"), Delta.replace("b"), Delta("c")]) == [
        ("text", "b"),
        ("tool", ""),
        ("text", "c"),
    ]


def states(*deltas: Delta, outcome: Outcome | None = None) -> list[str]:
    return [part.state for part in said(list(deltas), outcome).parts]


CALL = ToolDelta('{"a":', id="1", name="x")
CALLED = ToolDelta('"}"}', id="1")
RESULT = ToolDelta("r", id="1", field="result")
FAILED = ToolDelta("e", id="1", field="error")


def test_the_states_of_parts() -> None:
    assert states(Delta("a")) == ["streaming"]
    assert states(Delta("a"), Delta("b", "reasoning")) == ["done", "streaming"]
    assert states(Delta("a"), Delta("b", "status")) == ["streaming", "streaming"]
    assert states(Delta("a"), Delta("b", "status"), outcome="failed") == ["done", "done"]
    assert states(Delta("a"), CALL) == ["done", "streaming"]
    assert states(CALL, CALLED) == ["called"]
    assert states(CALL, CALLED, outcome="failed") == ["called"]
    assert states(CALL, outcome="failed") == ["failed"]
    assert states(CALL, outcome="finished") == ["called"]
    assert states(CALL, Delta("a")) == ["called", "streaming"]
    assert states(CALL, ToolDelta(id="2")) == ["streaming", "streaming"]
    assert states(CALL, CALLED, RESULT) == ["done"]
    assert states(CALL, CALLED, RESULT, FAILED, RESULT) == ["failed"]
    assert states(Delta("searching", "tool"), outcome="finished") == ["done"]
    assert states(Delta("a", "left"), PartEnd(part="left", outcome="truncated")) == ["done"]
    assert states(PartEnd(part="left", outcome="failed")) == ["failed"]


@pytest.mark.parametrize(
    "after", [Delta("a", "left"), ToolDelta("", "left_tool", id="1"), PartEnd(part="left")]
)
def test_the_reasoning_of_a_merged_source_ends_when_it_goes_on(after: Delta) -> None:
    before = [Delta("r", "right_reasoning"), Delta("", "left"), Delta("l", "left_reasoning")]
    assert states(*before, after)[::2] == ["streaming", "done"]
    assert states(*before, Delta("b", "right"))[2] == "streaming"


def test_what_arrived_before_the_end_but_was_not_shown_has_ended_too() -> None:
    answer = said([Delta("a")], "interrupted")
    answer.add(Delta("b"), 7)
    answer.add(Delta("c", "reasoning"), 8)
    answer.add(CALL, 9)
    assert [(part.state, part.began_after, part.ended_after) for part in answer.parts] == [
        ("done", 0, 1),
        ("done", 8, 8),
        ("failed", 9, 9),
    ]
    assert answer.text == "ab"


def test_the_times_of_parts() -> None:
    answer = said([Delta("a", "reasoning"), CALL, Delta("b"), RESULT, RESULT, FAILED], "finished")
    assert [(part.began_after, part.ended_after) for part in answer.parts] == [
        (0, 1),
        (1, 5),
        (2, 6),
    ]
    assert answer.duration == 6
    untimed = Answer()
    untimed.add(Delta("a"))
    untimed.end("finished")
    (part,) = untimed.parts
    assert (part.began_after, part.ended_after, part.seconds, untimed.duration) == (None,) * 4
    assert said([Delta("a")]).parts[0].seconds is None


def test_the_result_and_the_error_of_a_tool_call() -> None:
    (part,) = said([CALL]).parts
    assert (part.result, part.error) == (None, None)
    (part,) = said([CALL, RESULT, ToolDelta(Markup("<b>"), id="1", field="result"), FAILED]).parts
    assert (part.result, part.error) == ("r<b>", "e")
    assert part.said_result == Said("r", Markup("<b>"))


def test_the_arguments_of_a_tool_call_as_values() -> None:
    def values(text: str) -> Any:
        part = AnswerPart("tool", "1", said=Said(text))
        assert part.arguments == text
        return part.values

    assert values('{"q": [1, "ä"]}') == {"q": [1, "ä"]}
    assert values('{"q": ') is values("") is values("[" * 100_000) is None


def test_said_compares_and_shows_its_pieces() -> None:
    assert Said("a", "b", Markup("<i>"), "", Markup("")) == Said("ab", Markup("<i>"))
    assert Said("<i>") != Said(Markup("<i>"))
    assert Said("a") != "a"
    assert repr(Said("a", Markup("b"))) == "Said('a', Markup('b'))"
    assert Said("a").__eq__("a") is NotImplemented
    assert not Said("", Markup(""))
    assert str(Said("\ud83d", "\ude00")) == "\U0001f600"
