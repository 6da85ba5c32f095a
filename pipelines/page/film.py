"""Film of a picture: a few small frames from the first noise to the finished headshot."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from pipelines.drawings.drawing import Drawing
from pipelines.looks.fields import BUILTIN
from pipelines.page.markup import data_uri
from pipelines.progress import Progress

FRAMES = 7
"""Most frames that are kept of a picture."""
NOISE = (1, 64, 8, 8)
"""Shape of the built-in engine's latents."""
SIDE = 200
"""Pixels of a frame's longer side."""
Kind = Literal["noise", "step", "drawn", "finished"]
KINDS: dict[str, Kind] = {"drawing": "step", "finishing": "drawn", "saving": "finished"}
"""Kinds of the previews that a stage of a run gives."""


@dataclass(frozen=True, kw_only=True)
class Frame:
    """A frame, as the page shows it."""

    kind: Kind
    step: int
    """Number of the step, 1-based; of noise the seed."""
    count: int
    """Number of steps."""
    uri: str
    """The small picture as a data URI, with the mark of pictures made by AI."""


class FilmMaker:
    """Collects the previews of a run's pictures. Belongs to the run's thread.

    Of a picture that was lost and drawn again only the last drawing counts.
    """

    def __init__(self) -> None:
        self._taken: list[tuple[Kind, int, int, np.ndarray]] = []
        self._films: dict[int, tuple[Frame, ...]] = {}

    def see(self, progress: Progress) -> None:
        """Take the preview of a report, if it has one."""
        if progress.stage == "drawing" and progress.step <= 1:
            self._taken.clear()
        if progress.preview is not None:
            small = _small(progress.preview)
            self._taken.append((KINDS[progress.stage], progress.step, progress.step_count, small))

    def finish(self, drawing: Drawing) -> None:
        """Cut the film of the picture that is finished."""
        begins: list[tuple[Kind, int, int, np.ndarray]] = []
        if drawing.plan.spec.family == BUILTIN:  # of others the page does not know what they begin with
            begins.append(("noise", drawing.drawn.seed, 0, first_noise(drawing)))
        frames = [*begins, *self._taken]
        chosen = [frames[k] for k in _evenly(len(frames), FRAMES)]
        self._films[drawing.drawn.seed] = tuple(
            Frame(kind=kind, step=step, count=count, uri=data_uri(image, SIDE, made=True))
            for kind, step, count, image in chosen
        )
        self._taken.clear()

    def film(self, seed: int) -> tuple[Frame, ...]:
        """Frames of the picture with this seed; () if there are none."""
        return self._films.get(seed, ())


def _small(image: np.ndarray) -> np.ndarray:
    scale = min(1.0, SIDE / max(image.shape[:2]))
    size = (max(1, round(scale * image.shape[1])), max(1, round(scale * image.shape[0])))
    result: np.ndarray = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return result


def _evenly(count: int, most: int) -> Sequence[int]:
    """Indices of at most so many things, evenly spread, the first and the last among them."""
    return list(dict.fromkeys(np.linspace(0, count - 1, min(count, most)).round().astype(int).tolist()))


def first_noise(drawing: Drawing) -> np.ndarray:
    """The noise that the built-in engine began with, three of its channels as red, green and blue.

    The engine draws it from the same seed, on the CPU. Returns uint8 RGB (SIDE, SIDE, 3).
    """
    import torch  # the engine has loaded it long ago

    noise = torch.randn(NOISE, generator=torch.Generator().manual_seed(drawing.drawn.seed))[0, :3]
    levels = (noise.permute(1, 2, 0).numpy() * 48 + 128).clip(0, 255).astype(np.uint8)
    result: np.ndarray = cv2.resize(levels, (SIDE, SIDE), interpolation=cv2.INTER_NEAREST)
    return result
