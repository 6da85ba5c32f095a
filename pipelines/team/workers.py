"""Workers: processes of this machine, each with a studio of its own.

A pool of `concurrent.futures` breaks as a whole when one of its processes is killed, and leaves them behind when the
program is. Here a row whose worker dies is done once more by another, and workers end with the program.
"""

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from multiprocessing.connection import Connection, wait
from pkgutil import resolve_name
from typing import Any

from pipelines.team import texts
from pipelines.team.outcome import Outcome
from pipelines.team.places import place_at
from pipelines.team.row import work
from pipelines.team.tasks import Task

MOST_DEATHS = 2  # of workers with the same row


@dataclass(frozen=True, kw_only=True)
class Duty:
    """Orders that all workers have."""

    out: str
    """Folder or address of the pictures."""
    replace: bool = False
    studio: str = "pipelines.studio:Studio.load"
    """Loads a studio, as "module:function"."""
    engine: str = "auto"
    """Engine of rows that name none."""
    threads: int = 1
    """Threads that each worker computes with."""


@dataclass(eq=False)
class Worker:
    """A process, and the row that it is at."""

    duty: Duty
    device: str | None
    """Number of the GPU that it sees; None: whatever there is."""
    task: Task | None = None
    process: Any = field(init=False)
    pipe: Connection = field(init=False)

    def __post_init__(self) -> None:
        context = multiprocessing.get_context("spawn")  # a fork would share what torch has set up
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(theirs, self.duty, self.device), daemon=True)
        self.process.start()
        theirs.close()  # so that a dead worker is noticed

    def give(self, task: Task) -> None:
        """Let it work on a row."""
        self.task = task
        with suppress(OSError):  # it has died; whoever waits for it will see
            self.pipe.send(task)

    def end(self) -> None:
        """End the process at once."""
        self.process.kill()
        self.process.join()
        self.pipe.close()


def outcomes(tasks: Iterable[Task], duty: Duty, devices: list[str | None]) -> Generator[Outcome, None, None]:
    """Do all rows with a worker for each of `devices`; yield their ends as they come. Close it to end them all."""
    pool = _Pool(tasks, duty)
    try:
        for device in devices:
            pool.start(device)
        while busy := {worker.pipe: worker for worker in pool.workers if worker.task is not None}:
            for pipe in wait(list(busy)):
                if (end := pool.end_of(busy[pipe])) is not None:  # type: ignore[index]  # of the pipes that went in
                    yield end
            pool.give_out()
    finally:
        pool.end()


class _Pool:
    def __init__(self, tasks: Iterable[Task], duty: Duty):
        self.workers: list[Worker] = []
        self._coming, self._again, self._duty = iter(tasks), deque[Task](), duty
        self._deaths: dict[int, int] = {}

    def start(self, device: str | None) -> None:
        self.workers.append(Worker(self._duty, device))
        self.give_out()

    def give_out(self) -> None:
        """Give a row to every worker that has none, while there are rows."""
        for worker in [worker for worker in self.workers if worker.task is None]:
            if (task := self._again.popleft() if self._again else next(self._coming, None)) is not None:
                worker.give(task)

    def end_of(self, worker: Worker) -> Outcome | None:
        """Take what a worker sent; None if it has died and its row is done again."""
        task = worker.task
        assert task is not None
        try:
            end: Outcome = worker.pipe.recv()
            worker.task = None
            return end
        except (EOFError, OSError):
            worker.end()
            self.workers.remove(worker)
            self.workers.append(Worker(self._duty, worker.device))
        self._deaths[task.number] = self._deaths.get(task.number, 0) + 1
        if self._deaths[task.number] < MOST_DEATHS:
            self._again.append(task)
            return None
        return Outcome(number=task.number, state="refused", reason=texts.WORKER_DIED.format(number=MOST_DEATHS))

    def end(self) -> None:
        for worker in self.workers:
            worker.end()


def _serve(pipe: Connection, duty: Duty, device: str | None) -> None:
    """Work on rows until there are no more, or the program has ended."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the program's, which ends its workers
    _end_with_parent()
    prepare_process(duty.threads, device)
    studio, place = studio_once(duty), place_at(duty.out)
    while True:
        try:
            task = pipe.recv()
        except EOFError:
            return
        pipe.send(work(task, place, studio, replace=duty.replace))


def prepare_process(threads: int, device: str | None) -> None:
    """Say how many threads and which GPU libraries use. Call before they are imported."""
    for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OPENCV_FOR_THREADS_NUM"):
        os.environ[variable] = str(threads)
    if device is not None:
        os.environ["CUDA_VISIBLE_DEVICES"] = device


def studio_once(duty: Duty) -> Callable[[], Any]:
    """Return a function that loads the studio when it is first called."""
    return cache(lambda: resolve_name(duty.studio)(duty.engine))


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
