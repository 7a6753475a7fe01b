"""The ``turbo`` format: the elements of each change, and the marks between fragments."""

import re
from typing import Any

import pytest
from markupsafe import Markup

from streamhtml import Fragment, Patch
from streamhtml.formats.turbo import TurboFormat


def patch(action: str, html: str, **place: Any) -> Patch:
    return Patch(action, Markup(html), "r", **place)  # type: ignore[arg-type]


def elements(*patches: Patch, turbo_format: TurboFormat | None = None) -> str:
    return "".join((turbo_format or TurboFormat()).elements(Fragment(0, patches)))


def element(action: str, targets: str, html: str = "") -> str:
    content = f"<template>{html}</template>" if html else ""
    name = targets.removeprefix("#")
    target = f"target={name}" if re.fullmatch(r"[\w-]+", name) else f'targets="{targets}"'
    return f"<turbo-stream action={action} {target}>{content}</turbo-stream>"


def swapped(html: str) -> list[tuple[str, str]]:
    """Return what replaces what: the ids, and their HTML."""
    stream = re.compile(
        r'<turbo-stream action=replace target="([^"]*)"><template>(.*?)</template>'
        r"</turbo-stream>",
        re.DOTALL,
    )
    text = elements(Patch("replace", Markup(html)))
    assert not stream.sub("", text)
    return stream.findall(text)


@pytest.mark.parametrize(
    ("given", "action", "selector"),
    [
        (Patch("append", Markup("<p id=a></p>"), "messages"), "append", "#messages"),
        (patch("append", "a"), "append", "#r"),
        (patch("append", "a", depth=1), "append", "#r>:last-child"),
        (patch("append", "a", depth=2), "append", "#r>:last-child>:last-child"),
        (patch("append", "<tr><td>1</td></tr>", depth=2), "append", "#r>:last-child>:last-child"),
        (patch("replace", "<i></i>"), "replace", "#r"),
        (patch("replace", "<i></i>", depth=1), "replace", "#r>:last-child"),
        (patch("replace", "<i></i>", child=0), "replace", "#r>:nth-child(1)"),
        (patch("replace", "<td>1</td><td>2</td>", child=2), "replace", "#r>:nth-child(3)"),
        (Patch("append", Markup("a"), "a.b:c"), "append", r"#a\.b\3a c"),
    ],
)
def test_each_patch_is_an_element(given: Patch, action: str, selector: str) -> None:
    assert elements(given) == element(action, selector, given.html)


def test_a_replacement_by_nothing_has_no_template() -> None:
    assert elements(patch("replace", "")) == element("replace", "#r")


def test_a_tail_is_removed_before_the_next_patch_of_its_root() -> None:
    turbo_format = TurboFormat()
    tail = element("append", "#r", "<span id=_vABe3t>t</span>")
    replaced = element("replace", "#_vABe3t", "<span id=_vABe3t>t</span>")
    other = Patch("append", Markup("a"), "s")
    assert elements(patch("tail", "t"), turbo_format=turbo_format) == tail
    assert elements(other, turbo_format=turbo_format) == element("append", "#s", "a")
    assert elements(patch("tail", "t"), turbo_format=turbo_format) == replaced
    assert elements(patch("append", "a"), turbo_format=turbo_format) == (
        element("replace", "#_vABe3t", "a")
    )
    assert elements(patch("append", "a"), turbo_format=turbo_format) == element("append", "#r", "a")


def test_a_tail_is_written_at_its_place() -> None:
    assert elements(patch("tail", "t", depth=1)) == element(
        "append", "#r>:last-child", "<span id=_vABe3t>t</span>"
    )


def test_an_empty_tail_removes_the_tail_before() -> None:
    turbo_format = TurboFormat()
    assert elements(patch("tail", ""), turbo_format=turbo_format) == ""
    elements(patch("tail", "t"), turbo_format=turbo_format)
    assert elements(patch("tail", ""), turbo_format=turbo_format) == element("remove", "#_vABe3t")
    assert elements(patch("tail", ""), turbo_format=turbo_format) == ""


@pytest.mark.parametrize(
    ("html", "tail"),
    [
        ("<td>1</td>", "<tr id=_vABe3t><td>1</td></tr>"),
        ("<tr></tr>", "<tbody id=_vABe3t><tr></tr></tbody>"),
        ("\n<TR></TR>", "<tbody id=_vABe3t>\n<TR></TR></tbody>"),
        ("<tbody></tbody>", "<table id=_vABe3t><tbody></tbody></table>"),
        ("<p>a</p>", "<span id=_vABe3t><p>a</p></span>"),
    ],
)
def test_a_tail_in_a_table_is_wrapped_in_the_element_that_a_table_needs(
    html: str, tail: str
) -> None:
    assert elements(patch("tail", html)) == element("append", "#r", tail)


