"""Scenes in place of what random weights draw: a real person before a patterned wall, at the true size of an engine.

The engine's own code still draws, so whatever it is told reaches its pipeline; only its picture is exchanged. Faces are
then found in it, and it is finished, judged and saved, as a picture of real weights would be.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import cv2
import numpy as np
import pytest

from pipelines.engine_table import ENGINES
from pipelines.engines.engine import Engine
from pipelines.faces.identity import Face
from pipelines.matting.person_mask import PersonMask

EYES = 0.36
"""Height of the eyes in a scene, as a share from the top."""


class Scenes:
    """Pictures of one person: what an engine drew, and what it was told, call by call."""

    def __init__(self, portrait: np.ndarray, face: Face, mask: PersonMask):
        """`portrait` is uint8 RGB (H, W, 3); of `face` box and landmarks are looked at."""
        self._face = face
        self._sizes = {row.id: dict(row.sizes) for row in ENGINES.values()}
        self._person = mask.cut_out(portrait, face.landmarks)
        self.drawn: list[np.ndarray] = []
        """Scenes, uint8 RGB (H, W, 3)."""
        self.random: list[np.ndarray] = []
        """Pictures of the random weights, whose place the scenes took."""
        self.told: list[dict[str, Any]] = []
        """Arguments of each call."""
        self.face_heights: tuple[float, ...] = (0.33,)
        """Heights of the face, chin to brow, as shares of the picture's; pictures take them in turn."""
        self.stops = 0.0
        """Light on the scene, in stops."""

    def scene(self, size: tuple[int, int], face_height: float) -> np.ndarray:
        """Draw the person, whose clothes reach the lower edge, before a wall of tiles: a picture (width, height)."""
        width, height = size
        box, eyes = self._face.box, self._face.landmarks[:2].mean(0)
        scale = face_height * height / float(box[3] - box[1])
        shift = np.array([width / 2, EYES * height]) - scale * eyes
        matrix = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]])
        last = np.ascontiguousarray(self._person.alpha), np.ascontiguousarray(self._person.colour)
        alpha, colour = (
            cv2.warpAffine(one, matrix, size, flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE) for one in last
        )
        top = max(0, round(shift[1]))
        alpha[:top] = 0  # above the portrait nobody is
        picture = alpha[..., None] * colour + (1 - alpha[..., None]) * wall(size)
        light = 2 ** (self.stops / 2.2)
        result: np.ndarray = np.clip(255 * light * picture, 0, 255).astype(np.uint8)
        return result

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Exchange what every engine draws."""
        generate = Engine.generate

        def exchanged(engine: Engine, *args: Any, crop: str = "portrait", **how: Any) -> np.ndarray:
            self.random.append(generate(engine, *args, crop=crop, **how))
            self.told.append(how | {"crop": crop})
            row = ENGINES[engine.spec.id]
            scale = row.second_pass.scale if row.second_pass else 1
            width, height = (round(scale * side) for side in self._sizes[row.id][crop])
            face_height = self.face_heights[len(self.drawn) % len(self.face_heights)]
            self.drawn.append(self.scene((width, height), face_height))
            return self.drawn[-1]

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Engine, "generate", exchanged)
            yield


def wall(size: tuple[int, int]) -> np.ndarray:
    """Make a wall of coloured tiles, float32 RGB (H, W, 3) 0..1: no painted backdrop is like it."""
    tiles = np.random.default_rng(0).random((16, 12, 3), np.float32)
    result: np.ndarray = cv2.resize(0.2 + 0.6 * tiles, size, interpolation=cv2.INTER_NEAREST)
    return result


def likest(part: np.ndarray, picture: np.ndarray) -> float:
    """Correlation of a part of one picture with the place in another that is most like it, -1 to 1."""
    return float(cv2.matchTemplate(picture, part, cv2.TM_CCOEFF_NORMED).max())
