"""Command line that all benchmarks share: print the bars, write every figure to a file, record those for documents."""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.common import figures
from benchmarks.common.report import Outcome, report, write_json


def parser(description: str | None) -> argparse.ArgumentParser:
    """Make a parser with the options of every benchmark: `--json` and `--no-record`."""
    line = argparse.ArgumentParser(description=description)
    line.set_defaults(commit=figures.commit_here())  # by the end of a benchmark another one may be checked out
    line.add_argument("--json", type=Path, metavar="FILE", help="write every figure there")
    line.add_argument("--no-record", action="store_true", help="leave benchmarks/figures.json as it is")
    return line


def conclude(
    outcomes: Mapping[str, Outcome],
    given: argparse.Namespace,
    *,
    command: str,
    about: Mapping[str, Any],
    partial: str | None = None,
) -> int:
    """Write, record and print what was found.

    Args:
        outcomes: by the name under which the figures are recorded.
        given: what `parser` has read.
        command: the command that measures them again.
        about: what else belongs into the file of `--json`.
        partial: why these figures are not the ones that documents speak of ("only 2 of 10 people"); None: they are.

    Returns:
        The exit code: 1 if a bar is missed.
    """
    if given.json:
        write_json(given.json, outcomes, about)
    code = report(outcomes)
    if partial:
        print(f"Not recorded: {partial}.")
    elif not given.no_record:
        figures.record({name: outcome.figures for name, outcome in outcomes.items()}, command, given.commit)
        print("Recorded in benchmarks/figures.json; python -m tools.write_figures puts it into the documents.")
    return code
