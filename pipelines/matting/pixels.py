"""Image arithmetic that masks, backdrops and finishing share, with few copies of a whole picture."""

import cv2
import numpy as np


def ramp(x: np.ndarray, low: float, high: float) -> np.ndarray:
    """0 up to `low`, 1 from `high`, straight in between; `low` may be the greater one."""
    return np.clip((x - low) / (high - low), 0, 1)


def mix(first: np.ndarray, second: np.ndarray, share: np.ndarray | float) -> np.ndarray:
    """`first` where `share` is 0, `second` where it is 1; a share (H, W) also mixes pictures (H, W, 3)."""
    if isinstance(share, np.ndarray) and share.ndim < np.ndim(first):
        share = spread(share)
    mixed: np.ndarray = second - first
    mixed *= share
    mixed += first
    return mixed


def spread(values: np.ndarray) -> np.ndarray:
    """(H, W) as three equal channels, (H, W, 3): numpy takes twice as long for a last axis of one."""
    return cv2.merge((values, values, values))


def dot(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """The sum over the channels of what two pictures (H, W, 3) are together: (H, W)."""
    return cv2.transform(first * second, np.ones((1, 3), np.float32))


def tinted(picture: np.ndarray, factors: np.ndarray) -> np.ndarray:
    """A picture (H, W, 3) with each channel times its factor, (3,)."""
    return cv2.transform(picture, np.diag(factors).astype(np.float32))


def coarse_grid(shape: tuple[int, ...], step: int = 4) -> tuple[np.ndarray, np.ndarray]:
    """Columns and rows, each float32 (h, w), of a picture (H, W) shrunk by `step`, in its own pixels.

    What changes smoothly is computed on it and enlarged by `cv2.resize`, which puts pixels at the same places.
    """
    height, width = (max(1, length // step) for length in shape[:2])
    x = (np.arange(width, dtype=np.float32) + 0.5) * np.float32(shape[1] / width) - 0.5
    y = (np.arange(height, dtype=np.float32) + 0.5) * np.float32(shape[0] / height) - 0.5
    columns, rows = np.meshgrid(x, y)
    return columns, rows
