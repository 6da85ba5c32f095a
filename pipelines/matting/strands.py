"""Strands of hair: difference matting of a drawn head before its smooth backdrop.

Around the hair's outline each pixel is taken for a mixture of two colours, the head's and that of what lies beside it,
both averaged from around where either is sure. Its place on the way from the one to the other is its alpha (Porter &
Duff, "Compositing digital images", 1984, solved for alpha). Where the two cannot be told apart, and over clothes, hair
ends along the light and dark of its own strands around the coarse masks' outline.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from pipelines.matting.head_parser import HeadParts
from pipelines.matting.pixels import dot, mix, ramp, spread

GRID = 256
"""Side of the grid on which distances are measured; colours are averaged on one of half its side."""
INSIDE, OUTSIDE = 3.0, 8.0
"""Distances from the hair's coarse outline, on the grid, from which the head and what is beside it are sure."""
SOLID, EMPTY = (2.0, 7.0), (4.0, 14.0)
"""Distances inwards within which hair gets dense, and outwards within which single strands end."""
REACHES = ((1.5, 1.0), (4.0, 0.02), (12.0, 2e-4))
"""Deviations of the blurs that average colours, on their grid, and how much each counts: the far where near ones lack.
"""
NOISE = 2e-4
"""Least variance of colours (0..1) around a place."""
RIM, RIM_PLACE = 2.0, (0.45, 0.75)
"""Distance inwards, on the grid, within which hair may shine in the light of its rim; and places on the way between
the two colours that it has there on average, up to which they are not trusted, and from which on they are wholly."""
GAP, MEAN, HAZE = (15, 15), 0.6, 0.6
"""Window, in pixels, in which strands have gaps; the share of their mean outside hair that is a veil of the backdrop,
and the most of it."""
APART = (1.5, 6.0)
"""Squared distance of the two colours, in their variances, from which on alpha begins to come from colours, and from
which on it does alone."""
VEIL, FULL = 0.04, 1.0
"""Places on the way between the two colours that are taken for nothing and for hair alone, and alpha alike."""
EDGE, END = 1.2, 7.0
"""Half widths, on the grid, within which strands end where colours do not tell: at an outline, and over clothes."""
CLOTH = (9, 9)
"""Window around clothes, on the grid, in which hair is over them."""
FINE, COARSE, STRONG = (3, 3), (21, 21), (41, 41)
"""Windows of blurs, in pixels: of what is left of strands, of what they are compared with, and of their strength."""
BORDER, OF_HAIR = (15, 15), (0.1, 0.35)
"""Window, on the grid, in which hair and face are counted, and shares of hair from which a place may be some, and
surely may: along a jaw the soft edge of the face is none."""
STRANDS = 0.5
"""Half widths by which light and dark strands move the edge that they end at: with 1 straight hair looks torn."""
DEFOCUS = 0.7
"""Deviation in pixels of the blur of a hair's edge: it lies behind what a lens is focused on, the eyes."""
SKIN = 0.5
"""Share of a place that is skin from which on its colours are kept: a veil of hair is no reason to change them."""
SEEN, SPECK = 0.08, 2e-4
"""Alpha from which hair is seen, and the share of the picture below which a piece that hangs on nothing is none."""
PERSON = (0.05, 0.3)
"""Between these sums of a person's parts, the parser's backdrop gives way to what the mask says."""
DECIDED = (0.3, 0.7)
"""Shares of head, the rest being clothes, that are taken for none and for all of it: clothes leave no veil."""


@dataclass(frozen=True, kw_only=True, eq=False)
class HeadMatte:
    """A head without what was behind it and beside it."""

    hair: np.ndarray  # float32 (H, W), alpha 0..1
    face: np.ndarray  # float32 (H, W), alpha 0..1; their sum is at most 1
    person: np.ndarray  # float32 (H, W), alpha 0..1 of the whole person, clothes too; its edge is coarse
    colour: np.ndarray  # float32 RGB (H, W, 3) 0..1, the head's own colours, also where alpha is small


