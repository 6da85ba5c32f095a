"""How long a person waits, and what it takes: `python -m benchmarks.speed`.

A fresh process makes headshots of one selfie as the command line does. Prints the seconds from its start to the first
saved headshot, those of each further one, the peak of its memory, and the share of each step; the exit code is 1 if a
bar is missed. The bars are meant for two cores.
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
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.common.report import Bar, Outcome, report, write_json
from benchmarks.common.stopwatch import Stopwatch
from pipelines.runtime.fast_imports import fast_imports

STEPS = (
    "import",
    "load",
    "photos",
    "see photo",
    "condition",
    "denoise",
    "decode",
    "find face",
    "finish",
    "likeness",
    "save",
    "other",
)
"""What the time is divided into, in the order of a run. While the engine loads, the run looks at its photos: "load" is
what it waits for after that."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Start the fresh process, and print what it took."""
    line = argparse.ArgumentParser(description=__doc__)
    line.add_argument("--count", type=int, default=4, metavar="N", help="how many headshots, 2 to 8 (4)")
    line.add_argument("--json", type=Path, metavar="FILE", help="write every figure there")
    line.add_argument("--child", type=float, help=argparse.SUPPRESS)  # when the fresh process was started
    given = line.parse_args(arguments)
    if given.child is not None:
        print(json.dumps(run(given.child, given.count)))
        return 0

    start = time.monotonic()  # the same clock in every process of a machine
    command = [sys.executable, "-m", "benchmarks.speed", "--child", str(start), "--count", str(given.count)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    took = json.loads(done.stdout.splitlines()[-1])
    outcome = Outcome(bars=bars(took), details=took)
    if given.json:
        write_json(given.json, {"speed": outcome}, {"cores": took["cores"], "count": given.count})
    print(f"{took['cores']} cores, {given.count} headshots\n")
    print(shares(took) + "\n")
    return report({"speed": outcome})


def bars(took: Mapping[str, Any]) -> list[Bar]:
    """The three promises about speed."""
    return [
        Bar(name="start to the first saved headshot, s", figure=took["first"], rule="<=", limit=8.0),
        Bar(name="each further headshot, s", figure=median(took["further"]), rule="<=", limit=1.2),
        Bar(name="peak memory, GB", figure=took["peak_gb"], rule="<=", limit=2.0),
    ]


def shares(took: Mapping[str, Any]) -> str:
    """Seconds and share of each step, of the first headshot and of a further one."""
    further = {step: median(lap.get(step, 0.0) for lap in took["laps"][1:]) for step in STEPS}
    rows = ["             first headshot    a further one"]
    for step in STEPS:
        cells = [
            f"{lap.get(step, 0.0):6.2f} s {100 * lap.get(step, 0.0) / whole:4.0f} %"
            for lap, whole in ((took["laps"][0], took["first"]), (further, sum(further.values())))
        ]
        rows.append(f"{step:<12} " + "   ".join(cells))
    return "\n".join(rows)


def run(start: float, count: int) -> dict[str, Any]:
    """The fresh process: make headshots, and note when each was saved and what took how long."""
    with fast_imports():  # as the command line does
        import pipelines.studio as steps
        from benchmarks.likeness.people import selfies
        from pipelines import Request, Studio
        from pipelines.faces.identity import FaceAnalyser

    imported = time.monotonic() - start
    watch = Stopwatch()
    watch.time(Studio, "load", "load")
    watch.time(Studio, "_ready", "load")
    for function, name in (
        ("open_photos", "photos"),
        ("choose_faces", "photos"),
        ("finish", "finish"),
        ("measure_likeness", "likeness"),
        ("save", "save"),
    ):
        watch.time(steps, function, name)
    watch.time(FaceAnalyser, "analyse", "find face")
    look_up, wait_for_engine = Studio._adapter, Studio._ready

    def adapter(studio: Studio, *args: Any) -> Any:
        found = look_up(studio, *args)
        watch.time(found, "prepare", "prepare photo")
        return found

    def ready(studio: Studio, *args: Any) -> Any:
        engine = wait_for_engine(studio, *args)
        watch.time(engine, "condition", "condition")
        watch.time(engine, "generate", "denoise")
        watch.time(engine.pipeline.vae, "decode", "decode")
        return engine

    Studio._adapter = adapter  # type: ignore
    Studio._ready = ready  # type: ignore  # the engine's own modules are imported on its way

    laps: list[dict[str, float]] = []
    saved = [start]

    def after_save(*args: Any, **kwargs: Any) -> Any:
        picture = save_picture(*args, **kwargs)
        saved.append(time.monotonic())
        lap = watch.lap() | ({"import": imported} if not laps else {})
        laps.append(lap | {"other": saved[-1] - saved[-2] - sum(lap.values())})
        return picture

    save_picture, steps.save_picture = steps.save_picture, after_save
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


if __name__ == "__main__":
    sys.exit(main())
