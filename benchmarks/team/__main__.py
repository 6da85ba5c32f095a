"""Teams: one process of this machine against a Ray cluster of several: `python -m benchmarks.team`.

Every row is done by processes without Ray first, one for each core, and some by one alone. Then a cluster does them
with a worker for each core, of which two are killed, and one machine is taken away and another added meanwhile. All
files have to be the same, byte for byte. What processes on all cores lose against one alone is the machine's; what the
cluster loses against them is Ray's. `--ray` and `--plain` do one of the two, in the same `--folder`. Figures go to
benchmarks/team.json, and `python -m tools.write_scale` from there into docs/scale.md.
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
ALONE_PART = 10
"""Part of the rows that is done by one process alone, too."""
FILE = ROOT / "benchmarks" / "team.json"
STUDIO, ENGINE = "pipelines.studio:Studio.load", "builtin"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, compare and print."""
    line = parser(__doc__)
    line.add_argument("--rows", type=int, default=ROWS, metavar="N", help=f"how many rows ({ROWS})")
    line.add_argument("--plain", action="store_true", help="only the processes without Ray")
    line.add_argument("--ray", action="store_true", help="only the cluster; the processes were measured before")
    line.add_argument("--folder", type=Path, help="where the pictures go (a temporary folder)")
    line.add_argument("--studio", default=STUDIO, help="loader of the studio")
    given = line.parse_args(arguments)
    with tempfile.TemporaryDirectory() as temporary:
        folder = (given.folder or Path(temporary)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        tasks = write_table(folder, _photos(), given.rows)
        if not given.ray:
            part = tasks[: max(4, given.rows // ALONE_PART)]
            alone = plain(part, folder / "alone", given.studio, processes=1)
            several = plain(tasks, folder / "plain", given.studio, processes=cores())
            (folder / "plain.json").write_text(json.dumps({"alone": alone, "several": several}))
        if given.plain:
            return 0
        outcome = on_cluster(tasks, folder, given.studio)
    if given.json:
        write_json(given.json, {"team": outcome}, {"rows": given.rows})
    code = report({"team": outcome})
    if not given.no_record:
        figures.record({"team": outcome.figures}, "python -m benchmarks.team", given.commit, FILE)
    return code


def plain(tasks: Sequence[Task], out: Path, studio: str, *, processes: int) -> dict[str, float]:
    """Do rows with processes of one thread each, without Ray; return rows a second of each, and memory.

    The start does not count. One alone is held on one core: some of its libraries would use another that is idle.
    """
    import psutil

    duty, here = Duty(out=str(out), studio=studio, engine=ENGINE), os.sched_getaffinity(0)
    ends: list[float] = []
    skipped = 2 * processes - 1  # rows that the loading of models is part of
    try:
        if processes == 1:
            os.sched_setaffinity(0, {min(here)})  # its process inherits it
        with (
            MemoryWatch(lambda: psutil.Process().children()) as watch,
            closing(outcomes(tasks, duty, [None] * processes)) as done,
        ):
            for end in done:
                assert end.state == "made", end.reason
                ends.append(time.monotonic())
    finally:
        os.sched_setaffinity(0, here)
    rate = (len(ends) - 1 - skipped) / (ends[-1] - ends[skipped])
    return {"rows_per_second": rate / processes, "worker_peak_mb": max(watch.peaks.values(), default=0.0)}


def on_cluster(tasks: Sequence[Task], folder: Path, studio: str) -> Outcome:
    """Do the rows on a cluster, and compare them with those of one process."""
    from benchmarks.team.on_ray import run_on_ray

    before: dict[str, Any] = json.loads((folder / "plain.json").read_text())
    alone, several = before["alone"], before["several"]
    run = run_on_ray(tasks, Duty(out=str(folder / "ray"), studio=studio, engine=ENGINE), cores())
    wanted, got = contents(folder / "plain", tasks), contents(folder / "ray", tasks)
    right = len({name.partition("/")[0] for name in wanted if got.get(name) == wanted[name]})
    wrong = {name.partition("/")[0] for name in wanted.keys() | got.keys() if got.get(name) != wanted.get(name)}
    ratio = run.rows_per_second / (cores() * several["rows_per_second"])
    found = {
        "rows": len(tasks),
        "rows_right": right - len(wrong),
        "mb_per_row": sum(map(len, wanted.values())) / 1e6 / len(tasks),
        "rows_refused": run.states.count("refused"),
        "workers_killed": run.killed,
        "machines_changed": run.machines_changed,
        "cores": cores(),
        "throughput_ratio_per_core": ratio,
        "throughput_ratio_to_one_alone": run.rows_per_second / (cores() * alone["rows_per_second"]),
        "cores_of_workers": run.cores_of_workers,
        "cores_of_ray": run.cores_of_ray,
        "rows_per_second_of_one_process": several["rows_per_second"],
        "rows_per_second_of_one_alone": alone["rows_per_second"],
        "rows_per_second_of_the_cluster": run.rows_per_second,
        "seconds_with_everything_lost": run.seconds,
        "worker_peak_mb_one_process": several["worker_peak_mb"],
        "worker_peak_mb_ray": run.worker_peak_mb,
        "load_average": os.getloadavg()[1],  # of five minutes; above the cores: others worked here, too
        "driver_growth_mb": run.driver_growth_mb,
    }
    bars = [
        Bar(name="rows as without Ray, byte for byte", figure=found["rows_right"], rule=">=", limit=len(tasks)),
        Bar(name="throughput per core against processes without Ray", figure=ratio, rule=">=", limit=0.95),
        Bar(name="growth of the driver, MB", figure=run.driver_growth_mb, rule="<=", limit=20),
    ]
    return Outcome(bars=bars, figures=found)


def _photos() -> list[Path]:
    from benchmarks.likeness.people import selfies

    return [Path(str(selfie)) for selfie in selfies()]


if __name__ == "__main__":
    os.environ.setdefault("RAY_DEDUP_LOGS", "0")
    sys.exit(main())