def head_matte(picture: np.ndarray, alpha: np.ndarray, parts: HeadParts) -> HeadMatte:
    """Cut hair and face out of a drawn picture, float32 RGB (H, W, 3) 0..1; alpha (H, W) is the whole person's."""
    hair, face = (share * alpha for share in _shares(parts))
    size = picture.shape[1::-1]
    coarse_hair, coarse_face, clothes = (_shrunk(x, GRID) for x in (hair, face, parts.clothes))
    coarse_head = np.minimum(coarse_hair + coarse_face, 1)
    cloth = cv2.blur(cv2.dilate(clothes, np.ones(CLOTH, np.uint8)), CLOTH)

    # 1. Distances from the outline, and the colours on both sides of it.
    inwards, outside = _distance(coarse_head > 0.5), _distance(coarse_head < 0.5)
    outwards = _distance(coarse_hair < 0.5)
    small = _shrunk(picture, GRID // 2)
    own, own_variance = _around(small, _shrunk(coarse_hair * ramp(inwards, INSIDE - 1, INSIDE), GRID // 2))
    beside, variance = _around(small, _shrunk(ramp(outside, OUTSIDE - 1, OUTSIDE), GRID // 2))
    apart = own - beside
    contrast = (apart**2).sum(-1)
    axis = apart / (contrast + 1e-6)[..., None]
    start = (beside * axis).sum(-1)
    rim = _shrunk(ramp(inwards, 0, 1) * ramp(inwards, RIM + 1, RIM) * coarse_hair, GRID // 2)
    whole = _around(spread((small * axis).sum(-1) - start), rim)[0][..., 0]  # 1 where there is no rim
    near_cloth = _shrunk(cloth, GRID // 2)
    trust = ramp(contrast / (variance + own_variance), *APART) * (1 - near_cloth) * ramp(whole, *RIM_PLACE)
    dyed = (own - cv2.blur(small, (3, 3))) * near_cloth[..., None]  # over clothes: what makes a place as hair is

    # 2. Depth inside the outline, in half widths of the edge that strands make: over clothes they end before it.
    width = EDGE + (END - EDGE) * cloth
    depth = cv2.blur(inwards - outside, (5, 5)) / width - cloth
    near_hair, near_face = (cv2.blur(x, BORDER) for x in (coarse_hair, coarse_face))
    of_hair = ramp(near_hair / (near_hair + near_face + 1e-6), *OF_HAIR)
    least, most = ramp(inwards, *SOLID), ramp(outwards, EMPTY[1], EMPTY[0]) * of_hair

    # 3. Alpha by colour or by depth, between what the distances allow.
    axis, start, apart, trust, dyed, dense, least, most, depth, whole = (
        cv2.resize(x, size, interpolation=cv2.INTER_LINEAR)
        for x in (axis, start, apart, trust, dyed, least, least * (1 - cloth), most, depth, whole)
    )
    place: np.ndarray = ((dot(axis, picture) - start) / np.clip(whole, RIM_PLACE[1], 1)).astype(np.float32)
    smooth = MEAN * cv2.blur(np.clip(place, 0, 1), GAP)
    smooth = np.clip(smooth, 0, HAZE) * ramp(depth, -0.5, -1.5)
    place = (place - smooth) / (1 - smooth)
    by_depth = ramp(depth + STRANDS * strand_pattern(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)), -1, 1)
    found = np.clip(mix(by_depth, ramp(place, VEIL, FULL), trust), least, most)
    most_hair = np.maximum(1 - face - parts.neck - parts.clothes, 0)
    hair = np.minimum(found, most_hair)
    hair *= _in_large_pieces(hair + face)
    hair = np.minimum(cv2.GaussianBlur(hair, (0, 0), DEFOCUS), most_hair)

    # 4. Colours moved away from what is beside by what of it shines through.
    edge = (1 - dense) * ramp(hair, 0, VEIL) * ramp(face + parts.neck, SKIN, 0)
    moved = apart * spread(np.clip(1 - place, 0, 1) * trust * edge) + dyed * spread(edge)
    return HeadMatte(hair=hair, face=face, person=alpha, colour=np.clip(picture + moved, 0, 1))


def strand_pattern(grey: np.ndarray) -> np.ndarray:
    """Strands in a picture of hair, float32 (h, w) 0..1: -1 between them .. 1 on them."""
    fine = cv2.blur(grey, FINE) - cv2.blur(grey, COARSE)
    power = np.maximum(cv2.blur(fine * fine, STRONG), 0)  # OpenCV's running sums end a little below 0
    usual = np.sqrt(power) + np.float32(1 / 255)
    result: np.ndarray = np.clip(fine / usual, -1, 1)
    return result


def _shrunk(picture: np.ndarray, side: int) -> np.ndarray:
    """Picture (H, W) or (H, W, 3) with sides of so many pixels."""
    return cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA)


def _in_large_pieces(alpha: np.ndarray) -> np.ndarray:
    """1 on what is connected to large pieces and around it, 0 elsewhere: float32 (H, W)."""
    seen = (_shrunk(alpha, 2 * GRID) > SEEN).astype(np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(seen, connectivity=8)
    large = stats[:, cv2.CC_STAT_AREA] > SPECK * seen.size
    large[0] = False  # what is not seen
    near = cv2.dilate(large.astype(np.float32)[labels], np.ones((3, 3), np.uint8))
    return cv2.resize(near, alpha.shape[::-1], interpolation=cv2.INTER_LINEAR)


def _shares(parts: HeadParts) -> tuple[np.ndarray, np.ndarray]:
    """Hair and face as shares of the person: what of them is backdrop, the person's alpha knows better."""
    person = 1 - parts.backdrop
    scale = ramp(person, *PERSON) / np.maximum(person, PERSON[0])
    kept = (parts.hair + parts.face) * scale
    decided = scale * ramp(kept, *DECIDED) / np.maximum(kept, DECIDED[0])
    return parts.hair * decided, parts.face * decided


def _distance(inside: np.ndarray) -> np.ndarray:
    """Distance (h, w) of each place inside to the next one outside; 0 outside. Beyond the picture it goes on."""
    return cv2.distanceTransform(inside.astype(np.uint8), cv2.DIST_L2, 5)


def _around(picture: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Average colour (h, w, 3) around each place of what has weight (h, w), and its variance over the channels."""
    both = np.dstack([picture * weight[..., None], weight, (picture**2).sum(-1) * weight])
    total = np.sum([share * cv2.GaussianBlur(both, (0, 0), reach) for reach, share in REACHES], 0) + 1e-9
    mean = total[..., :3] / total[..., 3:4]
    return mean, np.maximum(total[..., 4] / total[..., 3] - (mean**2).sum(-1), NOISE)
