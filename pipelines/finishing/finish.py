"""Finishing: what an engine drew becomes a headshot, with backdrop, skin tone, crop and grade."""

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING

import cv2
import numpy as np

from pipelines.finishing.backdrops.backdrops import backdrop
from pipelines.finishing.framing import CROPS, Frame, frame
from pipelines.finishing.grading import composite, grade, undo_contrast
from pipelines.finishing.tones import cheek_tone, match_skin_tone
from pipelines.looks.preset import Look
from pipelines.matting.person_mask import PersonMask

if TYPE_CHECKING:
    from pipelines.faces.identity import Face

__all__ = ["PersonMask", "finish"]

LIGHT: Mapping[str, float] = MappingProxyType({"from-left": -1.0, "from-right": 1.0, "dramatic": -1.0})
"""Position of the lamp on the backdrop by the look's light: -1 left .. 1 right; else the middle."""
LOW_KEY = frozenset({"dramatic"})
"""Light that leaves a face in the dark: how light its skin is there says nothing of the person's."""


def finish(
    image: np.ndarray,
    face: "Face | None",
    look: Look,
    *,
    mask: PersonMask,
    skin: np.ndarray | None = None,
    cut_out: bool = True,
) -> np.ndarray:
    """Finish a picture that an engine drew: uint8 RGB (H, W, 3) -> uint8 RGB.

    The result has the pixels of the part that the look's crop shows; nothing is enlarged. `skin` is the colour of
    the person's cheeks, (3,) sRGB 0..1 (`tones.median_skin_tone`); None leaves them as they were drawn, and low-key
    light takes on their tint alone. Without `cut_out` the engine's own backdrop stays. The same arguments give the same
    picture.
    """
    size, crop = image.shape[1::-1], CROPS[look.crop]
    drawn = None if face is None else cheek_tone(image, face)
    skin = None if skin is None else undo_contrast(skin, look.grade)
    matched = partial(match_skin_tone, now=drawn, wanted=skin, tint_only=look.light in LOW_KEY)
    if not cut_out:
        picture = matched(_part(image.astype(np.float32) / 255, frame(size, face, crop)))
        return _to_bytes(grade(picture, look.grade))

    # 1. Cut the person out.
    person = mask.cut_out(image, None if face is None else face.landmarks)

    # 2. Lay the frame around the face.
    head = None if face is None else sides(person.alpha, face)
    part = frame(size, face, crop, hair=highest(person.alpha), head=head)
    colour, alpha = _part(person.colour, part), _part(person.alpha, part)

    # 3. Light the person so that their skin has the tone it has in their photos.
    colour = matched(colour)

    # 4. Draw the backdrop of this look at this size, and the person before it in its light.
    behind = backdrop(look.backdrop, part.width, part.height, light=LIGHT.get(look.light, 0.0))
    picture = composite(colour, alpha, behind)

    # 5. Grade.
    return _to_bytes(grade(picture, look.grade))


def highest(alpha: np.ndarray) -> int | None:
    """The row where a person's hair begins; 0 if the picture's edge cuts it, None if there is nobody."""
    rows = np.flatnonzero((alpha > 0.3).sum(1) > 0.004 * alpha.shape[1])
    if not rows.size:
        return None
    return int(rows[0]) if rows[0] > 0.003 * alpha.shape[0] else 0


def sides(alpha: np.ndarray, face: "Face") -> tuple[int, int] | None:
    """The first and the last column of the person between eyes and nose; None where nobody is."""
    rows = face.landmarks[:3, 1].clip(0, len(alpha) - 1)
    columns = np.flatnonzero(alpha[int(rows.min()) : int(rows.max()) + 1].mean(0) > 0.5)
    return (int(columns[0]), int(columns[-1])) if columns.size else None


def _part(picture: np.ndarray, part: Frame) -> np.ndarray:
    """Cut a frame out; what it shows above the picture is 0."""
    inside = picture[max(0, part.top) : part.top + part.height, part.left : part.left + part.width]
    above = [(max(0, -part.top), 0)] + [(0, 0)] * (picture.ndim - 1)
    return np.pad(inside, above)


def _to_bytes(picture: np.ndarray) -> np.ndarray:
    result: np.ndarray = cv2.convertScaleAbs(np.maximum(picture, 0), alpha=255)  # rounds, and stops at 255
    return result
