"""A quicker start."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def starting() -> Iterator[None]:
    """Import large libraries inside: Python's garbage collector is off, and as it was afterwards.

    What they made stays to the end of the program: looking for garbage in it takes a fifth of the time of an import,
    and half a second once the collector is on again. So it never looks there (`gc.freeze`).
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_on:
            gc.enable()
