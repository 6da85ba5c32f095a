"""The stopwatch divides a run's time among its steps."""

from types import SimpleNamespace

import pytest

from benchmarks.common.stopwatch import Stopwatch


class Clock:
    """A clock that stands still until somebody moves it."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def pass_by(self, seconds: float) -> None:
        self.now += seconds


def test_the_stopwatch_counts_inner_steps_once() -> None:
    clock = Clock()

    def outer() -> None:
        clock.pass_by(2)
        owner.inner()
        clock.pass_by(1)

    owner = SimpleNamespace(inner=lambda: clock.pass_by(5), outer=outer)
    watch = Stopwatch(clock)
    watch.time(owner, "inner", "inner")
    watch.time(owner, "outer", "outer")
    owner.outer()
    owner.inner()
    assert watch.lap() == {"inner": 10, "outer": 3}
    assert not watch.lap()


def test_a_step_that_fails_is_counted_too() -> None:
    clock = Clock()

    def fail() -> None:
        clock.pass_by(4)
        raise ValueError("failed")

    owner = SimpleNamespace(fail=fail)
    watch = Stopwatch(clock)
    watch.time(owner, "fail", "failing")
    with pytest.raises(ValueError, match="failed"):
        owner.fail()
    assert watch.lap() == {"failing": 4}
