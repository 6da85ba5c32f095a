"""Run on a Ray cluster of this machine that loses two workers and a machine, and is given another one."""

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from benchmarks.team.memory import MemoryWatch
from pipelines.team.outcome import RECORD, Outcome
from pipelines.team.ray_workers import LOCAL_STORE, cluster, outcomes_on_ray
from pipelines.team.tasks import Task
from pipelines.team.workers import Duty

ACTOR = "ray::MapWorker"
QUIET_SHARE = 0.45
"""Share of the rows that are done before anything is taken away; the throughput is that of the last three quarters of
them."""


@dataclass(kw_only=True)
class RayRun:
    """Outcome of it."""

    states: list[str] = field(default_factory=list)
    seconds: float = 0.0
    rows_per_second: float = 0.0  # while nothing was taken away
    driver_growth_mb: float = 0.0
    worker_peak_mb: float = 0.0
    killed: int = 0
    machines_changed: int = 0  # taken away, and another given, by what the cluster lists
    cores_of_workers: float = 0.0  # that they computed with, while nothing was taken away
    cores_of_ray: float = 0.0  # that everything else took: Ray's own processes, and the driver


def run_on_ray(tasks: Sequence[Task], duty: Duty, cores: int) -> RayRun:
    """Do the rows on a cluster with a machine of one core for each core."""
    os.environ["RAY_worker_niceness"] = "0"  # noqa: SIM112 - as the one process has; Ray's own is 15
    from ray.cluster_utils import Cluster

    machine: dict[str, Any] = {"num_cpus": 1, "object_store_memory": LOCAL_STORE}
    machines = Cluster(initialize_head=True, head_node_args={**machine, "include_dashboard": False})
    others = [machines.add_node(**machine) for _ in range(cores - 1)]
    found = RayRun()
    try:
        with cluster(machines.address), MemoryWatch(actors) as watch:
            began = time.monotonic()
            ends = outcomes_on_ray(tasks, duty, gpu=False, most=cores)
            _go_through(ends, len(tasks), found, machines, others, machine)
            found.seconds = time.monotonic() - began
        found.rows_per_second = rate(tasks, Path(duty.out), int(QUIET_SHARE * len(tasks)))
        found.driver_growth_mb, found.worker_peak_mb = watch.growth, max(watch.peaks.values(), default=0.0)
    finally:
        machines.shutdown()
    return found


def _go_through(
    ends: Iterator[Outcome], rows: int, found: RayRun, machines: Any, others: list[Any], machine: dict[str, Any]
) -> None:
    """Count the ends; kill a worker at three and at four fifths, change a machine for another at half of the rows."""
    quiet, half = int(QUIET_SHARE * rows), rows // 2
    from_here, spent = 0.0, (0.0, 0.0)
    for number, end in enumerate(ends, 1):
        found.states.append(end.state)
        if number == quiet // 4:
            from_here, spent = time.monotonic(), cpu_seconds()
        elif number == quiet:
            seconds, now = time.monotonic() - from_here, cpu_seconds()
            found.cores_of_workers, found.cores_of_ray = ((now[k] - spent[k]) / seconds for k in (0, 1))
        elif number == half and others:
            before = _machines()
            machines.remove_node(others.pop(), allow_graceful=False)
            others.append(machines.add_node(**machine))
            found.machines_changed = len(_machines() - before)
        elif number in (int(0.6 * rows), int(0.8 * rows)) and (victim := _living()):
            with suppress(psutil.NoSuchProcess):  # its time had come
                victim.kill()
                found.killed += 1


def _machines() -> set[str]:
    """Return the names of the machines that the cluster has had, those that are gone among them."""
    import ray

    return {machine["NodeID"] for machine in ray.nodes()}


def _living(patience: float = 20.0) -> psutil.Process | None:
    """Return a process of an actor; wait these seconds at most for one, as there is none while one is replaced."""
    until = time.monotonic() + patience
    while not (living := next(actors(), None)) and time.monotonic() < until:
        time.sleep(0.05)
    return living


def rate(tasks: Sequence[Task], out: Path, quiet: int) -> float:
    """Return rows a second, by the times of their records: the driver hears of them later, and of several at once."""
    times = sorted((out / task.folder / RECORD).stat().st_mtime for task in tasks)
    return (quiet - quiet // 4) / (times[quiet] - times[quiet // 4])


def cpu_seconds() -> tuple[float, float]:
    """Return the seconds that cores have spent on the actors, and on all else of this program."""
    this, working = psutil.Process(), {process.pid for process in actors()}
    spent = {True: 0.0, False: sum(this.cpu_times()[:2])}
    for process in this.children(recursive=True):
        try:
            spent[process.pid in working] += sum(process.cpu_times()[:2])
        except psutil.Error:  # it has ended
            continue
    return spent[True], spent[False]


def actors() -> Iterator[psutil.Process]:
    """Yield the processes of this program's actors."""
    for process in psutil.Process().children(recursive=True):
        try:
            if any(part.startswith(ACTOR) for part in process.cmdline()[:1]):
                yield process
        except psutil.Error:  # it has ended
            continue
