"""The suites say at their end what really ran: for each backend the device that was asked for and the one that ran."""

from __future__ import annotations

from _pytest.terminal import TerminalReporter

from tests.helpers.ports import RAN


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    if RAN:
        terminalreporter.section("what really ran")
        for backend_id, said in RAN.items():
            terminalreporter.write_line(f"{backend_id}: {said}")
