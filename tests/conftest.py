"""What every test run shares: property-test profiles, and the list of what did not run."""

import logging
import os
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Final

import pytest
import structlog
from hypothesis import HealthCheck, settings

from tests.tools import NOT_RUN

# Wall-clock deadlines of single examples say more about a shared machine than about the code.
settings.register_profile("quick", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("full", settings.get_profile("quick"), max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    """Undo what a command run in this process did to logging: its stream ends with the test."""
    config, root = structlog.get_config().copy(), logging.getLogger()
    handlers, level, hook = root.handlers[:], root.level, sys.excepthook
    yield
    structlog.configure(**config)
    root.handlers[:] = handlers
    root.setLevel(level)
    sys.excepthook = hook
    logging.captureWarnings(capture=False)


REASON_INDEX: Final = 2  # a skip's longrepr is (file, line, reason)


def not_run(skipped: Iterable[pytest.TestReport]) -> dict[str, list[str]]:
    """Group the tests that lacked a tool by the sentence that says which, names sorted."""
    missing: dict[str, set[str]] = defaultdict(set)
    for report in skipped:
        if isinstance(report.longrepr, tuple):
            reason = report.longrepr[REASON_INDEX].removeprefix("Skipped: ")
            if reason.startswith(NOT_RUN):
                missing[reason].add(report.nodeid)
    return {reason: sorted(names) for reason, names in sorted(missing.items())}


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say by name which tests a missing program kept from running."""
    for reason, names in not_run(terminalreporter.getreports("skipped")).items():
        terminalreporter.section(reason, sep="-")
        for name in names:
            terminalreporter.write_line(f"{reason}: {name}")
