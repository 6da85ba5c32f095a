"""The photo that the built-in model follows, with the person before a plain backdrop.

Its reference latents carry whatever stands around the person into the picture, where it smears hair and shoulders and
is hard to cut out again. In the photo itself the person can still be cut out. Where the photo ends within the head, the
head is continued (`crown`).
"""

from collections.abc import Callable

import cv2
import numpy as np

from pipelines.engines.builtin.alignment import ffhq_align, ffhq_matrix
from pipelines.engines.builtin.crown import beyond_upper_edge, with_crown
from pipelines.matting.head_parser import HeadParser
from pipelines.matting.person_mask import PersonMask

PLAIN = np.array([0.47, 0.54, 0.47], np.float32)
"""sRGB of the backdrop, 0..1: skin, hair and most clothes have another colour. A stronger one would tint the hair."""
REACH = 3.5  # eye distances from the face's middle to the edge of what is looked at; the model's own frame has 2 to 3
MAX_PART_SIDE = 512  # pixels of what is looked at
FACE_SHOWN = 0.9  # share of the face that has to be cut out with the person; else somebody else was


def reference_picture(
    image: np.ndarray, landmarks: np.ndarray, mask: PersonMask, parser: Callable[[], HeadParser]
) -> tuple[np.ndarray, np.ndarray]:
    """The whole head in FFHQ's frame before a plain backdrop; arguments as in `on_plain_backdrop`.

    `parser` gives the net that tells hair from skin; it is called only where the photo's edge lies in the frame.

    Returns:
        uint8 RGB (256, 256, 3), and the landmarks in it, (5, 2) float32.
    """
    part, points = on_plain_backdrop(image, landmarks, mask)
    aligned, moved = ffhq_align(part, points)
    side = len(aligned)
    beyond = beyond_upper_edge(ffhq_matrix(points, side), part.shape, side)
    if beyond.any():
        aligned = with_crown(aligned, moved[:2].mean(0), beyond, PLAIN, parser())
    return aligned, moved


def on_plain_backdrop(image: np.ndarray, landmarks: np.ndarray, mask: PersonMask) -> tuple[np.ndarray, np.ndarray]:
    """Cut out the surroundings of a face and make them plain.

    Args:
        image: uint8 RGB (H, W, 3).
        landmarks: (5, 2) float32 pixels of it: eyes, nose, mouth corners.
        mask: finds the person.

    Returns:
        The part of the photo around the face, uint8 RGB with at most MAX_PART_SIDE pixels a side, and the landmarks in
        it. Where the mask did not find the person with this face, the backdrop stays.
    """
    colour, alpha, points = cut_out_face(image, landmarks, mask)
    return cv2.convertScaleAbs(PLAIN + (colour - PLAIN) * alpha[..., None], alpha=255), points


def cut_out_face(
    image: np.ndarray, landmarks: np.ndarray, mask: PersonMask
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The person without what is around them; arguments as in `on_plain_backdrop`.

    Returns:
        Colours, float32 RGB 0..1 (h, w, 3), and alpha, float32 0..1 (h, w), of the part around the face, and the
        landmarks in it. Alpha is 1 everywhere where the mask did not find the person with this face.
    """
    part, points = _around(image, landmarks)
    person = mask.cut_out(part, points)
    (left, top), (right, bottom) = np.maximum(points.min(0), 0).astype(int), points.max(0).astype(int) + 1
    if person.alpha[top:bottom, left:right].mean() < FACE_SHOWN:
        return part.astype(np.float32) / 255, np.ones(part.shape[:2], np.float32), points
    return person.colour, person.alpha, points


def _around(image: np.ndarray, landmarks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The part of a photo that shows the face and its surroundings, made smaller if it is large."""
    eyes, mouth = landmarks[:2].mean(0), landmarks[3:].mean(0)
    middle = (eyes + mouth) / 2
    reach = REACH * max(float(np.linalg.norm(landmarks[1] - landmarks[0])), float(np.linalg.norm(mouth - eyes)))
    low = np.maximum(np.floor(middle - reach), 0).astype(int)
    high = np.minimum(np.ceil(middle + reach), image.shape[1::-1]).astype(int)
    part = image[low[1] : high[1], low[0] : high[0]]
    scale = min(1.0, MAX_PART_SIDE / max(part.shape[:2]))
    if scale < 1:
        part = cv2.resize(part, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(part), ((landmarks - low + 0.5) * scale - 0.5).astype(np.float32)
