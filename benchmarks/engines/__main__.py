"""Cost of the path around the large engines, at full size with random weights: `python -m benchmarks.engines`.

For every engine but the built-in one, which `benchmarks.speed` measures: our engine against bare diffusers with the
same parts and settings, seconds for a picture, and peak memory, both also with the second pass where there is one; for
few-step engines of FaceID also how much faster they are than 30 DDIM steps with guidance in plain diffusers, as
FaceID's own Space draws. On the CPU both take turns, in few steps; with `--gpu`, on the first CUDA GPU, whole pictures
are compared, and batches are tried for pictures per minute. An engine that this machine's memory cannot hold is named
and left out. Each runs in a fresh process. On one core SD 1.5 takes a quarter of an hour, the others hours: `--engine`
chooses one. It takes up to 16 GB of disk.

With `--real`, on a machine that has engines' weights, likeness instead of time: see `benchmarks.engines.real`.
"""

import argparse
import dataclasses
import json
import math
import resource
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import torch

from benchmarks.common.command import conclude, parser
from benchmarks.common.figures import machine, record
from benchmarks.common.report import Bar, Outcome, write_json
from benchmarks.engines import full_size, real, throughput
from benchmarks.engines.full_size import SEED, WORDS, clock
from pipelines.cli import print_table
from pipelines.engine_table import ENGINES
from pipelines.engines.engine import Step
from pipelines.engines.placement import placement_for
from pipelines.runtime.memory import OutOfMemory
from pipelines.settings import Settings

COMPARED_STEPS = 2
ROUNDS = 5
GIGABYTE = 1e9
ON_RANDOM = tuple(engine_id for engine_id, row in ENGINES.items() if row.memory_gb)
"""Engines that are measured on random weights."""

MEASURABLE = ("sd15", "sdxl", "sdxl-instantid")
"""Engines that `--real` measures."""
PEOPLE = 10

