"""How HTML becomes a tree of elements, for the ``page`` format."""

import pytest

from streamhtml._closed_html import closed
from streamhtml.formats._html_tree import Element


def outline(element: Element) -> list[object]:
    return [
        [child.name, *outline(child)] if isinstance(child, Element) else child
        for child in element.children
    ]


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("a &amp; b", ["a &amp; b"]),
        ("<p>a<br>b</p>c", [["p", "a", ["br"], "b"], "c"]),
        ("<DIV><Br/>a</dIv>", [["div", ["br"], "a"]]),
        ("""<a title="x>y" href='>' b = c>d</a>""", [["a", "d"]]),
        ("<a b=don't>c</a>'", [["a", "c"], "'"]),
        ("<a href=>b</a>", [["a", "b"]]),
        ("<p>a<!-- </p> -->b</p>", [["p", "a", "<!-- </p> -->", "b"]]),
        ("<script>if (a<b) '</p>'</SCRIPT >c", [["script", "if (a<b) '</p>'"], "c"]),
        ("<svg><path/><style>a</style></svg>", [["svg", "<path/><style>a</style>"]]),
        ("<p><textarea>a", [["p", ["textarea", "a"]]]),
        ("<ul><li>a<li>b</ul>c", [["ul", ["li", "a"], ["li", "b"]], "c"]),
        ("a</p>b", ["ab"]),
        ("<li><div>a<li>b</div>", [["li", ["div", "a"]], ["li", "b"]]),
        ("<dl><dt>a<dd>b</dl>", [["dl", ["dt", "a"], ["dd", "b"]]]),
        ("<li><ul><li>a</ul>", [["li", ["ul", ["li", "a"]]]]),
        ("<button><p><button>a", [["button", ["p"]], ["button", "a"]]),
        ("<svg><g><p>a</p></svg>", [["svg", "<g></g>"], ["p", "a"]]),
        ("<svg><desc><p>a</p></desc></svg>b", [["svg", "<desc><p>a</p></desc>"], "b"]),
        ('a < b <3 <a href="x', ['a &lt; b &lt;3 &lt;a href="x']),
    ],
)
def test_html_becomes_elements(html: str, expected: list[object]) -> None:
    top = Element()
    top.read(closed(html))
    assert outline(top) == expected


def test_the_tags_of_a_tables_part_are_left_out() -> None:
    top = Element("p")
    top.read("a<col>b<tr><td>c</td></tr>d")
    assert "".join(map(str, outline(top))) == "abcd"


def test_an_attribute_in_a_value_is_not_an_attribute() -> None:
    (element,) = Element().read(
        """<div data-said=' id="no" class=no' ID = "yes" class=a checked>"""
    )
    assert element.attributes() == {
        "data-said": ' id="no" class=no',
        "id": "yes",
        "class": "a",
        "checked": "",
    }


@pytest.mark.parametrize(
    ("html", "count"),
    [("", 0), ("\n", 1), ("a<p></p>", 2), ("<p></p>\n<!-- b --> ", 1), ("<p></p> b <!-- -->", 2)],
)
def test_white_space_after_an_element_is_not_visible(html: str, count: int) -> None:
    top = Element()
    top.read(html)
    assert top.visible_end() == count
