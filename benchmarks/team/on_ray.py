"""Run on a Ray cluster of this machine that loses two workers and a machine, and is given another one."""

import os
import signal
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import psutil

from benchmarks.team.memory import MemoryWatch
from pipelines.team.outcome import Outcome
from pipelines.team.ray_workers import LOCAL_STORE, cluster, outcomes_on_ray
from pipelines.team.tasks import Task
from pipelines.team.workers import Duty

ACTOR = "ray::MapWorker"
QUIET_SHARE = 0.45
"""Share of the rows that are done before anything is taken away; the throughput is that of the second half of them."""


@dataclass(kw_only=True)
class RayRun:
    """Outcome of it."""

    states: list[str] = field(default_factory=list)
    seconds: float = 0.0
    rows_per_second: float = 0.0  # while nothing was taken away
    driver_growth_mb: float = 0.0
    worker_peak_mb: float = 0.0
    killed: int = 0


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
        found.driver_growth_mb, found.worker_peak_mb = watch.growth, max(watch.peaks.values(), default=0.0)
    finally:
        machines.shutdown()
    return found


def _go_through(
    ends: Iterator[Outcome], rows: int, found: RayRun, machines: Any, others: list[Any], machine: dict[str, Any]
) -> None:
    """Count the ends; kill a worker at three and at four fifths, change a machine for another at half of the rows."""
    quiet, half = int(QUIET_SHARE * rows), rows // 2
    from_here = 0.0
    for number, end in enumerate(ends, 1):
        found.states.append(end.state)
        if number == quiet // 2:
            from_here = time.monotonic()
        elif number == quiet:
            found.rows_per_second = (quiet - quiet // 2) / (time.monotonic() - from_here)
        elif number == half and others:
            machines.remove_node(others.pop(), allow_graceful=False)
            others.append(machines.add_node(**machine))
        elif number in (int(0.6 * rows), int(0.8 * rows)) and (living := list(actors())):
            os.kill(living[0].pid, signal.SIGKILL)
            found.killed += 1


def actors() -> Iterator[psutil.Process]:
    """Yield the processes of this program's actors."""
    for process in psutil.Process().children(recursive=True):
        try:
            if any(part.startswith(ACTOR) for part in process.cmdline()[:1]):
                yield process
        except psutil.Error:  # it has ended
            continue