Figures = dict[str, float]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run every mode in a process of its own and print the bars."""
    line = parser(__doc__)
    line.add_argument("--gpu", action="store_true", help="on the GPU instead, in 16 bits")
    line.add_argument("--real", action="store_true", help="likeness with the real weights that are here, in variants")
    line.add_argument("--engine", choices=ON_RANDOM, action="append", help="this engine only; several one by one")
    line.add_argument("--people", type=int, default=10, metavar="N", help="with --real: the first N of the ten only")
    line.add_argument("--mode", nargs=3, help=argparse.SUPPRESS)
    given = line.parse_args(arguments)
    if given.mode:
        print(json.dumps(run_mode(given.mode[0], given.mode[1], Path(given.mode[2]))))
        return 0
    if given.real and not {*(given.engine or ())} <= {*MEASURABLE}:
        line.error(f"With --real, choose one of: {', '.join(MEASURABLE)}.")
    if given.real:
        return settle(given)
    if given.gpu and not torch.cuda.is_available():
        line.error("There is no CUDA GPU here. Without --gpu it measures on the CPU.")

    about = {"machine": machine(), "threads": torch.get_num_threads(), "torch": torch.__version__}
    print(", ".join(f"{name} {value}" for name, value in about.items()), flush=True)
    outcomes: dict[str, Outcome] = {}
    for base in dict.fromkeys(map(full_size.base_of, ON_RANDOM)):
        asked = [name for name in full_size.rows_of(base) if name in (given.engine or ON_RANDOM)]
        for name in asked:
            if reason := too_large(name):
                print(f"{name}: not measured. {reason}", flush=True)
        if fitting := [name for name in asked if not too_large(name)]:
            outcomes |= measure(fitting, gpu=given.gpu)
    print()
    return conclude(outcomes, given, command=f"python -m benchmarks.engines{' --gpu' * given.gpu}", about=about)


def settle(given: argparse.Namespace) -> int:
    """Measure the variants of every engine whose weights are here, and print a table for each."""
    specs = real.engines(given.engine)
    if not specs:
        print(real.HOW.format(engine=(given.engine or MEASURABLE)[0]))
        return 2
    print(f"machine {machine()}", flush=True)
    outcomes = {}
    for spec in specs:
        measured = real.measure(spec, given.people)
        print(f"\n{spec.title}: dlib's distance, less is more alike, {len(measured[0].pictures)} pictures each")
        print_table(real.table(measured))
        details = {one.name: {"selfie": one.to_selfie, "portrait": one.to_portrait} for one in measured}
        outcomes[f"engines_real_{spec.id}"] = Outcome(bars=[], figures=real.figures(measured), details=details)
    if given.json:
        write_json(given.json, outcomes, {"machine": machine()})
    if given.people >= PEOPLE and not given.no_record:
        found = {name: outcome.figures for name, outcome in outcomes.items()}
        record(found, "python -m benchmarks.engines --real", given.commit)
    return 0


def measure(engine_ids: Sequence[str], *, gpu: bool) -> dict[str, Outcome]:
    """Measure engines of one base, each in a fresh process, and give an outcome for each."""
    outcomes: dict[str, Outcome] = {}
    thirty_ddim = math.nan
    with tempfile.TemporaryDirectory() as folder:
        _fresh("write", ",".join(engine_ids), folder)
        for engine_id in engine_ids:
            figures = _fresh("gpu" if gpu else "cpu", engine_id, folder)
            print(f"{engine_id}: " + ", ".join(f"{name} {value:.3g}" for name, value in figures.items()), flush=True)
            thirty_ddim = figures.get("thirty_ddim_seconds", thirty_ddim)
            bars = [ratio_bar(engine_id, figures)]
            if full_size.has_few_step_row(engine_id.removesuffix("-lcm")) and engine_id.endswith("-lcm"):
                figures["times_as_fast_as_thirty_ddim"] = thirty_ddim / figures["seconds"]
                if math.isfinite(thirty_ddim):
                    bars.append(faster_bar(engine_id, figures))
            outcomes[f"engines_{'gpu' if gpu else 'cpu'}_{engine_id}"] = Outcome(bars=bars, figures=figures)
    return outcomes


def _fresh(*mode: str) -> Figures:
    command = [sys.executable, "-m", "benchmarks.engines", "--mode", *mode]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    figures: Figures = json.loads(done.stdout.splitlines()[-1])
    return figures


def run_mode(mode: str, engine_ids: str, folder: Path) -> Figures:
    """Measure an engine in this process, or write checkpoints for others."""
    if mode == "write":
        full_size.write(engine_ids.split(","), folder)
        return {}
    return throughput.measure(engine_ids, folder) if mode == "gpu" else on_cpu(engine_ids, folder)


def too_large(engine_id: str) -> str:
    """Sentence on why this machine cannot hold an engine; "" if it can."""
    try:
        placement_for(ENGINES[engine_id])
    except OutOfMemory as error:
        return str(error)
    return ""


def ratio_bar(engine_id: str, figures: Figures) -> Bar:
    """Bar for the time of our path as a share of that of bare diffusers."""
    figure = figures["ratio_to_bare_diffusers"]
    return Bar(name=f"{engine_id}: our path / bare diffusers", figure=figure, rule="<=", limit=1.03)


def faster_bar(engine_id: str, figures: Figures) -> Bar:
    """Bar for an engine of few steps."""
    figure = figures["times_as_fast_as_thirty_ddim"]
    return Bar(name=f"{engine_id}: times as fast as 30 DDIM steps", figure=figure, rule=">=", limit=8.0)


def on_cpu(engine_id: str, folder: Path) -> Figures:
    """Time our engine and bare diffusers in turns, with the same parts and settings, and then a whole picture."""
    engine = full_size.load(engine_id, folder, torch.bfloat16)
    condition = full_size.people(engine, 1)[0].condition
    settings = dataclasses.replace(full_size.one_pass(engine), steps=COMPARED_STEPS)
    bare = full_size.bare_diffusers(engine, condition, settings)

    def preview(step: Step) -> None:
        step.preview()

    def ours(chosen: Settings = settings) -> None:
        engine.generate(condition, WORDS, chosen, SEED, on_step=preview)

    for run in (ours, bare):
        run()  # the first call of each is slower
    rounds = [(clock(ours), clock(bare)) for _ in range(ROUNDS)]
    # Of each round by itself: what else the machine does changes more slowly.
    figures = {"ratio_to_bare_diffusers": median(mine / theirs for mine, theirs in rounds)}
    figures["seconds"] = clock(lambda: ours(full_size.one_pass(engine)))
    figures["peak_memory_gb"] = peak_memory_gb()
    if engine.spec.second_pass is not None:
        figures["both_passes_seconds"] = clock(lambda: ours(engine.spec.defaults))
        figures["both_passes_peak_memory_gb"] = peak_memory_gb()
    if full_size.has_few_step_row(engine_id):
        full_size.as_the_space_draws(engine, condition, steps=1)()
        figures["thirty_ddim_seconds"] = clock(full_size.as_the_space_draws(engine, condition))
    return figures


def peak_memory_gb() -> float:
    """Read the most memory that this process has had so far, in GB."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / GIGABYTE


if __name__ == "__main__":
    sys.exit(main())
