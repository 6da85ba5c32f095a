"""Workers on a Ray cluster: the same rows by Ray Data, with a studio in each actor.

The pictures are written by the actors to a folder that all machines share, or to storage behind an address; what comes
back to the driver is a line a row. A row's record beside its pictures is the checkpoint: whoever does a row again,
after a machine was lost or in a later run, finds it done. Line, scheduling, retries and growth are Ray's.
"""

import logging
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from pipelines.errors import UserError
from pipelines.paths import ROOT
from pipelines.team import texts
from pipelines.team.outcome import Outcome
from pipelines.team.places import WORKING, place_at
from pipelines.team.row import work
from pipelines.team.tasks import Task
from pipelines.team.workers import Duty, prepare_process, studio_once

LOCAL, LOCAL_STORE = "local", 200 * 2**20
"""Address that starts a cluster on this machine, and bytes of its object store: only lines go through it."""
MOST_ACTORS = 10_000
MOST_BLOCKS = 10_000
"""Parts of a table that are handed out; up to so many rows, a part is a row."""
MOST_TRIES = 5
"""Workers that a row may lose; Ray itself would go on for ever."""
ROWS_IN_FLIGHT = 2
"""Rows that an actor has at once: the one that it works on, and the next."""


class RowActor:
    """A studio on a machine of the cluster."""

    def __init__(self, duty: Duty):
        prepare_process(duty.threads, None)
        self._duty, self._studio, self._place = duty, studio_once(duty), place_at(duty.out)

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        """Do a row; return its outcome as plain values. One that ends its worker again and again is refused."""
        task = Task.from_json(row["task"])
        try:
            return asdict(self._end_of(task))
        except UserError as error:  # nothing can be written there
            return asdict(Outcome(number=task.number, state="refused", reason=str(error), fatal=True))

    def _end_of(self, task: Task) -> Outcome:
        tries = f"{WORKING}/{task.folder}.tries"
        before = int(self._place.read(tries) or 0)
        if before >= MOST_TRIES:
            self._place.remove(tries)
            reason = texts.WORKER_DIED.format(number=before)
            return Outcome(number=task.number, state="refused", reason=reason)
        self._place.write_text(tries, str(before + 1))
        end = work(task, self._place, self._studio, replace=self._duty.replace)
        self._place.remove(tries)
        return end


@contextmanager
def cluster(address: str) -> Iterator[Any]:
    """Connect to a Ray cluster and give the package ray; "local" starts one, which ends with this. Raises UserError."""
    try:
        import ray
    except ImportError as error:
        raise UserError(texts.NO_RAY) from error
    if ray.is_initialized():
        yield ray
        return
    environment = {"env_vars": {"PYTHONPATH": str(ROOT)}}
    where: dict[str, Any] = {"address": address, "runtime_env": environment, "logging_level": logging.ERROR}
    if address == LOCAL:
        where |= {"include_dashboard": False, "object_store_memory": LOCAL_STORE}
    try:
        ray.init(**where, log_to_driver=False)
    except (ConnectionError, ValueError, RuntimeError, ray.exceptions.RayError) as error:
        raise UserError(texts.NO_CLUSTER.format(address=address)) from error
    try:
        yield ray
    finally:
        ray.shutdown()


def outcomes_on_ray(
    tasks: Sequence[Task], duty: Duty, *, gpu: bool, most: int | None = None
) -> Generator[Outcome, None, None]:
    """Do all rows on the cluster that is connected; yield their ends as they come. Close it to end them all.

    Args:
        tasks: the rows.
        duty: orders for all actors; its folder is one that every machine has.
        gpu: give each actor a GPU of its own; else a core.
        most: the most actors; None: as many as the cluster has room for, also while it grows.
    """
    import ray
    from ray.data import ActorPoolStrategy, DataContext

    logging.getLogger("ray.data").setLevel(logging.ERROR)  # progress is told by who called
    context = DataContext.get_current()
    context.enable_progress_bars = False
    most = min(len(tasks), most or MOST_ACTORS)
    here = int(ray.cluster_resources().get("GPU" if gpu else "CPU", 1))
    pool = ActorPoolStrategy(
        min_size=1,
        initial_size=max(1, min(most, here)),  # else they start one after the other
        max_size=most,
        max_tasks_in_flight_per_actor=ROWS_IN_FLIGHT,
    )
    blocks = min(len(tasks), MOST_BLOCKS)
    rows = ray.data.from_items([{"task": task.to_json()} for task in tasks], override_num_blocks=blocks)
    actor: Any = RowActor  # Ray makes one of the class for each worker
    ends = rows.map(
        actor,
        fn_constructor_args=(duty,),
        compute=pool,
        num_cpus=0 if gpu else 1,
        num_gpus=1 if gpu else 0,
    )  # Ray Data starts an actor that died again, and gives its row to another meanwhile
    for end in ends.iter_rows():
        yield Outcome(**end)
