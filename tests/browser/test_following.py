"""A reader who follows an answer keeps its end in view; one who has scrolled up is left alone.

In Chromium, Firefox and WebKit.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Page, expect
from tests.browser.chat_page import CLIENTS
from tests.browser.conversation import LAYOUTS, Chromium, Conversation
from tests.browser.engines import Engine, Firefox, WebKit
from tests.browser.stepped_server import SteppedServer, ordinary

pytestmark = pytest.mark.browser

OTHERS: dict[str, Callable[[], Engine]] = {"firefox": Firefox, "webkit": WebKit}
ELEMENT_FIRST = ["element", pytest.param("page", marks=pytest.mark.slow)]
PARAGRAPHS = "document.querySelectorAll('article p')"
# Each of these changes the page as something else than the client does it.
CHANGES: dict[str, Callable[[Conversation], object]] = {
    "the keyboard opens": lambda chat: chat.resize(600, 260),
    "the keyboard closes": lambda chat: chat.resize(600, 500),
    "the device is turned": lambda chat: chat.resize(760, 340),
    "and turned back": lambda chat: chat.resize(600, 500),
    "400 % zoom": lambda chat: chat.run("document.body.style.zoom = 4"),
    "the zoom ends": lambda chat: chat.run("document.body.style.zoom = ''"),
    "larger text": lambda chat: chat.run("document.body.style.fontSize = '21px'"),
    "the draft grows": lambda chat: chat.run("document.querySelector('textarea').rows = 7"),
    "the draft is deleted": lambda chat: chat.run("document.querySelector('textarea').rows = 1"),
    "a late picture": lambda chat: chat.run(f"await addPicture([...{PARAGRAPHS}].at(-1), 300)"),
    "a late picture above": lambda chat: chat.run(f"await addPicture({PARAGRAPHS}[0], 200)"),
    "something opens": lambda chat: chat.run("document.querySelector('details').open = true"),
    "another script adds": lambda chat: chat.run(
        "messages.insertAdjacentHTML('beforeend', '<i>Another<br></i>'.repeat(9))"
    ),
    "another script removes": lambda chat: chat.run(
        "messages.querySelectorAll(':scope > i').forEach((each) => each.remove())"
    ),
    "a new element": lambda chat: chat.run(
        "scroller().insertAdjacentHTML('beforeend', '<div style=\"height: 90px\"></div>')"
    ),
}


@pytest.fixture(scope="module")
def others() -> Iterator[Callable[[str], Engine]]:
    """Return the engine of that name. It is started once."""
    started: dict[str, Engine] = {}
    with ExitStack() as stack:

        def start(name: str) -> Engine:
            if name not in started:
                started[name] = OTHERS[name]()
                stack.callback(started[name].close)
            return started[name]

        yield start


@pytest.fixture(
    params=["chromium", *(pytest.param(name, marks=pytest.mark.slow) for name in OTHERS)]
)
def engine(request: pytest.FixtureRequest, others: Callable[[str], Engine]) -> Engine:
    """Each engine, with one page."""
    if request.param == "chromium":
        return Chromium(request.getfixturevalue("page"))
    return others(request.param)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_end_stays_in_view(layout: str, engine: Engine, server: SteppedServer) -> None:
    chat = Conversation(engine, server, layout)
    assert chat.below < 1
    for name, change in CHANGES.items():
        change(chat)
        assert chat.below < 1, name
        chat.grow()
        assert chat.below < 1, name
    assert chat.above > 1000


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_reader_who_has_scrolled_up_is_left_alone(
    layout: str, engine: Engine, server: SteppedServer
) -> None:
    if layout == "reversed" and isinstance(engine, WebKit):
        pytest.skip("WebKit itself always moves such a column with its end")
    chat = Conversation(engine, server, layout)
    chat.wheel(-2)
    for _ in range(12):  # Far enough from the end for each of the changes.
        chat.grow()
    for name, change in CHANGES.items():
        change(chat)
        above, below = chat.place
        assert below > 50, name
        chat.grow()
        assert chat.above == above, name


# A scrollbar and a screen reader only move the position. Headless Chromium draws no scrollbars. One
# step may come together with a growth, and then looks like a step of the browser's own.
WAYS_UP: dict[str, Callable[[Conversation], object]] = {
    "wheel": lambda chat: chat.wheel(-1),
    "ArrowUp": lambda chat: chat.press("ArrowUp"),
    "PageUp": lambda chat: chat.press("PageUp"),
    "Home": lambda chat: chat.press("Home"),
    "Shift+Space": lambda chat: chat.press("Shift", "Space"),
    "scrollbar": lambda chat: chat.run(
        "for (let step = 0; step < 9; step++) { scroller().scrollTop -= 1; await frames(1); }"
    ),
    "focus": lambda chat: chat.run("document.querySelector('summary').focus()"),
}


@pytest.mark.parametrize("layout", ELEMENT_FIRST)
def test_scrolling_up_ends_it(layout: str, engine: Engine, server: SteppedServer) -> None:
    chat = Conversation(engine, server, layout)
    for name, scroll_up in WAYS_UP.items():
        chat.rest()
        chat.reach_the_end()
        assert chat.below < 1, name
        with chat.growing_in_each_frame():
            scroll_up(chat)
            chat.wait_until("below > 200")
        chat.rest()
        above = chat.above
        chat.grow()
        assert chat.above == above, name


@pytest.mark.parametrize("layout", ELEMENT_FIRST)
def test_reaching_the_end_begins_it(layout: str, engine: Engine, server: SteppedServer) -> None:
    chat = Conversation(engine, server, layout)
    ways: dict[str, Callable[[], object]] = {
        "wheel": lambda: chat.wheel(20_000),
        "End": lambda: chat.press("End"),
    }
    for name, reach in ways.items():
        chat.wheel(-300)
        chat.grow()
        chat.rest()
        chat.wheel(100)
        chat.rest()
        above, below = chat.place
        assert below > 100
        chat.grow()
        assert chat.above == above, name
        with chat.growing_in_each_frame():
            # Chromium only scrolls to the end that it has drawn. A reader then scrolls once more.
            for _ in range(20):
                reach()
                chat.run("await frames(30)")
                if chat.below < 1:
                    break
        chat.grow()
        assert chat.below < 1, name


def test_what_is_not_scrolling_up(engine: Engine, server: SteppedServer) -> None:
    chat = Conversation(engine, server, "element")
    for _ in range(3):
        chat.run("document.querySelector('pre').scrollTop = 200")
        chat.press("ArrowUp", on="pre")
        chat.press("ArrowUp", on="textarea")
        chat.grow()
    chat.wait_until("below < 1")


def test_the_button_goes_when_the_end_is_reached(engine: Engine, server: SteppedServer) -> None:
    """The view then grows, and with this zoom, Firefox's position is a fraction above its end."""
    chat = Conversation(engine, server, "element")
    for zoom in (1.33, 1.5, 0.9):
        chat.run(f"document.querySelector('main').style.zoom = {zoom}")
        chat.reach_the_end()
        chat.grow()
        chat.press("PageUp")
        chat.rest()
        assert chat.below > 100
        chat.press("End")
        chat.rest()
        chat.grow()
        chat.wait_until("below < 2")  # WebKit rounds both to whole pixels.


