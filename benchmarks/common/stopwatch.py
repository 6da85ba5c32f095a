"""Stopwatch for chosen functions: what each step of a run takes, without the cost of a profiler."""

import functools
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any


class Stopwatch:
    """Seconds by name. Time spent in a timed function called by another one counts for the inner one only."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` gives seconds since any fixed moment."""
        self.seconds: dict[str, float] = defaultdict(float)
        self._clock = clock
        self._inner = [0.0]  # for each timed call under way: seconds its own timed calls have taken

    def time(self, owner: Any, function: str, name: str) -> None:
        """Count `owner.function` under `name` from now on."""
        original = getattr(owner, function)

        @functools.wraps(original)
        def timed(*args: Any, **kwargs: Any) -> Any:
            start = self._clock()
            self._inner.append(0.0)
            try:
                return original(*args, **kwargs)
            finally:
                taken = self._clock() - start
                self.seconds[name] += taken - self._inner.pop()
                self._inner[-1] += taken

        setattr(owner, function, timed)

    def lap(self) -> dict[str, float]:
        """Return the seconds by name since the last lap."""
        seconds, self.seconds = dict(self.seconds), defaultdict(float)
        return seconds
