"""Progress of a run, and the time it will take, from what its steps have taken so far."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np

from pipelines.errors import Cancelled, Skipped

Part = TypeVar("Part")

PREVIEW_PAUSE = 0.5  # seconds between two previews
FEW_STEPS = 6  # a drawing of so few steps has a preview of each
_PHOTOS, _DRAWN, _FINISHED = 0.05, 0.8, 0.95  # share of the run; the other two: share of each picture


@dataclass(frozen=True, kw_only=True)
class Progress:
    """A report of progress, as the page or the command line shows it."""

    stage: str  # "photos", "waiting", "loading", "drawing", "finishing" or "saving"
    done: float  # 0..1 of the run, never less than in the report before
    picture: int  # 1-based number of the picture at hand, 0 before the first
    count: int  # how many pictures were asked for
    seconds_left: float | None = None  # None until something was measured
    preview: np.ndarray | None = None  # uint8 RGB (H, W, 3)
    step: int = 0  # while drawing: number of the step that is done, 0 before the first
    step_count: int = 0  # while drawing: how many there are
    place: int | None = None  # while waiting: how many runs come first
    fetched: float | None = None  # while loading: share of the missing weights that has come, 0..1


class StepDone(Protocol):
    """A step that an engine has done."""

    @property
    def number(self) -> int:
        """Number of the step, 1-based."""

    @property
    def count(self) -> int:
        """Number of steps; the engine may do fewer than it was asked for."""

    @property
    def preview(self) -> Callable[[], np.ndarray]:
        """Makes uint8 RGB (h, w, 3), which costs time."""


@dataclass
class Pace:
    """Seconds that an engine needs on this machine; None until measured. Kept from run to run."""

    step: float | None = None
    rest: float | None = None  # of a picture, besides its steps: decoding, finishing, saving

    def left(self, steps: int, pictures: float) -> float | None:
        """Seconds for so many steps and the rest of so many pictures."""
        return None if self.step is None else steps * self.step + pictures * (self.rest or 0.0)


class Reporter:
    """Tells the person how far the run is. Every report is also a place where a cancelled run stops."""

    def __init__(
        self,
        count: int,
        steps: int,
        pace: Pace,
        on_progress: Callable[[Progress], None] | None = None,
        cancel: threading.Event | None = None,
        previews: bool = True,
        skip: threading.Event | None = None,
    ):
        self.cancel = cancel or threading.Event()
        self._skip = skip or threading.Event()
        self._count, self._steps, self._pace = count, steps, pace
        self._tell = on_progress or (lambda _: None)
        self._previews = previews and on_progress is not None
        self._next_preview = 0.0
        self._done = 0.0
        self._picture = self._step = 0
        self._percent = -1
        self._began = self._first_step = self._last_step = 0.0

    def photo(self, number: int, photos: int) -> None:
        """Report that photo `number` of `photos` is looked at next."""
        self._report("photos", _PHOTOS * (number - 1) / photos, self._pace.left(self._steps * self._count, self._count))

    def waiting(self, ahead: int, seconds_per_run: float | None) -> None:
        """Report that other runs come first: `ahead` of them."""
        own = self._pace.left(self._steps * self._count, self._count)
        known = own is not None and seconds_per_run is not None
        self._report("waiting", _PHOTOS, own + ahead * seconds_per_run if known else None, place=ahead)  # type: ignore

    def loading(self) -> None:
        """Report that the engine is not in memory yet."""
        self._report("loading", _PHOTOS, None)

    def fetching(self, share: float) -> None:
        """Report that weights are missing, and the share of them that has come; percent by percent."""
        if (percent := int(100 * share)) == self._percent:
            return self.stop_if_cancelled()
        self._percent = percent
        self._report("loading", 0, None, fetched=share)

    def drawing(self, picture: int) -> None:
        """Report that picture `picture` is drawn next, or drawn again."""
        self._picture, self._step, self._began = picture, 0, time.monotonic()
        self._skip.clear()  # whoever pressed it meant the picture before
        self._report("drawing", self._share(0), self._left(1))

    def step(self, step: StepDone) -> None:
        """Report that a step of the picture is done. Raises Skipped if the person has asked for that."""
        self._step, self._steps, self._last_step = step.number, step.count, time.monotonic()
        if step.number <= 1:
            self._first_step = self._last_step
        else:
            self._pace.step = (self._last_step - self._first_step) / (step.number - 1)
        preview = None
        if self._previews and (self._last_step >= self._next_preview or step.count <= FEW_STEPS):
            preview = step.preview()
            self._next_preview = time.monotonic() + PREVIEW_PAUSE
        self._report("drawing", self._share(_DRAWN * step.number / step.count), self._left(1), preview=preview)
        self._stop_if_skipped()

    def finishing(self, drawn: np.ndarray) -> None:
        """Report that the picture is drawn and gets its backdrop, crop and grade. Raises Skipped."""
        self._report("finishing", self._share(_DRAWN), self._left(0.5), preview=drawn)
        self._stop_if_skipped()

    def part(self, _name: str, _key: object, make: Callable[[], Part]) -> Part:
        """Make a part of a finished picture, as `finish_headshot` asks for them. Raises Cancelled, or Skipped."""
        self.stop_if_cancelled()
        self._stop_if_skipped()
        return make()

    def saving(self, finished: np.ndarray) -> None:
        """Report that the picture is finished and gets its mark, recipe and file. Raises Skipped."""
        self._stop_if_skipped()
        self._report("saving", self._share(_FINISHED), self._left(0.1), preview=finished)

    def saved(self) -> None:
        """Report that the picture is on disk."""
        if self._pace.step is not None:
            self._pace.rest = max(0.0, time.monotonic() - self._began - self._steps * self._pace.step)
        self._report("saving", self._share(1), self._left(0))

    def stop_if_cancelled(self) -> None:
        """Raise Cancelled if the person has asked for it."""
        if self.cancel.is_set():
            raise Cancelled

    def _stop_if_skipped(self) -> None:
        if self._skip.is_set():
            raise Skipped

    def _share(self, of_picture: float) -> float:
        return _PHOTOS + (1 - _PHOTOS) * (self._picture - 1 + of_picture) / self._count

    def _left(self, rest: float) -> float | None:
        """Seconds until the end of the run, with the steps and the share `rest` of this picture's rest to go."""
        pictures = self._count - self._picture
        return self._pace.left(pictures * self._steps + max(0, self._steps - self._step), pictures + rest)

    def _report(
        self,
        stage: str,
        done: float,
        seconds_left: float | None,
        preview: np.ndarray | None = None,
        place: int | None = None,
        fetched: float | None = None,
    ) -> None:
        self.stop_if_cancelled()
        self._done = max(self._done, min(done, 1.0))
        self._tell(
            Progress(
                stage=stage,
                done=self._done,
                picture=self._picture,
                count=self._count,
                seconds_left=seconds_left,
                preview=preview,
                step=self._step if stage == "drawing" else 0,
                step_count=self._steps if stage == "drawing" else 0,
                place=place,
                fetched=fetched,
            )
        )
        self.stop_if_cancelled()
