"""The documentation says which format each client gets, as the tests in Chromium have seen it."""

from tests.browser import client_table


def test_the_page_has_the_table_of_the_clients() -> None:
    assert client_table.committed() == client_table.table(), (
        "write it with `python -m tests.browser.client_table`"
    )
