"""Framing of a headshot: head size and eye line, from the five landmarks."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from pipelines.looks.shoot import HeadPlace, Pose

if TYPE_CHECKING:
    from pipelines.faces.identity import Face

EYES = (0.43, 0.48)  # height of the eyes in the frame, as a share from its top: wished for, and the lowest
HEADROOM = 0.035  # above the hair, as a share of the frame's height, where the hair is not cut already
EDGE = 0.025
"""Share of the picture's height that stays out of the frame where the picture's edge cuts the hair: a crown that is
just touched looks broken, one that is cut does not, and the person is less surely cut out there."""
SIDEROOM = 0.03  # beside the head, as a share of the frame's width, where the whole head fits


@dataclass(frozen=True, kw_only=True)
class Crop:
    """A shape of frame. Its height is given in FFHQ frames: one is about 1.2 heads."""

    across: int  # the frame's sides are whole multiples of these two
    down: int
    height: float


CROPS: Mapping[str, Crop] = MappingProxyType(
    {
        "portrait": Crop(across=4, down=5, height=2.8),
        "square": Crop(across=1, down=1, height=2.4),
        "tight": Crop(across=1, down=1, height=1.3),
    }
)
"""Crops of a whole picture. They keep the shoulders and clothes that were drawn: where the face is a quarter of a
picture's height, a portrait keeps nine tenths of it."""
HEAD = 1.2  # FFHQ's square in heads, chin to the top of the hair, about


@dataclass(frozen=True, kw_only=True)
class Frame:
    """A part of a picture in whole pixels. `top` is negative where backdrop is to be added above the picture."""

    left: int
    top: int
    width: int
    height: int


def frame(
    size: tuple[int, int],
    face: "Face | None",
    crop: Crop,
    *,
    hair: int | None = None,
    head: tuple[int, int] | None = None,
) -> Frame:
    """The frame that a crop asks for in a picture of this size (width, height).

    It shows the whole face box, lies inside the picture and is never enlarged: where the picture holds less than the
    crop asks for, the frame is smaller. With `hair`, the highest pixel row of the person, the backdrop can be continued
    above the picture, so the frame may reach over it to leave room above the hair; if it is 0, the picture's edge cuts
    the hair, and the frame stays away from it. With `head`, the first and the last
    column of the person at the height of the face, the frame moves aside to show both ears and the hair of a turned
    head, where that fits.
    """
    width, height = size
    fits = min(width // crop.across, height // crop.down)
    if face is None:
        return _at(size, crop, fits, (width - fits * crop.across) / 2, (height - fits * crop.down) / 2, 0)

    x0, y0, x1, y1 = np.clip(face.box, 0, [width, height, width, height]).tolist()
    eyes = face.landmarks[:2].mean(0).tolist()
    tall = max(crop.height * ffhq_side(face.landmarks), y1 - y0, (x1 - x0) * crop.down / crop.across)
    highest = 0.0 if hair is None else min(EDGE * height, y0)
    # In a frame that ends where the picture ends:
    room = (height - eyes[1]) / (1 - EYES[1]) if hair else height - highest
    unit = max(1, min(int(tall / crop.down), int(room / crop.down), width // crop.across))
    tall = unit * crop.down

    top = eyes[1] - EYES[0] * tall
    if hair:
        top = max(min(top, hair - HEADROOM * tall), eyes[1] - EYES[1] * tall)
    top = min(max(top, y1 - tall), y0)
    wide = unit * crop.across
    centre = float(np.mean([eyes[0], *face.landmarks[3:, 0], x0, x1]))
    left = centre - wide / 2
    if head and head[1] - head[0] <= (1 - 2 * SIDEROOM) * wide:
        left = min(max(left, head[1] + SIDEROOM * wide - wide), head[0] - SIDEROOM * wide)
    left = min(max(left, x1 - wide), x0)
    return _at(size, crop, unit, left, top, -tall if hair else math.ceil(highest))


def head_place(size: tuple[int, int], crop: str, posed: Pose) -> HeadPlace:
    """Place a head in a picture of this size (width, height): as large as its pose says, in the part that is framed.

    `frame` takes all that fits of such a picture.
    """
    shape = CROPS[crop]
    tall = min(size[0] // shape.across, size[1] // shape.down) * shape.down
    return HeadPlace(
        eyes=(size[0] / 2, (size[1] - tall) / 2 + EYES[0] * tall),
        side=HEAD * posed.head * tall,
        turn=posed.turn,
        tilt=posed.tilt,
    )


def ffhq_side(landmarks: np.ndarray) -> float:
    """Side of the square in which FFHQ would frame this face, in pixels; landmarks (5, 2) in pixels."""
    eyes, mouth = landmarks[:2].mean(0), landmarks[3:].mean(0)
    between = float(np.hypot(*(landmarks[1] - landmarks[0])))
    return 2 * max(2 * between, 1.8 * float(np.hypot(*(mouth - eyes))))


def _at(size: tuple[int, int], crop: Crop, unit: int, left: float, top: float, highest: int) -> Frame:
    width, height = unit * crop.across, unit * crop.down
    left = min(max(round(left), 0), size[0] - width)
    top = min(max(round(top), highest), size[1] - height)
    return Frame(left=left, top=top, width=width, height=height)
