"""Bars are reached or missed as they say, and every figure can be read by a program."""

import json
import math
from pathlib import Path

import pytest

from benchmarks.common.report import Bar, Outcome, report, table, write_json


def bar(figure: float, rule: str = ">=", limit: float = 0.5) -> Bar:
    return Bar(name="a figure", figure=figure, rule=rule, limit=limit)


@pytest.mark.parametrize(
    ("figure", "rule", "passed"),
    [(0.5, ">=", True), (0.49, ">=", False), (0.5, "<=", True), (0.51, "<=", False), (0.5, ">", False)],
)
def test_a_bar_is_reached_or_not(figure: float, rule: str, passed: bool) -> None:
    assert bar(figure, rule).passed is passed


@pytest.mark.parametrize("rule", [">=", "<=", ">"])
def test_a_figure_that_is_no_number_reaches_no_bar(rule: str) -> None:
    assert not bar(math.nan, rule).passed


def test_one_missed_bar_fails_the_run_and_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert report({"good": Outcome(bars=[bar(0.6)])}) == 0
    assert report({"good": Outcome(bars=[bar(0.6)]), "bad": Outcome(bars=[bar(0.4)])}) == 1
    assert "1 of 2 bars reached" in capsys.readouterr().out
    assert table([bar(0.4)]).splitlines()[1].endswith("FAIL")


def test_the_figures_can_be_read_by_any_program(tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    outcome = Outcome(bars=[bar(math.inf, "<=")], details={"distances": [0.25, math.inf], "by_rung": {0.5: 1.0}})
    write_json(file, {"part": outcome}, {"seeds": (7, 8)})
    read = json.loads(file.read_text(), parse_constant=pytest.fail)
    assert read["parts"]["part"]["details"] == {"distances": [0.25, None], "by_rung": {"0.5": 1.0}}
    assert read["parts"]["part"]["bars"][0]["passed"] is False
