"""The speed benchmark times functions that there are, and summarises its runs."""

from pkgutil import resolve_name
from typing import Any

import pytest

from benchmarks import speed
from pipelines.engine_table import ENGINES
from pipelines.engines.engine import Engine

FUNCTIONS = [
    *((resolve_name(owner), function) for owner, function, _ in speed.IN_A_STUDIO),
    *((Engine, method) for method, _ in speed.IN_AN_ENGINE),
    *((resolve_name(ENGINES["builtin"].adapter_class), method) for method, _ in speed.IN_AN_ADAPTER),
]


@pytest.mark.parametrize(("owner", "function"), FUNCTIONS, ids=[function for _, function in FUNCTIONS])
def test_every_function_that_is_timed_is_there(owner: Any, function: str) -> None:
    assert callable(getattr(owner, function))


def test_every_function_counts_for_a_step_that_is_shown() -> None:
    tables = (speed.IN_A_STUDIO, speed.IN_AN_ENGINE, speed.IN_AN_ADAPTER)
    assert {row[-1] for table in tables for row in table} <= set(speed.STEPS)


def run(first: float, further: list[float]) -> dict[str, Any]:
    laps = [{"load": first}, *({"denoise": seconds} for seconds in further)]
    return {"cores": 2, "first": first, "further": further, "peak_gb": first / 10, "laps": laps}


RUNS = [run(5.0, [1.0, 1.1]), run(9.0, [1.2, 1.3]), run(6.0, [1.0, 1.0])]


def test_figures_are_those_of_all_runs() -> None:
    figures = speed.summary(RUNS).figures
    first = [figures[f"first_headshot_seconds_{which}"] for which in ("lowest", "median", "highest")]
    further = [figures[f"further_headshot_seconds_{which}"] for which in ("lowest", "median", "highest")]
    assert (first, further) == ([5.0, 6.0, 9.0], [1.0, 1.05, 1.3])
    assert (figures["runs"], figures["peak_memory_gb"]) == (3, 0.9)


def test_the_share_of_each_step_is_shown() -> None:
    load, denoise = (
        next(line for line in speed.shares(RUNS).splitlines() if line.startswith(step)) for step in ("load", "denoise")
    )
    assert load.split() == ["load", "6.00", "s", "100", "%", "0.00", "s", "0", "%"]
    assert denoise.split() == ["denoise", "0.00", "s", "0", "%", "1.05", "s", "100", "%"]
