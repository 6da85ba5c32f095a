"""Neck and chest of a plate, in the skin of a drawn person."""

from functools import lru_cache

import cv2
import numpy as np

from pipelines.matting.pixels import ramp
from pipelines.wardrobe.cloth import Cloth, to_srgb

PORES = ((0.8, 0.03), (2.5, 0.018), (14.0, 0.025))
"""Sizes of the skin's unevenness, as deviations in pixels, and its amounts, as shares of the light."""
DARKEST, BRIGHTEST = 0.8, 1.08
"""Least light on the neck above the collar, and most on neck and chest, as shares of the usual."""
SHADOW = (0.03, 0.075, 0.035, 0.36)
"""Shadow of the jaw: shift aside and downwards, deviation of its blur, all in skulls; share of sRGB values it takes."""
REDDENS = (0.85, 1.05, 1.1)
"""Exponents by which red, green and blue lose: light that skin lets through reddens its shadows."""


def torso_skin(front: Cloth, tone: np.ndarray, hidden: int) -> tuple[np.ndarray, np.ndarray, tuple[int, int]]:
    """Neck and chest in a tone (3,) linear, lit: sRGB (h, w, 3), their alpha (h, w), and where they begin: left, top.

    The neck goes on upwards by `hidden` rows, behind the head: the plate's ends below the chin. Its uppermost part lies
    in the shadow of the plate's own head, which is not this one's: it is left out.
    """
    rows, columns = (np.flatnonzero(front.skin_alpha.max(axis) > 0) for axis in (1, 0))
    if rows.size < 8:
        return np.zeros((1, 1, 3), np.float32), np.zeros((1, 1), np.float32), (front.left, front.top)
    top, left = max(int(rows[0]) - 2, 0), max(int(columns[0]) - 2, 0)
    part = np.s_[top : rows[-1] + 3, left : columns[-1] + 3]
    light, alpha = front.skin[part], cv2.dilate(front.skin_alpha[part], np.ones((5, 5), np.uint8))
    solid = np.flatnonzero(alpha.max(1) > 0.98)
    first = min(int(solid[0]) + hidden // 4, int(solid[-1])) if solid.size else 0
    above = min(first + hidden, front.top + top + first)
    light, alpha = (cv2.copyMakeBorder(x[first:], above, 0, 0, 0, cv2.BORDER_REPLICATE) for x in (light, alpha))
    level = float(np.percentile(light[alpha > 0.6], 60)) if solid.size else 1.0
    light = np.minimum(light / np.float32(max(level, 1e-3)), np.float32(BRIGHTEST))
    floor = DARKEST * ramp(np.arange(len(light), dtype=np.float32), above + hidden, above)[:, None]
    light = np.maximum(light, floor.astype(np.float32))  # the collar's shadow ends where the collar does
    light = light * _pores(light.shape)
    colour = to_srgb(cv2.merge([light * np.float32(channel) for channel in tone]))
    return colour, alpha, (front.left + left, front.top + top + first - above)


@lru_cache(maxsize=4)
def _pores(shape: tuple[int, int]) -> np.ndarray:
    """Unevenness of skin, a factor about 1, float32 (h, w): a rendered neck has none."""
    random = np.random.default_rng(2)
    total = np.ones(shape, np.float32)
    for deviation, amount in PORES:
        noise = cv2.GaussianBlur(random.standard_normal(shape, np.float32), (0, 0), deviation)
        total += amount / float(noise.std()) * noise
    total.flags.writeable = False
    return total


def throw_jaw_shadow(skin: np.ndarray, face: np.ndarray, corner: tuple[int, int], skull: float, side: float) -> None:
    """Throw the shadow of the jaw on the neck, in place; `face` is the face's alpha in the picture."""
    left, top = corner
    part = face[top : top + skin.shape[0], left : left + skin.shape[1]]
    small = (max(1, part.shape[1] // 4), max(1, part.shape[0] // 4))
    shade = cv2.resize(part, small, interpolation=cv2.INTER_AREA)
    shift = np.array([[1, 0, -side * SHADOW[0] * skull / 4], [0, 1, SHADOW[1] * skull / 4]], np.float32)
    shade = cv2.warpAffine(shade, shift, small, borderMode=cv2.BORDER_REPLICATE)
    shade = cv2.GaussianBlur(shade, (0, 0), SHADOW[2] * skull / 4)
    kept = cv2.resize(1 - SHADOW[3] * shade, part.shape[::-1], interpolation=cv2.INTER_LINEAR)
    skin *= cv2.merge([kept ** np.float32(power) for power in REDDENS])
