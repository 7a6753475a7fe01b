from markupsafe import Markup

from streamhtml import Fragment, Patch
from streamhtml.formats.htmx import HTMXFormat


def patch(action: str, html: str, **place: object) -> Patch:
    return Patch(action, Markup(html), "r", **place)  # type: ignore[arg-type]


def test_each_patch_is_out_of_band_markup() -> None:
    wire = HTMXFormat()
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
        (Patch("replace", Markup("<p id=m hx-swap-oob=true>")), "<p id=m hx-swap-oob=true>"),
    ]:
        assert wire.encode(Fragment(0, (given,))) == expected


def test_a_tail_goes_before_the_next_patch_of_its_root() -> None:
    wire = HTMXFormat()
    tail = '<div hx-swap-oob="beforeend:#r"><span id="r-tail">t</span></div>'
    gone = '<div hx-swap-oob="delete:#r-tail"></div>'
    assert wire.encode(Fragment(0, (patch("tail", "t"),))) == tail
    assert wire.encode(Fragment(1, (patch("tail", "t"),))) == gone + tail
    assert wire.encode(Fragment(2, (patch("append", "a"),))).startswith(gone)
    assert gone not in wire.encode(Fragment(3, (patch("append", "a"),), "finished"))


def test_an_id_with_punctuation_is_escaped_in_selectors() -> None:
    wire = HTMXFormat()
    tail = Patch("tail", Markup("t"), "a.b:c")
    wire.encode(Fragment(0, (tail,)))
    assert wire.encode(Fragment(1, (tail,))) == (
        r'<div hx-swap-oob="delete:#a\.b\:c-tail"></div>'
        r'<div hx-swap-oob="beforeend:#a\.b\:c"><span id="a.b:c-tail">t</span></div>'
    )


def test_a_ping_and_an_end_without_patches_change_nothing() -> None:
    wire = HTMXFormat()
    assert wire.encode(Fragment(0)) == wire.encode(Fragment(1, (), "finished")) == "\n"
