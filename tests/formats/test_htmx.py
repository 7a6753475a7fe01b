"""The ``htmx`` format: the out-of-band markup of each kind of change."""

import pytest
from markupsafe import Markup

from streamhtml import Fragment, Patch
from streamhtml.formats.htmx import HTMXFormat


def patch(action: str, html: str, **place: object) -> Patch:
    return Patch(action, Markup(html), "r", **place)  # type: ignore[arg-type]


def test_each_patch_is_out_of_band_markup() -> None:
    htmx_format = HTMXFormat()
    for given, expected in [
        (Patch("append", Markup("<p id=r></p>")), "<p id=r></p>"),
        (patch("append", "a"), '<div hx-swap-oob="beforeend:#r">a</div>'),
        (
            patch("append", "a", depth=1),
            '<div hx-swap-oob="beforeend:#r > :last-child">a</div>',
        ),
        (
            patch("replace", "<i></i>", depth=1),
            (
                '<div hx-swap-oob="beforebegin:#r > :last-child"><i></i></div>'
                '<div hx-swap-oob="delete:#r > :last-child"></div>'
            ),
        ),
        (
            patch("replace", "<i></i>", child=0),
            (
                '<div hx-swap-oob="afterend:#r > :nth-child(1)"><i></i></div>'
                '<div hx-swap-oob="delete:#r > :nth-child(1)"></div>'
            ),
        ),
        (
            Patch("replace", Markup("<p id=m hx-swap-oob=true></p>")),
            "<p id=m hx-swap-oob=true></p>",
        ),
    ]:
        assert htmx_format.encode(Fragment(0, (given,))) == expected


def test_an_element_with_the_same_id_takes_the_place_of_a_placeholder() -> None:
    # htmx deletes all elements that a selector finds.
    for html in ('<b id="r">a</b>', '<i></i><p><b id="r">a</b></p>'):
        assert HTMXFormat().encode(Fragment(1, (patch("replace", html),))) == (
            '<div hx-swap-oob="afterend:#r"><i id="r-new"></i></div>'
            '<div hx-swap-oob="delete:#r"></div>'
            f'<div hx-swap-oob="afterend:#r-new">{html}</div>'
            '<div hx-swap-oob="delete:#r-new"></div>'
        )


@pytest.mark.parametrize("place", [{}, {"depth": 2}, {"child": 1}])
def test_a_partial_replaces_an_element_in_one_swap(place: dict[str, int]) -> None:
    replaced = patch("replace", '<b id="r">a</b>', **place)
    assert list(HTMXFormat(partials=True).swaps(Fragment(1, (replaced,)))) == [
        f'<hx-partial hx-target="{replaced.selector}" hx-swap="outerHTML"><b id="r">a</b>'
        "</hx-partial>"
    ]


def test_a_tail_is_removed_before_the_next_patch_of_its_root() -> None:
    htmx_format = HTMXFormat()
    tail = '<div hx-swap-oob="beforeend:#r"><span id="r-tail">t</span></div>'
    gone = '<div hx-swap-oob="delete:#r-tail"></div>'
    assert htmx_format.encode(Fragment(0, (patch("tail", "t"),))) == tail
    assert htmx_format.encode(Fragment(1, (patch("tail", "t"),))) == gone + tail
    assert htmx_format.encode(Fragment(2, (patch("append", "a"),))).startswith(gone)
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
            [("beforebegin:#r > :last-child", html), ("delete:#r > :last-child", "")],
        ),
    ]
    for each, swaps in given:
        assert HTMXFormat().encode(Fragment(0, (each,))) == "".join(
            f'<template><{name} hx-swap-oob="{swap}">{inside}</{name}></template>'
            for swap, inside in swaps
            for name in [parent if inside else "div"]
        )


@pytest.mark.parametrize(
    "html", ["a <td></td>", "<table><tbody></tbody></table>", "<track>", "<p></p><tr></tr>", ""]
)
def test_other_html_needs_no_template(html: str) -> None:
    expected = f'<div hx-swap-oob="beforeend:#r">{html}</div>'
    assert HTMXFormat().encode(Fragment(0, (patch("append", html),))) == expected


def test_after_a_part_of_a_table_every_swap_is_in_a_template() -> None:
    # htmx 2 swaps what is in templates last, and a client may read two fragments at once.
    htmx_format = HTMXFormat()
    row, text = patch("append", "<tr></tr>", depth=2), patch("append", "a")
    before, after = (
        htmx_format.encode(Fragment(index, patches))
        for index, patches in enumerate([(text, row), (text,)])
    )
    assert before.startswith('<div hx-swap-oob="beforeend:#r">a</div><template><tbody ')
    assert after == '<template><div hx-swap-oob="beforeend:#r">a</div></template>'
    opened = Patch("append", Markup("<tr id=r></tr>"))
    assert HTMXFormat().encode(Fragment(0, (opened,))) == "<tr id=r></tr>"


def test_a_tail_of_rows_or_cells_is_wrapped_in_their_parent() -> None:
    for html, held in [
        ("<td>1</td>", '<tbody hx-swap-oob="beforeend:#r"><tr id="r-tail"><td>1</td></tr></tbody>'),
        (
            "<tr></tr>",
            '<table hx-swap-oob="beforeend:#r"><tbody id="r-tail"><tr></tr></tbody></table>',
        ),
    ]:
        htmx_format = HTMXFormat().encode(Fragment(0, (patch("tail", html),)))
        assert htmx_format == f"<template>{held}</template>"


def test_an_empty_tail_removes_the_tail_before() -> None:
    htmx_format = HTMXFormat()
    empty = Fragment(1, (patch("tail", "", depth=1),))
    assert htmx_format.encode(empty) == "\n"
    htmx_format.encode(Fragment(2, (patch("tail", "t"),)))
    assert htmx_format.encode(empty) == '<div hx-swap-oob="delete:#r-tail"></div>'
    assert htmx_format.encode(empty) == "\n"


def test_an_id_with_punctuation_is_escaped_in_selectors() -> None:
    htmx_format = HTMXFormat()
    tail = Patch("tail", Markup("t"), "a.b:c")
    htmx_format.encode(Fragment(0, (tail,)))
    assert htmx_format.encode(Fragment(1, (tail,))) == (
        r'<div hx-swap-oob="delete:#a\.b\3a c-tail"></div>'
        r'<div hx-swap-oob="beforeend:#a\.b\3a c"><span id="a.b:c-tail">t</span></div>'
    )


def test_a_ping_and_an_end_without_patches_change_nothing() -> None:
    htmx_format = HTMXFormat()
    assert (
        htmx_format.encode(Fragment(0)) == htmx_format.encode(Fragment(1, (), "finished")) == "\n"
    )
