"""A person's skin as light or as dark as in their photos: drawn faces drift to the average of the training data."""

from collections.abc import Sequence

import numpy as np

from pipelines.face_view import View
from pipelines.faces import Face, Shot

FURTHEST = 12.0  # L*: a larger difference is the photo's light and not the engine's mistake


def lightness(image: np.ndarray, face: Face) -> float | None:
    """Mean CIELAB L* (0..100) of both cheeks, in a uint8 RGB (H, W, 3) picture; None where one is turned away."""
    cheeks = View.of(image, face.landmarks, face.confidence).cheeks
    return None if cheeks is None else float(np.mean(cheeks))


def usual_lightness(shots: Sequence[Shot]) -> float | None:
    """A person's lightness: the median of their photos; None if no photo shows both cheeks."""
    seen = [value for shot in shots if (value := lightness(shot.image, shot.face)) is not None]
    return float(np.median(seen)) if seen else None


def keep(picture: np.ndarray, now: float | None, wanted: float | None) -> np.ndarray:
    """Change the light on a person so that their cheeks go from `now` to `wanted` (L*), at most FURTHEST.

    float32 RGB (H, W, 3) sRGB 0..1 -> the same. Black and white stay where they are, so hair and teeth do too.
    """
    if now is None or wanted is None:
        return picture
    before = _grey(now)
    after = _grey(float(np.clip(wanted, max(now - FURTHEST, 1), min(now + FURTHEST, 99))))
    gain = after * (1 - before) / (before * (1 - after))
    return gain * picture / (1 + (gain - 1) * picture)


def _grey(lightness_: float) -> float:
    """The sRGB value (0..1) of the grey of this L*."""
    f = (lightness_ + 16) / 116
    linear = f**3 if f > 6 / 29 else 3 * (6 / 29) ** 2 * (f - 4 / 29)
    return 12.92 * linear if linear <= 0.0031308 else 1.055 * linear ** (1 / 2.4) - 0.055
