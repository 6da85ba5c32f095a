"""Where the time of one run goes, without a profiler's cost: the functions of interest note when they ran."""

import functools
import time
from collections import defaultdict
from typing import Any


class Stopwatch:
    """Seconds by name. Time spent in a timed function called by another one counts for the inner one only."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self._inner = [0.0]  # for each timed call under way: seconds its own timed calls have taken

    def time(self, owner: Any, function: str, name: str) -> None:
        """From now on, `owner.function` counts under `name`."""
        original = getattr(owner, function)

        @functools.wraps(original)
        def timed(*args: Any, **kwargs: Any) -> Any:
            start = time.monotonic()
            self._inner.append(0.0)
            try:
                return original(*args, **kwargs)
            finally:
                taken = time.monotonic() - start
                self.seconds[name] += taken - self._inner.pop()
                self._inner[-1] += taken

        setattr(owner, function, timed)

    def lap(self) -> dict[str, float]:
        """Seconds by name since the last lap."""
        seconds, self.seconds = dict(self.seconds), defaultdict(float)
        return seconds
