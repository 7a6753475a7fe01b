"""Entries as JSON text, the tag of fragments, and what a client says that it has."""

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from enum import Enum
from functools import partial
from pathlib import PurePath
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup
from tests.formats import test_events

from streamhtml import Delta, Facts, ToolDelta
from streamhtml._delta import PartEnd, Replacement
from streamhtml.log._entries import Batch, EndEntry, Header, decode, encode
from streamhtml.log._fingerprint import describe, fingerprint
from streamhtml.log._storage import Cursor, check_log_id, is_log_id
from streamhtml.markdown import MarkdownRenderer, Options


def joined(text: str) -> str:
    """Return a text in which the two halves of a surrogate pair are one character."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


TEXTS = test_events.TEXTS.map(joined)
PIECES = TEXTS | TEXTS.map(Markup)
DELTAS = st.one_of(
    st.builds(Delta, PIECES, st.sampled_from(["text", "reasoning", "x\0"])),
    st.builds(Replacement, PIECES, st.just("status")),
    st.builds(ToolDelta, PIECES, st.just("tool"), TEXTS, TEXTS, st.sampled_from(["result"])),
    st.builds(PartEnd, st.just(""), st.just("left"), st.sampled_from(["failed", "finished"])),
)
ENTRIES = st.one_of(
    st.builds(Header, st.text(st.characters(codec="ascii")), st.floats(0, 2.5e11)),
    st.builds(Batch, st.floats(0, 1e6), st.lists(DELTAS, min_size=1, max_size=3)),
    st.builds(
        EndEntry,
        st.sampled_from(["finished", "stopped"]),
        st.floats(0, 2.5e11),
        st.none() | st.floats(0, 9),
        st.sampled_from([None, "silence"]),
        st.none() | st.floats(0, 9),
        st.sampled_from([Facts(), Facts(model="m", usage={"a": 1}, sources={"b": Facts()})]),
    ),
)


def kinds(entry: Any) -> list[type]:
    """Return the types of the texts, which compare as equal if one is Markup."""
    return [type(delta.text) for delta in entry.deltas] if isinstance(entry, Batch) else []


def test_the_halves_of_a_surrogate_pair_are_joined() -> None:
    assert decode(encode(Batch(0.0, [Delta("a\ud83d\ude00")]))) == Batch(0.0, [Delta("a😀")])


@given(ENTRIES)
def test_an_entry_is_read_as_it_was_written(entry: Any) -> None:
    text = encode(entry)
    found = decode(text)
    assert found == entry
    assert kinds(found) == kinds(entry)
    assert encode(found) == text
    text.encode()
    assert "\0" not in text


@pytest.mark.parametrize(
    "wrong",
    [
        *("", "x", "7", "null", "[]", '"a"', "{}", '{"at":-1,"text":"a"}', '{"at":"1","text":"a"}'),
        *('{"at":1,"text":7}', '{"at":1,"text":null}', '{"at":1,"deltas":{}}'),
        *('{"at":1,"deltas":[7]}', '{"at":1,"deltas":[{"text":"a"}]}', '{"outcome":"other"}'),
        *('{"outcome":"finished","limit":"x"}', '{"outcome":"finished","ended":"now"}'),
        *('{"outcome":"finished","facts":7}', '{"key":"k"}', '{"version":2,"key":"k"}'),
        *('{"version":1,"key":7}', '{"at":1,"text":{"html":7}}', '{"at":NaN,"text":"a"}'),
        '{"at":1,"deltas":[{"text":"a","part":"tool","field":"x","id":"","name":""}]}',
        "[" * 100_000,
    ],
)
def test_a_wrong_entry_is_a_value_error(wrong: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  (some come from json)
        decode(wrong)


def test_the_usual_entry_is_short() -> None:
    assert encode(Batch(0.25, [Delta("안녕")])) == '{"at":0.25,"text":"안녕"}'
    assert json.loads(encode(Batch(0, [Delta("a", "x")])))["deltas"] == [{"text": "a", "part": "x"}]


@pytest.mark.parametrize(
    ("last_id", "cursor"),
    [
        ("0", Cursor(0)),
        ("41.5f3ac81e", Cursor(41, "5f3ac81e")),
        (" 7 ", Cursor(7)),
        *((odd, None) for odd in ("", "-1", "+1", "1.", ".a", "1.é", "²", "١", "9" * 16, "1e5")),
        *((odd, None) for odd in ("1\n", "1\r\n2", "1.a\n", "1 2", "1." + "a" * 17, "finished")),
    ],
)
def test_what_a_client_says_that_it_has(last_id: str, cursor: Cursor | None) -> None:
    assert Cursor.read(last_id) == cursor


@pytest.mark.parametrize("id", ["a", "_", "ai_7:1.b-C", "a" * 128])
def test_a_valid_id(id: str) -> None:
    assert check_log_id(id) == id
    assert is_log_id(id)


@pytest.mark.parametrize("id", ["", "7", "a b", "é", "a\n", "a" * 129, "../a", "-a", "a/b"])
def test_an_invalid_id(id: str) -> None:
    assert not is_log_id(id)
    with pytest.raises(ValueError, match="cannot be the id of an answer: begin with a letter"):
        check_log_id(id)


def test_an_id_of_another_type() -> None:
    assert not is_log_id(7)
    with pytest.raises(TypeError, match="id=7 must be a str"):
        check_log_id(7)


def make(number: int) -> Any:
    def renderer(root: str) -> Any:
        return MarkdownRenderer(root, Options(breaks=bool(number)))

    return renderer


class Site:
    def renderer(self, root: str) -> Any:
        return MarkdownRenderer(root)


@dataclass
class Setting:
    value: object


class Maker:
    def __init__(self, option: object) -> None:
        self.option = option

    def make(self, root: str) -> None: ...


class Kind(Enum):
    A = "a"
    B = "b"


def test_the_tag_depends_on_all_that_changes_the_fragments() -> None:
    html = '<p id="ai_1"><b id="ai_1_text"></b></p>'
    other_part = '<p id="ai_1"><b id="ai_1_reasoning"></b></p>'
    tags = {
        fingerprint("k", "ai_1", html, "markdown"),
        fingerprint("l", "ai_1", html, "markdown"),
        fingerprint("k", "ai_2", html, "markdown"),
        fingerprint("k", "ai_1", other_part, "markdown"),
        fingerprint("k", "ai_1", html, "text"),
    }
    assert len(tags) == 5
    assert all(len(tag) == 8 and tag.isalnum() for tag in tags)
    assert fingerprint("k", "ai_1", f"<i>Hi</i>{html}", "text") in tags


def test_options_are_described_by_what_they_mean() -> None:
    different = [
        *(None, True, 1, "a", b"a", [1], [1, 2], {"a": 1}, {"a": 2}, {1}, Setting(1), Setting("1")),
        *(make(0), make(1), lambda: 1, lambda: 2, lambda x: [-y for y in x], Site, Site()),
        *(Site().renderer, partial(make, 1), partial(make, 2), print, Setting([{}]), object()),
        *(Options(), Options(breaks=True), partial(MarkdownRenderer, options=Options())),
        *(Maker(1), Maker(2), Maker(1).make, Maker(2).make, Kind.A, Kind.B),
        *(re.compile("a"), re.compile("b"), PurePath("a"), PurePath("b")),
    ]
    described = [describe(each) for each in different]
    assert len(set(described)) == len(described)
    assert describe(make(1)) == describe(make(1))
    assert describe(Site().renderer) == describe(Site().renderer)
    assert describe({"b": 1, "a": 2}) == describe({"a": 2, "b": 1})
    assert describe(1.5) == "1.5"
    assert "0x" not in "".join(described)


def test_a_function_whose_closure_has_no_value_yet_is_described() -> None:
    def use() -> object:
        return later

    before = describe(use)
    later = 1
    assert before != describe(use)


def test_what_is_nested_deeply_is_not_looked_into() -> None:
    loop: list[Any] = []
    loop.append(loop)
    assert describe(loop) == "[" * 8 + "]" * 8


def test_only_some_of_many_values_are_looked_into() -> None:
    nested: object = 1
    for _ in range(7):
        nested = [nested] * 1_000
    for many in nested, list(range(10**6)), dict.fromkeys(range(10**6)), {*range(10**6)}:
        assert len(describe(many)) < 20_000


HASHED = """
from functools import partial
from streamhtml.log._fingerprint import describe

words = frozenset(f"w{n}" for n in range(300))

def make(root, words=words):
    return "a" if root in {"x", "y", "z"} else words

options = [words, {*map(str, range(2_000))}, {(each, words) for each in words}, make]
print(describe([partial(make, words=words), options, {"words": words}, words, words]))
"""


def test_options_are_described_alike_in_every_process() -> None:
    def described(seed: str) -> str:
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        command = [sys.executable, "-c", HASHED]
        return subprocess.run(
            command, env=environment, capture_output=True, text=True, check=True
        ).stdout

    assert len({described(seed) for seed in ("1", "2")}) == 1


@pytest.mark.parametrize("name", ["began", "ended"])
def test_a_time_that_is_none_is_refused(name: str) -> None:
    entry = {"version": 1, "key": "k", "outcome": "finished", name: 1e300}
    del entry["outcome" if name == "began" else "key"]
    with pytest.raises(ValueError, match=f"{name}=1e\\+300, which is no time"):
        decode(json.dumps(entry))