def test_each_fragment_ends_with_a_mark() -> None:
    turbo_format = TurboFormat()
    mark = f"<!{turbo_format.token}>"
    appended = patch("append", "a"), patch("append", "b", depth=1)
    assert turbo_format.encode(Fragment(0, appended)) == (
        element("append", "#r", "a") + element("append", "#r>:last-child", "b") + mark
    )
    assert turbo_format.encode(Fragment(0)) == f"<!{turbo_format.token} ping>"
    assert turbo_format.encode(Fragment(1, (patch("tail", ""),))) == mark


@pytest.mark.parametrize("outcome", ["finished", "stopped", "truncated", "failed", "interrupted"])
def test_the_last_mark_has_the_outcome(outcome: Any) -> None:
    turbo_format = TurboFormat()
    end = f"<!{turbo_format.token} end {outcome}>"
    assert turbo_format.encode(Fragment(1, (), outcome)) == end
    last = turbo_format.encode(Fragment(1, (patch("append", "a"),), outcome))
    assert last == element("append", "#r", "a") + end


def test_each_response_names_its_own_token_in_its_media_type() -> None:
    formats = [TurboFormat() for _ in range(100)]
    assert len({turbo_format.token for turbo_format in formats}) > 60
    for turbo_format in formats:
        assert re.fullmatch(r"[0-9][A-Za-z0-9]", turbo_format.token)
        assert turbo_format.media_type == (
            f"text/vnd.turbo-stream.html; charset=utf-8; fragments={turbo_format.token}"
        )


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ('<p id="m">a</p>', [("m", '<p id="m">a</p>')]),
        ("<p class=x id=m>a</p>", [("m", "<p class=x id=m>a</p>")]),
        ("<P ID = 'm'>a</P>", [("m", "<P ID = 'm'>a</P>")]),
        ('<p\n  id="a.b:c"\n>a</p>', [("a.b:c", '<p\n  id="a.b:c"\n>a</p>')]),
        (
            '\n<i id="a"><b id="c">x</b></i>\n text <u>no id</u><br id="d">\n<hr><i id="e"></i>',
            [
                ("a", '<i id="a"><b id="c">x</b></i>'),
                ("d", '<br id="d">'),
                ("e", '<i id="e"></i>'),
            ],
        ),
        (
            '<p id="m">a<br><img src="x"><wbr>b</p>',
            [("m", '<p id="m">a<br><img src="x"><wbr>b</p>')],
        ),
        ('<p id="m" title="a > b">a</p>', [("m", '<p id="m" title="a > b">a</p>')]),
        ("<p data-id=x>a</p>", []),
        ("<p id='a\"42'>a</p>", [("a&quot;42", "<p id='a\"42'>a</p>")]),
        ("text", []),
        ("", []),
    ],
)
def test_without_a_root_each_element_replaces_the_one_with_its_id(
    html: str, expected: list[tuple[str, str]]
) -> None:
    assert swapped(html) == expected


@pytest.mark.parametrize(
    "html",
    [
        '<p id="m"><svg viewBox="0 0 1 1"><path d="M0 0"/><circle r="1" /></svg>a</p>',
        '<p id="m"><!-- a <b> that is no element -->a</p>',
        '<p id="m"><!-- > -->a</p>',
        '<ul id="m"><li>a</li><li>b</li></ul>',
        '<div id="m"><script>if (a <b && c> d) "<i>"</script></div>',
        '<div id="m"><textarea><b></textarea></div>',
    ],
)
def test_what_a_template_of_the_user_may_hold(html: str) -> None:
    assert swapped(f"<!-- before <u> -->\n{html}\n") == [("m", html)]


@pytest.mark.parametrize(
    "attribute", ['data-said=" id=other"', "title=\"it's id='other'\"", 'x="&#34; id=other "']
)
def test_an_id_in_the_value_of_another_attribute_is_ignored(attribute: str) -> None:
    html = f'<p {attribute} id="m">a</p>'
    assert swapped(html) == [("m", html)]
    assert swapped(f"<p {attribute}>a</p>") == []


def test_a_first_fragment_without_into_is_refused() -> None:
    fragment = Fragment(0, (Patch("append", Markup("<p></p>")),))
    with pytest.raises(ValueError, match=r"not know where the message goes; pass Reply\(into="):
        TurboFormat().encode(fragment)
