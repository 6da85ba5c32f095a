"""The scorecard counts what ran, and says "passed" of nothing that did not run in full."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.common import figures
from benchmarks.scorecard.table import ENTRY, HEADS, NOT_RUN, Row, result, rows, scorecard_table
from pipelines.paths import ROOT

ROW = Row(id="R8", about="cancelled", number=100, passes="always")


def test_there_are_25_rows_in_order() -> None:
    assert [*rows()] == [f"R{number}" for number in range(1, 26)]
    assert all(row.number > 0 and row.about and row.passes for row in rows().values())


@pytest.mark.parametrize(
    ("cases", "failed", "skipped", "said"),
    [
        (100, 0, 0, "passed"),
        (99, 0, 0, "passed in part"),
        (100, 1, 0, "1 failed"),
        (100, 0, 2, "2 skipped"),
        (0, 0, 0, "passed in part"),
    ],
)
def test_only_a_full_run_without_a_fault_has_passed(cases: int, failed: int, skipped: int, said: str) -> None:
    assert result(ROW, {"cases": cases, "failed": failed, "skipped": skipped}) == said


def test_the_table_has_every_row_and_says_which_did_not_run() -> None:
    ran = {"figures": {"cases": 100, "failed": 0, "skipped": 0}, "date": "2026-11-29", "commit": "abcdef0"}
    heads, *lines = scorecard_table({ENTRY.format("R8"): ran})
    assert heads == HEADS and [line[0] for line in lines] == [*rows()]
    by_row = {line[0]: line[3:] for line in lines}
    assert by_row.pop("R8") == ("100 of 100", "passed", "2026-11-29, abcdef0")
    assert {line[1] for line in by_row.values()} == {NOT_RUN}


TESTS = """
import pytest

@pytest.mark.scorecard("R8")
def test_share(scorecard): assert scorecard.share(100) in (10, 100)

@pytest.mark.scorecard("R8", cases=0)
def test_control(): pass

@pytest.mark.scorecard("R17")
@pytest.mark.parametrize("n", range(3))
def test_each(n): assert n < 2

@pytest.mark.scorecard("R3", cases=240)
@pytest.mark.scorecard("R22")
def test_two_rows(): pass

@pytest.mark.scorecard("R4")
@pytest.mark.xfail
def test_promise_not_kept(): assert False

@pytest.mark.scorecard("R5")
def test_skipped(): pytest.skip("no reason")

def test_of_no_row(): pass
"""


def run(folder: Path, tests: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    (folder / "conftest.py").write_text('pytest_plugins = ["tests.support.scorecard"]')
    (folder / "pytest.ini").write_text("[pytest]\nmarkers =\n  scorecard: row\n  service: server\n")
    (folder / "test_rows.py").write_text(tests)
    line = [sys.executable, "-m", "pytest", "--scorecard-file", str(folder / "record.json"), *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(line, cwd=folder, env=environment, capture_output=True, text=True)


def recorded(folder: Path) -> dict[str, tuple[float, float, float]]:
    entries = figures.read(folder / "record.json")
    names = ("cases", "failed", "skipped")
    return {row: tuple(entry["figures"][name] for name in names) for row, entry in entries.items()}


@pytest.mark.slow
def test_a_run_counts_cases_failures_and_skips_for_each_row(tmp_path: Path) -> None:
    done = run(tmp_path, TESTS, "-m", "service", "--scorecard")
    assert "1 deselected" in done.stdout  # the test of no row
    assert recorded(tmp_path) == {
        "scorecard_R3": (240, 0, 0),
        "scorecard_R4": (0, 1, 0),
        "scorecard_R5": (0, 0, 1),
        "scorecard_R8": (100, 0, 0),
        "scorecard_R17": (2, 1, 0),
        "scorecard_R22": (1, 0, 0),
    }
    assert "R8 cancelled at a random step: passed (100 of 100" in done.stdout
    assert "R1 hostile files: crafted, bytes flipped, cut short: not run" in done.stdout


@pytest.mark.slow
def test_chosen_rows_are_run_and_recorded_alone(tmp_path: Path) -> None:
    done = run(tmp_path, TESTS, "-m", "service", "--scorecard", "--row", "R3", "--row", "R8")
    assert "3 passed" in done.stdout
    assert recorded(tmp_path) == {"scorecard_R3": (240, 0, 0), "scorecard_R8": (100, 0, 0)}
    assert run(tmp_path, TESTS, "--row", "R99").returncode != 0


@pytest.mark.slow
def test_a_usual_run_takes_a_tenth_and_records_nothing(tmp_path: Path) -> None:
    tests = TESTS.replace("in (10, 100)", "== 10")
    assert run(tmp_path, tests, "-k", "share").returncode == 0
    assert not (tmp_path / "record.json").exists()


@pytest.mark.slow
def test_a_row_that_is_not_there_stops_the_run(tmp_path: Path) -> None:
    done = run(tmp_path, TESTS.replace("R22", "R99"))
    assert done.returncode != 0 and "has no row R99" in done.stdout + done.stderr
