"""Turning a drawn head further, by the shape that heads have on average.

The built-in model turns a head by eight degrees or so when its words ask for it, as its reference photo holds it back.
The rest is geometry: a picture of a head that turns about its own axis changes, for a few degrees, as this warp does.
"""

from functools import lru_cache

import cv2
import numpy as np

from pipelines.alignment import FFHQ_TEMPLATE

GRID = 128  # the displacement is smooth: it is found on a grid of this side
HEAD = (1.7, 2.3, 1.45)  # eye distances: half the width and the height that move with the head, and its depth
CENTRE = 0.25  # of the head, below the eyes
NOSE = (0.28, 0.38, 0.42)  # width, height and how far it stands out
NOSE_TIP = 0.55  # below the eyes
ROUNDS = 12  # of looking up where a pixel came from; by then they differ by less than a thousandth of a pixel


def turned(picture: np.ndarray, degrees: float) -> np.ndarray:
    """Turn the head in a picture about its vertical axis; what is around it stays.

    Args:
        picture: uint8 RGB (S, S, 3) with one face in FFHQ's frame (`pipelines.face_frames.ffhq_align`).
        degrees: positive to the right as the viewer sees it. Looks natural up to about 12.

    Returns:
        uint8 RGB (S, S, 3).
    """
    size = picture.shape[1::-1]
    shift = cv2.resize(_shift(degrees), size, interpolation=cv2.INTER_CUBIC) * size[0]
    across, down = np.meshgrid(np.arange(size[0], dtype=np.float32), np.arange(size[1], dtype=np.float32))
    return cv2.remap(picture, across - shift, down, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)


@lru_cache(maxsize=8)
def _shift(degrees: float) -> np.ndarray:
    """How far to the left each place of the turned picture was, as a share of its side: float32 (GRID, GRID)."""
    eyes = FFHQ_TEMPLATE[:2].mean(0)
    unit = float(FFHQ_TEMPLATE[1, 0] - FFHQ_TEMPLATE[0, 0])
    places = (np.arange(GRID) + 0.5) / GRID
    x, y = np.meshgrid((places - eyes[0]) / unit, (places - eyes[1]) / unit)
    shift = np.zeros_like(x)
    for _ in range(ROUNDS):
        shift = _moved(x - shift, y, np.deg2rad(degrees))
    return (shift * unit).astype(np.float32)


def _moved(x: np.ndarray, y: np.ndarray, angle: float) -> np.ndarray:
    """How far points of the head move to the right when it turns, in eye distances from between the eyes."""
    width, height, depth = HEAD
    inside = np.clip(1 - (x / width) ** 2 - ((y - CENTRE) / height) ** 2, 0, 1)
    near = depth * inside**1.5  # to the viewer, from the axis; flat at the outline, so that nothing tears there
    near += NOSE[2] * np.exp(-((x / NOSE[0]) ** 2) - ((y - NOSE_TIP) / NOSE[1]) ** 2)
    return near * np.sin(angle) - x * (1 - np.cos(angle)) * np.minimum(1, 3 * inside)
