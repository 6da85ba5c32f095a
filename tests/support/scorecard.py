"""Scorecard of `benchmarks/scorecard/rows.toml`: which test backs which row, and what a full run of them came to.

A test names its row (or several, with several marks), and how many cases it holds if that is not one:

    @pytest.mark.scorecard("R17")             # one case; of a parametrised test, one for each parameter
    @pytest.mark.scorecard("R3", cases=240)   # a test with a loop of its own
    @pytest.mark.scorecard("R3", cases=0)     # a control: it must pass, and adds no case

    @pytest.mark.scorecard("R8")
    def test_...(scorecard: Cases) -> None:
        for _ in range(scorecard.share(100)): # 100 in a full run, 10 otherwise

`pytest -m service --scorecard` runs the tests of all rows in full, besides the service tests, and records each row in
`benchmarks/figures.json`; `python -m tools.write_figures` puts them into README.md. Without `--scorecard` nothing is
recorded, and what takes long runs a tenth. With `--row R5` (once or more) nothing but the tests of those rows is run.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from benchmarks.common import figures
from benchmarks.scorecard.table import COMMAND, ENTRY, result, rows

TENTH = 10
PROPERTY = "scorecard "
"""Beginning of the name under which a test's report carries its cases, before the row."""


def share(number: int, config: pytest.Config) -> int:
    """Return how many of so many cases this run has: all with `--scorecard`, else a tenth, at least one."""
    return number if config.getoption("scorecard") else -(-number // TENTH)


class Cases:
    """Number of cases of the running test, for its row."""

    def __init__(self, item: pytest.Item) -> None:
        self._item = item

    def share(self, number: int) -> int:
        """Return how many of so many cases to run now, and count them: all with `--scorecard`, else a tenth."""
        now = share(number, self._item.config)
        self.count(now)
        return now

    def count(self, number: int) -> None:
        """Say how many cases this test holds for each of its rows, in place of what its marker says."""
        self._item.user_properties += [(PROPERTY + row, number) for row, _ in _read(self._item)]


@pytest.fixture
def scorecard(request: pytest.FixtureRequest) -> Cases:
    """Cases of the test that asks, which must name its row."""
    assert request.node.get_closest_marker("scorecard"), "a test that counts cases names its row"
    return Cases(request.node)


@dataclass
class Tally:
    """Outcome of the tests of one row so far."""

    cases: dict[str, int] = field(default_factory=dict)
    """Cases by test, of those that passed."""
    failed: set[str] = field(default_factory=set)
    skipped: set[str] = field(default_factory=set)
    seconds: float = 0.0

    def take(self, report: pytest.TestReport, cases: int) -> None:
        """Add one phase of one test; an expected failure is a failure, as it is a promise that is not kept."""
        self.seconds += report.duration
        expected = hasattr(report, "wasxfail")
        if report.failed or expected:
            self.failed.add(report.nodeid)
        elif report.skipped:
            self.skipped.add(report.nodeid)
        elif report.when == "call":
            self.cases[report.nodeid] = cases

    def figures(self) -> dict[str, float]:
        """Figures of the row's entry."""
        cases = sum(number for test, number in self.cases.items() if test not in self.failed)
        return {
            "cases": cases,
            "failed": len(self.failed),
            "skipped": len(self.skipped),
            "seconds": round(self.seconds),
            "tests": len(self.cases.keys() | self.failed | self.skipped),
        }


class Plugin:
    """Collects what the marked tests of a run come to, and records it at the end if that is wanted."""

    def __init__(self, recorded: Path | None, chosen: Sequence[str] = ()) -> None:
        self._recorded, self._chosen = recorded, set(chosen)
        self._commit = figures.commit_here() if recorded else ""
        self._tallies: defaultdict[str, Tally] = defaultdict(Tally)

    @pytest.hookimpl(tryfirst=True)  # before `-m` chooses
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        if unknown := self._chosen - rows().keys():
            raise pytest.UsageError(f"benchmarks/scorecard/rows.toml has no row {', '.join(unknown)}")
        if self._chosen:
            backing = [bool(self._chosen & {row for row, _ in _read(item)}) for item in items]
            config.hook.pytest_deselected(items=[item for item, backs in zip(items, backing, strict=True) if not backs])
            items[:] = [item for item, backs in zip(items, backing, strict=True) if backs]
        for item in items:
            if not (backed := _read(item)):
                continue
            item.user_properties += [(PROPERTY + row, cases) for row, cases in backed]
            if self._recorded:
                item.add_marker("service")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        for name, cases in dict(report.user_properties).items():  # the last of a name counts
            if name.startswith(PROPERTY) and (not self._chosen or name.removeprefix(PROPERTY) in self._chosen):
                self._tallies[name.removeprefix(PROPERTY)].take(report, int(str(cases)))

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        finished = exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
        if self._recorded and finished and self._tallies:
            measured = {ENTRY.format(row): tally.figures() for row, tally in self._tallies.items()}
            figures.record(measured, COMMAND, self._commit, self._recorded)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if not self._recorded:
            return
        terminalreporter.section("scorecard")
        for row in rows().values():
            if row.id in self._tallies:
                found = self._tallies[row.id].figures()
                outcome = f"{result(row, found)} ({found['cases']:.0f} of {row.number}, {found['seconds']:.0f} s)"
            else:
                outcome = "not run"
            terminalreporter.write_line(f"{row.id:>4} {row.about}: {outcome}")


def _read(item: pytest.Item) -> list[tuple[str, int]]:
    """Rows that a test names, with its cases for each. Raises UsageError for a row that is not in the table."""
    backed = [(marker.args[0], marker.kwargs.get("cases", 1)) for marker in item.iter_markers("scorecard")]
    if unknown := {row for row, _ in backed} - rows().keys():
        raise pytest.UsageError(f"benchmarks/scorecard/rows.toml has no row {', '.join(unknown)}")
    return backed


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--scorecard", action="store_true", help="run the tests of the scorecard's rows in full, and record them"
    )
    parser.addoption("--row", action="append", default=[], help="run the tests of this row of the scorecard only")
    parser.addoption("--scorecard-file", type=Path, default=figures.FILE, help="where they are recorded")


def pytest_configure(config: pytest.Config) -> None:
    recorded = config.getoption("scorecard_file") if config.getoption("scorecard") else None
    if recorded and config.getoption("numprocesses", None):
        raise pytest.UsageError("The scorecard is measured by one process: leave out -n.")
    config.pluginmanager.register(Plugin(recorded, config.getoption("row")), "scorecard-rows")
