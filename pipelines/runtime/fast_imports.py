"""Fast imports: without the garbage collector; with `runtime.lazy_modules` that saves half a second of every start."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def fast_imports() -> Iterator[None]:
    """Import large libraries inside: Python's garbage collector is off, and as it was afterwards.

    Their objects stay to the end of the program: looking for garbage among them takes a fifth of an import's time, and
    half a second once the collector is on again. So they are set aside (`gc.freeze`) until
    `pipelines.runtime.memory.free_memory` asks for all memory. Where nothing was left to import, nothing is set aside.
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
