"""The ``htmx`` format: the out-of-band markup of each kind of change."""

import pytest
from markupsafe import Markup

from streamhtml import Fragment, Patch
from streamhtml.formats.htmx import HTMXFormat


def patch(action: str, html: str, **place: object) -> Patch:
    return Patch(action, Markup(html), "r", **place)  # type: ignore[arg-type]


def swap(target: str, html: str = "", name: str = "q") -> str:
    """Return the element of a swap; only a target with spaces needs quotes."""
    value = f'"{target}"' if " " in target else target
    return f"<{name} hx-swap-oob={value}>{html}</{name}>"


def test_each_patch_is_out_of_band_markup() -> None:
    for given, expected in [
        (Patch("append", Markup("<p id=r></p>")), "<p id=r></p>"),
        (patch("append", "a"), swap("beforeend:#r", "a")),
        (patch("append", "a", depth=1), swap("beforeend:#r >:last-child", "a")),
        (
            patch("append", "a", depth=2),
            swap("beforeend:#r >:last-child>:last-child", "a"),
        ),
        (
            patch("replace", "<i></i>", depth=1),
            swap("beforebegin:#r >:last-child", "<i></i>") + swap("delete:#r >:last-child"),
        ),
        (
            patch("replace", "<i></i>", child=0),
            swap("afterend:#r >:nth-child(1)", "<i></i>") + swap("delete:#r >:nth-child(1)"),
        ),
        (
            Patch("replace", Markup("<p id=m hx-swap-oob=true></p>")),
            "<p id=m hx-swap-oob=true></p>",
        ),
    ]:
        assert HTMXFormat().encode(Fragment(0, (given,))) == expected


def test_an_element_with_an_id_takes_the_place_of_a_placeholder() -> None:
    # htmx deletes all elements that a selector finds, and the new one may have the same id.
    for html in ('<b id="r">a</b>', '<i></i><p><b id="r">a</b></p>'):
        assert HTMXFormat().encode(Fragment(1, (patch("replace", html),))) == (
            swap("afterend:#r", "<i id=streamhtml-replaced></i>")
            + swap("delete:#r")
            + swap("afterend:#streamhtml-replaced", html)
            + swap("delete:#streamhtml-replaced")
        )


@pytest.mark.parametrize(
    ("place", "target"),
    [
        ({}, "#r"),
        ({"depth": 2}, '"#r>:last-child>:last-child"'),
        ({"child": 1}, '"#r>:nth-child(2)"'),
    ],
)
def test_a_partial_replaces_an_element_in_one_swap(place: dict[str, int], target: str) -> None:
    replaced = patch("replace", '<b id="r">a</b>', **place)
    assert list(HTMXFormat(partials=True).swaps(Fragment(1, (replaced,)))) == [
        f'<hx-partial hx-target={target} hx-swap=outerHTML><b id="r">a</b></hx-partial>'
    ]


def test_a_tail_is_removed_before_the_next_patch_of_its_root() -> None:
    htmx_format = HTMXFormat()
    tail = swap("beforeend:#r", "<span id=_vABe3t>t</span>")
    assert htmx_format.encode(Fragment(0, (patch("tail", "t"),))) == tail
    update = swap("innerHTML:#_vABe3t", "u")
    assert htmx_format.encode(Fragment(1, (patch("tail", "u"),))) == update
    before, gone = swap("beforebegin:#_vABe3t", "a"), swap("delete:#_vABe3t")
    assert htmx_format.encode(Fragment(2, (patch("append", "a"),))) == before + gone
    assert gone not in htmx_format.encode(Fragment(3, (patch("append", "a"),), "finished"))


@pytest.mark.parametrize(
    ("html", "parent"),
    [
        ("<td>1</td><td>2</td>", "tr"),
        ('<th scope="col">1</th>', "tr"),
        ("\n<tr><td>1</td></tr>\n<tr></tr>\n", "tbody"),
        ("<TR></TR>", "tbody"),
        ("<tbody></tbody>", "table"),
        ("<thead></thead><tbody></tbody>", "table"),
    ],
)
def test_a_part_of_a_table_is_wrapped_in_its_parent_and_a_template(html: str, parent: str) -> None:
    given = [
        (patch("append", html), [("beforeend:#r", html)]),
        (
            patch("replace", html, depth=1),
            [("beforebegin:#r >:last-child", html), ("delete:#r >:last-child", "")],
        ),
    ]
    for each, swaps in given:
        assert HTMXFormat().encode(Fragment(0, (each,))) == "".join(
            f"<template>{swap(target, inside, parent if inside else 'q')}</template>"
            for target, inside in swaps
        )


@pytest.mark.parametrize(
    "html", ["a <td></td>", "<table><tbody></tbody></table>", "<track>", "<p></p><tr></tr>"]
)
def test_other_html_needs_no_template(html: str) -> None:
    expected = swap("beforeend:#r", html)
    assert HTMXFormat().encode(Fragment(0, (patch("append", html),))) == expected


def test_after_a_part_of_a_table_every_swap_is_in_a_template() -> None:
    # htmx 2 swaps what is in templates last, and a client may read two fragments at once.
    htmx_format = HTMXFormat()
    row, text = patch("append", "<tr></tr>"), Patch("append", Markup("a"), "s")
    before, after = (
        htmx_format.encode(Fragment(index, patches))
        for index, patches in enumerate([(text, row), (text,)])
    )
    assert before.startswith(swap("beforeend:#s", "a") + "<template><tbody ")
    assert after == f"<template>{swap('beforeend:#s', 'a')}</template>"
    opened = Patch("append", Markup("<tr id=r></tr>"))
    assert HTMXFormat().encode(Fragment(0, (opened,))) == "<tr id=r></tr>"


def test_a_tail_of_rows_or_cells_is_wrapped_in_their_parent() -> None:
    for html, held in [
        ("<td>1</td>", swap("beforeend:#r", "<tr id=_vABe3t><td>1</td></tr>", "tbody")),
        ("<tr></tr>", swap("beforeend:#r", "<tbody id=_vABe3t><tr></tr></tbody>", "table")),
    ]:
        htmx_format = HTMXFormat().encode(Fragment(0, (patch("tail", html),)))
        assert htmx_format == f"<template>{held}</template>"


def test_an_empty_tail_removes_the_tail_before() -> None:
    htmx_format = HTMXFormat()
    empty = Fragment(1, (patch("tail", "", depth=1),))
    assert htmx_format.encode(empty) == "\n"
    htmx_format.encode(Fragment(2, (patch("tail", "t"),)))
    assert htmx_format.encode(empty) == swap("delete:#_vABe3t")
    assert htmx_format.encode(empty) == "\n"


def test_an_id_with_punctuation_is_escaped_in_selectors() -> None:
    appended = Patch("append", Markup("t"), "a.b:c", depth=1)
    assert HTMXFormat().encode(Fragment(1, (appended,))) == (
        r'<q hx-swap-oob="beforeend:#a\.b\3a c >:last-child">t</q>'
    )


def test_a_ping_and_an_end_without_patches_change_nothing() -> None:
    htmx_format = HTMXFormat()
    assert (
        htmx_format.encode(Fragment(0)) == htmx_format.encode(Fragment(1, (), "finished")) == "\n"
    )
