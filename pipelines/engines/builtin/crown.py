"""Crown of a head that the photo's edge cuts, continued in the person's own hair before anything is drawn from it.

FFHQ's frame reaches nearly two eye distances above the eyes. Where the photo ends below that, mirroring it would put
the forehead where hair belongs, and the model would draw a bald crown, a blond one or one with a notch.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from pipelines.matting.head_parser import HeadParser, HeadParts
from pipelines.matting.pixels import mix, ramp

UNIT = 0.25
"""Eye distance of a face from the front, as a share of FFHQ's frame; all heights below are in it, above the eyes."""
UPWARDS = 0.6
"""Least share of an edge's outward direction that goes up in the frame of an edge above the head: up to 53 degrees."""
BELOW = slice(2, 6)
"""Rows below the edge that say what it cuts, of 256."""
ON_HEAD = 0.3
"""Width of what the edge cuts of the head, from which it is continued; narrower is a wisp that ends there."""
HEAD = 0.7
"""Share of the backdrop up to which a place below the edge is the head: the parser is unsure of hair that ends so."""
NEAR_FRAME = 12
"""Columns from the side of the frame, of 256, within which a cut ends that goes on beyond it."""
WIDEST_AT = 0.45
"""Height of the middle of the ellipse that crowns are drawn as."""
CROWN = 1.8
"""Least height of the crown; photos of FFHQ have 1.7 to more than their frame shows."""
ABOVE_EDGE = 0.2
"""Least height of what is continued: less would be a flat head."""
HAIRLINE, ARCH = 1.3, 0.3
"""Height of the hairline over a cut forehead, and the least height of its arch in half widths of the forehead."""
TEMPLES = 0.82
"""Most width of a forehead above the edge, as a share of the head's."""
BALD = 0.012
"""Share of the frame that is hair below which the crown is continued as skin."""
REACHES = ((2, 1.0), (6, 1e-2), (16, 1e-4), (48, 1e-6))
"""Blurs in pixels of 256 by which colours spread beyond the edge, and how much each one counts: near ones first."""
SURE = (0.6, 0.95)
"""Share of a part in a pixel from which on its colour begins to count, and counts in full."""
STRANDS, FINEST = 1.0, 3.0
"""Share of the hair's fine contrast that strands beyond the edge have, and the blur in pixels that it is finer than."""
SOFT = 2.5
"""Half width of the soft edges, pixels of 256."""


@dataclass(frozen=True, kw_only=True)
class _Cut:
    """Stretch of the photo's edge that lies on the head, in pixels of the frame."""

    left: float
    right: float
    forehead: tuple[float, float] | None
    """Ends of the skin in it."""
    edge: float  # row


def beyond_upper_edge(matrix: np.ndarray, shape: tuple[int, ...], side: int) -> np.ndarray:
    """Tell which pixels of a frame lie above the upper edge of the photo: bool (side, side).

    `matrix` (2, 3) takes the photo's pixels, whose shape is (H, W, ...), to the frame's. Of a photo that lies on its
    side the upper edge is the one above the head.
    """
    inverse = cv2.invertAffineTransform(matrix)
    y, x = np.mgrid[0:side, 0:side]
    across, down = (row[0] * x + row[1] * y + row[2] for row in inverse)
    height, width = shape[:2]
    scale = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    beyond = np.zeros((side, side), bool)
    for outwards, past in (
        ((0, -1), down < -0.5),
        ((0, 1), down > height - 0.5),
        ((-1, 0), across < -0.5),
        ((1, 0), across > width - 0.5),
    ):
        up = -float(matrix[1, :2] @ np.array(outwards)) / scale
        if up > UPWARDS:
            beyond |= past
    return beyond


def with_crown(
    picture: np.ndarray, eyes: np.ndarray, beyond: np.ndarray, behind: np.ndarray, parser: HeadParser
) -> np.ndarray:
    """Continue a head above the photo's edge.

    Args:
        picture: uint8 RGB (256, 256, 3) in FFHQ's frame.
        eyes: (2,) pixels, the middle between the eyes.
        beyond: bool (256, 256), where the photo has nothing; see `beyond_upper_edge`.
        behind: sRGB 0..1 (3,) of the backdrop there.
        parser: tells hair and skin apart.

    Returns:
        uint8 RGB (256, 256, 3), changed nowhere but beyond the edge.
    """
    side = len(picture)
    seen = picture.astype(np.float32) / 255
    seen[beyond] = behind
    parts = parser.parse((seen * 255).round().astype(np.uint8))
    cut = _cut(parts, beyond, eyes, UNIT * side)
    filled = seen
    if cut is not None:
        bald = float(parts.hair[~beyond].mean()) < BALD
        head, skin = _shape(cut, eyes, UNIT * side, (side, side))
        colour = _spread(seen, parts.face * ~beyond)
        if not bald:
            hair = _hair(seen, parts.hair * ~beyond)
            colour = mix(hair, colour, skin)
        filled = mix(seen, colour, head)
    result = picture.copy()
    result[beyond] = (filled[beyond] * 255).round().clip(0, 255).astype(np.uint8)
    return result


