"""The drawn head: its measures, and the pieces of it that are set on a torso."""

from dataclasses import dataclass

import numpy as np

from pipelines.faces.identity import Face
from pipelines.matting.head_parser import HeadParts

EYES_TO_CHIN = 2.0
"""A skull's height, chin to crown without hair, in distances from the eyes' line to the chin: eyes lie half-way up."""
EYES_APART = 3.6
"""Its height in distances between the pupils (63 of 226 mm: Farkas, Anthropometry of the head and face, 1994)."""
CHIN_BELOW_MOUTH = 0.95
"""Distance from the mouth's corners to the chin, in distances from eyes to mouth, where the parts show no chin: a smile
lifts the corners, so that it is 0.9 to 1.1 in drawn heads and 0.75 in serious faces."""
CHINS = (0.7, 1.2)
"""Distances, likewise, within which the parts are believed."""


@dataclass(frozen=True, kw_only=True)
class HeadMeasures:
    """Measures of a drawn head, in pixels of its picture."""

    eyes: tuple[float, float]  # middle between the eyes
    chin: tuple[float, float]
    skull: float  # height from the chin to the crown, without hair
    top: float  # row of the highest hair; below 0 where the picture's edge cuts it
    width: float  # of the face at the height of the nose
    roll: float  # degrees that the head is tilted, clockwise
    neck: float | None  # width of the neck below the jaw; None where clothes or hair hide it


def measure_head(face: Face, parts: HeadParts, alpha: np.ndarray) -> HeadMeasures:
    """Measure a head by landmarks, parts and the person's alpha, float32 (H, W)."""
    landmarks = face.landmarks.astype(float)
    eyes, mouth = landmarks[:2].mean(0), landmarks[3:].mean(0)
    across = landmarks[1] - landmarks[0]
    down = mouth - eyes
    length = float(np.hypot(*down))
    along = down / length

    guess = mouth + CHIN_BELOW_MOUTH * down
    chin = _chin(parts.face, mouth, along, length, guess)
    to_chin = float((chin - eyes) @ along)
    skull = 0.65 * EYES_TO_CHIN * to_chin + 0.35 * EYES_APART * max(float(np.hypot(*across)), 0.9 * length)

    rows = np.flatnonzero((alpha > 0.5).sum(1) > 0.02 * alpha.shape[1])
    top = float(rows[0]) if rows.size else 0.0
    nose = int(np.clip(landmarks[2, 1], 0, alpha.shape[0] - 1))
    columns = np.flatnonzero(parts.face[nose] > 0.5)
    width = float(np.ptp(columns)) + 1 if columns.size else 2.2 * float(np.hypot(*across))
    below = int(np.clip(chin[1] + 0.06 * skull, 0, alpha.shape[0] - 1))
    neck = np.flatnonzero(parts.neck[below] > 0.5)
    return HeadMeasures(
        eyes=(float(eyes[0]), float(eyes[1])),
        chin=(float(chin[0]), float(chin[1])),
        skull=skull,
        top=top,
        width=width,
        roll=float(np.degrees(np.arctan2(across[1], across[0]))),
        neck=float(np.ptp(neck)) + 1 if neck.size > 0.25 * skull else None,
    )


def _chin(face: np.ndarray, mouth: np.ndarray, along: np.ndarray, length: float, guess: np.ndarray) -> np.ndarray:
    """The face's lowest point below the mouth, (2,) pixels; `guess` where the parts have none near it."""
    steps = np.arange(0.35 * length, 1.35 * length)
    points = mouth + steps[:, None] * along
    x, y = np.rint(points).astype(int).T
    inside = (y >= 0) & (y < face.shape[0]) & (x >= 0) & (x < face.shape[1])
    shown = inside.copy()
    shown[inside] = face[y[inside], x[inside]] > 0.5
    if not shown[0] or shown.all():
        return guess
    found = steps[int(np.argmin(shown))]
    return mouth + float(np.clip(found, CHINS[0] * length, CHINS[1] * length)) * along
