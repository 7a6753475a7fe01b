"""The table of docs/reference/clients.md: each client of ``test_formats.py``, and what it gets.

``python -m tests.browser.client_table`` writes it.
"""

from pathlib import Path
from typing import Final

from tests.browser.format_clients import CLIENTS, Client

PAGE: Final = Path(__file__).parents[2] / "docs" / "reference" / "clients.md"
_BEGIN: Final = "<!-- written by tests/browser/client_table.py -->\n"
_END: Final = "<!-- end -->"

_LIBRARIES: Final = {
    "htmx2": "htmx 2",
    "htmx4": "htmx 4",
    "sse2": "`htmx-ext-sse`",
    "sse4": "`hx-sse`",
    "multipart": "`hx-multipart`",
    "turbo": "Turbo",
    "datastar": "Datastar",
    "ours": "this library's client",
}
_HEAD: Final = (
    *("The page loads", "What asks", "The request has", "Format"),
    *("The answer grows", "It asks again"),
)


def table() -> str:
    """Return the table of all clients."""
    lines = [_HEAD, ["---"] * len(_HEAD), *map(_row, CLIENTS.values())]
    return "\n" + "".join(f"| {' | '.join(line)} |\n" for line in lines) + "\n"


def _row(client: Client) -> list[str]:
    libraries = [_LIBRARIES[each] for each in client.scripts]
    chosen = f'`"{client.options.get("format", client.format)}"`'
    arguments = [f"`{name}=`" for name in ("format", "into") if name in client.options]
    needs = f", if the view passes {' and '.join(arguments)}" if arguments else ""
    return [
        ", ".join(libraries) or "no script",
        client.asks,
        client.sends,
        chosen + needs,
        "no" if client.format == "whole" else "yes",
        "yes" if client.reconnects else "no",
    ]


def committed() -> str:
    """Return the table that the page has."""
    return PAGE.read_text("utf-8").partition(_BEGIN)[2].partition(_END)[0]


def write() -> None:
    """Replace the table that the page has."""
    before, begin, rest = PAGE.read_text("utf-8").partition(_BEGIN)
    assert begin, f"{PAGE} has no {_BEGIN}"
    PAGE.write_text(before + begin + table() + _END + rest.partition(_END)[2], "utf-8")


if __name__ == "__main__":
    write()
