"""The ``multipart`` format: its parts, and that every reader finds exactly these."""

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markupsafe import Markup
from tests.formats.multipart_body import Part, by_email, by_htmx, by_python_multipart

from streamhtml import Fragment, Patch
from streamhtml.formats import FormatRequest
from streamhtml.formats.multipart import MultipartFormat

SHELL = Patch("append", Markup("<p id=r></p>"))


def patch(action: str, html: str, **place: Any) -> Patch:
    return Patch(action, Markup(html), "r", **place)  # type: ignore[arg-type]


def read(*fragments: Fragment) -> list[Part]:
    """Return the parts of these fragments, as htmx reads them, without their ids."""
    return [part._replace(headers=without_id(part.headers)) for part in read_with_ids(*fragments)]


def read_with_ids(*fragments: Fragment) -> list[Part]:
    one_format = MultipartFormat()
    body = "".join(map(one_format.encode, fragments))
    return by_htmx(one_format.media_type, body.encode())


def without_id(headers: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name != "hx-part-id"}


def part(html: str, target: str = "", style: str = "") -> Part:
    if style and target and " " not in target:
        style, target = f"{style} target:{target}", ""
    headers = {"hx-retarget": target, "hx-reswap": style}
    return Part({name: value for name, value in headers.items() if value}, html)


def removal(selector: str) -> Part:
    return part(f'<hx-partial hx-target="{selector}" hx-swap=delete></hx-partial>', "", "none")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (SHELL, part("<p id=r></p>")),
        (Patch("append", Markup("a"), "m.1"), part("a", r"#m\.1", "append")),
        (Patch("append", Markup("a"), "m:1"), part("a", r"#m\3a 1", "append")),
        (patch("append", "a", depth=2), part("a", "#r>:last-child>:last-child", "append")),
        (patch("append", "<td>1</td>"), part("<td>1</td>", "#r", "append")),
        (patch("replace", "<i></i>"), part("<i></i>", "#r", "outerHTML")),
        (
            patch("replace", "<i></i>", child=3),
            part("<i></i>", "#r>:nth-child(4)", "outerHTML"),
        ),
        (patch("tail", "t"), part("<span id=_vABe3t>t</span>", "#r", "append")),
    ],
)
def test_a_patch_is_a_part(given: Patch, expected: Part) -> None:
    assert read(Fragment(0, (given,))) == [expected]


@pytest.mark.parametrize(
    ("html", "content"),
    [
        ('<p id="m" hx-swap-oob="true">a</p>', '<p id="m" hx-swap-oob="true">a</p>'),
        ("<p id=m data-hx-swap-oob=true>a</p>", "<p id=m data-hx-swap-oob=true>a</p>"),
        (
            """ <i>without id</i><p id='"'>a</p>""",
            """<hx-partial id="&quot;" hx-swap=outerHTML><p id='"'>a</p></hx-partial>""",
        ),
    ],
)
def test_elements_that_come_again_replace_those_with_their_ids(html: str, content: str) -> None:
    again = Patch("replace", Markup(html))
    assert read(Fragment(0, (again,))) == [part(content, "", "none")]


def test_what_is_added_to_one_place_is_one_part() -> None:
    first = Fragment(0, (patch("append", "a"), patch("append", "b"), patch("tail", "t")))
    second = Fragment(1, (patch("append", "c"), patch("tail", "u")))
    third = Fragment(2, (patch("append", "d"),))
    assert read(first, second, third) == [
        part("ab<span id=_vABe3t>t</span>", "#r", "append"),
        part("c<span id=_vABe3t>u</span>", "#_vABe3t", "outerHTML"),
        part("d", "#_vABe3t", "outerHTML"),
    ]


def test_a_tail_elsewhere_is_removed_by_a_part_of_its_own() -> None:
    tail = Fragment(0, (patch("tail", "t", depth=1),))
    gone = removal("#_vABe3t")
    for later, rest in [
        (patch("append", "a"), [part("a", "#r", "append")]),
        (patch("replace", "<i></i>"), [part("<i></i>", "#r", "outerHTML")]),
        (patch("tail", ""), []),
        (patch("tail", "", depth=1), []),
    ]:
        assert read(tail, Fragment(1, (later,)))[1:] == [gone, *rest]


def test_rows_are_not_joined_with_what_a_parser_keeps_only_elsewhere() -> None:
    rows = patch("append", "<tr></tr>"), patch("append", "\n<tr></tr>"), patch("tail", "<tr></tr>")
    assert [each.html for each in read(Fragment(0, rows))] == [
        "<tr></tr>\n<tr></tr>",
        "<tbody id=_vABe3t><tr></tr></tbody>",
    ]


def test_in_a_log_only_the_last_part_of_a_fragment_completes_it() -> None:
    fragment = Fragment(7, (SHELL, patch("append", "a")), tag="0a1b2c3d")
    ids = [each.headers["hx-part-id"] for each in read_with_ids(fragment)]
    assert ids == ["7.0", "7.0a1b2c3d"]


