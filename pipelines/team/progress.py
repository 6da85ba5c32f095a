"""Progress of a team: rows that are done, and the time that is left; on a terminal a bar, else lines."""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from tqdm import tqdm

from pipelines.team import texts
from pipelines.team.outcome import Outcome

PAUSE = 10.0  # seconds between two lines where there is no terminal


@dataclass
class Progress:
    """Counts of outcomes, by state, of `total` rows, of which `refused` were refused before the work began."""

    total: int
    refused: int = 0
    clock: Callable[[], float] = time.monotonic
    made: int = 0
    kept: int = 0
    _began: float = field(init=False)
    _first: int = field(init=False)
    _told: float = field(init=False)

    def __post_init__(self) -> None:
        self._began = self._told = self.clock()
        self._first = self.refused
        form = "{desc} {bar} {percentage:3.0f} %{postfix}"
        self._bar = tqdm(total=self.total, initial=self.done, disable=None, bar_format=form, leave=False)

    @property
    def done(self) -> int:
        """Number of rows that nothing more is done about."""
        return self.made + self.kept + self.refused

    @property
    def seconds_left(self) -> float | None:
        """Time until the last row; None until one was worked on. Rows that were there already say nothing about it."""
        worked = self.made + self.refused - self._first
        left = self.total - self.done
        return left * (self.clock() - self._began) / worked if worked else None

    def add(self, outcome: Outcome) -> None:
        """Count an outcome, and show it."""
        setattr(self, outcome.state, getattr(self, outcome.state) + 1)
        line = texts.PROGRESS.format(done=self.done, total=self.total)
        left = "" if self.seconds_left is None else texts.TIME_LEFT.format(left=spoken(self.seconds_left))
        if not self._bar.disable:
            self._bar.n = self.done
            self._bar.set_description_str(line, refresh=False)
            self._bar.set_postfix_str(left.removeprefix(", "))
        elif self.clock() - self._told >= PAUSE or self.done == self.total:
            self._told = self.clock()
            print(f"{line}{left if self.done < self.total else ''}", file=sys.stderr, flush=True)

    def close(self) -> None:
        """Take the bar away."""
        self._bar.close()


def spoken(seconds: float) -> str:
    """Say a time in the unit that fits, as in "12 min"."""
    if seconds < 90:
        return texts.SECONDS.format(number=round(seconds))
    if seconds < 90 * 60:
        return texts.MINUTES.format(number=round(seconds / 60))
    return texts.HOURS.format(number=round(seconds / 3600))
