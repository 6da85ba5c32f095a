"""A quicker start."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def starting() -> Iterator[None]:
    """Leave Python's garbage collector off while inside, and as it was afterwards.

    What importing torch and diffusers makes stays to the end: looking for garbage in it, over and over, takes a fifth
    of the time.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
