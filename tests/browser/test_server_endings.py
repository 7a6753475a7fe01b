"""Streams that end early, under every server: the source raises, SIGTERM, SIGKILL."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.browser.form_page import RECORD, remove_expected, wait_for
from tests.servers.process import Server
from tests.servers.server_commands import running

from streamhtml._words import CLIENT, NOTICES

pytestmark = pytest.mark.browser

EXPECTED = {
    "failing": ("failed", NOTICES["failed"]),
    "SIGTERM": ("interrupted", NOTICES["interrupted"]),
    "SIGKILL": ("incomplete", CLIENT["lost"]),
}
"""The reason in ``stream:end``, and the notice, by what happens."""

CUT = {"waitress-flask", "hypercorn-django-asgi", "gunicorn-gthread-preload-flask"}
"""Servers and sites that do not report SIGTERM. The client shows its own notice."""

HEART = {
    "uvicorn": "starlette",
    "gunicorn-gthread": "flask",
    "daphne": "django-asgi",
}
SITES = {
    **HEART,
    "hypercorn": "fastapi",
    "hypercorn-0": "fastapi",
    "granian": "starlette",
    "gunicorn-asgi": "starlette",
    "gunicorn-gevent": "flask",
    "gunicorn-sync": "django-wsgi",
    "gunicorn-gthread-preload": "flask",
    "waitress": "flask",
    "waitress-script": "flask",
}
PAGES = [
    *((*pair, "plain", () if pair[0] in HEART else pytest.mark.slow) for pair in SITES.items()),
    ("hypercorn", "django-asgi", "plain", pytest.mark.slow),
    ("uvicorn", "starlette", "htmx4", ()),
    ("gunicorn-gthread", "flask", "htmx2", ()),
]
CASES = [pytest.param(served, id="-".join(served), marks=marks) for *served, marks in PAGES]


@pytest.mark.parametrize("served", CASES)
def test_what_the_reader_sees(
    served: list[str], page: Page, problems: list[str], tmp_path: Path
) -> None:
    server, site, _ = served
    page.add_init_script(path=RECORD)
    # With a page that keeps a connection, some servers do not end until they are killed.
    with running(server, site, tmp_path, may_complain=True) as process:
        for happens in ("failing", "SIGTERM"):
            check(page, problems, process, served, happens)
        process.kill_all()
    with running(server, site, tmp_path, may_complain=True) as process:
        check(page, problems, process, served, "SIGKILL")


def check(
    page: Page, problems: list[str], process: Server, served: list[str], happens: str
) -> None:
    """Let this happen while the page shows an answer, and check how it ends."""
    server, site, client = served
    page.goto(f"{process.url}/?client={client}")
    page.get_by_label("source").fill("failing" if happens == "failing" else "steady")
    page.get_by_label("account").fill(happens)
    page.get_by_role("button").click()
    region = page.locator(".streamhtml-parts")
    expect(region).to_contain_text("a " if happens == "failing" else "x x x x x ")
    text = region.text_content() or ""
    if happens == "SIGTERM":
        process.terminate()
    elif happens == "SIGKILL":
        process.kill_all()
    wait_for(page, "stream:end")
    is_cut = happens == "SIGTERM" and f"{server}-{site}" in CUT
    reason, words = EXPECTED["SIGKILL" if is_cut else happens]
    expect(page.get_by_role("alert")).to_be_visible()
    events = page.evaluate("events.filter(([name]) => /start|end|error/.test(name))")
    shown = region.text_content() or ""
    alerts = page.get_by_role("alert").all_text_contents()
    print(
        f"{server + ' x ' + site:<34}{client:<7}{happens:<9}{events[-1][1]:<13}{alerts} {problems}"
    )
    if reason == "incomplete":
        remove_expected(problems, "net::ERR_")
        events = [event for event in events if event[0] != "stream:error"]
    assert events == [["stream:start", None], ["stream:end", reason]]
    assert alerts == [words]
    assert shown.endswith(words)
    whole = "a " if happens == "failing" else r"(x )+"
    assert re.fullmatch(whole, shown.removesuffix(words))
    assert len(shown) >= len(text.removesuffix(words)) + len(words)
    assert page.locator("[aria-busy]").count() == 0
