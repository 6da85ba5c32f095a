"""Figures of benchmarks are recorded with where they come from, next to those of others."""

import json
import math
from argparse import Namespace
from pathlib import Path

import pytest

from benchmarks.common import figures
from benchmarks.common.command import conclude, parser
from benchmarks.common.report import Bar, Outcome
from benchmarks.scorecard.table import COMMAND, ENTRY
from pipelines.paths import ROOT

OUTCOMES = {"mask": Outcome(bars=[Bar(name="overlap", figure=0.9, rule=">=", limit=0.5)], figures={"overlap": 0.9})}


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A record of its own in the place of the project's."""
    file = tmp_path / "figures.json"
    record = figures.record
    monkeypatch.setattr(figures, "record", lambda measured, command, commit: record(measured, command, commit, file))
    return file


def test_an_entry_says_by_what_when_and_on_what_it_was_measured(file: Path) -> None:
    figures.record({"speed": {"seconds": 1.5, "runs": 8}}, "python -m benchmarks.speed", "abc1234")
    entry = figures.read(file)["speed"]
    assert entry["figures"] == {"seconds": 1.5, "runs": 8}
    assert entry["command"] == "python -m benchmarks.speed"
    assert entry["date"] == figures.today()
    assert " CPU core" in entry["machine"] and " GB of memory" in entry["machine"]
    assert entry["commit"] == "abc1234"


def test_a_benchmark_replaces_its_own_entry_and_no_other(file: Path) -> None:
    figures.record({"mask": {"overlap": 0.5, "old": 1}, "speed": {"seconds": 2}}, "first", "abc1234")
    figures.record({"mask": {"overlap": 0.75}}, "second", "def5678")
    entries = figures.read(file)
    assert (entries["mask"]["figures"], entries["mask"]["command"]) == ({"overlap": 0.75}, "second")
    assert (entries["speed"]["figures"], entries["speed"]["commit"]) == ({"seconds": 2}, "abc1234")
    assert [path.name for path in file.parent.iterdir()] == ["figures.json"]


def test_a_record_that_cannot_be_written_leaves_the_old_one(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    figures.record({"mask": {"overlap": 0.5}}, "first", "abc1234")
    before = file.read_bytes()
    monkeypatch.setattr(figures, "today", object)  # JSON cannot hold it
    with pytest.raises(TypeError):
        figures.record({"mask": {"overlap": 0.75}}, "second", "def5678")
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    ("figure", "kept"),
    [(0.123456789, 0.123457), (1234567, 1234567), (40, 40), (math.inf, None), (math.nan, None), (0.0, 0.0)],
)
def test_figures_keep_six_digits_and_json_can_hold_them(figure: float, kept: float | None) -> None:
    assert figures.rounded(figure) == kept


def test_the_machine_is_described_without_its_name() -> None:
    import platform

    assert platform.node() not in figures.machine()


def given(*arguments: str) -> Namespace:
    return parser("").parse_args(arguments)


def test_a_whole_run_is_recorded(file: Path) -> None:
    assert conclude(OUTCOMES, given(), command="python -m benchmarks.mask", about={}) == 0
    entry = figures.read(file)["mask"]
    assert (entry["figures"], entry["commit"]) == ({"overlap": 0.9}, figures.commit_here())


def test_a_run_for_printing_only_and_a_partial_run_are_not_recorded(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    conclude(OUTCOMES, given("--no-record"), command="", about={})
    conclude(OUTCOMES, given(), command="", about={}, partial="only 2 of 10 people")
    assert not file.exists()
    assert "Not recorded: only 2 of 10 people." in capsys.readouterr().out


def test_every_recorded_entry_says_where_it_comes_from() -> None:
    for name, entry in figures.read().items():
        assert entry["figures"] and entry["commit"] and entry["date"] and entry["machine"], name
        by_command = (entry["command"] or "").startswith("python -m benchmarks.")
        by_tests = name.startswith(ENTRY.format("")) and entry["command"] == COMMAND
        assert by_command or by_tests or entry["recorded"].startswith("by hand from"), name
        if by_command:
            module = entry["command"].split()[2].replace(".", "/")
            assert (ROOT / f"{module}.py").is_file() or (ROOT / module / "__main__.py").is_file(), name


def test_the_record_is_sorted_so_that_a_run_changes_its_own_lines_only() -> None:
    text = figures.FILE.read_text("utf-8")
    assert text == json.dumps(json.loads(text), indent=2, sort_keys=True, ensure_ascii=False) + "\n"
