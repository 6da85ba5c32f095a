"""Cost of the path around the large engines, at full size with random weights: `python -m benchmarks.engines`.

On the CPU, SD 1.5: our engine against bare diffusers with the same parts and settings, alternating; the few-step row
against 30 DDIM steps with guidance in plain diffusers, as FaceID's own Space draws; and each one's peak memory. With
`--gpu`, SD 1.5 and SDXL in float16 on the first CUDA GPU: the same two comparisons, seconds per picture, pictures per
minute at the best batch and peak memory. Each in a fresh process. It takes some 10 minutes of one core, and 5 GB of
disk; with `--gpu` 11 GB.

With `--real`, on a machine that has engines' weights, likeness instead of time: see `benchmarks.engines.real`.
"""

import argparse
import dataclasses
import json
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median

import torch

from benchmarks.common.command import conclude, parser
from benchmarks.common.figures import machine, record
from benchmarks.common.report import Bar, Outcome, write_json
from benchmarks.engines import full_size, real, throughput
from benchmarks.engines.full_size import SEED, WORDS, clock
from pipelines.cli import print_table
from pipelines.engines.engine import Step

COMPARED_STEPS = 2
ROUNDS = 5
GIGABYTE = 1e9
BASES = ("sd15", "sdxl")
ON_GPU = tuple(f"{base}{steps}" for base in BASES for steps in ("", "-lcm"))

MEASURABLE = ("sd15", "sdxl", "sdxl-instantid")
"""Engines that `--real` measures."""
PEOPLE = 10

Figures = dict[str, float]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run every mode in a process of its own and print the bars."""
    line = parser(__doc__)
    line.add_argument("--gpu", action="store_true", help="on the GPU instead, in float16")
    line.add_argument("--base", choices=BASES, help="with --gpu: one of the two only")
    line.add_argument("--real", action="store_true", help="likeness with the real weights that are here, in variants")
    line.add_argument("--engine", choices=MEASURABLE, help="with --real: this engine only")
    line.add_argument("--people", type=int, default=10, metavar="N", help="with --real: the first N of the ten only")
    line.add_argument("--mode", nargs=2, help=argparse.SUPPRESS)
    given = line.parse_args(arguments)
    if given.mode:
        print(json.dumps(run_mode(given.mode[0], Path(given.mode[1]))))
        return 0
    if given.real:
        return settle(given)
    if given.gpu and not torch.cuda.is_available():
        line.error("There is no CUDA GPU here. Without --gpu it measures SD 1.5 on the CPU.")

    bases = ([given.base] if given.base else BASES) if given.gpu else BASES[:1]
    about = {"machine": machine(), "threads": torch.get_num_threads(), "torch": torch.__version__}
    print(", ".join(f"{name} {value}" for name, value in about.items()), flush=True)
    entry, flag = ("engines_gpu", " --gpu") if given.gpu else ("engines_cpu", "")
    outcomes = {f"{entry}_{base}": measure(base, gpu=given.gpu) for base in bases}
    print()
    return conclude(outcomes, given, command=f"python -m benchmarks.engines{flag}", about=about)


def settle(given: argparse.Namespace) -> int:
    """Measure the variants of every engine whose weights are here, and print a table for each."""
    specs = real.engines(given.engine)
    if not specs:
        print(real.HOW.format(engine=given.engine or MEASURABLE[0]))
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


def measure(base: str, *, gpu: bool) -> Outcome:
    """Measure a base in every mode, each in a fresh process."""
    took: dict[str, Figures] = {}
    with tempfile.TemporaryDirectory() as folder:
        _fresh(f"write {base}", folder)
        for mode in [engine for engine in ON_GPU if engine.startswith(base)] if gpu else ON_CPU:
            took[mode] = _fresh(mode, folder)
            print(f"{mode}: " + ", ".join(f"{name} {value:.3g}" for name, value in took[mode].items()), flush=True)
    figures = {
        f"{mode.replace(' ', '_').replace('-', '_')}_{name}": value
        for mode, values in took.items()
        for name, value in values.items()
    }
    bars = gpu_bars(base, took) if gpu else cpu_bars(took)
    figures |= {"ratio_to_bare_diffusers": bars[0].figure, "few_steps_times_as_fast": bars[1].figure}
    figures["peak_memory_gb"] = max(values["peak_gb"] for values in took.values())
    return Outcome(bars=bars, figures=figures, details=took)


def _fresh(mode: str, folder: str) -> Figures:
    command = [sys.executable, "-m", "benchmarks.engines", "--mode", mode, folder]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    figures: Figures = json.loads(done.stdout.splitlines()[-1])
    return figures


def run_mode(mode: str, folder: Path) -> Figures:
    """Measure one mode in this process, or write a base's checkpoints for the others."""
    if mode.startswith("write "):
        full_size.write(mode.removeprefix("write "), folder)
        return {}
    if mode in ON_GPU:
        return throughput.measure(mode, folder)
    figures = ON_CPU[mode](folder)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return figures | {"peak_gb": peak / GIGABYTE}


