"""Turning a drawn head further, by the shape that heads have on average.

The built-in model turns a head less far than its words ask for, as its reference photo holds it back. The rest is
geometry: a picture of a head that turns about its own axis changes, for a few degrees, as this warp does.
"""

import cv2
import numpy as np

GRID = 128  # the displacement is smooth: it is found on a grid of this side
HEAD = (1.7, 2.3, 1.45)  # eye distances: half the width and the height that move with the head, and its depth
CENTRE = 0.25  # of the head, below the eyes
NOSE = (0.28, 0.38, 0.42)  # width, height and how far it stands out
NOSE_TIP = 0.55  # below the eyes
FACE_HEIGHT = 1.05  # eyes to mouth, at most, of a face from the front: tells the eye distance where one is turned away
ROUNDS = 12  # of looking up where a pixel came from; at MOST degrees the last moves nothing by a hundredth of a pixel
PER_DEGREE = 0.0072  # what a degree adds to `turn_of`, on average of faces
MOST = 14.0  # degrees; beyond, ears and jaw begin to look stretched


def turn_of(landmarks: np.ndarray) -> float:
    """Measure a head's turn: the nose's distance from the middle of the eyes, along their line, in eye distances.

    Landmarks (5, 2) in pixels: eyes, nose, mouth corners. Positive to the right as the viewer sees it.
    """
    left, right, nose = landmarks[:3].astype(float)
    across = right - left
    return float((nose - (left + right) / 2) @ across / (across @ across))


def turned_to(picture: np.ndarray, landmarks: np.ndarray, turn: float) -> np.ndarray:
    """Turn a head to that side until `turn_of` is about `turn`; one that is turned as far already stays as it is.

    Picture and landmarks as in `turned`. At most MOST degrees are added.
    """
    missing = (turn - turn_of(landmarks)) * np.sign(turn)
    degrees = float(np.clip(missing / PER_DEGREE, 0, MOST) * np.sign(turn))
    return turned(picture, landmarks, degrees) if degrees else picture


def turned(picture: np.ndarray, landmarks: np.ndarray, degrees: float) -> np.ndarray:
    """Turn the head in a picture about its vertical axis; what is around it stays.

    Args:
        picture: uint8 RGB (H, W, 3).
        landmarks: (5, 2) float32 pixels of the face in it: eyes, nose, mouth corners.
        degrees: positive to the right as the viewer sees it.

    Returns:
        uint8 RGB (H, W, 3).
    """
    size = picture.shape[1::-1]
    eyes, along, unit = _frame(landmarks)
    places = [(np.arange(GRID) + 0.5) * (length / GRID) - 0.5 for length in size]
    x, y = _in_frame(np.stack(np.meshgrid(*places), -1), eyes, along, unit)
    shift = np.zeros_like(x)
    for _ in range(ROUNDS):
        shift = _moved(x - shift, y, np.deg2rad(degrees))

    whole = cv2.resize((shift * unit).astype(np.float32), size, interpolation=cv2.INTER_CUBIC)
    columns, rows = np.meshgrid(*(np.arange(length, dtype=np.float32) for length in size))
    columns, rows = columns - whole * np.float32(along[0]), rows - whole * np.float32(along[1])
    return cv2.remap(picture, columns, rows, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)


def turned_landmarks(landmarks: np.ndarray, degrees: float) -> np.ndarray:
    """Landmarks (5, 2) of a head after `turned` with the same degrees: float32, pixels."""
    eyes, along, unit = _frame(landmarks)
    shift = _moved(*_in_frame(landmarks, eyes, along, unit), np.deg2rad(degrees)) * unit
    result: np.ndarray = (landmarks + shift[:, None] * along).astype(np.float32)
    return result


def _frame(landmarks: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """The head's frame: the middle between the eyes, the direction of their line, and the unit in pixels."""
    eyes, mouth = landmarks[:2].mean(0), landmarks[3:].mean(0)
    gap = float(np.linalg.norm(landmarks[1] - landmarks[0]))
    return eyes, (landmarks[1] - landmarks[0]) / gap, max(gap, float(np.linalg.norm(mouth - eyes)) / FACE_HEIGHT)


def _in_frame(points: np.ndarray, eyes: np.ndarray, along: np.ndarray, unit: float) -> tuple[np.ndarray, np.ndarray]:
    """Places x, y in the head's frame of points (..., 2), pixels."""
    across, down = ((points - eyes) / unit).transpose(-1, *range(points.ndim - 1))
    return across * along[0] + down * along[1], down * along[0] - across * along[1]


def _moved(x: np.ndarray, y: np.ndarray, angle: float) -> np.ndarray:
    """Shift of the head's points to the right when it turns; all in eye distances from between the eyes."""
    width, height, depth = HEAD
    inside = np.clip(1 - (x / width) ** 2 - ((y - CENTRE) / height) ** 2, 0, 1)
    near = depth * inside**1.5  # to the viewer, from the axis; flat at the outline, so that nothing tears there
    near += NOSE[2] * np.exp(-((x / NOSE[0]) ** 2) - ((y - NOSE_TIP) / NOSE[1]) ** 2)
    result: np.ndarray = near * np.sin(angle) - x * (1 - np.cos(angle)) * np.minimum(1, 3 * inside)
    return result
