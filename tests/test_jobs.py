"""The line: order, fairness, cancelling, and that nothing ever blocks it."""

import threading
import time
from collections.abc import Callable

import pytest

from pipelines.errors import Cancelled
from pipelines.jobs import Busy, Jobs
from tests.support.turns import turn

PATIENCE = 10.0  # seconds until a test gives up


def start(work: Callable[..., object], *given: object) -> threading.Thread:
    thread = threading.Thread(target=work, args=given, daemon=True)
    thread.start()
    return thread


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.002)


class Runs:
    """Starts runs one by one, so that their order of arrival is known, and writes down who was drawn when."""

    def __init__(self, **limits: int):
        self.jobs = Jobs(**limits)
        self.drawn: list[str] = []
        self.refused: list[str] = []
        self.cancelled: list[str] = []
        self.ahead: dict[str, list[int]] = {}
        self.inside = 0
        self.most_inside = 0
        self.gate = threading.Event()
        self.threads: list[threading.Thread] = []

    def run(self, name: str, session: str | None = None, cancel: threading.Event | None = None) -> threading.Thread:
        before = len(self.jobs) + len(self.refused)
        thread = start(self._run, name, session, cancel)
        self.threads.append(thread)
        until(lambda: len(self.jobs) + len(self.refused) > before or not thread.is_alive())
        return thread

    def _run(self, name: str, session: str | None, cancel: threading.Event | None) -> None:
        try:
            with turn(self.jobs, cancel, self.ahead.setdefault(name, []).append, session):
                self.inside += 1
                self.most_inside = max(self.most_inside, self.inside)
                self.drawn.append(name)
                self.gate.wait(PATIENCE)
                time.sleep(0.001)
                self.inside -= 1
        except Busy as refusal:
            self.refused.append(f"{name}: {refusal}")
        except Cancelled:
            self.cancelled.append(name)

    def finish(self) -> None:
        self.gate.set()
        for thread in self.threads:
            thread.join(PATIENCE)
            assert not thread.is_alive(), "a run hangs"


def test_one_run_at_a_time_in_order_of_arrival():
    runs = Runs()
    for number in range(12):
        runs.run(f"run {number}")
    runs.finish()
    assert runs.drawn == [f"run {number}" for number in range(12)]
    assert runs.most_inside == 1
    assert len(runs.jobs) == 0


def test_a_waiting_run_hears_its_place_at_every_change():
    runs = Runs()
    for name in ("first", "second", "third"):
        runs.run(name)
    until(lambda: runs.ahead["third"] == [2])
    runs.finish()
    assert runs.ahead["first"] == []
    assert runs.ahead["second"] == [1]
    assert runs.ahead["third"] in ([2], [2, 1])  # too quick to hear of the change, or not


@pytest.mark.scorecard("R6", cases=0)
def test_a_flooder_makes_nobody_wait_for_more_than_one_extra_run():
    runs = Runs(max_runs=100)
    for number in range(50):
        runs.run(f"flood {number}", "flooder")
    for user in "abc":
        runs.run(user, user)
    assert len(runs.refused) == 48
    assert all("one run going and another waiting" in sentence for sentence in runs.refused)
    runs.finish()
    assert runs.drawn == ["flood 0", "a", "b", "c", "flood 1"]


@pytest.mark.scorecard("R6", cases=80)
def test_six_users_keep_their_order_while_one_floods():
    runs = Runs(max_runs=100)
    runs.gate.set()

    def user(name: str) -> None:
        for number in range(5):
            runs._run(f"{name}{number}", name, None)

    def flood() -> None:
        for number in range(50):
            start(runs._run, f"x{number}", "x", None)

    everybody = [start(flood), *(start(user, name) for name in "abcdef")]
    for thread in everybody:
        thread.join(PATIENCE)
    until(lambda: len(runs.jobs) == 0)
    assert len(runs.drawn) + len(runs.refused) == 80
    assert not [sentence for sentence in runs.refused if not sentence.startswith("x")]
    for name in "abcdef":
        assert [drawn for drawn in runs.drawn if drawn[0] == name] == [f"{name}{number}" for number in range(5)]
    assert runs.most_inside == 1


