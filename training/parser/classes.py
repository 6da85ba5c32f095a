"""The five classes of the head parser, and label pictures."""

from pathlib import Path

import cv2
import numpy as np
from PIL import Image

CLASSES = ("backdrop", "hair", "face", "neck", "clothes")
"""Class names; a label is an index into them."""
BACKDROP, HAIR, FACE, NECK, CLOTHES = range(len(CLASSES))
COLOURS = np.array([[60, 60, 60], [230, 40, 40], [60, 200, 60], [60, 90, 255], [250, 210, 40]], np.uint8)
"""Palette of label pictures, RGB."""
SIDE = 256
"""Side of label pictures and of the net's input, pixels."""


def without_crumbs(labels: np.ndarray, least: int) -> np.ndarray:
    """Labels (H, W) in which every connected part smaller than `least` pixels has become what is around it."""
    result = labels.copy()
    for k in range(len(CLASSES)):
        count, parts, stats, _ = cv2.connectedComponentsWithStats((result == k).astype(np.uint8), connectivity=4)
        for part in range(1, count):
            if stats[part, cv2.CC_STAT_AREA] < least:
                inside = parts == part
                ring = (cv2.dilate(inside.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0) & ~inside
                result[inside] = np.bincount(result[ring], minlength=len(CLASSES)).argmax()
    return result


def write_labels(path: Path, labels: np.ndarray) -> None:
    """Write uint8 labels (H, W) as a paletted PNG."""
    image = Image.fromarray(labels.astype(np.uint8), "P")
    image.putpalette(COLOURS.ravel().tolist())
    image.save(path, optimize=True, bits=4)


def read_labels(path: Path) -> np.ndarray:
    """Read uint8 labels (H, W) from a paletted PNG."""
    with Image.open(path) as image:
        return np.array(image, np.uint8)
