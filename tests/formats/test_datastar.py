"""The ``datastar`` format, compared with what Datastar's own Python package writes."""

import re
from typing import Any

import pytest
from datastar_py import ServerSentEventGenerator
from datastar_py.consts import ElementPatchMode
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup
from tests.formats.test_events import PIECES, TEXTS, arrived, read

from streamhtml import Fragment, Patch
from streamhtml.formats.datastar import DatastarFormat

END = "event: end\ndata: {0}\nid: {0}\nretry: 86400000\n\n"


def patch(action: str, html: str, **place: Any) -> Patch:
    return Patch(action, Markup(html), "r", **place)  # type: ignore[arg-type]


def changes(text: str) -> list[dict[str, str]]:
    """Return each change as Datastar's client reads it: its arguments by their names."""
    changes_read = []
    for event in read([text.encode("utf-8", "replace")]):
        assert event.event == "datastar-patch-elements"
        lines: dict[str, list[str]] = {}
        for line in event.data.split("\n"):
            name, _, value = line.partition(" ")
            lines.setdefault(name, []).append(value)
        assert lines.keys() <= {"selector", "mode", "elements"}
        changes_read.append(
            {"id": event.id, "mode": "outer"}
            | {name: "\n".join(values) for name, values in lines.items()}
        )
    return changes_read


def encoded(*patches: Patch, datastar_format: DatastarFormat | None = None) -> list[dict[str, str]]:
    # For an answer in a log, each event has an id.
    fragment = Fragment(3, patches, tag="0")
    return changes((datastar_format or DatastarFormat()).encode(fragment))


def theirs(mode: str, selector: str | None = None, html: str = "") -> list[dict[str, str]]:
    return changes(
        ServerSentEventGenerator.patch_elements(
            html, selector, ElementPatchMode(mode), event_id="3.0"
        )
    )


def test_a_fragment_byte_by_byte() -> None:
    datastar_format = DatastarFormat()
    event = "event: datastar-patch-elements\n"
    assert datastar_format.encode(
        Fragment(3, (patch("append", "a\n\nb", depth=1), patch("tail", "t")))
    ) == (
        f"{event}data: selector #r>:last-child\ndata: mode append\n"
        "data: elements a\ndata: elements \ndata: elements b\nid: 3\n\n"
        f"{event}data: selector #r\ndata: mode append\n"
        "data: elements <span id=_vABe3t>t</span>\nid: 3\n\n"
    )


@pytest.mark.parametrize(
    ("given", "mode", "selector"),
    [
        (Patch("append", Markup("<p id=a>\n</p>"), "messages"), "append", "#messages"),
        (patch("append", "a"), "append", "#r"),
        (patch("append", "<i>a</i>", depth=2), "append", "#r>:last-child>:last-child"),
        (
            patch("append", "<tr>\n<td>1</td>\n</tr>", depth=2),
            "append",
            "#r>:last-child>:last-child",
        ),
        (patch("replace", "<i></i>"), "outer", "#r"),
        (patch("replace", "<i></i>", depth=1), "outer", "#r>:last-child"),
        (patch("replace", "<i>a\n\n b</i>", child=0), "outer", "#r>:nth-child(1)"),
        (patch("replace", "<td>1</td><td>2</td>", child=2), "outer", "#r>:nth-child(3)"),
        (Patch("append", Markup("a"), "a.b:c"), "append", r"#a\.b\3a c"),
        (Patch("replace", Markup('<p id="m">a</p>')), "outer", None),
    ],
)
def test_each_change_equals_the_output_of_datastars_own_package(
    given: Patch, mode: str, selector: str | None
) -> None:
    assert encoded(given) == theirs(mode, selector, given.html)


