"""Memory of processes, sampled while they work."""

import threading
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Self

import psutil

PAUSE = 1.0  # seconds between two samples
MEGABYTE = 1e6


class MemoryWatch:
    """Samples the resident memory of this process and of its workers, in MB: `with MemoryWatch(workers) as watch`."""

    def __init__(self, workers: Callable[[], Iterable[psutil.Process]]):
        self.own: list[float] = []
        self.peaks: dict[int, float] = {}  # of the workers, by process
        self._workers, self._end = workers, threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._end.set()
        self._thread.join()

    @property
    def growth(self) -> float:
        """Growth of this process from the first quarter of the time to the last, MB: difference of the medians."""
        quarter = max(1, len(self.own) // 4)
        return sorted(self.own[-quarter:])[quarter // 2] - sorted(self.own[quarter : 2 * quarter])[quarter // 2]

    def _sample(self) -> None:
        this = psutil.Process()
        while not self._end.wait(PAUSE):
            self.own.append(this.memory_info().rss / MEGABYTE)
            for worker in self._workers():
                try:
                    self.peaks[worker.pid] = max(self.peaks.get(worker.pid, 0.0), worker.memory_info().rss / MEGABYTE)
                except psutil.Error:  # it has ended
                    continue
