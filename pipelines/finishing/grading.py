"""Light and colour: a person fitted to the backdrop's light, and the grade of a look."""

import math
from functools import lru_cache

import cv2
import numpy as np

from pipelines.looks.preset import Grade
from pipelines.matting.pixels import mix, ramp, spread, tinted

WRAP = 0.35  # share of a brighter backdrop's light that spills over the person's edge
AMBIENT = 0.05  # share of the backdrop's tint that the whole person takes on
REACH = 0.02  # how far light spills over an edge, as a share of the picture's height
GREY = np.array([0.3, 0.59, 0.11], np.float32)  # of red, green and blue in black and white


def composite(colour: np.ndarray, alpha: np.ndarray, backdrop: np.ndarray) -> np.ndarray:
    """A person before a backdrop, with a touch of its light: float32 RGB (H, W, 3) 0..1.

    The tint is the backdrop's, the brightness stays the person's: nobody's skin becomes lighter or darker.
    """
    size = alpha.shape[::-1]
    quarter = tuple(max(1, length // 4) for length in size)
    around = 1 - cv2.resize(alpha, quarter, interpolation=cv2.INTER_AREA)
    light = cv2.resize(backdrop, quarter, interpolation=cv2.INTER_AREA)
    tint = np.array(cv2.mean(light)[:3]) + 0.1
    tint = tint / (tint @ GREY)
    person = tinted(colour, 1 + AMBIENT * (tint - 1))
    spill, share = (
        cv2.resize(cv2.GaussianBlur(x, (0, 0), REACH * quarter[1]), size, interpolation=cv2.INTER_LINEAR)
        for x in (light * spread(around), around)
    )
    spill -= person * spread(share)  # only where the backdrop is brighter than the person
    lit = np.maximum(spill, 0, out=spill)
    lit *= WRAP
    lit += person
    return mix(backdrop, lit, alpha)


def grade(picture: np.ndarray, settings: Grade) -> np.ndarray:
    """Apply a look's grade to a picture, float32 RGB (H, W, 3) 0..1 -> the same."""
    if settings.exposure:
        picture = expose(picture, settings.exposure)
    if settings.warmth:
        warm = np.array([1 + 0.08 * settings.warmth, 1, 1 - 0.08 * settings.warmth], np.float32)
        picture = np.minimum(tinted(picture, warm / (warm @ GREY)), 1)
    if settings.contrast != 1:
        picture = picture + _bend(picture, settings.contrast)
    if settings.monochrome:
        picture = spread(picture @ GREY)
    elif settings.saturation != 1:
        picture = np.clip(mix(spread(picture @ GREY), picture, settings.saturation), 0, 1)
    if settings.vignette:
        picture = picture * spread(vignette(picture.shape[1::-1], settings.vignette))
    return picture


def undo_contrast(colour: np.ndarray, settings: Grade) -> np.ndarray:
    """Colour that the grade's contrast turns into this one, sRGB 0..1, so that a look leaves skin as light as it is."""
    found = colour
    for _ in range(4):
        found = np.clip(colour - _bend(found, settings.contrast), 0, 1)
    return found


def _bend(picture: np.ndarray, contrast: float) -> np.ndarray:
    """Change by an S-curve that leaves black, mid-grey and white where they are, so that nothing is clipped."""
    bend = picture - 0.5
    bend *= (contrast - 1) * 4
    bend *= picture
    bend *= 1 - picture
    return bend


def expose(picture: np.ndarray, stops: float) -> np.ndarray:
    """Brighter or darker by stops of light, black and white staying where they are; sRGB 0..1."""
    gain = 2 ** (stops / 2.2)
    return gain * picture / (1 + (gain - 1) * picture)


@lru_cache(maxsize=2)
def vignette(size: tuple[int, int], loss: float) -> np.ndarray:
    """Factors of an sRGB picture whose corners lose this share of their light: float32 (H, W), read-only."""
    across, down = (np.linspace(-1, 1, length, dtype=np.float32) for length in size)
    far = np.hypot(across[None], down[:, None]) / math.sqrt(2)
    kept = (1 - loss * ramp(far, 0.35, 1) ** 2) ** (1 / 2.2)
    kept.flags.writeable = False
    return kept