def test_a_link_that_is_dragged(engine: Engine, server: SteppedServer) -> None:
    """For Firefox, the button of the mouse is then down until the mouse is moved again."""
    chat = Conversation(engine, server, "element")
    chat.run("""document.querySelector("footer").insertAdjacentHTML(
        "beforeend", "<a id=other href=/other>Another page</a>")""")
    chat.drag("#other", (5, -20), (20, -60), (40, -100))
    chat.grow()
    chat.wait_until("below < 1")


def test_a_conversation_that_is_hidden(engine: Engine, server: SteppedServer) -> None:
    chat = Conversation(engine, server, "element")

    def hide_and_show() -> None:
        chat.run("document.querySelector('section').style.display = 'none'")
        chat.grow()
        chat.run("document.querySelector('section').style.display = ''")

    hide_and_show()
    assert chat.below < 1
    chat.wheel(-300)
    chat.rest()
    above = chat.above
    hide_and_show()
    assert chat.above == above


def test_a_conversation_that_is_moved(engine: Engine, server: SteppedServer) -> None:
    """A Turbo visit does so with a permanent element."""
    chat = Conversation(engine, server, "element")
    move = """const aside = document.createElement("aside");
        document.body.append(aside);
        aside.append(document.querySelector("section"));"""
    chat.run(move)
    assert chat.below < 1
    chat.grow()
    assert chat.below < 1
    chat.wheel(-300)
    chat.rest()
    above = chat.above
    chat.run(move)
    assert chat.above == above


def test_the_body_stands_for_the_page(page: Page, server: SteppedServer) -> None:
    chat = Conversation(Chromium(page), server, "body")
    assert chat.below < 1
    chat.grow()
    assert chat.below < 1
    chat.wheel(-2)
    above = chat.above
    chat.grow()
    assert chat.above == above


