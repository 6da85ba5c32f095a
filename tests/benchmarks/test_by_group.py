"""Groups of people are compared by people, not by pictures, and nothing is told by a few of them."""

from typing import Any

import numpy as np
import pytest
from scipy import stats

from benchmarks.likeness.by_group import ENOUGH, MEASURES, Measured, compare, difference, groups, interval
from tools.groups_table import HEADS, TOO_FEW, groups_table


def person(number: int, skin: str = "light", sex: str | None = None, **changes: float) -> Measured:
    usual = {"likeness": 0.6, "likeness_unseen": 0.45, "faults": 0.0, "lightness": 1.0, "hue": 1.0}
    values = {**usual, **changes}
    values["likeness"] += 0.01 * (number % 3)
    return Measured(name=str(number), skin=skin, sex=sex, age=None, **values)


LIGHT = [person(k) for k in range(12)]
DARK = [person(k, "tan to dark") for k in range(12)]


def test_an_interval_holds_the_mean_nineteen_times_of_twenty() -> None:
    draws = np.random.default_rng(0).normal(0.6, 0.1, (400, 8))
    held = [low < 0.6 < high for low, high in map(interval, draws.tolist())]
    assert 0.92 < np.mean(held) < 0.98
    assert interval([0.5]) == (-np.inf, np.inf)


def test_a_gap_that_is_there_is_found_and_fails_its_bar() -> None:
    _, fair = compare(LIGHT + DARK)
    assert fair and all(bar.passed for bar in fair)
    figures, unfair = compare(LIGHT + [person(k, "tan to dark", likeness=0.4) for k in range(12)])
    (failed,) = [bar for bar in unfair if not bar.passed]
    assert "skin tan to dark" in failed.name and "likeness" in failed.name
    assert figures["skin_tan_to_dark_likeness_worse"] == pytest.approx(0.2)
    assert figures["skin_light_likeness_worse"] == pytest.approx(-0.2)


def test_darker_skin_drawn_lighter_is_found() -> None:
    _, bars = compare(LIGHT + [person(k, "tan to dark", lightness=6 + 0.1 * k) for k in range(12)])
    assert ["lightness" in bar.name for bar in bars if not bar.passed] == [True]


def test_nothing_is_told_by_a_few_people() -> None:
    few = [person(k, "tan to dark", likeness=0.1) for k in range(ENOUGH - 1)]
    figures, bars = compare(LIGHT + few)
    assert not [bar for bar in bars if "tan to dark" in bar.name]
    _, light, dark = groups_table(entry(figures))[0]
    assert dark[-1] == TOO_FEW and light[-1] != TOO_FEW


def test_people_of_whom_something_is_not_known_are_in_none_of_its_groups() -> None:
    people = [*LIGHT, person(1, sex="female"), person(2, sex="male")]
    sizes = {(kind, group): (len(members), len(others)) for kind, group, members, others in groups(people)}
    assert sizes == {("skin", "light"): (14, 0), ("sex", "female"): (1, 1), ("sex", "male"): (1, 1)}


def test_differences_of_one_person_have_no_ends_and_equal_ones_have_no_width() -> None:
    assert difference([1.0], [0.0, 1.0]) == (0.5, -np.inf, np.inf)
    assert difference([1.0, 1.0], [0.0, 0.0]) == (1.0, 1.0, 1.0)


def test_the_interval_of_a_difference_is_welch_s() -> None:
    one, other = np.random.default_rng(1).normal(0, 1, 9).tolist(), np.random.default_rng(2).normal(1, 3, 14).tolist()
    ends = stats.ttest_ind(one, other, equal_var=False).confidence_interval(0.95)
    assert difference(one, other)[1:] == pytest.approx((ends.low, ends.high))


def test_the_table_says_gap_interval_and_faults() -> None:
    figures, _ = compare(LIGHT + [person(k, "tan to dark", likeness=0.4, faults=0.25) for k in range(12)])
    heads, light, dark = groups_table(entry(figures))[0]
    assert heads == HEADS
    assert light[:2] == ("skin: light", "12") and light[-1] == "no gap shown"
    assert dark[3].startswith("+0.20 (+0.19 to") and dark[4] == "25 %" and dark[-1] == "a gap"
    assert set(MEASURES) == {"likeness", "likeness_unseen", "faults", "lightness", "hue"}
    assert groups_table({}) == ([HEADS], [])


def entry(figures: dict[str, float]) -> dict[str, Any]:
    finite = {name: value if np.isfinite(value) else None for name, value in figures.items()}
    return {"by_group": {"figures": finite}}
