"""The documentation says what was measured."""

from tests.sdks import table
from tests.sdks.lab import Lab


def test_the_page_has_the_table_that_was_measured(lab: Lab) -> None:
    assert table.committed() == table.measure(lab), "write it with `make sdk-table`"
