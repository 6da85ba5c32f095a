"""Check of drawn pictures: one whose face is no person's is drawn again and never saved."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from pipelines.errors import PictureLost
from pipelines.faces.identity import Face
from pipelines.faces.measurements import LEFT_SKIN, RIGHT_SKIN, FaceMeasurements
from pipelines.faces.photos import largest_face
from pipelines.language.sentence import Sentence

NO_FACE = Sentence("The engine drew no face. Raise the identity strength, or use a clear photo from the front.")
WITHOUT_FACE = Sentence("they showed no face")
NOT_A_PERSON = Sentence(
    "The engine drew something that is not a person's face. Use a clear colour photo from the front, or another seed."
)
NOT_A_PERSONS_FACE = Sentence("their faces were not a person's")

LEAST_CONFIDENCE = 0.62
"""Confidence of the detector that a drawn face has at least; good ones have .74 and more."""
LEAST_PATTERN = 0.2
"""Correlation with a mean face, likewise; good ones have .49 and more, also in low-key light."""
LEVEL = 45.0
"""Most degrees that a drawn head leans or turns."""
EYES_TO_MOUTH = (0.55, 1.9)
"""Distance of the eyes from each other as a share of that from eyes to mouth, with which a face is one."""
SKIN_LIGHTNESS = (8.0, 98.0)
"""CIELAB's L* of both cheeks together, within which skin is seen."""
COLOURLESS = 8.0
"""CIELAB chroma below which skin may have any hue: black and white pictures."""
SKIN_HUES = (-5.0, 100.0)
"""Hue angles of skin in degrees, also under coloured light."""


@dataclass(frozen=True, kw_only=True)
class _Skin:
    lightness: float  # CIELAB's L*
    chroma: float
    hue: float  # degrees


def drawn_face(picture: np.ndarray, faces: Sequence[Face], *, skin: bool = True) -> Face:
    """The largest of the faces found in a drawn picture, uint8 RGB (H, W, 3).

    Raises PictureLost where there is none, and where the detector's confidence, the landmarks, the pattern or, with
    `skin`, the colour are not those of a person's face.
    """
    face = largest_face(faces)
    if face is None:
        raise PictureLost(NO_FACE, WITHOUT_FACE)
    view = FaceMeasurements.of(picture, face.landmarks, face.confidence)
    if not (_is_sure(view) and _is_in_order(view) and (not skin or _has_skin(view))):
        raise PictureLost(NOT_A_PERSON, NOT_A_PERSONS_FACE)
    return face


def _is_sure(view: FaceMeasurements) -> bool:
    return view.confidence >= LEAST_CONFIDENCE and view.pattern is not None and view.pattern >= LEAST_PATTERN


def _is_in_order(view: FaceMeasurements) -> bool:
    left, right, _, *mouth = view.landmarks.astype(float)
    down = (mouth[0] + mouth[1]) / 2 - (left + right) / 2
    share = float(np.hypot(*(right - left))) / max(float(np.hypot(*down)), 1e-3)
    upright = abs(view.tilt) <= LEVEL and abs(view.turn) <= LEVEL
    return upright and EYES_TO_MOUTH[0] <= share <= EYES_TO_MOUTH[1]


def _has_skin(view: FaceMeasurements) -> bool:
    skin = _skin(view)
    lit = SKIN_LIGHTNESS[0] <= skin.lightness <= SKIN_LIGHTNESS[1]
    return lit and (skin.chroma < COLOURLESS or SKIN_HUES[0] <= skin.hue <= SKIN_HUES[1])


def _skin(view: FaceMeasurements) -> _Skin:
    lab = cv2.cvtColor(view.crop.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    cheeks = np.concatenate([lab[part].reshape(-1, 3) for part in (LEFT_SKIN, RIGHT_SKIN)])
    lightness, a, b = np.median(cheeks, axis=0)
    return _Skin(lightness=float(lightness), chroma=float(np.hypot(a, b)), hue=float(np.degrees(np.arctan2(b, a))))
