"""Reasoning between tags at the beginning of an answer, however the text is cut."""

from collections.abc import AsyncIterator
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from streamhtml import Delta, Reply, ToolDelta, deltas, merge, stream, think
from streamhtml._delta import merge_deltas
from streamhtml.sources._think import ThinkSplitter

PIECES = ["<think>", "</think>", "`", "<", "</", "think>", "a", " ", "\n", "[THINK]", "[/THINK]"]


def split(*pieces: str) -> tuple[str, str]:
    """Return the reasoning and the text."""
    splitter = ThinkSplitter()
    found = [delta for piece in pieces for delta in splitter.feed(piece)] + splitter.close()
    return (
        "".join(delta.text for delta in found if delta.part == "reasoning"),
        "".join(delta.text for delta in found if delta.part == "text"),
    )


@pytest.mark.parametrize(
    ("text", "reasoning", "answer"),
    [
        ("<think>Hm.</think>Hi", "Hm.", "Hi"),
        ("\n<think>\nHm.\n</think>\n\nHi", "Hm.\n", "Hi"),
        ("<thinking>Hm.</thinking> Hi", "Hm.", "Hi"),
        ("<thought>Hm.</thought>Hi", "Hm.", "Hi"),
        ("<seed:think>Hm.</seed:think>Hi", "Hm.", "Hi"),
        ("[THINK]Hm.[/THINK]Hi", "Hm.", "Hi"),
        ("◁think▷Hm.◁/think▷Hi", "Hm.", "Hi"),
        ("<think></think>Hi", "", "Hi"),
        ("<think>Hm.", "Hm.", ""),
        ("<think>Hm.</thi", "Hm.</thi", ""),
        ("<think>I write `</think>` last.</think>Hi", "I write `</think>` last.", "Hi"),
        ("<think>It is `a</think>Hi", "It is `a", "Hi"),
        ("<think>It is `</think>", "It is `", ""),
        ("<think>a</think><think>b</think>", "a", "<think>b</think>"),
        ("Hi <think>Hm.</think>", "", "Hi <think>Hm.</think>"),
        ("`<think>` begins it.", "", "`<think>` begins it."),
        ("```\n<think>\n```", "", "```\n<think>\n```"),
        ("<thin", "", "<thin"),
        ("<p>Hi", "", "<p>Hi"),
        ("<THINK>Hm.</THINK>", "", "<THINK>Hm.</THINK>"),
        ("<think>a<think>b</think>c", "a<think>b", "c"),
        (" \nHi", "", " \nHi"),
        ("", "", ""),
    ],
)
def test_what_is_reasoning(text: str, reasoning: str, answer: str) -> None:
    assert split(text) == split(*text) == (reasoning, answer)


@given(st.lists(st.sampled_from(PIECES)), st.lists(st.integers(0, 60)))
def test_law_the_pieces_do_not_matter(pieces: list[str], cuts: list[int]) -> None:
    text = "".join(pieces)
    ends = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    cut = [text[start:end] for start, end in pairwise(ends)]
    assert split(*cut) == split(text) == split(*text)


def test_other_tags() -> None:
    splitter = ThinkSplitter(["plan", ("{{", "}}")])
    assert splitter.feed("<plan>a</plan>b") == [Delta("a", "reasoning"), Delta("b")]
    assert ThinkSplitter([("{{", "}}")]).feed("{{a}}b") == [Delta("a", "reasoning"), Delta("b")]
    assert ThinkSplitter([]).is_done


def test_the_text_after_the_beginning_is_passed_through() -> None:
    splitter = ThinkSplitter()
    assert (splitter.feed("<"), splitter.is_done) == ([], False)
    assert (splitter.feed("b>"), splitter.is_done) == ([Delta("<b>")], True)
    assert merge_deltas(splitter.feed("<think>")) == [Delta("<think>")]


def parts(source: Any) -> list[tuple[str, str]]:
    """Return the text of each part, where neighbours of the same kind are one."""
    return [(delta.part, delta.text) for delta in merge_deltas(list(source))]


