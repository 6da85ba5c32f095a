"""Teams: one process of this machine against a Ray cluster of several: `python -m benchmarks.team`.

Every row is done by one process first, then by a cluster with a worker for each core, of which two are killed, and one
machine is taken away and another added meanwhile. All files have to be the same, byte for byte. `--ray` and `--single`
do one of the two, in the same `--folder`. Figures go to benchmarks/team.json, and `python -m tools.write_scale` from
there into docs/scale.md.
"""

import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from benchmarks.common import figures
from benchmarks.common.command import parser
from benchmarks.common.report import Bar, Outcome, report, write_json
from benchmarks.team.memory import MemoryWatch
from benchmarks.team.rows import contents, write_table
from pipelines.paths import ROOT
from pipelines.team.capacity import cores
from pipelines.team.tasks import Task
from pipelines.team.workers import Duty, outcomes

ROWS = 200
FILE = ROOT / "benchmarks" / "team.json"
STUDIO, ENGINE = "pipelines.studio:Studio.load", "builtin"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, compare and print."""
    line = parser(__doc__)
    line.add_argument("--rows", type=int, default=ROWS, metavar="N", help=f"how many rows ({ROWS})")
    line.add_argument("--single", action="store_true", help="only the one process")
    line.add_argument("--ray", action="store_true", help="only the cluster; the one process was measured before")
    line.add_argument("--folder", type=Path, help="where the pictures go (a temporary folder)")
    line.add_argument("--studio", default=STUDIO, help="loader of the studio")
    given = line.parse_args(arguments)
    with tempfile.TemporaryDirectory() as temporary:
        folder = (given.folder or Path(temporary)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        tasks = write_table(folder, _photos(), given.rows)
        if not given.ray:
            (folder / "single.json").write_text(json.dumps(single(tasks, folder / "single", given.studio)))
        if given.single:
            return 0
        outcome = on_cluster(tasks, folder, given.studio)
    if given.json:
        write_json(given.json, {"team": outcome}, {"rows": given.rows})
    code = report({"team": outcome})
    if not given.no_record:
        figures.record({"team": outcome.figures}, "python -m benchmarks.team", given.commit, FILE)
    return code


def single(tasks: Sequence[Task], out: Path, studio: str) -> dict[str, float]:
    """Do the rows with one worker of one thread; return rows a second without the start, and its memory."""
    import psutil

    duty = Duty(out=str(out), studio=studio, engine=ENGINE)
    ends: list[float] = []
    with MemoryWatch(lambda: psutil.Process().children()) as watch, closing(outcomes(tasks, duty, [None])) as done:
        for end in done:
            assert end.state == "made", end.reason
            ends.append(time.monotonic())
    rate = (len(ends) - 1) / (ends[-1] - ends[0])
    return {"rows_per_second": rate, "worker_peak_mb": max(watch.peaks.values(), default=0.0)}


def on_cluster(tasks: Sequence[Task], folder: Path, studio: str) -> Outcome:
    """Do the rows on a cluster, and compare them with those of one process."""
    from benchmarks.team.on_ray import run_on_ray

    alone: dict[str, Any] = json.loads((folder / "single.json").read_text())
    run = run_on_ray(tasks, Duty(out=str(folder / "ray"), studio=studio, engine=ENGINE), cores())
    wanted, got = contents(folder / "single", tasks), contents(folder / "ray", tasks)
    right = len({name.partition("/")[0] for name in wanted if got.get(name) == wanted[name]})
    wrong = {name.partition("/")[0] for name in wanted.keys() | got.keys() if got.get(name) != wanted.get(name)}
    ratio = run.rows_per_second / (cores() * alone["rows_per_second"])
    found = {
        "rows": len(tasks),
        "rows_right": right - len(wrong),
        "mb_per_row": sum(map(len, wanted.values())) / 1e6 / len(tasks),
        "rows_refused": run.states.count("refused"),
        "workers_killed": run.killed,
        "machines_changed": int(cores() > 1),
        "cores": cores(),
        "throughput_ratio_per_core": ratio,
        "rows_per_second_of_one_process": alone["rows_per_second"],
        "rows_per_second_of_the_cluster": run.rows_per_second,
        "seconds_with_everything_lost": run.seconds,
        "worker_peak_mb_one_process": alone["worker_peak_mb"],
        "worker_peak_mb_ray": run.worker_peak_mb,
        "load_average": os.getloadavg()[1],  # of five minutes; above the cores: others worked here, too
        "driver_growth_mb": run.driver_growth_mb,
    }
    bars = [
        Bar(name="rows as by one process, byte for byte", figure=found["rows_right"], rule=">=", limit=len(tasks)),
        Bar(name="throughput per core against one process", figure=ratio, rule=">=", limit=0.95),
        Bar(name="growth of the driver, MB", figure=run.driver_growth_mb, rule="<=", limit=20),
    ]
    return Outcome(bars=bars, figures=found)


def _photos() -> list[Path]:
    from benchmarks.likeness.people import selfies

    return [Path(str(selfie)) for selfie in selfies()]


if __name__ == "__main__":
    os.environ.setdefault("RAY_DEDUP_LOGS", "0")
    sys.exit(main())
