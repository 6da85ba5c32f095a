"""Rows of the scorecard, what a run of one came to, and README's table of them."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

COMMAND = "pytest -m service --scorecard"
"""Line that runs every row in full and records it."""
ENTRY = "scorecard_{}"
"""Name of a row's entry in `benchmarks/figures.json`, by the row's id."""
HEADS = ("row", "test", "passes when", "number", "result", "date, commit")
NOT_RUN = "not run"


@dataclass(frozen=True, kw_only=True)
class Row:
    """One promise: what is tested, on how many cases, and what counts as passed."""

    id: str
    about: str
    number: int
    """Cases of a full run."""
    passes: str


@cache
def rows() -> dict[str, Row]:
    """Read all rows by id, in order."""
    table = tomllib.loads(Path(__file__).with_name("rows.toml").read_text("utf-8"))
    return {row_id: Row(id=row_id, **entries) for row_id, entries in table.items()}


def result(row: Row, figures: Mapping[str, float]) -> str:
    """Say in one word or two what a run came to; only a run of all cases with no test skipped has passed.

    Args:
        row: what was run.
        figures: `cases`, and `failed` and `skipped` tests, as the run recorded them.
    """
    if figures["failed"]:
        return f"{figures['failed']:.0f} failed"
    if figures["skipped"]:
        return f"{figures['skipped']:.0f} skipped"
    return "passed" if figures["cases"] >= row.number else "passed in part"


def scorecard_table(entries: Mapping[str, Mapping[str, Any]]) -> list[Sequence[str]]:
    """Make the table's rows, the heads first, from the entries of `benchmarks/figures.json`."""
    return [HEADS, *(_line(row, entries.get(ENTRY.format(row.id))) for row in rows().values())]


def _line(row: Row, entry: Mapping[str, Any] | None) -> Sequence[str]:
    if entry is None:
        return row.id, row.about, row.passes, f"0 of {row.number}", NOT_RUN, ""
    figures = entry["figures"]
    number = f"{figures['cases']:.0f} of {row.number}"
    return row.id, row.about, row.passes, number, result(row, figures), f"{entry['date']}, {entry['commit']}"