TEXT = "<think>Hm.</think>Hi"
CHUNKS = [{"choices": [{"index": 0, "delta": {"content": piece}}]} for piece in TEXT]
RESPONSES = [{"type": "response.output_text.delta", "delta": piece} for piece in TEXT]


@pytest.mark.parametrize("tokens", [[TEXT], list(TEXT), CHUNKS, RESPONSES, [Delta(TEXT)]])
def test_every_source_is_searched_for_the_usual_tags(tokens: list[Any]) -> None:
    assert parts(deltas(tokens)) == [("reasoning", "Hm."), ("text", "Hi")]
    assert parts(think(tokens)) == [("reasoning", "Hm."), ("text", "Hi")]
    assert parts(think(tokens, tags=())) == [("text", TEXT)]
    assert parts(think(think(tokens, tags=()))) == [("reasoning", "Hm."), ("text", "Hi")]
    assert parts(deltas(think(tokens, tags=()))) == [("text", TEXT)]


@pytest.mark.anyio
async def test_an_async_source_in_a_response() -> None:
    async def source() -> AsyncIterator[str]:
        for piece in "{Hm.}Hi":
            yield piece

    assert [delta.text async for delta in think(source(), [("{", "}")])] == [*"Hm.Hi"]
    reply = Reply(renderer="text")
    async for _ in stream(reply, think(source, [("{", "}")])):
        pass
    assert (reply.text, reply.part("reasoning")) == ("Hi", "Hm.")


def test_an_answer_that_begins_with_reasoning_and_no_tag() -> None:
    assert parts(think(list("Hm.</think>Hi"), [("", "</think>")])) == [
        ("reasoning", "Hm."),
        ("text", "Hi"),
    ]


def test_the_text_after_a_tool_call_begins_anew() -> None:
    call = ToolDelta("{}", id="1", name="f")
    tokens = [*TEXT, " <think>", call, *TEXT, call, "<thi", call, "<think>a", call, "b"]
    assert parts(deltas(tokens)) == [
        ("reasoning", "Hm."),
        ("text", "Hi <think>"),
        ("tool", "{}"),
        ("reasoning", "Hm."),
        ("text", "Hi"),
        ("tool", "{}"),
        ("text", "<thi"),
        ("tool", "{}"),
        ("reasoning", "a"),
        ("tool", "{}"),
        ("text", "b"),
    ]
    assert parts(think([call, TEXT], ())) == [("tool", "{}"), ("text", TEXT)]


def test_a_source_with_reasoning_of_its_own_has_no_tags() -> None:
    tokens = [Delta("Hm.", "reasoning"), TEXT]
    assert parts(deltas(tokens)) == [("reasoning", "Hm."), ("text", TEXT)]


def test_trusted_html_and_other_parts_keep_their_place() -> None:
    html = Markup("<think>")
    tokens = ["<th", Delta("x", "status"), "ink>a", html, "b"]
    assert [(d.part, d.text) for d in deltas(tokens)] == [
        ("status", "x"),
        ("reasoning", "a"),
        ("text", html),
        ("text", "b"),
    ]


@pytest.mark.parametrize(
    ("tags", "message"),
    [
        ("think", r"tags='think' is one name, not a collection; pass \('think',\)"),
        ([7], "a tag is 7, an int; pass the name"),
        (["<think>"], "the tag '<think>' is not the name of an element; pass the name, such as"),
        ([("a", "b", "c")], "a tag is .*, a tuple"),
        ([("a", 7)], "a tag is .*, a tuple"),
        ([("a", "")], "a tag is .*, a tuple"),
    ],
)
def test_wrong_tags(tags: Any, message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        think([], tags)


def test_it_is_too_late_for_other_tags() -> None:
    source = deltas(["a", "b"])
    next(source)
    with pytest.raises(RuntimeError, match=r"call think\(\) before the source is iterated"):
        think(source, ())


def test_a_source_that_reads_others_says_to_think_of_each() -> None:
    source = merge({"left": ["a"], "right": ["b"]})
    with pytest.raises(RuntimeError, match=r"call it for each of those, as in merge\("):
        think(source)
    source.close_unopened()
