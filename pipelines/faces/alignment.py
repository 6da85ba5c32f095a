"""A face turned upright and scaled to ArcFace's square, from its five landmarks."""

from typing import Literal

import cv2
import numpy as np

Sampling = Literal["area", "direct"]
"""Way of a large face to the small crop: shrunk by area first, or sampled at once, as insightface's own code does."""

CROP_SIDE = 112  # pixels of ArcFace's crop
TEMPLATE = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]], np.float32
)
"""(5, 2) pixels: where ArcFace wants the left eye, right eye, nose and mouth corners in its crop."""


def similarity_transform(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Return the (2, 3) float32 rotation, scale and shift that takes points (N, 2) closest to points (N, 2)."""
    # Points as complex numbers make this one regression; insightface's own way calls a deprecated part of scikit-image.
    s, t = source[:, 0] + 1j * source[:, 1], target[:, 0] + 1j * target[:, 1]
    a = np.vdot(s - s.mean(), t - t.mean()) / np.vdot(s - s.mean(), s - s.mean()).real
    b = t.mean() - a * s.mean()
    return np.array([[a.real, -a.imag, b.real], [a.imag, a.real, b.imag]], np.float32)


def align(
    image: np.ndarray,
    landmarks: np.ndarray,
    template: np.ndarray = TEMPLATE,
    side: int = CROP_SIDE,
    sampling: Sampling = "area",
) -> np.ndarray:
    """Cut a face out of an image (H, W, 3) uint8: (side, side, 3), same colour order, black outside.

    `template` (5, 2) pixels says where the landmarks go; as given, it is ArcFace's.

    Sampled directly, a large face aliases, and embeddings of different photos agree less; but adapters of others were
    trained on such embeddings (median cosine of the two kinds .96, `benchmarks.engines --real` measures what it does).
    """
    matrix = similarity_transform(landmarks, template)
    scale = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    if scale < 1 and sampling == "area":
        # Only the neighbourhood of the face is worth shrinking.
        x0, y0, x1, y1 = _around(image.shape, matrix, side)
        if x1 - x0 < 2 or y1 - y0 < 2:
            return np.zeros((side, side, 3), np.uint8)
        part = image[y0:y1, x0:x1]
        width, height = max(1, round((x1 - x0) * scale)), max(1, round((y1 - y0) * scale))
        image = cv2.resize(part, (width, height), interpolation=cv2.INTER_AREA)
        # Shrinking keeps the corners of the picture in place, not the centres of its pixels: hence the halves.
        ratio = np.array([width / (x1 - x0), height / (y1 - y0)])
        matrix = similarity_transform((landmarks - (x0, y0) + 0.5) * ratio - 0.5, template)
    return cv2.warpAffine(image, matrix, (side, side), flags=cv2.INTER_LINEAR)


def visible(shape: tuple[int, ...], landmarks: np.ndarray) -> np.ndarray:
    """Return which pixels of the aligned face lie inside an image of this shape: (112, 112) bool."""
    x, y = _back(similarity_transform(landmarks, TEMPLATE), *np.meshgrid(np.arange(CROP_SIDE), np.arange(CROP_SIDE)))
    return (x >= 0) & (x <= shape[1] - 1) & (y >= 0) & (y <= shape[0] - 1)


def _back(matrix: np.ndarray, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Take pixels of the crop back to pixels of the image."""
    inverse = cv2.invertAffineTransform(matrix)
    return tuple(row[0] * x + row[1] * y + row[2] for row in inverse)


def _around(shape: tuple[int, ...], matrix: np.ndarray, side: int) -> tuple[int, int, int, int]:
    """Return the part of the image that the crop is made of, with a margin: x0, y0, x1, y1 in pixels."""
    x, y = _back(matrix, np.array([0, side, 0, side]), np.array([0, 0, side, side]))
    margin = 4 / float(np.hypot(matrix[0, 0], matrix[1, 0]))  # four pixels of the crop
    x0, y0 = max(0, int(x.min() - margin)), max(0, int(y.min() - margin))
    return x0, y0, min(shape[1], int(x.max() + margin)), min(shape[0], int(y.max() + margin))
