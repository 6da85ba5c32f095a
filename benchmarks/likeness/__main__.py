"""Whether the built-in model does its job, on ten people it never saw: `python -m benchmarks.likeness`.

Every bar the built-in model is measured by, with its figure; the exit code is 1 if one is missed. About ten minutes
on two cores.
"""

import argparse
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import torch

from benchmarks.common.report import Outcome, report, write_json
from benchmarks.likeness.adapter import adapter
from benchmarks.likeness.bench import SEEDS, Bench, spec_at
from benchmarks.likeness.photo_count import photo_count
from benchmarks.likeness.product import likeness
from benchmarks.likeness.seeds_and_words import seeds, words
from benchmarks.likeness.skin_groups import skin_groups
from pipelines.engine_table import ENGINES
from pipelines.engines.engine import Engine

PARTS: Mapping[str, Callable[[Bench], Outcome]] = {
    "likeness": likeness,
    "adapter": adapter,
    "seeds": seeds,
    "words": words,
    "photo-count": photo_count,
    "skin-groups": skin_groups,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the parts asked for and print their bars."""
    line = argparse.ArgumentParser(description=__doc__)
    line.add_argument("--people", type=int, default=10, metavar="N", help="only the first N of the ten people")
    line.add_argument("--only", choices=PARTS, help="only this part")
    line.add_argument("--model", type=Path, metavar="FOLDER", help="a models/builtin that lies elsewhere")
    line.add_argument("--json", type=Path, metavar="FILE", help="write every figure there")
    line.add_argument("--sheet", type=Path, metavar="FILE", help="write a contact sheet of the pictures there")
    given = line.parse_args(arguments)

    warnings.filterwarnings("ignore", category=FutureWarning)  # of the libraries below; nothing to do with the figures
    table = ENGINES if given.model is None else {"builtin": spec_at(given.model.resolve())}
    bench = Bench(Engine.load("builtin", table=table), given.people)
    outcomes = {name: part(bench) for name, part in PARTS.items() if given.only in (None, name)}
    if given.json:
        about = {
            "people": len(bench.people),
            "seeds": SEEDS,
            "settings": vars(bench.settings),
            "torch": torch.__version__,
        }
        write_json(given.json, outcomes, about)
    if given.sheet:
        bench.sheet.save(given.sheet)
    return report(outcomes)


if __name__ == "__main__":
    sys.exit(main())
