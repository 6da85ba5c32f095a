"""Hugging Face Space with ZeroGPU hardware: no GPU is there until a function that asks for one is called."""

import os
from collections.abc import Callable
from typing import TypeVar

F = TypeVar("F", bound=Callable[..., object])

ON_ZERO_GPU = os.environ.get("SPACES_ZERO_GPU", "").lower() in ("1", "t", "true")
"""True in such a Space; the package `spaces`, which is there then and not needed elsewhere, asks the same."""
if ON_ZERO_GPU:
    import spaces  # before anything else initialises CUDA


def on_gpu(seconds: Callable[..., int]) -> Callable[[F], F]:
    """Decorate a generator function that needs a GPU, for so many seconds: `seconds` is called with its arguments.

    On ZeroGPU each call runs in a forked process, and a page that imports no such function does not start. Elsewhere
    the function stays as it is.
    """
    if not ON_ZERO_GPU:
        return lambda function: function
    decorate: Callable[[F], F] = spaces.GPU(duration=seconds)
    return decorate
