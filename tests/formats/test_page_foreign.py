"""Regions inside of elements into which a page otherwise writes nothing while they are open."""

from collections.abc import Iterator

import pytest
from jinja2 import Environment
from markupsafe import Markup
from tests.formats.test_in_place import in_turns, message, native_page
from tests.formats.visible_page import page_format, same_marks, shell, spelled, visible

from streamhtml import Delta, Fragment, Patch, Reply
from streamhtml.formats._html_tree import Element

__all__ = ["same_marks"]  # The fixture.

TEXTS = {"text": "a *b*\n\n- c\n- d\n\n  e\n", "reasoning": "| a |\n|---|\n| `1` |\n\n# f"}
FOREIGN = [
    "<svg><circle></circle><foreignObject>1{{ ai_message }}2</foreignObject><g></g></svg>3",
    "<svg><foreignObject><p>{{ parts.reasoning }}</p></foreignObject></svg>{{ ai_message }}",
    "{{ ai_message }}<svg><foreignObject>{{ parts.reasoning }}</foreignObject></svg>",
    "<math><mtext>{{ ai_message }}</mtext></math>{{ parts.reasoning }}",
    "<svg><desc>{{ ai_message }}</desc><svg><desc>{{ parts.reasoning }}</desc></svg></svg>",
]


@pytest.mark.parametrize("template", FOREIGN)
def test_a_region_in_foreign_content_grows_there(template: str) -> None:
    for seed in range(8):
        page, whole = in_turns(TEXTS, seed, f"<article>{template}</article>")
        assert message(page).html() == message(whole).html()


@pytest.mark.usefixtures("same_marks")
@pytest.mark.parametrize("template", FOREIGN)
def test_a_region_in_foreign_content_grows_there_in_order(template: str) -> None:
    render = Environment(autoescape=True).from_string(f"<article>{template}</article>").render
    reply = Reply(render, {"message_pair_id": "m"})
    deltas = [[Delta(each, part)] for part, text in TEXTS.items() for each in text]
    fragments = [reply.open(), *map(reply.feed, deltas), reply.close("finished")]
    one_format = page_format()
    main = visible("".join(map(one_format.encode, fragments))).find("main")
    finished = Reply(render, {"message_pair_id": "m"}, answer=reply.answer).render_whole()
    whole = visible(f"<main>{finished}</main>").find("main")
    assert main is not None
    assert whole is not None
    assert spelled(main) == spelled(whole)


@pytest.mark.parametrize("native", [True, False])
def test_what_is_beside_the_region_is_written_at_once(native: bool) -> None:
    beside = "<svg><desc><i>a</i></desc></svg>"
    one_format = native_page() if native else page_format()
    html = one_format.encode(
        shell(f"<svg>{beside}<desc><b class=streamhtml id=r></b></desc></svg>{beside}")
    )
    for index in range(3):
        patch = Patch("append", Markup(f"<p>{index}</p>{beside}"), "r")
        html += one_format.encode(Fragment(index + 1, (patch,)))
    assert html.count(beside) == (5 if native else 4)


def test_elements_that_are_kept_as_text_are_joined_once(monkeypatch: pytest.MonkeyPatch) -> None:
    joined: list[Element] = []
    pieces = Element.pieces

    def noted(element: Element) -> Iterator[str]:
        joined.append(element)
        return pieces(element)

    monkeypatch.setattr(Element, "pieces", noted)
    top, html = Element(), "<svg><g>" * 50 + "</g></svg>" * 50
    assert top.read(html) == joined == top.children
