"""Hair behind the neck: long hair in its shadow, and hair that ends at the nape."""

import cv2
import numpy as np

from pipelines.finishing.edges import jags
from pipelines.finishing.hair.completion import Whole
from pipelines.finishing.head import HeadMeasures

DEEP = 0.02
"""Deviation of the blur of hair behind the neck, in skulls."""
BEHIND, LEAST_HAIR, SHADED = 0.2, 0.05, 0.4
"""Distance of hair from the chin's column, in skulls, and least area of it, in squares of the skull, for it to be also
behind the neck; and its light there, as a share."""
LOBES, LEAST_LOCK = 0.5, 0.05
"""Height of the lobes, as a share of the way from eyes to chin, and width of hair there, in skulls, from which it goes
on to the nape."""
DOWN, INWARDS, BENDS = 0.3, 0.3, 1.5
"""Way down to where it ends, in skulls; its distance from the chin's column there, in widths of the face; and the
exponent of the line between."""
ROUGH, SOFT = 0.03, 0.006
"""Unevenness of that line, and deviation of its blur, in skulls."""


def hair_behind_neck(whole: Whole, hair: np.ndarray, head: HeadMeasures) -> tuple[np.ndarray, np.ndarray]:
    """Hair behind the neck: where it hangs on both sides, and at the nape where it ends higher.

    Args:
        whole: the completed head.
        hair: alpha of the drawn hair, float32 (H, W) 0..1.
        head: measures in the drawn picture.

    Returns:
        Its alpha, uint8 (h, w) of the completed head, and its colour in the neck's shadow, (3,) sRGB 0..1.
    """
    left, above = whole.origin
    sure = hair > 0.8
    if np.count_nonzero(sure) < LEAST_HAIR * head.skull**2:
        return np.zeros_like(whole.alpha), np.zeros(3, np.float32)
    drawn = np.s_[above : above + len(hair), left : left + hair.shape[1]]
    shade = (np.median(whole.colour[drawn][sure], axis=0) * (SHADED / 255)).astype(np.float32)
    strands = whole.alpha > 128
    strands[drawn] &= hair > 0.5
    near, far = (round(left + head.chin[0] + side * BEHIND * head.skull) for side in (-1, 1))
    last = strands[above + len(hair) - 1]
    long = last[:near].any() and last[far:].any()
    return (_hanging if long else _nape)(strands, whole.origin, head), shade


def _hanging(strands: np.ndarray, origin: tuple[int, int], head: HeadMeasures) -> np.ndarray:
    """Alpha, uint8 (h, w), of what lies between long hair on both sides."""
    behind, inside = np.zeros(strands.shape, np.uint8), np.zeros(strands.shape, np.uint8)
    near, far = (round(origin[0] + head.chin[0] + side * BEHIND * head.skull) for side in (-1, 1))
    under = round(2 * DEEP * head.skull)  # so far it lies below the hair on both sides
    first = round(origin[1] + 0.5 * (head.eyes[1] + head.chin[1]))
    for row in range(first, len(strands)):
        sides = np.flatnonzero(strands[row, :near]), np.flatnonzero(strands[row, far:])
        if sides[0].size and sides[1].size:
            behind[row, max(0, sides[0][-1] - under) : far + sides[1][0] + under] = 255
            inside[row, sides[0][0] : far + sides[1][-1] + 1] = 1
    blurred = np.s_[max(0, first - 2 * under) :]
    behind[blurred] = cv2.GaussianBlur(behind[blurred], (0, 0), DEEP * head.skull)  # far behind the lens's focus
    behind[cv2.dilate(inside, np.ones((2 * under + 1, 1), np.uint8)) == 0] = 0  # nothing beside the outermost strands
    return behind


def _nape(strands: np.ndarray, origin: tuple[int, int], head: HeadMeasures) -> np.ndarray:
    """Alpha, uint8 (h, w), of hair that narrows from beside the lobes to the nape, on each side that has some."""
    nape = np.zeros(strands.shape, np.uint8)
    first = round(origin[1] + (1 - LOBES) * head.eyes[1] + LOBES * head.chin[1])
    middle = round(origin[0] + head.chin[0])
    rows = np.arange(first, min(round(first + DOWN * head.skull), len(strands)))
    down = (rows - first) / (DOWN * head.skull)
    rough = ROUGH * head.skull * (jags(len(rows), head.skull)[0] - 1) * np.minimum(4 * down, 1)
    for side in (-1, 1):
        beside = np.flatnonzero(strands[first, middle::side])
        if beside.size > LEAST_LOCK * head.skull:
            reach = beside[-1] + (INWARDS * head.width - beside[-1]) * down**BENDS + rough
            for row, edge in zip(rows, middle + side * reach.astype(int), strict=True):
                nape[row, max(0, min(middle, edge)) : max(middle, edge)] = 255
    near = np.s_[max(0, first - round(4 * SOFT * head.skull)) :]
    nape[near] = cv2.GaussianBlur(nape[near], (0, 0), SOFT * head.skull)
    return nape
