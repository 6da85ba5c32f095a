"""A place in the line and its turn in one, for tests that hold the engine."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pipelines.jobs import Jobs


@contextmanager
def turn(
    jobs: Jobs,
    cancel: threading.Event | None = None,
    on_wait: Callable[[int], None] | None = None,
    session: str | None = None,
) -> Iterator[None]:
    with jobs.place(session) as place:
        place.wait(cancel, on_wait)
        yield
