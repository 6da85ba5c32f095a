"""Strands of hair: difference matting of a drawn head before its smooth backdrop.

Around the hair's outline each pixel is taken for a mixture of two colours, the head's and that of what lies beside it,
both averaged from around where either is sure. Its place on the way from the one to the other is its alpha (Porter &
Duff, "Compositing digital images", 1984, solved for alpha); where the two cannot be told apart, the coarse masks stay.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from pipelines.matting.head_parser import HeadParts
from pipelines.matting.pixels import dot, ramp, spread

GRID = 256
"""Side of the grid on which colours are averaged and distances measured."""
INSIDE, OUTSIDE = 3.0, 8.0
"""Distances from the hair's coarse outline, on the grid, from which the head and what is beside it are sure."""
SOLID, EMPTY = (2.0, 7.0), (4.0, 14.0)
"""Distances inwards within which hair gets dense, and outwards within which single strands end."""
REACHES = ((3.0, 1.0), (8.0, 0.02), (24.0, 2e-4))
"""Deviations of the blurs that average colours, on the grid, and how much each counts: the far where near ones lack."""
NOISE = 2e-4
"""Least variance of colours (0..1) around a place."""
APART = (4.0, 14.0)
"""Squared distance of the two colours, in variances of what is beside the head, from which on alpha begins to come from
colours, and from which on it does alone."""
VEIL, FULL = 0.1, 0.88
"""Places on the way between the two colours that are taken for nothing and for hair alone."""
SEEN, SPECK = 0.25, 2e-4
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
    small, coarse_hair, coarse_face = (
        cv2.resize(x, (GRID, GRID), interpolation=cv2.INTER_AREA) for x in (picture, hair, face)
    )
    coarse_head = np.minimum(coarse_hair + coarse_face, 1)

    # 1. Distances from the outline, and the colours on both sides of it.
    inwards = _distance(coarse_head > 0.5)
    outwards = _distance(coarse_hair < 0.5)
    own, _ = _around(small, coarse_hair * ramp(inwards, INSIDE - 1, INSIDE))
    beside, variance = _around(small, ramp(_distance(coarse_head < 0.5), OUTSIDE - 1, OUTSIDE))
    apart = own - beside
    contrast = (apart**2).sum(-1)
    axis = apart / (contrast + 1e-6)[..., None]
    start = (beside * axis).sum(-1)
    trust = ramp(contrast / variance, *APART) * ramp(outwards, EMPTY[1] + 2, EMPTY[1])
    least, most = ramp(inwards, *SOLID), ramp(outwards, EMPTY[1], EMPTY[0])
    axis, start, apart, trust, least, most = (
        cv2.resize(x, size, interpolation=cv2.INTER_LINEAR) for x in (axis, start, apart, trust, least, most)
    )

    # 2. Alpha by colour, between what the distances allow.
    place = dot(axis, picture) - start
    found = np.clip(ramp(place, VEIL, FULL), least, most)
    hair = np.minimum(hair + (found - hair) * trust, 1 - face)
    hair = hair * _in_large_pieces(hair + face)

    # 3. Colours moved away from what is beside by what shines through.
    lacking = np.clip(1 - place, 0, 1) * trust * (1 - least) * (1 - face)
    colour = np.clip(picture + apart * spread(lacking), 0, 1)
    return HeadMatte(hair=hair, face=face, person=alpha, colour=colour)


def _in_large_pieces(alpha: np.ndarray) -> np.ndarray:
    """1 on what is connected to large pieces and around it, 0 elsewhere: float32 (H, W)."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats((alpha > SEEN).astype(np.uint8), connectivity=8)
    large = stats[:, cv2.CC_STAT_AREA] > SPECK * alpha.size
    large[0] = False  # what is not seen
    return cv2.dilate(large.astype(np.float32)[labels], np.ones((5, 5), np.uint8))


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
