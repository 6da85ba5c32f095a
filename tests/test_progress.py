"""Progress of a run: never backwards, with the time left from what was measured, and the place where a run stops."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from pipelines.errors import Cancelled, Skipped
from pipelines.progress import Pace, Progress, Reporter

PICTURE = np.zeros((4, 4, 3), np.uint8)


@dataclass
class Step:
    number: int
    count: int
    preview: Callable[[], np.ndarray] = lambda: PICTURE


def go(reporter: Reporter, count: int, steps: int, seconds: float = 0.0, redraw: int = 0) -> None:
    reporter.photo(1, 1)
    for number in range(1, count + 1):
        for _ in range(2 if number == redraw else 1):
            reporter.drawing(number)
            for step in range(1, steps + 1):
                time.sleep(seconds)
                reporter.step(Step(step, steps))
        reporter.finishing(PICTURE)
        time.sleep(seconds)
        reporter.saving(PICTURE)
        reporter.saved()


def test_it_starts_at_nothing_ends_at_everything_and_never_goes_back():
    told: list[Progress] = []
    go(Reporter(3, 5, Pace(), told.append), 3, 5, redraw=2)
    done = [progress.done for progress in told]
    assert done[0] == 0 and done[-1] == pytest.approx(1)
    assert done == sorted(done)
    assert [progress.picture for progress in told] == sorted(progress.picture for progress in told)
    assert {progress.stage for progress in told} == {"photos", "drawing", "finishing", "saving"}
    assert {progress.count for progress in told} == {3}


def test_the_time_left_is_measured():
    told: list[Progress] = []
    pace = Pace()
    go(Reporter(2, 5, pace, told.append), 2, 5, seconds=0.02)
    assert told[0].seconds_left is None
    assert pace.step == pytest.approx(0.02, rel=0.5)
    assert pace.rest == pytest.approx(0.02, rel=0.8)
    assert told[-1].seconds_left == pytest.approx(0, abs=0.01)

    told.clear()
    go(Reporter(2, 5, pace, told.append), 2, 5, seconds=0.02)
    assert told[0].seconds_left == pytest.approx(2 * 6 * 0.02, rel=0.5)  # known from the first run
    left = [progress.seconds_left for progress in told if progress.seconds_left is not None]
    assert left[0] > left[len(left) // 2] > left[-1]


def test_somebody_who_waits_hears_the_place_and_the_time():
    told: list[Progress] = []
    reporter = Reporter(1, 10, Pace(step=0.5, rest=1.0), told.append)
    reporter.waiting(3, 20.0)
    assert (told[0].stage, told[0].place, told[0].seconds_left) == ("waiting", 3, 66.0)
    reporter.waiting(2, None)
    assert (told[1].place, told[1].seconds_left) == (2, None)


def test_previews_are_drawn_only_for_somebody_and_not_at_every_step():
    drawn = []

    def preview() -> np.ndarray:
        drawn.append(1)
        return PICTURE

    for tell, previews, expected in (
        (None, True, 0),
        (lambda progress: None, False, 0),
        (lambda progress: None, True, 1),
    ):
        drawn.clear()
        reporter = Reporter(1, 9, Pace(), tell, None, previews)
        reporter.drawing(1)
        for step in range(1, 10):
            reporter.step(Step(step, 9, preview))
        assert len(drawn) == expected


@pytest.mark.parametrize("report", ["photo", "waiting", "loading", "drawing", "step", "finishing", "saving", "saved"])
def test_every_report_stops_a_cancelled_run(report: str):
    arguments = {
        "photo": (1, 1),
        "waiting": (1, None),
        "drawing": (1,),
        "step": (Step(1, 9),),
        "finishing": (PICTURE,),
        "saving": (PICTURE,),
    }
    cancel = threading.Event()
    told: list[Progress] = []
    reporter = Reporter(1, 9, Pace(), told.append, cancel)
    cancel.set()
    with pytest.raises(Cancelled):
        getattr(reporter, report)(*arguments.get(report, ()))
    assert told == []


@pytest.mark.parametrize("told", ["cancel", "skip", None])
def test_finishing_ends_between_its_parts(told: str | None):
    events = {"cancel": threading.Event(), "skip": threading.Event()}
    reporter = Reporter(1, 9, Pace(), None, events["cancel"], skip=events["skip"])
    reporter.drawing(1)
    assert reporter.part("cut out", 0.0, lambda: "head") == "head"
    if told is None:
        return
    events[told].set()
    with pytest.raises(Cancelled if told == "cancel" else Skipped):
        reporter.part("dressed", 0.0, lambda: pytest.fail("made"))
