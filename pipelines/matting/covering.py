"""Head coverings in photos: a scarf, turban or cap where hair would be."""

import numpy as np

from pipelines.faces.identity import Shot
from pipelines.language.sentence import Sentence
from pipelines.matting.alpha import GRID_SIDE
from pipelines.matting.head_parser import HeadParser, HeadParts
from pipelines.matting.head_view import LIGHT_COUNTS, HeadView

CAP = (0.5, 0.36, 0.32, 0.33)
"""Upper half of an ellipse, middle and half axes as shares of the frame, that every head with hair or without fills."""
HAIR_CHROMA, HAIR_HUES = (14.0, 38.0), (15.0, 100.0)
"""CIELAB chroma up to which hair has any hue, and up to which it has one of HAIR_HUES, in degrees: brown, red, fair."""
COVERED = 0.45
"""Share of the cap that is neither face nor hair in a colour of hair, from which something covers it. Photos without a
covering have 0 to 0.3; dyed hair counts as one."""

BESIDE_MOUTH = ((0.14, 0.66, 0.22, 0.74), (0.78, 0.66, 0.86, 0.74))
UNDER_CHIN, OVER_FOREHEAD = (0.44, 0.93, 0.56, 0.98), (0.42, 0.08, 0.58, 0.16)
"""Boxes of the frame: left, top, right, bottom as shares of its side."""

NOT_SKIN, SAME_CLOTH = 18.0, 6.0
"""Distances of colours, CIELAB with half the weight on light: from the skin beyond which something is no skin, and
within which two places are one cloth."""

NOTE = Sentence(
    "Something seems to cover the hair. This engine cannot draw a headscarf, a turban or a cap: it draws hair instead, "
    "which it does not know. Use a photo without a covering, or another engine, if that is not what you want."
)


CUT = (0.12, 0.25)
"""Height of the photo's upper edge in the frame, from the top, from which it cuts the head; and the least share of the
edge above the head that is hair or face."""
FOREHEAD = 0.19
"""Height likewise from which the edge lies below any hairline, whatever the parser makes of the rest."""
CUT_NOTE = Sentence(
    "The photo's upper edge cuts the hair or the forehead. The hair above it is a guess and may come out wrong. "
    "Use a photo with the whole head and some room above it."
)


def covering_notes(shot: Shot, parser: HeadParser) -> tuple[str, ...]:
    """Sentences on a head covering in a photo, and on hair that the photo's edge cuts, if there seem to be any."""
    view = HeadView.of(shot.image, shot.face.landmarks)
    parts = parser.parse(view.picture)
    covered = covered_share(view, parts) > COVERED or is_ringed(view)
    return (*((NOTE,) if covered else ()), *((CUT_NOTE,) if is_cut(view, parts) else ()))


def is_cut(view: HeadView, parts: HeadParts) -> bool:
    """True if the upper edge of the photo lies on the head."""
    middle = np.s_[round(0.2 * GRID_SIDE) : round(0.8 * GRID_SIDE)]
    top = np.argmax(view.inside[:, middle], axis=0)  # the first row of the photo in each column
    if not view.inside[:, middle].any(0).all() or float(np.median(top)) < CUT[0] * GRID_SIDE:
        return False
    if float(np.median(top)) > FOREHEAD * GRID_SIDE:
        return True
    below, columns = np.minimum(top + 4, GRID_SIDE - 1), np.arange(GRID_SIDE)[middle]
    shown = parts.hair[below, columns] + parts.face[below, columns]
    return float((shown > 0.5).mean()) > CUT[1]


def is_ringed(view: HeadView) -> bool:
    """True if what lies close around the face, also under the chin, has one colour that is not the skin's."""
    below = view.colour(UNDER_CHIN)
    around = [view.colour(box) for box in (OVER_FOREHEAD, *BESIDE_MOUTH)]
    alike = all(float(np.linalg.norm((other - below) * LIGHT_COUNTS)) < SAME_CLOTH for other in around)
    return alike and float(np.linalg.norm((below - view.skin()) * LIGHT_COUNTS)) > NOT_SKIN


def covered_share(view: HeadView, parts: HeadParts) -> float:
    """Share of the upper head, 0 to 1, that is neither face nor hair. What lies outside the photo does not count."""
    chroma = np.hypot(view.lab[..., 1], view.lab[..., 2])
    hue = np.degrees(np.arctan2(view.lab[..., 2], view.lab[..., 1]))
    natural = (hue > HAIR_HUES[0]) & (hue < HAIR_HUES[1]) & (chroma < HAIR_CHROMA[1])
    known = parts.face * (view.from_skin() < NOT_SKIN) + parts.hair * (natural | (chroma < HAIR_CHROMA[0]))
    y, x = (np.mgrid[0:GRID_SIDE, 0:GRID_SIDE] + 0.5) / GRID_SIDE
    cap = (((x - CAP[0]) / CAP[2]) ** 2 + ((y - CAP[1]) / CAP[3]) ** 2 < 1) & (y < CAP[1]) & view.inside
    return float(1 - np.clip(known[cap], 0, 1).mean()) if cap.any() else 0.0
