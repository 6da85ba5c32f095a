"""Line of runs: in order of arrival; whoever is at its head holds the engine, for the whole run.

Engines keep state on shared objects (adapter scales, the reference face, the scheduler), so "set state, call, clear"
happens only inside a turn. A turn lasts a whole run, not one picture: runs are short (at most eight pictures), people
are done sooner on average than when pictures take turns, and the place in the line means what it says.

Fair between people: a session has one place in the line. Its second run waits behind it and joins the end of the line
when the first is done, so somebody who asks for fifty runs makes everybody else wait for one. A third is refused.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pipelines.errors import Cancelled, UserError
from pipelines.language.sentence import Sentence

MAX_RUNS = 16  # running and waiting together; more are refused at once
MAX_RUNS_PER_SESSION = 2  # one running, one waiting
CANCEL_POLL = 0.05  # seconds; how long a waiting run may take to notice that it was cancelled

LINE_FULL = Sentence("There are already {runs} runs in the line. Please try again in a few minutes.")
SESSION_FULL = Sentence(
    "You already have one run going and another waiting. Wait until the first is done, or cancel it, then try again."
)


class Busy(UserError):
    """Refusal: no place is free, and nothing was started."""


class Place:
    """Place of a run in the line, taken on arrival. It belongs to a thread and ends with it at the latest."""

    def __init__(self, jobs: "Jobs", session: str | None):
        self.session = session
        self.thread = threading.current_thread()
        self.began: float | None = None  # seconds on the monotonic clock, when its turn came
        self._jobs = jobs

    def wait(self, cancel: threading.Event | None = None, on_wait: Callable[[int], None] | None = None) -> None:
        """Return when it is this run's turn; raise Cancelled as soon as `cancel` is set.

        `on_wait` hears how many runs are ahead (1 or more), at the start and at every change, never inside the lock.
        """
        self._jobs._wait(self, cancel or threading.Event(), on_wait or (lambda _: None))


class Jobs:
    """The line. `with jobs.place(session) as place:` takes a place, `place.wait()` waits for the turn."""

    def __init__(self, max_runs: int = MAX_RUNS, max_runs_per_session: int = MAX_RUNS_PER_SESSION, at_once: int = 1):
        self.max_runs = max_runs
        self.at_once = at_once  # runs that have the turn together: there are so many engines
        self.max_runs_per_session = max_runs_per_session
        self.seconds_per_run: float | None = None  # a running average of how long turns last
        self._changed = threading.Condition()
        self._line: list[Place] = []  # the first `at_once` of it have the turn
        self._behind: list[Place] = []  # second runs of sessions that are in the line already

    def __len__(self) -> int:
        """Number of runs: running, waiting, and second ones of sessions."""
        with self._changed:
            self._drop_dead()
            return len(self._line) + len(self._behind)

    @contextmanager
    def place(self, session: str | None = None) -> Iterator[Place]:
        """Take a place now or raise Busy now. `session` names the person; None is a person of its own."""
        place = Place(self, session)
        self._enter(place)
        try:
            yield place
        finally:
            self._leave(place)

    def _enter(self, place: Place) -> None:
        with self._changed:
            self._drop_dead()
            everyone = self._line + self._behind
            if any(other.thread is place.thread for other in everyone):
                raise RuntimeError("this thread has a place in the line already and would wait for itself for ever")
            mine = [other for other in everyone if place.session is not None and other.session == place.session]
            if len(mine) >= self.max_runs_per_session:
                raise Busy(SESSION_FULL)
            if len(everyone) >= self.max_runs:
                raise Busy(LINE_FULL.format(runs=len(everyone)))
            (self._behind if mine else self._line).append(place)

    def _wait(self, place: Place, cancel: threading.Event, on_wait: Callable[[int], None]) -> None:
        last_told = 0
        while True:
            with self._changed:
                self._drop_dead()
                if cancel.is_set():
                    raise Cancelled
                ahead = self._ahead(place)
                if ahead == 0:
                    place.began = time.monotonic()
                    return
                if ahead == last_told:
                    self._changed.wait(CANCEL_POLL)
                    continue
            last_told = ahead
            on_wait(ahead)

    def _ahead(self, place: Place) -> int:
        if place in self._line:
            return max(0, self._line.index(place) + 1 - self.at_once)
        return max(1, len(self._line) + self._behind.index(place) + 1 - self.at_once)

    def _leave(self, place: Place) -> None:
        with self._changed:
            if place.began is not None:
                lasted = time.monotonic() - place.began
                self.seconds_per_run = lasted if self.seconds_per_run is None else (self.seconds_per_run + lasted) / 2
            self._remove(place)
            self._changed.notify_all()

    def _remove(self, place: Place) -> None:
        """Take the place away and let the next run of the same session join the end of the line."""
        if place in self._behind:
            self._behind.remove(place)
        if place in self._line:
            self._line.remove(place)
            following = next((other for other in self._behind if other.session == place.session), None)
            if following is not None:
                self._behind.remove(following)
                self._line.append(following)

    def _drop_dead(self) -> None:
        """A thread that ended without leaving must not hold everybody else up."""
        for place in [place for place in self._line + self._behind if not place.thread.is_alive()]:
            self._remove(place)
