import pytest

from streamhtml.markdown._inline.links import Target
from streamhtml.markdown._inline.references import References
from streamhtml.markdown._output.output import Output


def content(html: str) -> Output:
    log = Output()
    log.write(html)
    return log


def test_the_first_definition_counts() -> None:
    references = References("")
    assert references.target("a") is None
    references.define("A  b", Target("u", None))
    references.define("a B", Target("v", None))
    assert references.target(" a\nb") == Target("u", None)
    assert references.target("c") is None


@pytest.mark.parametrize("label", ["1", "note", "a-b_2"])
def test_a_likely_note_is_one_until_all_has_been_said(label: str) -> None:
    references = References("")
    assert references.may_be_footnote(label)
    references.complete()
    assert not references.may_be_footnote(label)


def test_an_unlikely_note_is_one_when_it_is_defined() -> None:
    references = References("")
    assert not references.may_be_footnote("a*b")
    references.define_footnote("A*B", content("x"))
    assert references.may_be_footnote("a*b")
    references.complete()
    assert references.may_be_footnote("a*b")


def numbers(references: References, *labels: str, ahead: dict[str, int] | None = None) -> list[str]:
    return [
        references.footnote_reference(label, ahead)[len('<sup class="footnote-ref">') :][0]
        for label in labels
    ]


def test_notes_are_numbered_by_their_first_reference() -> None:
    references = References("")
    assert numbers(references, "a", "b", "A", "c", "b") == ["1", "2", "1", "3", "2"]
    references.complete()
    assert numbers(references, "c", "a") == ["1", "2"]


def test_numbers_given_ahead_are_provisional() -> None:
    references = References("")
    ahead: dict[str, int] = {}
    assert numbers(references, "a") == ["1"]
    assert numbers(references, "a", "b", "c", "b", ahead=ahead) == ["1", "2", "3", "2"]
    assert ahead == {"B": 2, "C": 3}
    assert numbers(references, "c", "b") == ["2", "3"]


def test_the_list_of_notes() -> None:
    references = References("")
    for label in "abc":
        references.define_footnote(label, content(label))
    references.define_footnote("a", content("never"))
    assert references.footnotes_html() == ""
    numbers(references, "c", "a")
    assert references.footnotes_html() == "<ol><li>c</li><li>a</li></ol>"