def test_a_client_that_resumes_has_the_tails_that_it_had() -> None:
    one_format = MultipartFormat()
    one_format.skip(Fragment(3, (SHELL, patch("tail", "t")), tag="x"))
    text = one_format.encode(Fragment(4, (patch("append", "a"),), tag="x"))
    found = by_htmx(one_format.media_type, text.encode())
    assert [each.headers["hx-part-id"] for each in found] == ["4.0", "4.0", "4.x"]
    assert [each._replace(headers=without_id(each.headers)) for each in found] == [
        # The client may have a marker, which this response does not know.
        part("<wbr id=_0dReY hidden>", "#r", "before"),
        removal("wbr#_0dReY"),
        part("a", "#_0dReYt", "outerHTML"),
    ]


@pytest.mark.parametrize("outcome", ["finished", "stopped", "truncated", "failed", "interrupted"])
def test_the_last_part_triggers_the_end(outcome: Any) -> None:
    end = {
        "hx-part-id": outcome,
        "hx-reswap": "none",
        "hx-trigger": f"stream:{outcome},stream:end",
    }
    assert read_with_ids(Fragment(3, (), outcome)) == [Part(end, "")]
    shell = Part({"hx-part-id": "0"}, "<p id=r></p>")
    assert read_with_ids(Fragment(0, (SHELL,), outcome)) == [shell, Part(end, "")]


def test_a_ping_is_no_part() -> None:
    one_format = MultipartFormat()
    fragments = [Fragment(0), Fragment(0, (SHELL,)), *[Fragment(0)] * 20]
    fragments += [Fragment(1, (patch("tail", ""),)), Fragment(2, (), "finished")]
    body = "".join(map(one_format.encode, fragments)).encode()
    shell, end = by_htmx(one_format.media_type, body)
    assert shell == Part({"ping": "", "hx-part-id": "0"}, "<p id=r></p>")
    assert end.headers["hx-part-id"] == "finished"
    assert end.headers["ping"] == "." * 20
    for read_parts in (by_email, by_python_multipart):
        assert read_parts(one_format.media_type, body) == [shell, end]


def test_a_part_is_complete_when_its_fragment_is() -> None:
    one_format = MultipartFormat()
    body = b""
    for number in range(3):
        text = Patch("append", Markup("\r\n-"), f"r{number}")
        body += one_format.encode(Fragment(number, (text,))).encode()
        assert len(by_htmx(one_format.media_type, body)) == number + 1


def test_each_response_has_a_boundary_of_its_own() -> None:
    # There are 16 million.
    assert len({MultipartFormat().media_type for _ in range(100)}) > 95


def test_the_head_says_how_most_parts_are_swapped_if_the_view_says_where() -> None:
    one_format = MultipartFormat()
    one_format.prepare(FormatRequest(into="m"))
    assert one_format.headers == {"HX-Reselect": "", "HX-Reswap": "append"}
    fragment = Fragment(0, (Patch("append", Markup("<p id=r></p>"), "m"), patch("replace", "<i>")))
    body = one_format.encode(fragment).encode()
    assert [without_id(each.headers) for each in by_htmx(one_format.media_type, body)] == [
        {"hx-retarget": "#m"},
        {"hx-reswap": "outerHTML target:#r"},
    ]
    other = MultipartFormat()
    other.prepare(FormatRequest())
    # An empty value is none, and takes the place of the page's own ``hx-select``.
    assert other.headers == {"HX-Reselect": ""}


TRICKY = st.lists(
    st.one_of(
        st.text(),
        st.sampled_from(
            ["", " ", "\t", "\r", "\n", "\r\n", "\r\n\r\n", "-", "--", "{}", "--{}", "--{}--"]
        ),
    )
).map("".join)


@given(st.lists(TRICKY, min_size=1, max_size=6), st.integers(1, 40))
@example(["\r\n--{}\r\n\r\n", "--{}--", "\r", "\n--{}"], 1)
@example([" \r\n--{}--\r\n"], 3)
def test_every_reader_finds_exactly_the_parts_that_were_sent(texts: list[str], size: int) -> None:
    one_format = MultipartFormat()
    media_type = one_format.media_type
    boundary = media_type.partition("boundary=")[2]
    # The body writes a lone surrogate, which UTF-8 cannot encode, as a question mark.
    sent = [text.encode(errors="replace").decode().replace("{}", boundary) for text in texts]
    patches = [Patch("append", Markup(html), f"r{at}") for at, html in enumerate(sent)]
    fragments = [Fragment(at, (each,)) for at, each in enumerate(patches)]
    fragments.append(Fragment(len(sent), (), "finished"))
    body = "".join(map(one_format.encode, fragments)).encode()
    found = by_htmx(media_type, body)
    assert by_email(media_type, body) == by_python_multipart(media_type, body, size) == found
    # The boundary itself is written as an entity.
    written = [str(each.html).replace(f"--{boundary}", f"&#45;-{boundary}") for each in patches]
    assert [each.html for each in found] == [*filter(None, written), ""]
