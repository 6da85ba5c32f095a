"""Traits of a head that a face recogniser does not see, measured alike in photos and pictures."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from pipelines.faces.identity import Face, Shot
from pipelines.faces.measurements import FaceMeasurements
from pipelines.matting.alpha import GRID_SIDE
from pipelines.matting.covering import covered_share, is_ringed
from pipelines.matting.head_parser import HeadParser, HeadParts
from pipelines.matting.head_view import Box, HeadView, cut

BESIDE_JAW: tuple[Box, ...] = ((0.0, 0.70, 0.26, 0.97), (0.74, 0.70, 1.0, 0.97))
CHEEKS: tuple[Box, ...] = ((0.30, 0.58, 0.38, 0.66), (0.62, 0.58, 0.70, 0.66))
CHIN, UPPER_LIP = (0.44, 0.83, 0.56, 0.90), (0.46, 0.635, 0.54, 0.67)
NOSE_BRIDGE: Box = (0.465, 0.40, 0.535, 0.52)
"""Boxes of the frame: left, top, right, bottom as shares of its side."""
ABOVE_JAW = 0.7
"""Height in the frame to which hair counts for its amount: what hangs lower is its length."""
EYES, MIDDLE = 0.47, (0.42, 0.58)
"""Height of the eyes in the frame, and the columns above the nose."""
DOWN = 0.22
"""Shift of the head in the view that shows what is above it, in frames."""
WIDE = 0.75
"""Share of the upper edge from which on it is not hair but a dark backdrop that is taken for it."""
SHADED = 0.25
"""Quantile of the hair's light: the rest may shine in the sun."""
SKY, FULL_BEARD, ABOVE_BEARD = -2.0, 34.0, 6.0
"""CIELAB b* below which hair shines in the light of the sky; L* by which a full beard, at least, is darker than the
cheeks; and L* that such hair has more than it: what shines is no grey hair if the beard below is dark."""
ENOUGH = 150
"""Pixels of hair from which on its tone can be told."""
OVEREXPOSED, KEPT = 70.0, 0.35
"""CIELAB L* of skin above which a photo is taken for overexposed, and the share that is kept of what lies above."""
FACING = 25.0
"""Degrees of turn up to which beard, glasses and length can be compared."""


@dataclass(frozen=True, kw_only=True)
class HeadTraits:
    """Traits of a head; None where one cannot be measured. Numbers alone, from which nobody can be drawn."""

    covered: float
    """Share of the upper head that is neither face nor hair, 0 to 1; 1 if one cloth is all around the face."""
    hair_beside_jaw: float | None
    """Share of the places beside jaw and neck that is hair, 0 to 1."""
    hair_amount: float
    """Area of hair down to the jaw, in areas of the face."""
    hair_height: float | None
    """Height of the hair above the eyes, in sides of the frame, which is four distances between the eyes."""
    hair_light: float | None
    """CIELAB L* of hair in the shade."""
    beard: float | None
    """L* by which chin and upper lip are darker than the cheeks, the smaller of both."""
    glasses: float | None
    """Largest step of L* from row to row across the bridge of the nose."""
    skin_light: float | None
    """L* of the cheeks."""

    def without_tones(self) -> "HeadTraits":
        """Return the traits that light does not change."""
        return replace(self, hair_light=None, skin_light=None)


def measure_traits(image: np.ndarray, face: Face, parser: HeadParser) -> HeadTraits:
    """Measure a head in uint8 RGB (H, W, 3)."""
    view = HeadView.of(image, face.landmarks)
    parts = parser.parse(view.picture)
    measured = FaceMeasurements.of(image, face.landmarks, face.confidence)
    facing = abs(measured.turn) <= FACING
    sharp = cv2.cvtColor(view.picture.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)[..., 0]
    return HeadTraits(
        covered=1.0 if is_ringed(view) else covered_share(view, parts),
        hair_beside_jaw=_beside_jaw(view, parts) if facing else None,
        hair_amount=_amount(view, parts),
        hair_height=_height(image, face, parser),
        hair_light=_hair_light(view, parts, sharp, beard_of(view)),
        beard=beard_of(view) if facing else None,
        glasses=_glasses(sharp) if facing else None,
        skin_light=_light(measured.skin),
    )


def traits_of(shots: Sequence[Shot], parser: HeadParser) -> tuple[HeadTraits, ...]:
    """Traits in each photo of a person."""
    return tuple(measure_traits(shot.image, shot.face, parser) for shot in shots)


def _beside_jaw(view: HeadView, parts: HeadParts) -> float | None:
    seen = [(cut(parts.hair, box), cut(view.inside, box)) for box in BESIDE_JAW]
    shares = [float(hair[inside].mean()) for hair, inside in seen if inside.mean() > 0.5]
    return float(np.mean(shares)) if shares else None


def _amount(view: HeadView, parts: HeadParts) -> float:
    hair = (parts.hair * view.inside)[: round(ABOVE_JAW * GRID_SIDE)].sum()
    return float(hair / max((parts.face * view.inside).sum(), 1.0))


def _height(image: np.ndarray, face: Face, parser: HeadParser) -> float | None:
    """Height of the highest hair above the middle of the face; None where that cannot be seen."""
    view = HeadView.of(image, face.landmarks, down=DOWN)
    hair = parser.parse(view.picture).hair
    columns = np.s_[round(MIDDLE[0] * GRID_SIDE) : round(MIDDLE[1] * GRID_SIDE)]
    rows = np.flatnonzero(hair[: round((EYES + DOWN) * GRID_SIDE), columns].max(1) > 0.5)
    if not rows.size or (hair[0] > 0.5).mean() > WIDE or not view.inside[max(int(rows[0]) - 3, 0), columns].all():
        return None
    return EYES + DOWN - float(rows[0]) / GRID_SIDE


def _hair_light(view: HeadView, parts: HeadParts, light: np.ndarray, beard: float) -> float | None:
    hair = (parts.hair > 0.8) & view.inside
    if np.count_nonzero(hair) <= ENOUGH:
        return None
    shaded = float(np.quantile(light[hair], SHADED))
    blue = view.lab[hair & (light <= np.median(light[hair])), 2]
    if beard >= FULL_BEARD and float(np.median(blue)) < SKY:
        shaded = min(shaded, cheeks_of(view) - beard + ABOVE_BEARD)
    return shaded


def as_exposed(skin_light: float) -> float:
    """CIELAB L* that skin has when it is exposed well: less than what an overexposed photo shows."""
    return min(skin_light, OVEREXPOSED + KEPT * (skin_light - OVEREXPOSED))


def cheeks_of(view: HeadView) -> float:
    """CIELAB L* of the cheeks."""
    return float(np.mean([view.colour(box)[0] for box in CHEEKS]))


def beard_of(view: HeadView) -> float:
    """CIELAB L* by which chin and upper lip are darker than the cheeks, the smaller of both."""
    return cheeks_of(view) - max(float(view.colour(box)[0]) for box in (CHIN, UPPER_LIP))


def _glasses(light: np.ndarray) -> float:
    rows = cut(cv2.GaussianBlur(light, (0, 0), 0.8), NOSE_BRIDGE).mean(1)
    return float(np.abs(np.diff(rows)).max())


def _light(skin: np.ndarray | None) -> float | None:
    if skin is None:
        return None
    return float(cv2.cvtColor(np.asarray(skin, np.float32)[None, None], cv2.COLOR_RGB2LAB)[0, 0, 0])
