"""Attempts at the password: after a few wrong ones each costs time, for the address and, after many, for all."""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

FREE, LONGEST = 5, 60.0  # wrong ones of an address that cost nothing; seconds that each costs at last
FREE_IN_ALL, LONGEST_IN_ALL = 50, 2.0
FORGOTTEN = 15 * 60  # seconds after the last
MOST_ADDRESSES = 10_000


@dataclass
class _Count:
    wrong: int = 0
    last: float = 0.0
    until: float = 0.0  # no attempt before


class Attempts:
    """Wrong attempts of the last quarter of an hour. `now` gives seconds."""

    def __init__(self, now: Callable[[], float] = time.monotonic):
        self._now = now
        self._everybody = _Count()
        self._addresses: OrderedDict[str, _Count] = OrderedDict()

    def wait(self, address: str) -> float:
        """Return how many seconds from now an address may try; 0 if it may."""
        now = self._now()
        counts = [self._everybody, self._addresses.get(address, self._everybody)]
        return max(0.0, *(count.until - now for count in counts))

    def failed(self, address: str) -> None:
        """Count a wrong attempt. Call before the password is compared, so that attempts at once are all counted."""
        own = self._addresses.setdefault(address, _Count())
        self._addresses.move_to_end(address)
        if len(self._addresses) > MOST_ADDRESSES:
            self._addresses.popitem(last=False)
        self._count(own, FREE, LONGEST)
        self._count(self._everybody, FREE_IN_ALL, LONGEST_IN_ALL)

    def succeeded(self, address: str) -> None:
        """Forget the attempts of an address, the right one among them."""
        self._addresses.pop(address, None)
        self._everybody.wrong -= 1

    def _count(self, count: _Count, free: int, longest: float) -> None:
        now = self._now()
        count.wrong = 1 if now - count.last > FORGOTTEN else count.wrong + 1
        count.last = now
        if count.wrong >= free:
            count.until = now + min(2.0 ** (count.wrong - free), longest)
