"""Formats that need a place for the message: who names it, and what if nobody does."""

import pytest
from tests.formats.test_formats import TURBO, created

from streamhtml.formats._negotiate import _warn_once
from streamhtml.formats.whole import WholeFormat

PLACELESS: list[tuple[str, dict[str, str]]] = [
    ("Turbo", {"Accept": TURBO}),
    ("Turbo", {"Streaming-HTML": "turbo"}),
    ("Turbo", {"Streaming-HTML": "turbo", "Accept": "text/event-stream"}),
    ("Turbo", {"Accept": TURBO, "Turbo-Frame": ""}),
    ("Turbo", {"Accept": TURBO, "Turbo-Frame": "a b"}),
    ("Turbo", {"Accept": TURBO, "Turbo-Frame": "#a"}),
    ("Turbo", {"Accept": TURBO, "Turbo-Frame": "<b>"}),
    ("Turbo", {"Accept": TURBO, "Turbo-Frame": "é\x80\n" * 5000}),
    ("Datastar", {"Datastar-Request": "true"}),
    ("Datastar", {"Datastar-Request": "true", "Turbo-Frame": "frame_1"}),
]


@pytest.mark.parametrize(("client", "headers"), PLACELESS)
def test_a_client_without_a_place_gets_the_finished_message_and_the_log_says_so_once(
    client: str, headers: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    _warn_once.cache_clear()
    for _ in range(3):
        one_format = created("auto", headers, into="")
        assert (type(one_format), one_format.into) == (WholeFormat, "")
    (record,) = caplog.records
    assert (record.name, record.levelname) == ("streamhtml", "WARNING")
    assert f"a client of {client}Format did not say where" in caplog.text
    assert "pass into=" in caplog.text
    assert not headers.get("Turbo-Frame") or headers["Turbo-Frame"] not in caplog.text


@pytest.mark.parametrize(("client", "headers"), PLACELESS)
def test_into_of_the_view_needs_nothing_of_the_client(
    client: str, headers: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    _warn_once.cache_clear()
    for wanted in "auto", client.lower():
        assert type(created(wanted, headers)).__name__ == f"{client}Format"
    assert not caplog.records


@pytest.mark.parametrize("accept", [TURBO, "text/event-stream"])
def test_a_named_format_takes_a_frame_of_the_client_or_the_client_gets_whole(accept: str) -> None:
    headers = {"Accept": accept}
    assert created("turbo", {**headers, "Turbo-Frame": "f.1"}, into="").into == "f.1"
    assert type(created("turbo", {**headers, "Turbo-Frame": "f 1"}, into="")) is WholeFormat
    with pytest.raises(ValueError, match="into='', but a client of TurboFormat does not say where"):
        created("turbo", headers, into="")
