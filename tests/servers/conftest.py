"""Print the table of test_matrix.py at the end of the run."""

from typing import Any

import pytest

COLUMNS = ("before", "middle", "reset", "half-close", "whole", "HEAD")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = [
        report for name in ("passed", "failed") for report in terminalreporter.getreports(name)
    ]
    rows = [
        value
        for report in reports
        for name, value in getattr(report, "user_properties", ())
        if name == "leaving"
    ]
    if not rows:
        return
    terminalreporter.section("seconds from the reader's leaving to the closing of the source")
    titles = [*(f"{column:<25}" for column in COLUMNS), "tokens taken after it"]
    terminalreporter.write_line(f"{'the slowest source of each':<36}" + "".join(titles))
    for server, site, cases, kept, complaints in rows:
        cells = [f"{_slowest([case for case in cases if case[0] == name]):<25}" for name in COLUMNS]
        pulls, source = max((pulls, source) for _, source, _, pulls, _ in cases)
        line = f"{server + ' x ' + site:<36}" + "".join(cells) + f"{pulls} {source}"
        line += f"; it leaked: {kept}" if kept else ""
        terminalreporter.write_line(line + (f"; {complaints} complaints" if complaints else ""))


def _slowest(cases: list[Any]) -> str:
    """Return the longest time and its source. A mark shows that there was a problem."""
    problems = [(seconds or 0, source) for _, source, seconds, _, problem in cases if problem]
    times = [(seconds, source) for _, source, seconds, _, _ in cases if seconds is not None]
    if not problems and not times:
        return "no token taken"
    seconds, source = max(problems or times)
    return f"{'✗ ' if problems else ''}{seconds:.3f} {source}"
