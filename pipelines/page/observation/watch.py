"""Watch over a run: its outcome and the seconds of its stages, told to the observers of the server."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal, Protocol

from pipelines.errors import Cancelled, PhotoError, UserError
from pipelines.jobs import Busy
from pipelines.progress import Progress

State = Literal["waiting", "running"]
Outcome = Literal["done", "cancelled", "refused", "failed"]
WAITING = "waiting"
"""Stage of a report of progress while other runs come first."""


@dataclass(frozen=True, kw_only=True)
class RunReport:
    """Run that has ended."""

    engine: str
    outcome: Outcome
    refusal: str
    """Kind of a refusal: "busy", "photo" or "request"; "" for another outcome."""
    pictures: int
    seconds: float
    stages: Mapping[str, Sequence[float]]
    """Seconds of each time that a stage of `pipelines.progress.Progress` was gone through."""


class Observer(Protocol):
    """Listener of what happens on the server. Its methods are called from many threads and must return at once."""

    def changed(self, before: State | None, after: State | None) -> None:
        """Hear that a run has begun (from None), has another state, or has ended (to None)."""

    def ended(self, report: RunReport) -> None:
        """Hear that a run has ended."""

    def refused(self, status: int) -> None:
        """Hear that a request was answered with an HTTP status of an error."""


class RunWatch:
    """Watch over one run; `progress` is its report function, `pictures` its number of pictures."""

    def __init__(self, observers: Sequence[Observer]) -> None:
        self.pictures = 0
        self.stages: dict[str, list[float]] = {}
        self._observers = observers
        self._stage = ""
        self._since = self._began = time.monotonic()
        self._state: State | None = None

    def progress(self, tell: Callable[[Progress], None]) -> Callable[[Progress], None]:
        """Wrap a function that is told of progress."""

        def told(progress: Progress) -> None:
            self._enter(progress.stage)
            tell(progress)

        return told

    def change(self, state: State | None) -> None:
        """Tell the observers of another state."""
        if state != self._state:
            for observer in self._observers:
                observer.changed(self._state, state)
            self._state = state

    def end(self, engine: str, outcome: Outcome, refusal: str = "") -> None:
        """Tell the observers that the run has ended."""
        self._enter("")
        self.change(None)
        report = RunReport(
            engine=engine,
            outcome=outcome,
            refusal=refusal,
            pictures=self.pictures,
            seconds=time.monotonic() - self._began,
            stages=self.stages,
        )
        for observer in self._observers:
            observer.ended(report)

    def _enter(self, stage: str) -> None:
        if stage == self._stage:
            return
        now = time.monotonic()
        if self._stage:
            self.stages.setdefault(self._stage, []).append(now - self._since)
        self._stage, self._since = stage, now
        self.change("waiting" if stage == WAITING else "running")


@contextmanager
def watched(observers: Sequence[Observer], engine: str) -> Iterator[RunWatch]:
    """Watch over the run that is made inside, with this engine; errors pass through."""
    watch = RunWatch(observers)
    watch.change("running")
    try:
        yield watch
    except Cancelled:
        watch.end(engine, "cancelled")
        raise
    except UserError as error:
        watch.end(engine, "refused", refusal_kind(error))
        raise
    except BaseException:
        watch.end(engine, "failed")
        raise
    watch.end(engine, "done")


def refusal_kind(error: UserError) -> str:
    """Kind of a refusal: no place in the line, a photo, or what was asked for."""
    return "busy" if isinstance(error, Busy) else "photo" if isinstance(error, PhotoError) else "request"
