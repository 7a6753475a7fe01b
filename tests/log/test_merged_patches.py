"""Many patches become few, and the page is the same."""

from markupsafe import Markup
from tests.docs.reference_client import Decoder, Page, token_of

from streamhtml import Fragment, Patch
from streamhtml.formats.html import HTMLFormat
from streamhtml.log._merged_patches import inline_patches, merge_patches


def patch(
    action: str, html: str, root: str = "r", depth: int = 0, child: int | None = None
) -> Patch:
    return Patch(action, Markup(html), root, depth, child)  # type: ignore[arg-type]


def shown(patches: list[Patch]) -> str:
    """Return the page after all patches, as our client applies them."""
    html_format, page = HTMLFormat(), Page()
    decoder = Decoder(token_of(html_format.media_type))
    for number, each in enumerate(patches):
        for fragment in decoder.feed(html_format.encode(Fragment(number, (each,))).encode()):
            page.apply(fragment)
    return page.inner()


OPEN = patch("append", '<div id="m"><div id="r"></div><b id="s"></b></div>', "")


def few(*patches: Patch) -> list[tuple[str, str, str]]:
    """Return the action, the root and the HTML of what is left, after checking that it fits."""
    all_patches = [OPEN, *patches]
    merged = merge_patches(all_patches)
    inlined = inline_patches(merged)
    assert shown(merged) == shown(inlined) == shown(all_patches)
    assert len(inlined) <= len(merged) <= len(all_patches)
    return [(each.action, each.root, str(each.html)) for each in inlined]


def test_what_is_appended_is_written_where_it_belongs() -> None:
    assert few(
        patch("append", "<ul><li>a</li></ul>"),
        patch("append", "b", depth=2),
        patch("append", "x", "s"),
        patch("append", "<li>c</li>", depth=1),
    ) == [
        (
            "append",
            "",
            '<div id="m"><div id="r"><ul><li>ab</li><li>c</li></ul></div><b id="s">x</b></div>',
        )
    ]


def test_only_the_last_tail_stays() -> None:
    assert few(
        patch("tail", "a"),
        patch("append", "b"),
        patch("tail", "c"),
        patch("tail", "d"),
        patch("tail", "e", "s"),
        patch("tail", "", "s"),
    ) == [("append", "", '<div id="m"><div id="r">b</div><b id="s"></b></div>'), ("tail", "r", "d")]


def test_what_is_replaced_later_is_left_out() -> None:
    part = '<i id="p">{}</i>'
    patches = [patch("append", part.format(""), "r")]
    for number in range(5):
        patches += [
            patch("replace", part.format(number), "r", child=0),
            patch("append", "+", "p"),
            patch("append", "x", "s"),
        ]
    assert few(*patches) == [
        ("append", "", '<div id="m"><div id="r"><i id="p">4+</i></div><b id="s">xxxxx</b></div>')
    ]
    assert len(merge_patches([OPEN, *patches])) < 8


def test_a_root_is_replaced_itself() -> None:
    new = '<div id="r"></div>'
    assert few(
        patch("append", "a"), patch("replace", new), patch("append", "b"), patch("replace", new)
    ) == [("append", "", '<div id="m"><div id="r"></div><b id="s"></b></div>')]


def test_a_replacement_may_be_several_elements_or_none() -> None:
    assert (
        few(
            patch("append", "<p>a</p><p>b</p>"),
            patch("replace", "<h1>c</h1><h2>d</h2>", child=1),
            patch("append", "e", depth=1),
            patch("replace", "", depth=1),
        )[0][2].count("<h1>c</h1>")
        == 1
    )


def test_a_newline_at_the_start_of_a_pre_is_kept() -> None:
    ((_, _, html),) = few(patch("append", "<pre></pre>"), patch("append", "\n\na", depth=1))
    assert "<pre>\n\n\na</pre>" in html


def test_what_has_no_place_is_left_as_it_is() -> None:
    for lost in (
        patch("append", "a", depth=3),
        patch("tail", "a", "gone"),
        patch("replace", "a", child=7),
    ):
        patches = [OPEN, patch("append", "b"), lost]
        assert inline_patches(patches) == patches


def test_regions_that_are_replaced_are_filled() -> None:
    emptied = [
        patch("tail", ""),
        patch("replace", '<span id="r"></span>'),
        patch("replace", '<b id="s"></b>', "s"),
        patch("append", "a"),
        patch("append", "b", "s"),
        patch("tail", "c"),
    ]
    found = inline_patches(merge_patches(emptied))
    assert [(each.action, each.root, str(each.html)) for each in found] == [
        ("replace", "r", '<span id="r">a</span>'),
        ("replace", "s", '<b id="s">b</b>'),
        ("tail", "r", "c"),
    ]


def test_what_a_parser_would_move_is_left_as_it_is() -> None:
    opened = patch("append", '<p><span id="r"></span></p>', "")
    patches = [opened, patch("append", "<h1>a</h1>")]
    assert inline_patches(patches) == patches
