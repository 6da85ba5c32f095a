"""A photo of somebody with a headscarf, made of one without."""

import cv2
import numpy as np


def with_scarf(photo: np.ndarray, landmarks: np.ndarray, colour: tuple[int, int, int]) -> np.ndarray:
    """The photo with a plain cloth around the face, softly folded."""
    eyes, mouth = landmarks[:2].mean(0), landmarks[3:].mean(0)
    length = float(np.hypot(*(mouth - eyes)))
    middle = tuple(int(v) for v in eyes + 0.35 * (mouth - eyes))
    cloth, face = np.zeros(photo.shape[:2], np.uint8), np.zeros(photo.shape[:2], np.uint8)
    cv2.ellipse(cloth, middle, (int(1.9 * length), int(2.35 * length)), 0, 0, 360, 1, -1)
    cv2.ellipse(face, middle, (int(1.05 * length), int(1.4 * length)), 0, 0, 360, 1, -1)
    y, x = np.mgrid[: photo.shape[0], : photo.shape[1]]
    folds = 1 + 0.12 * np.sin(np.hypot(x - middle[0], y - middle[1]) / length * 14)
    scarf = np.clip(np.array(colour) * folds[..., None], 0, 255).astype(np.uint8)
    return np.where((cloth & ~face)[..., None].astype(bool), scarf, photo)
