import pytest

from streamhtml.markdown._inline.footnotes import Footnotes
from streamhtml.markdown._inline.link_syntax import Target
from streamhtml.markdown._inline.references import LinkReferences
from streamhtml.markdown._output.buffer import HTMLBuffer


def content(html: str) -> HTMLBuffer:
    buffer = HTMLBuffer()
    buffer.write(html)
    return buffer


def test_the_first_definition_counts() -> None:
    references = LinkReferences()
    assert references.target("a") is None
    references.define("A  b", Target("u", None))
    references.define("a B", Target("v", None))
    assert references.target(" a\nb") == Target("u", None)
    assert references.target("c") is None


@pytest.mark.parametrize(
    ("label", "before"), [("1", "x"), ("1", ""), ("1", " "), ("note", "x"), ("a-b_2", ".")]
)
def test_a_likely_note_is_one_until_all_has_been_said(label: str, before: str) -> None:
    footnotes = Footnotes("")
    assert footnotes.may_be_reference(label, before)
    footnotes.finish()
    assert not footnotes.may_be_reference(label, before)


@pytest.mark.parametrize(
    ("label", "before"),
    [("a*b", "x"), ("a-z", "x"), ("A-Za-z", "x"), ("0-9", "x"), ("note", ""), ("note", " ")],
)
def test_an_unlikely_note_is_one_when_it_is_defined(label: str, before: str) -> None:
    footnotes = Footnotes("")
    assert not footnotes.may_be_reference(label, before)
    footnotes.define(label.upper(), content("x"))
    assert footnotes.may_be_reference(label, before)
    footnotes.finish()
    assert footnotes.may_be_reference(label, before)


def numbers(footnotes: Footnotes, *labels: str, ahead: dict[str, int] | None = None) -> list[str]:
    references = [footnotes.reference_html(label, ahead) for label in labels]
    return [html.removeprefix('<sup class="footnote-ref">')[0] for html in references]


def test_notes_are_numbered_by_their_first_reference() -> None:
    footnotes = Footnotes("")
    assert numbers(footnotes, "a", "b", "A", "c", "b") == ["1", "2", "1", "3", "2"]
    footnotes.finish()
    assert numbers(footnotes, "c", "a") == ["1", "2"]


def test_numbers_given_ahead_are_provisional() -> None:
    footnotes = Footnotes("")
    ahead: dict[str, int] = {}
    assert numbers(footnotes, "a") == ["1"]
    assert numbers(footnotes, "a", "b", "c", "b", ahead=ahead) == ["1", "2", "3", "2"]
    assert ahead == {"B": 2, "C": 3}
    assert numbers(footnotes, "c", "b") == ["2", "3"]


def test_the_list_of_notes() -> None:
    footnotes = Footnotes("")
    for label in "abc":
        footnotes.define(label, content(label))
    footnotes.define("a", content("never"))
    assert footnotes.list_html() == ""
    numbers(footnotes, "c", "a")
    assert footnotes.list_html() == "<ol><li>c</li><li>a</li></ol>"