@pytest.mark.scorecard("R7", cases=0)
def test_a_full_line_refuses_at_once_and_loses_nobody():
    runs = Runs(max_runs=16)
    started = time.monotonic()
    threads = [start(runs._run, str(number), None, None) for number in range(100)]
    until(lambda: len(runs.refused) == 84)
    assert time.monotonic() - started < 1.0
    assert "already 16 runs in the line" in runs.refused[0]
    runs.gate.set()
    for thread in threads:
        thread.join(PATIENCE)
    assert len(runs.drawn) == 16


def test_cancelling_while_waiting_leaves_the_line_at_once():
    runs = Runs()
    cancel = threading.Event()
    runs.run("first")
    waiting = runs.run("second", cancel=cancel)
    runs.run("third")
    cancel.set()
    waiting.join(0.5)
    assert runs.cancelled == ["second"]
    until(lambda: runs.ahead["third"] == [2, 1])
    runs.finish()
    assert runs.drawn == ["first", "third"]


def test_a_run_cancelled_before_its_turn_never_starts():
    cancel = threading.Event()
    cancel.set()
    jobs = Jobs()
    with pytest.raises(Cancelled), turn(jobs, cancel):
        raise AssertionError("it started")
    assert len(jobs) == 0


@pytest.mark.parametrize("error", [ValueError, MemoryError, KeyboardInterrupt, SystemExit, GeneratorExit])
def test_a_run_that_fails_frees_the_engine(error: type[BaseException]):
    jobs = Jobs()
    with pytest.raises(error), turn(jobs):
        raise error
    with turn(jobs):
        assert len(jobs) == 1


def test_a_thread_that_dies_holding_the_engine_blocks_nobody():
    jobs = Jobs()

    def die() -> None:
        held = jobs.place()
        held.__enter__().wait()
        keep.append(held)  # else its clean-up would run when it is thrown away

    keep: list[object] = []
    start(die).join(PATIENCE)
    started = time.monotonic()
    with turn(jobs):
        assert time.monotonic() - started < 1.0


def test_a_session_may_come_again_after_its_runs():
    jobs = Jobs()
    for _ in range(5):
        with turn(jobs, session="me"):
            pass
    assert len(jobs) == 0


def test_waiting_for_oneself_is_a_bug_and_not_a_deadlock():
    jobs = Jobs()
    with turn(jobs), pytest.raises(RuntimeError, match="wait for itself"), turn(jobs):
        pass


def test_the_line_measures_how_long_a_run_takes():
    jobs = Jobs()
    assert jobs.seconds_per_run is None
    with turn(jobs):
        time.sleep(0.02)
    assert jobs.seconds_per_run is not None and 0.02 <= jobs.seconds_per_run < 1


def test_several_engines_take_several_people_but_one_run_of_each() -> None:
    jobs = Jobs(at_once=2)
    turns: list[str] = []
    go = threading.Event()

    def run(session: str) -> None:
        with jobs.place(session) as place:
            place.wait()
            turns.append(session)
            go.wait(5)

    threads = []
    for number, session in enumerate(("ada", "ada", "bob", "carl"), 1):
        threads.append(threading.Thread(target=run, args=(session,)))
        threads[-1].start()
        until = time.monotonic() + 5
        while len(jobs) < number and time.monotonic() < until:
            time.sleep(0.005)
    time.sleep(0.2)
    assert sorted(turns) == ["ada", "bob"], "a second run of one person took the other engine, or nobody did"
    go.set()
    for thread in threads:
        thread.join(5)
    assert sorted(turns) == ["ada", "ada", "bob", "carl"]
