"""Drawing of a run's pictures: by the engine itself, or on a GPU that is borrowed for the run."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from pipelines.engines import zero_gpu
from pipelines.settings import Settings

if TYPE_CHECKING:
    from pipelines.engines.engine import Engine, OnStep
    from pipelines.faces.identity import Identity


class Draw(Protocol):
    """Draws a picture of the run."""

    def __call__(self, seed: int, *, on_step: "OnStep") -> np.ndarray:
        """Return uint8 RGB (H, W, 3). Raises as `Engine.generate` does."""


@contextmanager
def drawing(
    engine: "Engine",
    identity: "Identity",
    prepared: Any,
    settings: Settings,
    arguments: Callable[[int], Mapping[str, Any]],
    seeds: Sequence[int],
) -> Iterator[Draw]:
    """Encode a person and draw pictures of them inside.

    Args:
        engine: the engine, whose turn it is.
        identity: the person.
        prepared: what the engine's adapter made of their photos before.
        settings: of the run.
        arguments: gives the further arguments of `Engine.generate` for a seed: the prompt.
        seeds: of the pictures that are wanted in any case; others can be drawn as well.
    """
    if zero_gpu.borrows(engine.spec):
        call = partial(zero_gpu.draw_pictures, engine.spec.id, identity, prepared, settings)
        with closing(zero_gpu.BorrowedGpu(call, arguments, seeds)) as borrowed:
            yield borrowed.draw
        return
    condition = engine.condition(identity, prepared)

    def draw(seed: int, *, on_step: "OnStep") -> np.ndarray:
        return engine.generate(condition, settings=settings, seed=seed, on_step=on_step, **arguments(seed))

    yield draw
