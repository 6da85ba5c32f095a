"""Beards of a drawn head: their edge is no line, and they thin out on the neck."""

import cv2
import numpy as np

from pipelines.finishing.edges import jags
from pipelines.finishing.grading import GREY
from pipelines.finishing.head import HeadMeasures
from pipelines.matting.pixels import ramp

LAST, UNEVEN, ROUND, BROAD = 0.05, 0.012, 0.045, 0.24
"""Height above the drawn picture's lower edge, in skulls, within which a beard before the neck ends; how unevenly, and
how much higher beside the chin, likewise; and the distance from it, in widths of the face, from which on no higher."""
BEARD_LIGHT, BEARD_ROWS, LEAST_BEARD = (0.75, 0.45), 0.16, 0.008
"""Light of a drawn chin beside the neck's below it, from which it begins to be a beard, and is one wholly; height above
the chin's row that is looked at, in skulls; and the least area of a beard there, in squares of the skull."""
CHEEKS, OF_BEARD, FRAY, FRAYED = 0.6, (0.7, 0.5), 0.014, (0.4, 0.95)
"""Quantile of the light between eyes and mouth that is the cheeks'; light beside it from which on something is beard,
and wholly; deviation of the blur of its edge, in skulls, and the values between which the blurred alpha thins out."""
BEARDED = 0.3
"""Share of the face below the mouth that is beard, from which on it is one."""
BEFORE_NECK = (0.42, 0.34)
"""Distances from the chin, in widths of the face: from the first on a beard lies before the backdrop, up to the second
before the neck."""
BEARD_DOWN, BEARD_SOFT, STUBBLE = 0.06, 0.05, 0.42
"""Way that its stubble grows down the neck, deviation of its blur, in skulls, and its share of the skin's colour."""


def soften_beard(face: np.ndarray, colour: np.ndarray, head: HeadMeasures) -> None:
    """Let a beard's edge before the neck thin out, in place: a jaw's line is sharp, a beard's is not.

    Args:
        face: its alpha, float32 (H, W) 0..1.
        colour: float32 RGB (H, W, 3) 0..1.
        head: measures in the same picture.
    """
    first, above = round(0.4 * head.eyes[1] + 0.6 * head.chin[1]), round(0.7 * head.eyes[1] + 0.3 * head.chin[1])
    part, grey = face[first:], colour @ GREY
    cheeks = face[above:first] > 0.9
    if np.count_nonzero(cheeks) < 100:
        return
    skin = float(np.quantile(grey[above:first][cheeks], CHEEKS))
    dark = ramp(grey[first:] / skin, *OF_BEARD) * part
    if dark.sum() < BEARDED * part.sum():  # a shadow below the jaw
        return
    dark = cv2.GaussianBlur(dark, (0, 0), FRAY * head.skull)
    beside = np.abs(np.arange(face.shape[1], dtype=np.float32) - head.chin[0]) / head.width
    frayed = ramp(cv2.GaussianBlur(part, (0, 0), FRAY * head.skull, borderType=cv2.BORDER_REPLICATE), *FRAYED)
    share = np.minimum(2 * dark / np.maximum(cv2.GaussianBlur(part, (0, 0), FRAY * head.skull), 0.1), 1)
    part += (np.minimum(part, frayed) - part) * share * ramp(beside, *BEFORE_NECK)


def grow_beard_on(
    skin: np.ndarray, drawn: np.ndarray, face: np.ndarray, corner: tuple[int, int], chin: float, skull: float
) -> None:
    """Let a beard thin out on the neck below it, in place: no beard ends where its chin does.

    Args:
        skin: the torso's, sRGB (h, w, 3), with its corner's place in the picture.
        drawn: the drawn head in the picture, sRGB (H, W, 3).
        face: its alpha (H, W) 0..1.
        corner: left, top.
        chin: row of the chin in the picture.
        skull: height of the skull, pixels.
    """
    left, top = corner
    part = np.s_[max(top, 0) : top + skin.shape[0], left : left + skin.shape[1]]
    size = (max(1, skin.shape[1] // 4), max(1, skin.shape[0] // 4))
    small, own, seen = (cv2.resize(x, size, interpolation=cv2.INTER_AREA) for x in (drawn[part], skin, face[part]))
    rows = max(top, 0) + 4 * np.arange(size[1], dtype=np.float32)[:, None]
    light = small.mean(-1) / np.maximum(own.mean(-1), 0.02)
    beard = seen * ramp(light, *BEARD_LIGHT) * ramp(rows, chin - BEARD_ROWS * skull, chin - BEARD_ROWS * skull / 2)
    if beard.sum() < LEAST_BEARD * (skull / 4) ** 2:
        return
    colour = (small * beard[..., None]).sum((0, 1)) / beard.sum()
    shift = np.array([[1, 0, 0], [0, 1, BEARD_DOWN * skull / 4]], np.float32)
    share = cv2.GaussianBlur(cv2.warpAffine(beard.astype(np.float32), shift, size), (0, 0), BEARD_SOFT * skull / 4)
    share = cv2.resize(share * np.float32(STUBBLE / share.max()), skin.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    skin += (colour.astype(np.float32) - skin) * share[..., None]


def beards_end(rows: np.ndarray, width: int, head: HeadMeasures) -> np.ndarray:
    """Share (H, width) of a beard before the neck that is left of it towards the drawn picture's last row."""
    beside = (np.arange(width, dtype=np.float32) - head.chin[0]) / head.width
    uneven = UNEVEN * jags(width, head.skull) + ROUND * np.minimum((beside / BROAD) ** 2, 1)
    result: np.ndarray = ramp(rows + head.skull * uneven, len(rows) - 2, len(rows) - 2 - LAST * head.skull)
    return result
