"""Reasoning between tags at the beginning of an answer, however the text is cut."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamhtml import Delta
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
