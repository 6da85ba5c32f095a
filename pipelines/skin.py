"""A person's skin of the same tone as in their photos: drawn faces drift to the average of the training data."""

from collections.abc import Sequence

import numpy as np

from pipelines.face_view import View
from pipelines.faces import Face, Shot
from pipelines.grading import GREY
from pipelines.pixels import ramp

LIGHT, TINT = 0.55, 0.3
"""How far the light and each channel beside it may be moved, in log odds of sRGB values: 12 L* in the middle of the
range. What differs more is the light of the photo and not the engine's mistake."""

DARK = np.array([0.25, 0.75])
"""From this share of the skin's brightness to that one, a pixel takes on the change of hue."""


def tone(image: np.ndarray, face: Face) -> np.ndarray | None:
    """Mean colour of both cheeks in a uint8 RGB (H, W, 3) picture: (3,) sRGB 0..1; None where one is turned away."""
    return View.of(image, face.landmarks, face.confidence).skin


def usual_tone(shots: Sequence[Shot]) -> np.ndarray | None:
    """A person's tone: the median of their photos, (3,) sRGB 0..1; None if no photo shows both cheeks."""
    seen = [value for shot in shots if (value := tone(shot.image, shot.face)) is not None]
    return np.median(seen, axis=0) if seen else None


def keep(picture: np.ndarray, now: np.ndarray | None, wanted: np.ndarray | None) -> np.ndarray:
    """Change the light on a person so that their cheeks go from `now` to `wanted`, at most by LIGHT and TINT.

    float32 RGB (H, W, 3) sRGB 0..1 -> the same. Black and white stay where they are, so hair and teeth do too.
    """
    if now is None or wanted is None:
        return picture
    shift = _log_odds(wanted) - _log_odds(now)
    light = np.clip(shift.mean(), -LIGHT, LIGHT)
    tint = np.clip(shift - shift.mean(), -TINT, TINT).astype(np.float32)
    share = ramp(picture @ GREY, *(DARK * float(now @ GREY)))[..., None]  # dark hair would take on the tint
    gain = np.exp(np.float32(light) + tint * share)
    return gain * picture / (1 + (gain - 1) * picture)


def _log_odds(values: np.ndarray) -> np.ndarray:
    inside = np.clip(values, 0.01, 0.99)
    return np.log(inside / (1 - inside))
