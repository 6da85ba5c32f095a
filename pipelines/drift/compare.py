"""Comparison of a picture's traits with those of the photos, and the sentences that follow.

Limits were set on people of benchmarks/likeness/held_out.npz so that at most one in twenty pairs of shots of the same
person has a warning, and some were then moved after a look at openpeople's ten, on whom
`python -m benchmarks.likeness --only drift` measures how many pairs have one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from pipelines.drift import texts
from pipelines.drift.traits import HeadTraits, as_exposed, measure_traits
from pipelines.faces.identity import Face
from pipelines.faces.likeness import Likeness
from pipelines.matting.covering import COVERED
from pipelines.matting.head_parser import HeadParser

LONG, SHORTENED = 0.3, 0.4
"""Share of the places beside the jaw from which hair is long, and the share of it that a picture must keep."""
LESS = 0.62
"""Share of the hair's amount, likewise."""
LOWER = 0.14
"""Sides of the frame that hair may lose in height."""
HAIR_LIGHTER, HAIR_DARKER = 11.0, 26.0
"""L* that hair may become lighter and darker: photos in the sun show it much lighter than a studio does."""
BEARDED, BEARD_LESS = 30.0, 12.0
"""L* from which a beard is seen, and that it may lose."""
NO_BEARD = 15.0
"""L* up to which there is none."""
GLASSES, NO_GLASSES = 7.0, 4.5
"""Steps of L* from which there are glasses, and up to which there are none."""
SKIN = 7.0
"""L* that skin may change: finishing gives it the tone of the photos, within 2."""


@dataclass(frozen=True, kw_only=True)
class Drift:
    """A row of DRIFTS."""

    name: str
    sentence: str
    seen: Callable[[HeadTraits, HeadTraits], bool]
    """True if it is seen between a photo, the first, and a picture."""


def _shorter(photo: HeadTraits, picture: HeadTraits) -> bool:
    before, after = photo.hair_beside_jaw, picture.hair_beside_jaw
    return before is not None and after is not None and before >= LONG and after < SHORTENED * before


def _rose(before: float | None, after: float | None, by: float) -> bool:
    return before is not None and after is not None and after - before > by


def _went(before: float | None, after: float | None, there: float, gone: float) -> bool:
    return before is not None and after is not None and before >= there and after <= gone


DRIFTS = (
    Drift(
        name="covering lost",
        sentence=texts.COVERING_LOST,
        seen=lambda photo, picture: photo.covered > COVERED > picture.covered,
    ),
    Drift(name="hair shorter", sentence=texts.HAIR_SHORTER, seen=_shorter),
    Drift(
        name="hair less",
        sentence=texts.HAIR_LESS,
        seen=lambda photo, picture: picture.hair_amount < LESS * photo.hair_amount,
    ),
    Drift(
        name="hair lower",
        sentence=texts.HAIR_LOWER,
        seen=lambda photo, picture: _rose(picture.hair_height, photo.hair_height, LOWER),
    ),
    Drift(
        name="hair lighter",
        sentence=texts.HAIR_LIGHTER,
        seen=lambda photo, picture: _rose(photo.hair_light, picture.hair_light, HAIR_LIGHTER),
    ),
    Drift(
        name="hair darker",
        sentence=texts.HAIR_DARKER,
        seen=lambda photo, picture: _rose(picture.hair_light, photo.hair_light, HAIR_DARKER),
    ),
    Drift(
        name="beard less",
        sentence=texts.BEARD_LESS,
        seen=lambda photo, picture: (photo.beard or 0.0) >= BEARDED and _rose(picture.beard, photo.beard, BEARD_LESS),
    ),
    Drift(
        name="beard added",
        sentence=texts.BEARD_ADDED,
        seen=lambda photo, picture: _went(picture.beard, photo.beard, BEARDED, NO_BEARD),
    ),
    Drift(
        name="glasses lost",
        sentence=texts.GLASSES_LOST,
        seen=lambda photo, picture: _went(photo.glasses, picture.glasses, GLASSES, NO_GLASSES),
    ),
    Drift(
        name="glasses added",
        sentence=texts.GLASSES_ADDED,
        seen=lambda photo, picture: _went(picture.glasses, photo.glasses, GLASSES, NO_GLASSES),
    ),
    Drift(
        name="skin lighter",
        sentence=texts.SKIN_LIGHTER,
        seen=lambda photo, picture: _rose(photo.skin_light, picture.skin_light, SKIN),
    ),
    Drift(
        name="skin darker",
        sentence=texts.SKIN_DARKER,
        seen=lambda photo, picture: (
            photo.skin_light is not None and _rose(picture.skin_light, as_exposed(photo.skin_light), SKIN)
        ),
    ),
)
"""Each with its sentence, the most striking first."""


def drifts(photos: Sequence[HeadTraits], picture: HeadTraits) -> tuple[Drift, ...]:
    """Find what a picture has changed from every photo: what one of them shows is the person's."""
    return tuple(row for row in DRIFTS if photos and all(row.seen(photo, picture) for photo in photos))


def with_drift(
    likeness: Likeness, image: np.ndarray, face: Face | None, photos: Sequence[HeadTraits], parser: HeadParser
) -> Likeness:
    """The likeness, with sentences on what the picture, uint8 RGB (H, W, 3), has changed besides the face."""
    if face is None or not photos:
        return likeness
    found = drifts(photos, measure_traits(image, face, parser))
    return replace(likeness, drift=tuple(row.sentence for row in found))
