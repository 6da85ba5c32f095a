"""One light for head and torso: the drawn face says from where it comes, as far as the look does not."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import cv2
import numpy as np

from pipelines.finishing.grading import GREY
from pipelines.finishing.head import HeadMeasures
from pipelines.matting.head_parser import HeadParts

SIDES: Mapping[str, float] = MappingProxyType({"from-left": -0.7, "from-right": 0.7, "dramatic": -1.0})
"""Side of the key light by the look's light: -1 left .. 1 right. Where a look says none, it is the drawn face's own."""
KEYS: Mapping[str, tuple[float, float, float]] = MappingProxyType(
    {
        "soft": (0.86, 0.4, 0.3),
        "from-left": (0.92, 0.3, 0.35),
        "from-right": (0.92, 0.3, 0.35),
        "dramatic": (0.9, 0.08, 0.55),
    }
)
"""Strengths of both keys together, of the front and of the rim by the look's light. 1 is a white cloth's white."""
RELIGHT = 0.6
"""Share of the missing side light that is laid over the drawn face, 0 to 1: with 1 noses have two shadows."""
DEEPEST = 0.6
"""Most light that the far side of a face loses to it."""
FULL_SIDE = 0.7
"""Difference of the face's halves, in natural logarithms of linear light, that is taken for a lamp wholly at a side."""


@dataclass(frozen=True, kw_only=True)
class Lighting:
    """Light of a picture."""

    lamps: Mapping[str, float]  # strength of each group of a plate's lamps
    side: float  # -1 from the left .. 1 from the right
    shift: float  # what the drawn face's own side lacks to it


def lighting(light: str, drawn_side: float) -> Lighting:
    """Mix the lamps for a look's light and a face that is lit from a side, -1 left .. 1 right."""
    side = SIDES.get(light, drawn_side)
    keys, front, rim = KEYS[light]
    right = keys * (0.5 + 0.42 * side)
    lamps = {"left": keys - right, "right": right, "front": front, "rim": rim}
    return Lighting(lamps=lamps, side=side, shift=side - drawn_side if light in SIDES else 0.0)


def drawn_side(colour: np.ndarray, parts: HeadParts, head: HeadMeasures) -> float:
    """Side from which a drawn face is lit, -1 left .. 1 right; sRGB float32 (H, W, 3)."""
    grey = cv2.transform(colour[::4, ::4], GREY[None]) ** 2.2
    y, x = np.mgrid[0 : colour.shape[0] : 4, 0 : colour.shape[1] : 4]
    across = (x - head.chin[0]) / (0.5 * head.width)
    cheeks = (parts.face[::4, ::4] > 0.8) & (y > head.eyes[1]) & (y < head.chin[1]) & (np.abs(across) > 0.25)
    left, right = cheeks & (across < 0), cheeks & (across > 0)
    if left.sum() < 50 or right.sum() < 50:
        return 0.0
    ratio = float(np.log(max(grey[right].mean(), 1e-3) / max(grey[left].mean(), 1e-3)))
    return float(np.clip(ratio / FULL_SIDE, -1, 1))


def relit(colour: np.ndarray, head: HeadMeasures, shift: float) -> np.ndarray:
    """Head with more light from a side, as on a cylinder: sRGB float32 (H, W, 3) -> the same."""
    if abs(shift) < 0.15:
        return colour
    across = (np.arange(colour.shape[1], dtype=np.float32) - head.eyes[0]) / (0.62 * head.width)
    facing = np.clip(across * np.sign(shift), -1, 1)  # 1 towards the lamp
    lost = min(1.0, abs(shift) * RELIGHT) * DEEPEST * (0.5 - 0.5 * np.sin(facing * np.pi / 2)) ** 1.4
    gain = ((1 - lost) ** (1 / 2.2)).astype(np.float32)
    result: np.ndarray = colour * gain[None, :, None]
    return result
