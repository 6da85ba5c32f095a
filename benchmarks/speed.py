"""Time and memory of headshots on this machine: `python -m benchmarks.speed`.

Fresh processes, one after the other, make headshots of one selfie as the command line does. Prints the seconds from the
start of the process to the first saved headshot, those of each further one, the peak of its memory, and the share of
each step; the exit code is 1 if a bar is missed. The bars are meant for two cores with nothing else to do.
"""

import argparse
import itertools
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from benchmarks.common.command import conclude, parser
from benchmarks.common.report import Bar, Outcome
from benchmarks.common.stopwatch import Stopwatch
from pipelines.runtime.fast_imports import fast_imports

RUNS, COUNT = 8, 4
"""Numbers of runs, and of headshots in each, behind the figures in the documents."""

IN_A_STUDIO = (
    ("pipelines.studio:Studio", "load", "load"),
    ("pipelines.studio:Studio", "_ready", "load"),
    ("pipelines.studio", "open_photos", "photos"),
    ("pipelines.studio", "choose_faces", "photos"),
    ("pipelines.finishing.finisher:Finisher", "photo_notes", "photos"),
    ("pipelines.finishing.finisher:Finisher", "finish", "finish"),
    ("pipelines.studio", "likeness_of", "likeness"),
    ("pipelines.drawings.files", "save", "save"),
    ("pipelines.faces.identity:FaceAnalyser", "analyse", "find face"),
)
"""Functions of a run and the step that each counts for: the owner as `pkgutil.resolve_name` reads it, and its name."""

IN_AN_ENGINE = (("condition", "condition"), ("generate", "denoise"))
IN_AN_ADAPTER = (("prepare", "prepare photo"),)
"""Methods of the loaded engine and of its adapter, likewise; importing their modules is part of loading."""

STEPS = (
    "import",
    "load",
    "photos",
    "prepare photo",
    "condition",
    "denoise",
    "decode",
    "find face",
    "finish",
    "likeness",
    "save",
    "other",
)
"""Steps that the time is divided into, in the order of a run. While the engine loads, the run looks at its photos:
"load" is what it waits for after that."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Start the fresh processes, and print what they took."""
    line = parser(__doc__)
    line.add_argument("--runs", type=int, default=RUNS, metavar="N", help=f"how many processes ({RUNS})")
    line.add_argument("--count", type=int, default=COUNT, metavar="N", help=f"how many headshots, 2 to 8 ({COUNT})")
    line.add_argument("--child", type=float, help=argparse.SUPPRESS)  # when the fresh process was started
    given = line.parse_args(arguments)
    if given.child is not None:
        print(json.dumps(run(given.child, given.count)))
        return 0

    runs = [fresh_process(given.count) for _ in range(given.runs)]
    outcome = summary(runs)
    print(f"{runs[0]['cores']} cores, {given.runs} runs of {given.count} headshots\n")
    print(shares(runs) + "\n")
    usual = (given.runs, given.count) == (RUNS, COUNT)
    return conclude(
        {"speed": outcome},
        given,
        command="python -m benchmarks.speed",
        about={"cores": runs[0]["cores"], "count": given.count},
        partial=None if usual else f"{given.runs} runs of {given.count} headshots, not {RUNS} of {COUNT}",
    )


def fresh_process(count: int) -> dict[str, Any]:
    """Make headshots in a new process; what it took."""
    start = time.monotonic()  # the same clock in every process of a machine
    command = [sys.executable, "-m", "benchmarks.speed", "--child", str(start), "--count", str(count)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    took: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return took


def summary(runs: Sequence[Mapping[str, Any]]) -> Outcome:
    """Compute the figures of all runs and the three bars about speed and memory."""
    first = [run["first"] for run in runs]
    further = [seconds for run in runs for seconds in run["further"]]
    figures = {"runs": len(runs), "peak_memory_gb": max(run["peak_gb"] for run in runs)}
    for name, seconds in (("first_headshot", first), ("further_headshot", further)):
        figures[f"{name}_seconds_lowest"] = min(seconds)
        figures[f"{name}_seconds_median"] = median(seconds)
        figures[f"{name}_seconds_highest"] = max(seconds)
    bars = [
        Bar(name="start to the first saved headshot, s", figure=median(first), rule="<=", limit=6.5),
        Bar(name="each further headshot, s", figure=median(further), rule="<=", limit=1.3),
        Bar(name="peak memory, GB", figure=figures["peak_memory_gb"], rule="<=", limit=1.6),
    ]
    return Outcome(bars=bars, figures=figures, details={"runs": list(runs)})


def shares(runs: Sequence[Mapping[str, Any]]) -> str:
    """Format the median seconds and the share of each step, of the first headshot and of a further one."""
    first = _steps([run["laps"][0] for run in runs])
    further = _steps([lap for run in runs for lap in run["laps"][1:]])
    rows = ["             first headshot    a further one"]
    for step in STEPS:
        cells = [f"{lap[step]:6.2f} s {100 * lap[step] / sum(lap.values()):4.0f} %" for lap in (first, further)]
        rows.append(f"{step:<12} " + "   ".join(cells))
    return "\n".join(rows)


def _steps(laps: Sequence[Mapping[str, float]]) -> dict[str, float]:
    return {step: median(lap.get(step, 0.0) for lap in laps) for step in STEPS}


def run(start: float, count: int) -> dict[str, Any]:
    """Make headshots in this process, which began at `start`; note when each was saved and what took how long."""
    with fast_imports():  # as the command line does
        import pipelines.studio as studio_module
        from benchmarks.likeness.people import selfies
        from pipelines import Request, Studio
        from pipelines.drawings.files import save_picture

    imported = time.monotonic() - start
    watch = Stopwatch()
    _watch_studio(watch)

    laps: list[dict[str, float]] = []
    saved = [start]

    def after_save(*args: Any, **kwargs: Any) -> Any:
        picture = save_picture(*args, **kwargs)
        saved.append(time.monotonic())
        lap = watch.lap() | ({"import": imported} if not laps else {})
        laps.append(lap | {"other": saved[-1] - saved[-2] - sum(lap.values())})
        return picture

    vars(studio_module)[save_picture.__name__] = after_save
    with tempfile.TemporaryDirectory() as folder:
        studio = Studio.load("builtin", wait=False)
        studio.headshots(Request(photos=[selfies()[0]], seed=7, count=count, out=folder), previews=False)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return {
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "first": saved[1] - start,
        "further": [later - earlier for earlier, later in itertools.pairwise(saved[1:])],
        "peak_gb": peak / 1e9,
        "laps": laps,
    }


def _watch_studio(watch: Stopwatch) -> None:
    """Time the functions of a run from now on, those of the engine and of its adapter once they are there."""
    from pkgutil import resolve_name

    from pipelines import Studio

    for owner, function, step in IN_A_STUDIO:
        watch.time(resolve_name(owner), function, step)
    look_up, wait_for_engine = Studio._adapter, Studio._ready

    def adapter(studio: Studio, *args: Any) -> Any:
        found = look_up(studio, *args)
        for method, step in IN_AN_ADAPTER:
            watch.time(found, method, step)
        return found

    def ready(studio: Studio, *args: Any) -> Any:
        engine = wait_for_engine(studio, *args)
        for method, step in IN_AN_ENGINE:
            watch.time(engine, method, step)
        watch.time(engine.pipeline.vae, "decode", "decode")
        return engine

    Studio._adapter = adapter  # type: ignore
    Studio._ready = ready  # type: ignore


if __name__ == "__main__":
    sys.exit(main())