def _cut(parts: HeadParts, beyond: np.ndarray, eyes: np.ndarray, unit: float) -> _Cut | None:
    """Find what the edge cuts of this head; None where it cuts nothing of it."""
    side = len(beyond)
    columns = np.arange(side)
    first = np.where(beyond.any(0), side - np.argmax(beyond[::-1], axis=0), 0)  # the photo's first row in each column
    rows = np.minimum(first[None] + np.arange(BELOW.start, BELOW.stop)[:, None], side - 1)
    hair, face, backdrop = (part[rows, columns].mean(0) for part in (parts.hair, parts.face, parts.backdrop))
    on_head = (backdrop < HEAD) & (first > 0)
    middle = float(np.clip(eyes[0], 0, side - 1))
    run = _run(on_head, round(middle), round(unit))
    if run is None or run[1] - run[0] < ON_HEAD * unit:
        return None
    left, right = run
    skin = np.flatnonzero((face > hair)[left:right]) + left
    forehead = (float(skin[0]), float(skin[-1] + 1)) if skin.size > 0.2 * unit else None
    edge = float(first[left:right].mean())
    if left < NEAR_FRAME:  # it goes on beside the frame
        left = min(left, round(2 * middle) - right)
    elif right > side - NEAR_FRAME:
        right = max(right, round(2 * middle) - left)
    return _Cut(left=left, right=right, forehead=forehead, edge=edge)


def _run(on_head: np.ndarray, middle: int, reach: int) -> tuple[int, int] | None:
    """First and end of the true values around the middle, or around the nearest one within reach of it."""
    near = np.flatnonzero(on_head)
    near = near[np.abs(near - middle) <= reach]
    if not near.size:
        return None
    start = int(near[np.argmin(np.abs(near - middle))])
    gaps = np.flatnonzero(~on_head)
    before, after = gaps[gaps < start], gaps[gaps > start]
    return int(before[-1] + 1) if before.size else 0, int(after[0]) if after.size else len(on_head)


def _shape(cut: _Cut, eyes: np.ndarray, unit: float, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Share of each pixel, float32 (h, w) 0..1, that is head, and that is forehead, if both end above the edge."""
    y, x = np.mgrid[0 : size[0], 0 : size[1]].astype(np.float32)
    above = (float(eyes[1]) - y) / unit
    edge = (float(eyes[1]) - cut.edge) / unit
    middle, half = (cut.left + cut.right) / 2, (cut.right - cut.left) / 2
    base = min(WIDEST_AT, edge - 0.1)
    top = max(CROWN, edge + ABOVE_EDGE)
    wider = half / np.sqrt(1 - ((edge - base) / (top - base)) ** 2)  # through the ends of the cut
    head = _inside((x - middle) / wider, (above - base) / (top - base), wider)
    if cut.forehead is None:
        return head, np.zeros_like(head)
    left, right = cut.forehead
    narrow = min((right - left) / 2, TEMPLES * half)
    arch = max(HAIRLINE - edge, ARCH * narrow / unit)
    skin = _inside((x - (left + right) / 2) / narrow, (above - edge) / arch, narrow)
    return head, skin


def _inside(x: np.ndarray, y: np.ndarray, pixels: float) -> np.ndarray:
    """Share inside an ellipse's upper half, softly: x and y in half axes, `pixels` the half axis of x."""
    return ramp((1 - np.hypot(x, np.maximum(y, 0))) * pixels, -SOFT, SOFT).astype(np.float32)


def _spread(picture: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Colours of what has weight, carried on to where nothing has: float32 (H, W, 3)."""
    sure = ramp(weight, *SURE)
    both = np.dstack([picture * sure[..., None], sure]).astype(np.float32)
    total = np.sum(
        [share * cv2.GaussianBlur(both, (0, 0), reach, borderType=cv2.BORDER_CONSTANT) for reach, share in REACHES], 0
    )
    result: np.ndarray = total[..., :3] / (total[..., 3:] + 1e-12)
    return result


def _hair(picture: np.ndarray, hair: np.ndarray) -> np.ndarray:
    """Hair in the colours of what is seen of it, with strands that go up: float32 (H, W, 3)."""
    smooth = _spread(picture, hair)
    sure = hair > 0.8
    fine = (picture - cv2.GaussianBlur(picture, (0, 0), FINEST)).mean(-1)
    contrast = float(np.median(np.abs(fine[sure]))) if sure.any() else 0.0  # edges are no strands
    rough = np.random.default_rng(0).standard_normal(hair.shape).astype(np.float32)
    noise = cv2.GaussianBlur(rough, (0, 0), 1.0, sigmaY=9.0)
    strands = noise / max(float(noise.std()), 1e-6) * contrast * STRANDS
    result: np.ndarray = np.clip(smooth + strands[..., None], 0, 1)
    return result