def cpu_bars(took: Mapping[str, Figures]) -> list[Bar]:
    """Compare the CPU's figures with the two bars."""
    faster = took["thirty DDIM steps"]["seconds"] / took["few steps"]["seconds"]
    return _bars("", took["overhead"]["ratio"], faster)


def gpu_bars(base: str, took: Mapping[str, Figures]) -> list[Bar]:
    """Compare the GPU's figures with the same two bars."""
    many, few = took[base], took[f"{base}-lcm"]
    return _bars(f"{base}: ", many["seconds"] / many["bare_seconds"], many["thirty_ddim_seconds"] / few["seconds"])


def _bars(name: str, ratio: float, faster: float) -> list[Bar]:
    return [
        Bar(name=f"{name}our path / bare diffusers", figure=ratio, rule="<=", limit=1.03),
        Bar(name=f"{name}few steps: times as fast as 30 DDIM steps", figure=faster, rule=">=", limit=8.0),
    ]


# On the CPU


def overhead(folder: Path) -> Figures:
    """Time our engine and bare diffusers in turns, with the same parts and settings."""
    engine = full_size.load("sd15", folder, torch.bfloat16)
    condition = full_size.people(engine, 1)[0].condition
    settings = dataclasses.replace(engine.spec.defaults, steps=COMPARED_STEPS)
    bare = full_size.bare_diffusers(engine, condition, settings)

    def preview(step: Step) -> None:
        step.preview()

    def ours() -> None:
        engine.generate(condition, WORDS, settings, SEED, on_step=preview)

    for run in (ours, bare):
        run()  # the first call of each is slower
    rounds = [(clock(ours), clock(bare)) for _ in range(ROUNDS)]
    mine, theirs = (median(seconds) for seconds in zip(*rounds, strict=True))
    # Of each round by itself: what else the machine does changes more slowly.
    return {"ours": mine, "bare": theirs, "ratio": median(mine / theirs for mine, theirs in rounds)}


def few_steps(folder: Path) -> Figures:
    """Time one picture of the few-step row, at its defaults."""
    engine = full_size.load("sd15-lcm", folder, torch.bfloat16)
    condition = full_size.people(engine, 1)[0].condition

    def draw(steps: int) -> None:
        engine.generate(condition, WORDS, dataclasses.replace(engine.spec.defaults, steps=steps), SEED)

    draw(1)
    return {"seconds": clock(lambda: draw(engine.spec.defaults.steps))}


def thirty_ddim_steps(folder: Path) -> Figures:
    """Time one picture in plain diffusers, as FaceID's Space draws it."""
    engine = full_size.load("sd15", folder, torch.bfloat16)
    condition = full_size.people(engine, 1)[0].condition
    full_size.as_the_space_draws(engine, condition, steps=1)()
    return {"seconds": clock(full_size.as_the_space_draws(engine, condition))}


ON_CPU: dict[str, Callable[[Path], Figures]] = {
    "overhead": overhead,
    "few steps": few_steps,
    "thirty DDIM steps": thirty_ddim_steps,
}


if __name__ == "__main__":
    sys.exit(main())
