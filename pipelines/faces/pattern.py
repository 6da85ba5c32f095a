"""Pattern of a face: dark eyes, brows and mouth in lighter skin, compared with a mean face.

Detectors also answer to what has a face's outline only: backs of heads, negatives.
"""

from functools import cache
from pathlib import Path

import cv2
import numpy as np

INNER = np.s_[36:104, 26:86]
"""Rows and columns of the inner face in ArcFace's crop: without hair and background."""
GRID = (16, 18)
"""Columns and rows to which it is averaged."""
MEAN_FACE = Path(__file__).with_name("mean_face.npy")
"""Mean of 1,000 faces' patterns, float32 (288,), written by `tools.write_mean_face`."""


def face_pattern(crop: np.ndarray) -> float:
    """Correlation of an aligned face, uint8 RGB (112, 112, 3), with the mean face: -1 to 1.

    Photos of people who look into the camera have .4 to .9, also with masks, sunglasses or lit from one side; backs of
    heads -.2 to .1, negatives -.9 to -.4.
    """
    return float(pattern_of(crop) @ _mean_face())


def pattern_of(crop: np.ndarray) -> np.ndarray:
    """Grey values of the inner face without an even slope of the light, of unit length: float32 (288,)."""
    grey = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY)[INNER].astype(np.float32)
    small = cv2.resize(grey, GRID, interpolation=cv2.INTER_AREA).ravel()
    plain = small - _slope() @ (_slope().T @ small)
    result: np.ndarray = plain / max(float(np.linalg.norm(plain)), 1e-3)
    return result


@cache
def _slope() -> np.ndarray:
    """Orthonormal columns (288, 3) that span all planes on the grid."""
    y, x = np.mgrid[0 : GRID[1], 0 : GRID[0]]
    columns = np.stack([x.ravel(), y.ravel(), np.ones(x.size)], 1)
    result: np.ndarray = np.linalg.qr(columns)[0].astype(np.float32)
    return result


@cache
def _mean_face() -> np.ndarray:
    result: np.ndarray = np.load(MEAN_FACE, allow_pickle=False)
    return result
