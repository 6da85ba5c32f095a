"""View of a head in FFHQ's frame, where places on heads of all photos compare."""

from dataclasses import dataclass

import cv2
import numpy as np

from pipelines.faces.alignment import similarity_transform
from pipelines.matting.alpha import GRID_SIDE

FRAME = GRID_SIDE * np.array([[0.375, 0.47], [0.625, 0.47], [0.5, 0.59], [0.405, 0.72], [0.595, 0.72]], np.float32)
"""(5, 2) pixels: where FFHQ's frame has eyes, nose and mouth corners, on average."""
SKIN = ((0.33, 0.56, 0.41, 0.64), (0.59, 0.56, 0.67, 0.64), (0.46, 0.47, 0.54, 0.54))
"""Boxes of the frame: left, top, right, bottom as shares of its side."""
SKIN_CHROMA, SKIN_HUES = 6.0, (10.0, 90.0)
"""Least CIELAB chroma, and the hue angles in degrees, of what may be skin."""
LIGHT_COUNTS = np.array([0.5, 1.0, 1.0], np.float32)

Box = tuple[float, float, float, float]


@dataclass(frozen=True, kw_only=True, eq=False)
class HeadView:
    """A head in FFHQ's frame."""

    picture: np.ndarray  # uint8 RGB (256, 256, 3)
    inside: np.ndarray  # bool (256, 256): where the photo is
    lab: np.ndarray  # float32 (256, 256, 3), a little blurred

    @classmethod
    def of(cls, image: np.ndarray, landmarks: np.ndarray, *, down: float = 0.0) -> "HeadView":
        """Take a view of an image uint8 RGB (H, W, 3), the head as many frames further `down` as that says."""
        matrix = similarity_transform(landmarks, FRAME + np.array([0, down * GRID_SIDE], np.float32))
        size = (GRID_SIDE, GRID_SIDE)
        picture = cv2.warpAffine(image, matrix, size, flags=cv2.INTER_AREA)
        smooth = cv2.GaussianBlur(picture, (0, 0), 2).astype(np.float32) / 255
        return cls(
            picture=picture,
            inside=cv2.warpAffine(np.ones(image.shape[:2], np.uint8), matrix, size) > 0,
            lab=cv2.cvtColor(smooth, cv2.COLOR_RGB2LAB),
        )

    def colour(self, place: Box) -> np.ndarray:
        """Median CIELAB colour (3,) of a box: left, top, right, bottom as shares of the frame."""
        median: np.ndarray = np.median(cut(self.lab, place).reshape(-1, 3), axis=0)
        return median

    def from_skin(self) -> np.ndarray:
        """Distance (256, 256) of each pixel's colour to that of the skin, CIE76 with half the weight on light."""
        distance: np.ndarray = np.linalg.norm((self.lab - self.skin()) * LIGHT_COUNTS, axis=-1)
        return distance

    def skin(self) -> np.ndarray:
        """Colour (3,) of cheeks and bridge of the nose, of those that no mask or glasses hide."""
        seen = np.array([self.colour(box) for box in SKIN])
        chroma, hue = np.hypot(seen[:, 1], seen[:, 2]), np.degrees(np.arctan2(seen[:, 2], seen[:, 1]))
        shown = (chroma > SKIN_CHROMA) & (hue > SKIN_HUES[0]) & (hue < SKIN_HUES[1])
        middle: np.ndarray = np.median(seen[shown] if shown.any() else seen, axis=0)
        return middle


def cut(grid: np.ndarray, place: Box) -> np.ndarray:
    """Part of an array (256, 256, ...) in the frame: left, top, right, bottom as shares of it."""
    left, top, right, bottom = (round(share * GRID_SIDE) for share in place)
    return grid[top:bottom, left:right]
