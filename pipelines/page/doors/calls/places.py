"""Places: how many calls may run or wait at once, in all, from one address and of one visitor.

A call that finds no place is refused before Gradio puts it into its queue: behind sixteen runs a refusal took 13 s.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from gradio.blocks import Blocks
from gradio.queueing import Event

from pipelines.jobs import LINE_FULL, MAX_RUNS, MAX_RUNS_PER_SESSION, SESSION_FULL
from pipelines.page.doors import texts
from pipelines.page.doors.refusal import Refused
from pipelines.page.doors.visitors import Visitor


@dataclass(frozen=True, kw_only=True)
class Limit:
    """Most calls that run or wait together, and the sentence for whoever would be one more."""

    everybody: int
    address: int
    visitor: int
    full: str
    yours: str


LIMITS = {
    "engine": Limit(
        everybody=MAX_RUNS,
        address=MAX_RUNS // 2,
        visitor=MAX_RUNS_PER_SESSION,
        full=LINE_FULL.format(runs=MAX_RUNS),
        yours=SESSION_FULL,
    ),
    "photos": Limit(everybody=48, address=24, visitor=12, full=texts.PHOTOS_FULL, yours=texts.PHOTOS_YOURS),
    "checks": Limit(everybody=16, address=4, visitor=4, full=texts.PHOTOS_FULL, yours=texts.PHOTOS_YOURS),
    "finishing": Limit(everybody=64, address=32, visitor=12, full=texts.FINISHING_FULL, yours=texts.FINISHING_YOURS),
    "fetching": Limit(everybody=4, address=4, visitor=2, full=texts.FINISHING_FULL, yours=texts.FINISHING_YOURS),
}
"""By Gradio's concurrency_id. What is in none of these takes no time."""


@dataclass(frozen=True, eq=False)
class Place:
    """Place of one call, from its arrival until it has left Gradio's queue."""

    kind: str
    visitor: Visitor


class Places:
    """Counts the calls that are on their way into Gradio's queue or in it, so that none is counted that has ended."""

    def __init__(self, blocks: Callable[[], Blocks]):
        self.blocks = blocks
        self._coming: set[Place] = set()

    @contextmanager
    def take(self, kind: str, visitor: Visitor) -> Iterator[Place]:
        """Take a place for a call of this kind until it is in the queue. Raises Refused if there is none."""
        place = Place(kind, visitor)
        limit = LIMITS.get(kind)
        if limit is not None:
            _check(limit, [taken.visitor for taken in self._taken() if taken.kind == kind], visitor)
        self._coming.add(place)
        try:
            yield place
        finally:
            self._coming.discard(place)

    def named_files(self) -> set[str]:
        """Paths of the uploads that waiting and running calls name."""
        return {path for event in self._events() if event.data is not None for path in paths_in(event.data.data)}

    def _taken(self) -> set[Place]:
        queued = (event.request.scope.get("place") for event in self._events())
        return self._coming | {place for place in queued if place is not None}

    def _events(self) -> list[Event]:
        return list(self.blocks()._queue.event_ids_to_events.values())


def _check(limit: Limit, others: list[Visitor], visitor: Visitor) -> None:
    if len(others) >= limit.everybody:
        raise Refused(429, limit.full)
    if visitor.page and sum(other.page == visitor.page for other in others) >= limit.visitor:
        raise Refused(429, limit.yours)
    if sum(other.address == visitor.address for other in others) >= limit.address:
        raise Refused(429, texts.ADDRESS_FULL.format(calls=limit.address))


def paths_in(data: object) -> Iterable[str]:
    """Yield the paths of all files in the values of a call."""
    if isinstance(data, dict):
        if isinstance(path := data.get("path"), str):
            yield path
        data = list(data.values())
    for part in data if isinstance(data, list) else ():
        yield from paths_in(part)