def test_a_tail_is_removed_before_the_next_patch_of_its_root() -> None:
    datastar_format = DatastarFormat()
    tail = theirs("append", "#r", "<span id=_kx3l3t>t</span>")
    replaced = theirs("outer", "#_kx3l3t", "<span id=_kx3l3t>t</span>")
    written = theirs("outer", "#_kx3l3t", "a")
    appended = theirs("append", "#r", "a")
    other = Patch("append", Markup("a"), "s")
    assert encoded(patch("tail", "t"), datastar_format=datastar_format) == tail
    assert encoded(other, datastar_format=datastar_format) == theirs("append", "#s", "a")
    assert encoded(patch("tail", "t"), datastar_format=datastar_format) == replaced
    assert encoded(patch("append", "a"), datastar_format=datastar_format) == written
    assert encoded(patch("append", "a"), datastar_format=datastar_format) == appended


@pytest.mark.parametrize(
    ("html", "tail"),
    [
        ("<td>1</td>", "<tr id=_kx3l3t><td>1</td></tr>"),
        ("<tr></tr>", "<tbody id=_kx3l3t><tr></tr></tbody>"),
        ("<p>a</p>", "<span id=_kx3l3t><p>a</p></span>"),
    ],
)
def test_a_tail_in_a_table_is_wrapped_in_the_element_that_a_table_needs(
    html: str, tail: str
) -> None:
    assert encoded(patch("tail", html, depth=1)) == theirs("append", "#r>:last-child", tail)


def test_an_empty_tail_removes_the_tail_before() -> None:
    datastar_format, empty = DatastarFormat(), Fragment(3, (patch("tail", ""),), tag="0")
    assert datastar_format.encode(empty) == datastar_format.encode(Fragment(2))
    encoded(patch("tail", "t"), datastar_format=datastar_format)
    assert changes(datastar_format.encode(empty)) == theirs("remove", "#_kx3l3t")
    assert datastar_format.encode(empty) == datastar_format.encode(Fragment(2))


def test_a_ping_is_a_comment() -> None:
    ping = DatastarFormat().encode(Fragment(3))
    assert ping.startswith(":")
    assert not ping.strip(":\n")


@pytest.mark.parametrize("outcome", ["finished", "stopped", "truncated", "failed", "interrupted"])
def test_the_end_follows_the_last_change(outcome: Any) -> None:
    end = END.format(outcome)
    assert DatastarFormat().encode(Fragment(3, (), outcome)) == end
    last = DatastarFormat().encode(Fragment(3, (patch("append", "a"),), outcome, tag="0"))
    assert changes(last.removesuffix(end)) == theirs("append", "#r", "a")


@given(TEXTS)
def test_law_any_html_arrives(html: str) -> None:
    for action in "append", "replace":
        if not html and action == "append":
            continue  # It changes nothing.
        (change,) = encoded(patch(action, html))
        assert change["elements"] == arrived(Patch("append", Markup(html)).html)
        assert change["selector"] == "#r"


@given(st.lists(st.sampled_from([*"ab <>", "\n", "👋"]), min_size=1).map("".join))
def test_law_with_lf_only_the_output_equals_that_of_datastars_package(html: str) -> None:
    # Theirs drops the last line end, and takes more for one (str.splitlines): see below.
    html = html.rstrip("\n") or "a"
    assert encoded(patch("append", html)) == theirs(
        "append", "#r", Patch("append", Markup(html)).html
    )


@pytest.mark.parametrize("piece", PIECES, ids=ascii)
def test_text_that_datastars_package_would_change_arrives(piece: str) -> None:
    html = f"a{piece}b"
    (change,) = encoded(patch("append", html))
    assert change["elements"] == arrived(html)
    if re.search("[\u2028\u2029\x85\v\f\x1c-\x1e]", piece):
        assert theirs("append", "#r", html)[0]["elements"] != change["elements"]


def test_a_first_fragment_without_into_is_refused() -> None:
    fragment = Fragment(0, (Patch("append", Markup("<p></p>")),))
    with pytest.raises(ValueError, match=r"not know where the message goes; pass Reply\(into="):
        DatastarFormat().encode(fragment)
