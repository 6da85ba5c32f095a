"""Memory after a run that ends early: nothing of the person stays, and there is room for the next run."""

import functools
import gc
import sys
import traceback
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from pipelines.errors import UserError
from pipelines.language.sentence import Sentence
from pipelines.runtime.allocator import give_back

P = ParamSpec("P")
R = TypeVar("R")

# torch on the CPU, onnxruntime and OpenCV have no error type of their own for it
_PHRASES = (
    *("out of memory", "not enough memory", "can't allocate memory", "failed to allocate", "insufficient memory"),
    "status_alloc_failed",  # CUDA's libraries for matrix products and convolutions
)


NO_MEMORY = Sentence("There was not enough memory for this. {advice}")


class OutOfMemory(UserError):
    """The run did not fit; the sentence names the next smaller setting."""


def clear_frames_on_error(advice: Callable[..., str]) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Decorate a run so that its errors carry no photo, face or latents, and running out of memory is a UserError.

    An error's traceback keeps the local variables of every function it went through, for as long as somebody keeps the
    error: https://docs.python.org/3/library/traceback.html#traceback.clear_frames. `advice`, called with the run's
    arguments, says what to do after running out of memory.
    """

    def decorate(run: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(run)
        def forgetful(*args: P.args, **kwargs: P.kwargs) -> R:
            try:
                return run(*args, **kwargs)
            except BaseException as error:
                clear_frames(error)
                if not is_out_of_memory(error):
                    raise
            # Only here, after the `except`, is the error gone and with it what it held.
            free_memory()
            raise OutOfMemory(NO_MEMORY.format(advice=advice(*args, **kwargs)))

        return forgetful

    return decorate


def clear_frames(error: BaseException) -> None:
    """Empty the local variables kept by an error and by the errors it came from."""
    seen: set[int] = set()
    todo: list[BaseException | None] = [error]
    while todo:
        one = todo.pop()
        if one is not None and id(one) not in seen:
            seen.add(id(one))
            traceback.clear_frames(one.__traceback__)
            todo += [one.__cause__, one.__context__]


def is_out_of_memory(error: BaseException) -> bool:
    """True if an error of any of our libraries means that memory ran out, on the CPU or the GPU."""
    torch = sys.modules.get("torch")
    if isinstance(error, MemoryError) or (torch is not None and isinstance(error, torch.OutOfMemoryError)):
        return True
    return not isinstance(error, UserError) and any(phrase in str(error).lower() for phrase in _PHRASES)


def free_memory() -> None:
    """Return unused memory to the system and to the GPU."""
    gc.unfreeze()  # what was alive when the libraries were imported may have become garbage
    gc.collect()
    give_back()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        torch.cuda.empty_cache()
    elif torch is not None and torch.backends.mps.is_available():
        torch.mps.empty_cache()
