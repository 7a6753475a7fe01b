"""The changes for clients that find elements by selectors: short, and with the same effect."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup
from tests.docs import reference_client
from tests.docs.reference_client import Page
from tests.formats.swapped_page import shown

from streamhtml import Fragment, Patch
from streamhtml.formats._tails import Tails

MARKER = ("before", "#r", "<wbr id=_vABe3 hidden>")


def patch(action: str, html: str, root: str = "r", **place: Any) -> Patch:
    return Patch(action, Markup(html), root, **place)  # type: ignore[arg-type]


def changes(
    tails: Tails, *patches: Patch, index: int = 3, outcome: Any = None, tag: str = ""
) -> list[tuple[str, str, str]]:
    return [(*change,) for change in tails.changes(Fragment(index, patches, outcome, tag))]


def test_a_region_that_changes_often_gets_a_short_name_until_the_end() -> None:
    tails, text = Tails(), patch("append", "a", depth=1)
    for _ in range(2):
        assert changes(tails, text) == [("append", "#r>:last-child", "a")]
    short = ("append", "#_vABe3+*>:last-child", "a")
    assert changes(tails, text) == [MARKER, short]
    assert changes(tails, text) == [short]
    assert changes(tails, patch("append", "b", "s")) == [("append", "#s", "b")]
    assert changes(tails, text, outcome="finished") == [short, ("remove", "#_vABe3", "")]


def test_the_next_response_finds_the_tail_of_an_answer_that_was_waited_for() -> None:
    first, second, tail = Tails(), Tails(), patch("tail", "a")
    changes(first, patch("append", '<p id="r"></p>', ""), index=0)
    [(_, _, left)] = changes(first, tail, index=1, tag="c0ffee42")
    second.skip(Fragment(1, (tail,), tag="c0ffee42"))
    [(_, found, _)] = changes(second, patch("append", "b"), index=2, tag="c0ffee42")
    assert f"id={found[1:]}>" in left


def test_neither_the_first_fragments_nor_the_last_one_insert_a_marker() -> None:
    tails, text = Tails(), patch("append", "a")
    for index in range(3):
        assert changes(tails, text, index=index) == [("append", "#r", "a")]
    assert changes(tails, text, outcome="failed") == [("append", "#r", "a")]


def test_neighbours_in_the_same_place_are_one_change() -> None:
    tails = Tails()
    one, two = patch("append", "a", depth=1), patch("append", "<b>b</b>", depth=1)
    assert changes(tails, one, two, patch("tail", "c", depth=1)) == [
        ("append", "#r>:last-child", "a<b>b</b><span id=_vABe3t>c</span>")
    ]
    assert changes(tails, two, patch("tail", "d", depth=1)) == [
        ("replace", "#_vABe3t", "<b>b</b><span id=_vABe3t>d</span>")
    ]
    assert changes(tails, patch("tail", "", depth=1)) == [("remove", "#_vABe3t", "")]
    assert changes(tails, patch("tail", "", depth=1), patch("append", "")) == []


@pytest.mark.parametrize(
    "other",
    [
        patch("append", "b"),
        patch("append", "b", depth=1, root="s"),
        patch("append", "<td>b</td>", depth=1),
        patch("tail", "<td>b</td>", depth=1),
        patch("tail", "b", depth=2),
        patch("replace", "<b>b</b>", depth=1),
    ],
)
def test_other_neighbours_are_changes_of_their_own(other: Patch) -> None:
    first = patch("append", "a", depth=1)
    assert len(changes(Tails(), first, other)) == 2


def test_a_tail_that_moves_is_removed_first() -> None:
    tails = Tails()
    changes(tails, patch("tail", "a", depth=1))
    assert changes(tails, patch("append", "b")) == [
        ("remove", "#_vABe3t", ""),
        ("append", "#r", "b"),
    ]
    changes(tails, patch("tail", "<td>a</td>", depth=2))
    assert changes(tails, patch("tail", "<td>c</td>", depth=2)) == [
        ("remove", "#_vABe3t", ""),
        ("append", "#_vABe3+*>:last-child>:last-child", "<tr id=_vABe3t><td>c</td></tr>"),
    ]


def test_a_client_that_cannot_replace_by_several_nodes_gets_an_update() -> None:
    tails = Tails(replaces=False)
    changes(tails, patch("tail", "a"))
    assert changes(tails, patch("append", "b"), patch("tail", "c")) == [
        ("before", "#_vABe3t", "b"),
        ("update", "#_vABe3t", "c"),
    ]
    assert changes(tails, patch("tail", "d")) == [("update", "#_vABe3t", "d")]
    assert changes(tails, patch("append", "e")) == [
        ("before", "#_vABe3t", "e"),
        ("remove", "#_vABe3t", ""),
    ]


def marked(root: str = "r") -> Tails:
    tails = Tails()
    for _ in range(3):
        changes(tails, patch("append", "a", root))
    return tails


def test_an_element_is_replaced_without_the_markers_in_it() -> None:
    tails = marked()
    inside = patch("replace", "<p>b</p>", depth=1)
    assert changes(tails, inside) == [("replace", "#_vABe3+*>:last-child", "<p>b</p>")]
    around = patch("replace", "<p id=r></p>", "s", child=0)
    assert changes(tails, around) == [
        ("remove", "#_vABe3", ""),
        ("replace", "#s>:nth-child(1)", "<p id=r></p>"),
    ]
    assert changes(tails, patch("append", "a")) == [("append", "#r", "a")]
    tails = marked()
    changes(tails, patch("tail", "t"))
    assert changes(tails, patch("replace", "<p id=r></p>")) == [
        ("remove", "#_vABe3t", ""),
        ("remove", "#_vABe3", ""),
        ("replace", "#r", "<p id=r></p>"),
    ]
    tails = marked()
    assert changes(tails, Patch("replace", Markup("<p id=m></p>"))) == [
        ("remove", "#_vABe3", ""),
        ("replace", "", "<p id=m></p>"),
    ]


def test_a_marker_of_an_earlier_response_is_removed() -> None:
    # Nobody knows whether there is one, and some clients report it if nothing is found.
    cleaned = [MARKER, ("remove", "wbr#_vABe3", "")]
    earlier = Fragment(9, (patch("append", "a"), patch("append", "b", "")))
    tails = Tails()
    tails.skip(earlier)
    appended = ("append", "#r", "c")
    assert changes(tails, patch("append", "c")) == [*cleaned, appended]
    assert changes(tails, patch("append", "c")) == [appended]
    tails.skip(earlier)
    assert changes(tails, outcome="finished") == cleaned
    tails.skip(earlier)
    tails.skip(Fragment(10, (), "finished"))
    assert changes(tails, outcome="finished") == []
    tails.skip(Fragment(2, (patch("append", "a"),)))
    assert changes(tails, outcome="finished") == []
    tails.skip(Fragment(9, (patch("tail", "t"),)))
    assert changes(tails, patch("tail", "u")) == [
        *cleaned,
        ("replace", "#_vABe3t", "<span id=_vABe3t>u</span>"),
    ]


def test_a_marker_that_a_response_has_left_is_removed_with_the_replaced_region() -> None:
    tails, region = Tails(), patch("replace", '<p id="r"></p>')
    swap = ("replace", "#r", region.html)
    first = Fragment(4, (region, patch("append", "a", "s")), tag="a")
    appended = ("append", "#s", "a")
    assert [tuple(change) for change in tails.changes(first)] == [
        ("before", "#r", "<wbr id=_oyPVN hidden>"),
        ("remove", "wbr#_oyPVN", ""),
        swap,
        appended,
    ]
    again = Fragment(5, (region,), tag="a")
    assert [tuple(change) for change in tails.changes(again)] == [swap]


def test_the_marker_of_another_answer_is_not_found(monkeypatch: pytest.MonkeyPatch) -> None:
    # It was cut off, and is not in a log. A site may then take out the region alone.
    keys = iter(["c", "d"])
    monkeypatch.setattr("streamhtml.formats._tails.new_key", lambda: next(keys))
    selectors = []
    for tag in "", "", "a", "a", "b":
        tails = Tails()
        for _ in range(3):
            ((_, selector, _),) = changes(tails, patch("append", "a"), tag=tag)[-1:]
        selectors.append(selector)
    first, second, *in_logs = selectors
    assert in_logs[0] == in_logs[1]
    assert len({first, second, *in_logs}) == 4


HTML = ["a", " b ", "<i>c</i>", "<p>d</p>", "<ul><li>e</li></ul>", "<pre><code></code></pre>"]
ACTIONS = ["append", "append", "append", "tail", "replace"]
SHELL = Patch(
    "append", Markup('<div id="m"><p>Hi</p><div id="r"></div><div id="s"></div></div>'), "messages"
)


class Model(Page):
    """A page to which patches are applied as they are."""

    def add(self, one: Patch) -> None:
        change = reference_client.Change(one.action, one.root, one.depth, one.child, str(one.html))
        self.apply(reference_client.Fragment((change,)))

    def depth(self, root: str) -> int:
        """Return how deep the last elements of a region are."""
        node, depth = self.find(root), -1
        while node:
            node = next((each for each in reversed(node.childNodes) if each.nodeType == 1), None)
            depth += 1
        return depth


@st.composite
def answers(draw: st.DrawFn) -> tuple[list[Fragment], str]:
    """Draw the fragments of a message with two regions, and the HTML that they leave."""
    model, fragments = Model(), [Fragment(0, (SHELL,), tag="a")]
    model.add(SHELL)
    for number in range(1, draw(st.integers(2, 9))):
        patches = []
        for _ in range(draw(st.integers(1, 3))):
            root, action = draw(st.sampled_from("rrs")), draw(st.sampled_from(ACTIONS))
            model.add(patch("tail", "", root))
            deepest = model.depth(root)
            if action == "replace" and not deepest:
                action = "append"
            least = 1 if action == "replace" else 0
            depth = draw(st.integers(least, deepest))
            patches.append(patch(action, draw(st.sampled_from(HTML)), root, depth=depth))
            model.add(patches[-1])
        fragments.append(Fragment(number, tuple(patches), tag="a"))
    # A tail that no patch follows stays in its element.
    tails: tuple[Patch, ...] = patch("tail", "", "r"), patch("tail", "", "s")
    for each in tails:
        model.add(each)
    if draw(st.booleans()):  # The last fragment needs no patches.
        fragments.append(Fragment(len(fragments), tails, tag="a"))
        tails = ()
    return [*fragments, Fragment(len(fragments), tails, "finished", "a")], model.inner()


NAMES = ["htmx", "sse", "multipart", "turbo", "turbo events", "datastar"]


@given(answers(), st.sampled_from(NAMES), st.integers(0, 8))
def test_law_the_page_is_as_if_each_patch_had_been_applied(
    answer: tuple[list[Fragment], str], name: str, resumed_at: int
) -> None:
    fragments, html = answer
    can_resume = name != "htmx"
    assert shown(fragments, name, resumed_at * can_resume) == html
