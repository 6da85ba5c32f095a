"""Figures of the built-in model on ten people it never saw: `python -m benchmarks.likeness`.

Prints every bar that the built-in model is measured by; the exit code is 1 if one is missed. About a quarter of an
hour on two cores. Each part is recorded in benchmarks/figures.json under its own name.
"""

import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import torch

from benchmarks.common.command import conclude, parser
from benchmarks.common.report import Outcome
from benchmarks.likeness.bench import SEEDS, Bench, spec_at
from benchmarks.likeness.by_group import by_group
from benchmarks.likeness.drift import cut_photos, drift
from benchmarks.likeness.headshots import likeness
from benchmarks.likeness.identity_adapter import adapter
from benchmarks.likeness.photo_count import photo_count
from benchmarks.likeness.real import real
from benchmarks.likeness.resemblance import resemblance
from benchmarks.likeness.seeds_and_words import seeds, words
from benchmarks.likeness.skin_groups import relit_photos, skin_groups
from pipelines.engine_table import ENGINES
from pipelines.engines.engine import Engine

PARTS: Mapping[str, Callable[[Bench], Outcome]] = {
    "likeness": likeness,
    "adapter": adapter,
    "seeds": seeds,
    "words": words,
    "photo-count": photo_count,
    "resemblance": resemblance,
    "skin-groups": skin_groups,
    "relit-photos": relit_photos,
    "drift": drift,
    "cut-photos": cut_photos,
    "real": real,
}
"""Parts by the name that `--only` takes."""
BY_GROUP: Mapping[str, Callable[[Bench], Outcome]] = {"by-group": by_group}
"""Part of `--by-group`, which draws 26 people four times each: ten minutes more."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the parts asked for and print their bars."""
    line = parser(__doc__)
    line.add_argument("--people", type=int, default=10, metavar="N", help="only the first N of the ten people")
    line.add_argument("--only", choices=PARTS, help="only this part")
    line.add_argument("--by-group", action="store_true", help="only the comparison of groups of people")
    line.add_argument("--model", type=Path, metavar="FOLDER", help="a models/builtin that lies elsewhere")
    line.add_argument("--sheet", type=Path, metavar="FILE", help="write a contact sheet of the pictures there")
    given = line.parse_args(arguments)

    warnings.filterwarnings("ignore", category=FutureWarning)  # of the libraries below; nothing to do with the figures
    table = ENGINES if given.model is None else {"builtin": spec_at(given.model.resolve())}
    bench = Bench(Engine.load("builtin", table=table), given.people)
    parts = BY_GROUP if given.by_group else PARTS
    outcomes = {name.replace("-", "_"): part(bench) for name, part in parts.items() if given.only in (None, name)}
    if given.sheet:
        bench.sheet.save(given.sheet)
    about = {
        "people": len(bench.people),
        "seeds": SEEDS,
        "settings": vars(bench.settings),
        "torch": torch.__version__,
    }
    command = "python -m benchmarks.likeness" + " --by-group" * given.by_group
    partial = None
    if given.model is not None:
        partial = "another model than the one in models/builtin"
    elif len(bench.people) < len(bench.everybody):
        partial = f"only {len(bench.people)} of {len(bench.everybody)} people"
    return conclude(outcomes, given, command=command, about=about, partial=partial)


if __name__ == "__main__":
    sys.exit(main())
