"""Alpha mattes: a coarse mask made sharp on the picture, and colours without what was behind."""

import cv2
import numpy as np

from pipelines.matting.pixels import dot, ramp, spread

GRID_SIDE = 256  # of the grid: what the net of the mask takes and gives
RADIUS = 6  # of the guided filter's window, on the mask's grid
FLAT = 1e-4  # variance of colours (0..1) below which the guided filter sees no edge
EDGE_GRID = 256  # longer side of the grid on which colours on both sides of an edge are averaged
INWARD, OUTWARD = np.ones((5, 5), np.uint8), np.ones((3, 3), np.uint8)  # how far from an edge they are taken, on it
NEARBY = (7, 7)  # the window of those averages, applied twice
AROUND = 64  # side of the grid on which the colours around a place are averaged
REACHES = ((2, 1.0), (5, 1e-2), (12, 1e-4))  # blurs on that grid, and how much each one counts
HOLE = 0.01  # a gap in the person smaller than this share of the picture is filled
RIM = np.ones((9, 9), np.uint8)  # around a region of the grid: where its soft edge lies


def guided_filter(picture: np.ndarray, guide: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The mask (h, w) drawn anew at the picture's size (H, W), as a local linear function of its colours.

    `guide` (h, w, 3) is the picture at the mask's size. All float32 0..1; the result may lie a little outside.
    """

    def mean(x: np.ndarray) -> np.ndarray:
        return cv2.blur(x, (2 * RADIUS + 1, 2 * RADIUS + 1), borderType=cv2.BORDER_REFLECT)

    colour, level = mean(guide), mean(mask)
    pairs = np.stack([guide[..., i] * guide[..., j] for i, j in ((0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2))], -1)
    pairs = mean(pairs) - colour[..., [0, 0, 0, 1, 1, 2]] * colour[..., [0, 1, 2, 1, 2, 2]]
    covariance = pairs[..., [0, 1, 2, 1, 3, 4, 2, 4, 5]].reshape(*mask.shape, 3, 3) + FLAT * np.eye(3, dtype=np.float32)
    with_mask = mean(guide * mask[..., None]) - colour * level[..., None]
    slope = np.linalg.solve(covariance, with_mask[..., None])[..., 0]
    offset = level - np.einsum("hwc,hwc->hw", slope, colour)
    slope, offset = (cv2.resize(mean(x), picture.shape[1::-1], interpolation=cv2.INTER_LINEAR) for x in (slope, offset))
    return dot(slope, picture) + offset


def largest_component(mask: np.ndarray, above: float = 0.5) -> np.ndarray:
    """The largest part of a mask (256, 256) that is connected by values above this, with its soft edge."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats((mask > above).astype(np.uint8), connectivity=4)
    if count <= 2:
        return mask
    part = labels == 1 + np.argmax(stats[1:, cv2.CC_STAT_AREA])
    return mask * cv2.dilate(part.astype(np.uint8), RIM)


def one_piece(mask: np.ndarray) -> np.ndarray:
    """The largest connected part of a mask (256, 256), its small holes filled."""
    mask = largest_component(mask)
    _, labels, stats, _ = cv2.connectedComponentsWithStats((mask <= 0.5).astype(np.uint8), connectivity=4)
    inside = (stats[:, :2] > 0).all(1) & (stats[:, :2] + stats[:, 2:4] < GRID_SIDE).all(1)
    small = inside & (stats[:, cv2.CC_STAT_AREA] < HOLE * mask.size)
    small[0] = False  # label 0 is the person
    holes = small[labels].astype(np.float32)
    person = (mask > 0.5) | (holes > 0)  # a hole near the edge takes nothing in from beyond it
    result: np.ndarray = np.maximum(mask, cv2.dilate(holes, RIM) * person)
    return result


def decontaminate_colours(picture: np.ndarray, alpha: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Take what was behind a person out of their edge -> alpha (H, W), colour (H, W, 3), float32 0..1.

    Nearby on either side of the edge lie the person's colour and the old backdrop's. Along the line between the two,
    a pixel of the edge is moved to the person's end; one that lies at the backdrop's end was never the person's.
    Where both colours are alike nothing can be decided, and nothing needs to be.
    """
    grid = tuple(max(1, round(length * EDGE_GRID / max(alpha.shape))) for length in alpha.shape[::-1])
    small, share = (cv2.resize(x, grid, interpolation=cv2.INTER_AREA) for x in (picture, alpha))
    inside, outside = cv2.erode(share, INWARD), 1 - cv2.dilate(share, OUTWARD)
    person, sure_person = _nearby(small, inside)
    behind, sure_behind = _nearby(small, outside)
    apart = person - behind
    contrast = (apart**2).sum(-1) + 1e-4
    edge = (1 - cv2.blur(inside, (3, 3))) * ramp(np.minimum(sure_person, sure_behind), 0, 0.02)
    axis = apart / contrast[..., None]
    start = (behind * axis).sum(-1)
    maps = (axis, start, apart, edge * ramp(contrast, 0.006, 0.026), edge * ramp(contrast, 0.05, 0.15))
    axis, start, apart, moved, thinned = (
        cv2.resize(x, picture.shape[1::-1], interpolation=cv2.INTER_LINEAR) for x in maps
    )
    place = dot(axis, picture) - start  # 0 the backdrop's colour, 1 the person's
    apart *= spread(moved * np.clip(0.85 - place, 0, 1))
    apart += picture
    return alpha * (1 - thinned * np.clip(1 - 2.5 * place, 0, 1)), np.clip(apart, 0, 1, out=apart)


def _nearby(picture: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The average colour around each place of what has weight, and how much weight that was."""
    both = cv2.blur(cv2.blur(np.dstack([picture * weight[..., None], weight]), NEARBY), NEARBY)
    return both[..., :3] / (both[..., 3:] + 1e-4), both[..., 3]


def colour_position(picture: np.ndarray, behind: np.ndarray, person: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Position of each pixel's colour on the way from the backdrop's to the person's.

    `behind` and `person` (h, w) say where either is surely seen, 0..1; nearby places count most, those further away
    where there are none.

    Returns:
        The place, float32 (H, W): 0 the backdrop's colour, 1 the person's, and beyond. And the squared distance of the
        two colours, float32 (h, w).
    """
    small, weights = (
        cv2.resize(x, (AROUND, AROUND), interpolation=cv2.INTER_AREA) for x in (picture, np.dstack([behind, person]))
    )
    start, end = _around(small, weights[..., 0]), _around(small, weights[..., 1])
    apart = end - start
    contrast = (apart**2).sum(-1) + 1e-4
    axis = apart / contrast[..., None]
    axis, start = (cv2.resize(x, picture.shape[1::-1]) for x in (axis, (start * axis).sum(-1)))
    return dot(axis, picture) - start, cv2.resize(contrast, behind.shape[::-1])


def _around(picture: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """The average colour around each place of what has weight; far places count where near ones lack it."""
    both = np.dstack([picture * weight[..., None], weight])
    total = np.sum([share * cv2.GaussianBlur(both, (0, 0), reach) for reach, share in REACHES], 0)
    result: np.ndarray = total[..., :3] / (total[..., 3:] + 1e-9)
    return result