def test_selecting_by_a_drag_goes_up(page: Page, server: SteppedServer) -> None:
    chat = Conversation(Chromium(page), server, "element")
    page.mouse.move(200, 200)
    with chat.growing_in_each_frame():
        page.mouse.down()
        page.mouse.move(180, 100)
        page.mouse.move(180, 0)  # At the edge, the browser scrolls.
        chat.wait_until("above < 100")
        page.mouse.up()
        above = chat.above
    assert chat.above == above


def test_a_link_goes_up_smoothly(page: Page, server: SteppedServer) -> None:
    chat = Conversation(Chromium(page), server, "element")
    chat.run("""scroller().style.scrollBehavior = "smooth";
        document.querySelector("article").id = "first";
        document.querySelector("footer").insertAdjacentHTML("beforeend", "<a href=#first>Up")""")
    with chat.growing_in_each_frame():
        page.get_by_text("Up", exact=True).click()
        chat.wait_until("above < 1")
    above = chat.above
    chat.grow()
    assert chat.above == above


def test_events_that_scripts_dispatch_on_the_document(page: Page, server: SteppedServer) -> None:
    chat = Conversation(Chromium(page), server, "element")
    chat.run("""const text = document.querySelector("summary").firstChild;
        for (const place of [document, text]) {
            place.dispatchEvent(new MouseEvent("click", { bubbles: true }));
            place.dispatchEvent(new PointerEvent("pointerdown", { bubbles: true }));
            place.dispatchEvent(new WheelEvent("wheel", { bubbles: true, deltaY: -1 }));
        }""")
    chat.grow()
    chat.wait_until("below < 1")


def drag(page: Page, *path: int) -> None:
    """Move a finger over the conversation, up and down along these positions."""
    session = page.context.new_cdp_session(page)
    for number, y in enumerate(path):
        session.send(
            "Input.dispatchTouchEvent",
            {"type": "touchMove" if number else "touchStart", "touchPoints": [{"x": 200, "y": y}]},
        )
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def test_a_finger(page: Page, server: SteppedServer) -> None:
    chat = Conversation(Chromium(page), server, "element")
    with chat.growing_in_each_frame():
        drag(page, 100, 120, 125, 126)
        chat.wait_until("below > 200")
    chat.rest()
    above = chat.above
    chat.grow()
    assert chat.above == above
    for _ in range(int(chat.below / 300) + 2):  # On a busy machine, it has grown much.
        drag(page, 400, 350, 300, 200, 100, 0)
    chat.rest()
    chat.grow()
    assert chat.below < 1


@pytest.mark.parametrize("layout", ["element", "page"])
def test_a_button_leads_to_the_latest(layout: str, page: Page, server: SteppedServer) -> None:
    chat = Conversation(Chromium(page), server, layout)
    button = page.get_by_role("button", name="Latest")
    expect(button).to_be_hidden()
    chat.wheel(-100)
    expect(button).to_be_visible()
    button.click()
    expect(button).to_be_hidden()
    assert chat.below < 1
    chat.grow()
    assert chat.below < 1
    chat.wheel(-100)
    expect(button).to_be_visible()
    chat.press("Enter", on="[data-stream-latest]")
    expect(button).to_be_hidden()
    assert chat.below < 1
    focused = page.evaluate("document.activeElement.localName")
    assert focused == ("main" if layout == "element" else "body")
    chat.wheel(-100)
    expect(button).to_be_visible()
    chat.end()
    expect(button).to_be_hidden()


@pytest.mark.parametrize("client", CLIENTS)
def test_the_next_question_begins_it(client: str, page: Page, server: SteppedServer) -> None:
    chat = Conversation(Chromium(page), server, "element", client)
    chat.end()
    chat.wheel(-500)
    chat.rest()
    assert chat.below > 400
    chat.ask()
    assert chat.below < 1
    chat.grow()
    assert chat.below < 1


@pytest.mark.parametrize("client", ["htmx2", "htmx4"])
def test_another_request_does_not_begin_it(client: str, page: Page, server: SteppedServer) -> None:
    server.answers["/other"] = lambda _: ordinary("<b>Other</b>")
    chat = Conversation(Chromium(page), server, "element", client)
    chat.wheel(-500)
    chat.rest()
    chat.run(
        """const other = "<button id=other hx-post=/other>Like</button>";
        messages.insertAdjacentHTML("afterbegin", other);
        htmx.process(messages);
        document.querySelector("#other").click();"""
    )
    expect(page.get_by_text("Other")).to_be_attached()
    assert chat.below > 400
