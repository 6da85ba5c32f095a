"""A quicker start."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def fast_imports() -> Iterator[None]:
    """Import large libraries inside: Python's garbage collector is off, and as it was afterwards.

    What they made stays to the end of the program: looking for garbage in it takes a fifth of the time of an import,
    and half a second once the collector is on again. So it is set aside (`gc.freeze`), until somebody asks for all
    memory back (`pipelines.runtime.memory.give_back`). Where nothing was left to import, nothing is.
    """
    was_on, before = gc.isenabled(), len(sys.modules)
    gc.disable()
    try:
        yield
    finally:
        if len(sys.modules) > before:
            gc.freeze()
        if was_on:
            gc.enable()
