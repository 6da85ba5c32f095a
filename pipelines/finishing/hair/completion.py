"""Hair beyond the drawn picture: crowns, sides and lengths that its edge cuts off are carried on.

The outline is carried on as a curve around the head, each strand straight on by mirroring the picture through the point
where it leaves, so that what meets at the edge is the same hair.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from pipelines.finishing.hair.crown import RAYS, REACH, even_crown, stretches
from pipelines.finishing.head import HeadMeasures
from pipelines.matting.pixels import mix, ramp
from pipelines.matting.strands import strand_pattern

MARGIN = (0.36, 0.3, 0.36, 0.62)
"""Room to the left, above, to the right and below, in skulls."""
MIDDLE = 0.08
"""Middle of the rays above the eyes, in skulls."""
SAMPLES = 200
"""Points of a direction that are looked at."""
RISE, FURTHEST = 0.02, 0.18
"""Least and most that the curve rises above the edge that cuts, in skulls."""
WIDE = 60.0
"""Degrees of a cut from which the curve rises as far as that at least."""
STEEPEST = 5.0
"""Steepest end of a curve, pixels for each degree."""
SOFT, RAGGED = 0.012, 0.2
"""Half width of the outline's edge, in skulls, within which strands end, and how far they stand out of it."""
FLOW_ROWS, FLOW_BLUR, SLANTED = 24, 40.0, 0.5
"""Rows along an edge that say which way strands cross it, deviation in pixels of the blur along it, and the most that
they may go aside for each pixel outwards."""
ROUNDED = {"above": 0.02, "left": 0.07, "right": 0.07}
"""Distance from an edge, in skulls, within which hair ends where none goes on beyond it."""
BESIDE = 16.0
"""Distance in pixels beside the strands that an edge cuts within which those beyond it end."""
OF_HAIR = (150.0, 235.0)
"""Alpha, of 255, at which a pixel has nothing of the hair's colour, and from which it has all of it."""
WISPS, DENSE, TAPER = (20.0, 170.0), (110.0, 220.0), 0.12
"""Alpha, of 255, at which single strands end, and from which they go on below the lower edge; mean alpha of the last
rows of which nothing, and all, goes on; and the height above the edge, in skulls, on which hair tapers to that."""
LOCK, OTHER_THAN_HAIR = 8.0, (55.0, 25.0)
"""Breadth of locks in pixels, and differences of their colour from the hair's usual one, of 255, from which they are
what shows through the hair, and up to which they are hair."""
EDGE_ROWS, EDGE_BLUR = 4, 3.0
"""Rows along an edge that say how dense the hair is that leaves there, and deviation of the blur along it, pixels."""
TURNS = {"above": 0, "left": 1, "right": -1}
"""Quarters that a picture, its edge turned upwards, is turned back by: anticlockwise."""
DRIFT = 0.18
"""Way that long hair goes inwards for each pixel that it goes down."""
SEEN, PARTING = 0.15, 5
"""Density of the last rows from which hair is seen, and columns without that part it from what is none of its locks."""
LAST_ROWS, STRETCH = 12, 0.3
"""Rows at the lower edge that say where hair goes on, and rows of the picture for each one that it goes down: mirrored
one to one, its waves would meet at the edge."""
LENGTH = (0.42, 0.6)
"""Lengths below the picture between which it ends, in skulls: behind the shoulders."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Whole:
    """A head with what the picture's edge had cut off."""

    colour: np.ndarray  # uint8 RGB (h, w, 3)
    alpha: np.ndarray  # uint8 (h, w)
    origin: tuple[int, int]  # x, y of the drawn picture in it


def complete(colour: np.ndarray, alpha: np.ndarray, hair: np.ndarray, head: HeadMeasures) -> Whole:
    """Carry hair on that the picture's edges cut.

    Args:
        colour: uint8 RGB (H, W, 3), clean colours.
        alpha: float32 (H, W) 0..1 of the head: hair and face.
        hair: float32 (H, W) 0..1, of the hair alone.
        head: measures in this picture.
    """
    height, width = alpha.shape
    left, above, right, below = (round(share * head.skull) for share in MARGIN)
    whole = cv2.copyMakeBorder(colour, above, below, left, right, cv2.BORDER_CONSTANT)
    cover = cv2.copyMakeBorder((alpha * 255).round().astype(np.uint8), above, below, left, right, cv2.BORDER_CONSTANT)
    middle = (head.eyes[0], head.eyes[1] - MIDDLE * head.skull)
    outline = _outline(hair, middle, head.skull)
    planes = cv2.merge((colour, (hair * 255).round().astype(np.uint8)))
    strips = {
        "above": (np.s_[0:above, 0 : left + width + right], above, (left, right)),
        "left": (np.s_[above : above + height, 0:left], left, (0, 0)),
        "right": (np.s_[above : above + height, left + width : left + width + right], right, (0, 0)),
    }
    for side, (strip, depth, aside) in strips.items():
        if side in outline.cut:
            beyond = np.rot90(_beyond(np.rot90(planes, -TURNS[side]), depth, aside), TURNS[side])
            y, x = np.mgrid[strip].astype(np.float32)
            whole[strip] = beyond[..., :3]
            grey = cv2.cvtColor(whole[strip], cv2.COLOR_RGB2GRAY) / np.float32(255)
            inside = outline.depth(x - left - np.float32(middle[0]), y - above - np.float32(middle[1]))
            inside = inside / (SOFT * head.skull) + RAGGED * strand_pattern(grey)
            cover[strip] = (ramp(inside, -1, 1) * beyond[..., 3]).astype(np.uint8)
    for side, edge in (("above", above), ("left", left), ("right", right)):
        turns, rows = -TURNS[side], round(ROUNDED[side] * head.skull)
        _round_off(np.rot90(cover, turns), np.rot90(whole, turns), edge, rows)
    if "above" in outline.cut:
        even_crown(whole, cover, outline.open, (left + middle[0], above + middle[1]), head.skull)
    _lengthen(whole, cover, (left, above, height), head)
    return Whole(colour=whole, alpha=cover, origin=(left, above))


def _round_off(cover: np.ndarray, colour: np.ndarray, edge: int, rows: int) -> None:
    """Let the strands below the row of an edge end within some rows where none goes on above it; in place."""
    part = np.s_[edge : edge + rows]
    if not cover[edge].any():
        return
    grey = cv2.cvtColor(np.ascontiguousarray(colour[part]), cv2.COLOR_RGB2GRAY) / np.float32(255)
    depth = np.linspace(0, 3, rows, dtype=np.float32)[:, None]
    kept = ramp(depth + strand_pattern(grey), 1, 2)
    cover[part] = cover[part] * np.maximum(kept, cover[edge - 1] / np.float32(255))


def _beyond(picture: np.ndarray, depth: int, aside: tuple[int, int]) -> np.ndarray:
    """Picture of what lies above an upper edge, if each strand goes on straight: uint8 (depth, w, n).

    Each point is the picture's mirrored through the point of the edge where its strand leaves.

    Args:
        picture: uint8 (H, W, n), whose first three channels are RGB.
        depth: rows above it.
        aside: columns to the left and right of it.
    """
    slopes = _slopes(picture)
    covered = np.flatnonzero(picture[: LAST_ROWS // 2, :, 3].min(0) > 200)
    if not covered.size:
        return np.zeros((depth, picture.shape[1] + sum(aside), picture.shape[2]), np.uint8)
    up = np.arange(depth, 0, -1, dtype=np.float32)[:, None]
    x = np.arange(-aside[0], picture.shape[1] + aside[1], dtype=np.float32)[None]
    columns = np.arange(picture.shape[1], dtype=np.float32)
    leaves = x - up * np.interp(x, columns, slopes).astype(np.float32)
    leaves = x - up * np.interp(leaves, columns, slopes).astype(np.float32)
    rows = np.broadcast_to(up, leaves.shape)
    source = np.ascontiguousarray(picture[: depth + 2])
    from_hair = np.clip(2 * leaves - x, covered[0], covered[-1])
    result: np.ndarray = cv2.remap(
        source, from_hair.astype(np.float32), rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101
    )
    # What is mirrored from beside the hair takes on the hair's usual colour.
    share = source[..., 3:] / np.float32(255)
    usual = (source[..., :3] * share).sum((0, 1)) / max(float(share.sum()), 1e-3)
    coarse = cv2.GaussianBlur(result[..., :3], (0, 0), LOCK).astype(np.float32)
    far = np.abs(coarse - usual.astype(np.float32)).max(-1)
    kept = (ramp(result[..., 3].astype(np.float32), *OF_HAIR) * ramp(far, *OTHER_THAN_HAIR))[..., None]
    strands = result[..., :3] - coarse  # stay, whatever the colour
    result[..., :3] = np.clip(coarse * kept + usual * (1 - kept) + strands, 0, 255)
    # Nothing goes on denser than it left: else a crown would end in shelves where its hair is thin.
    dense = cv2.GaussianBlur(picture[:EDGE_ROWS, :, 3].astype(np.float32).mean(0)[None], (0, 0), EDGE_BLUR)[0]
    left = np.interp(leaves, columns, dense, left=0, right=0).astype(np.float32)
    result[..., 3] = left * ramp(np.abs(2 * leaves - x - from_hair), BESIDE, 0)
    return result


def _slopes(picture: np.ndarray) -> np.ndarray:
    """Way aside of strands for each pixel that they go upwards, along a picture's upper edge: (W,)."""
    grey = cv2.cvtColor(np.ascontiguousarray(picture[:FLOW_ROWS, :, :3]), cv2.COLOR_RGB2GRAY).astype(np.float32)
    dx, dy = cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1)
    share = picture[:FLOW_ROWS, :, 3] / np.float32(255)
    products = (dx * dx, dx * dy, dy * dy)
    xx, xy, yy = (cv2.GaussianBlur((x * share).mean(0)[None], (0, 0), FLOW_BLUR)[0] for x in products)
    angle = 0.5 * np.arctan2(2 * xy, xx - yy)  # of the gradient; strands run across it
    result: np.ndarray = np.clip(np.tan(angle), -SLANTED, SLANTED)
    return result


@dataclass(frozen=True, kw_only=True, eq=False)
class _Outline:
    """Outline of the hair around the middle."""

    angles: np.ndarray  # degrees from upright, clockwise, rising
    reach: np.ndarray  # pixels from the middle
    open: np.ndarray  # bool, of each angle: an edge cuts the hair there
    cut: frozenset[str]  # edges that do: above, left, right

    def depth(self, dx: np.ndarray, dy: np.ndarray) -> np.ndarray:
        """Depth inside it of places (h, w) seen from the middle, in pixels; below 0 outside."""
        angle = np.degrees(np.arctan2(dx, -dy))
        depth: np.ndarray = np.interp(angle, self.angles, self.reach, left=0, right=0) - np.hypot(dx, dy)
        return depth


def _outline(hair: np.ndarray, middle: tuple[float, float], skull: float) -> _Outline:
    """Find the hair's outline in each direction; where an edge cuts it, it is a curve between what is seen."""
    height, width = hair.shape
    angles = np.linspace(-REACH, REACH, RAYS)
    dx, dy = np.sin(np.radians(angles)), -np.cos(np.radians(angles))
    to_edge = _share_inside(dx, dy, middle, (width, height))
    far = np.linspace(0, 1, SAMPLES) * to_edge[:, None]
    x, y = middle[0] + dx[:, None] * far, middle[1] + dy[:, None] * far
    seen = cv2.remap(hair, x.astype(np.float32), y.astype(np.float32), cv2.INTER_LINEAR) > 0.5
    last = SAMPLES - 1 - np.argmax(seen[:, ::-1], 1)
    cut = seen.any(1) & (last >= SAMPLES - 3)
    reach = np.where(seen.any(1), far[np.arange(RAYS), last], np.nan)
    edges = np.where(middle[1] + dy * to_edge < 1, "above", np.where(dx < 0, "left", "right"))
    if cut.any():
        reach = _bridged(angles, reach, cut, to_edge, skull)
    return _Outline(angles=angles, reach=np.nan_to_num(reach), open=cut, cut=frozenset(edges[cut].tolist()))


def _bridged(angles: np.ndarray, reach: np.ndarray, cut: np.ndarray, to_edge: np.ndarray, skull: float) -> np.ndarray:
    """Reach with a curve over the directions that are cut: it leaves each end as the outline came, and never stops
    inside the edge.
    """
    known = np.flatnonzero(~cut & np.isfinite(reach))
    result = reach.copy()
    for first, end in stretches(cut):
        ends = [_end(angles, reach, known[known < first][::-1]), _end(angles, reach, known[known >= end])]
        fallback = (to_edge[first:end].min() + RISE * skull, 0.0)
        (r0, m0), (r1, m1) = (fallback if one is None else one for one in ends)
        span = angles[min(end, len(angles) - 1)] - angles[max(first - 1, 0)]
        t = (angles[first:end] - angles[max(first - 1, 0)]) / span
        curve = (
            (2 * t**3 - 3 * t**2 + 1) * r0
            + (t**3 - 2 * t**2 + t) * span * m0
            + (3 * t**2 - 2 * t**3) * r1
            + (t**3 - t**2) * span * m1
        )
        rise = RISE * skull * min(1.0, span / WIDE)  # hair that only touches the edge hardly rises above it
        dome = np.sin(np.pi * np.clip(t, 0, 1))
        result[first:end] = np.clip(
            curve, to_edge[first:end] + rise * dome, to_edge[first:end] + FURTHEST * skull * dome
        )
    smooth = cv2.GaussianBlur(np.nan_to_num(result)[None], (0, 0), 3, borderType=cv2.BORDER_REPLICATE)[0]
    return np.where(cut, np.maximum(smooth, to_edge + 1), result)


def _end(angles: np.ndarray, reach: np.ndarray, nearest: np.ndarray) -> tuple[float, float] | None:
    """Reach and slope (pixels for each degree) of the outline at the known directions nearest to a cut one."""
    if len(nearest) < 6:
        return None
    near = nearest[:12]
    slope = float(np.polyfit(angles[near], reach[near], 1)[0])
    return float(reach[near[0]]), float(np.clip(slope, -STEEPEST, STEEPEST))


def _share_inside(dx: np.ndarray, dy: np.ndarray, middle: tuple[float, float], size: tuple[int, int]) -> np.ndarray:
    """Factor of (dx, dy) that leads from the middle to the picture's edge."""
    x = np.where(dx > 0, size[0] - 1 - middle[0], middle[0]) / np.maximum(np.abs(dx), 1e-6)
    y = np.where(dy > 0, size[1] - 1 - middle[1], middle[1]) / np.maximum(np.abs(dy), 1e-6)
    nearest: np.ndarray = np.minimum(x, y)
    return nearest


def _usual(whole: np.ndarray, cover: np.ndarray, end: int) -> np.ndarray:
    """Colour of the hair above row `end`, by column: float32 (1, w, 3)."""
    near = np.s_[end - 3 * LAST_ROWS : end]
    weight = cover[near, :, None].astype(np.float32)
    total = np.concatenate([whole[near] * weight, weight], 2).sum(0, keepdims=True)
    total = cv2.GaussianBlur(total, (0, 0), FLOW_BLUR)
    result: np.ndarray = total[..., :3] / np.maximum(total[..., 3:], 1)
    return result


def _without_strays(density: np.ndarray) -> np.ndarray:
    """Density (w,) of hair along a row without what is parted from its densest place by a gap wider than a parting."""
    closed = cv2.morphologyEx((density[None] > SEEN).astype(np.uint8), cv2.MORPH_CLOSE, np.ones((1, PARTING)))
    _, pieces = cv2.connectedComponents(closed, connectivity=4)
    core = int((cv2.blur(density[None], (4 * LAST_ROWS + 1, 1)) * closed).argmax())
    kept = cv2.dilate((pieces == max(pieces[0, core], 1)).astype(np.uint8), np.ones((1, 5)))[0]
    result: np.ndarray = density * kept
    return result


def _lengthen(whole: np.ndarray, cover: np.ndarray, place: tuple[int, int, int], head: HeadMeasures) -> None:
    """Carry long hair on below the picture, a little inwards, until it lies behind the shoulders; in place.

    `place` is the drawn picture's: left, above and height.
    """
    left, above, height = place
    end, width = above + height, whole.shape[1]
    last = ramp(cover[end - LAST_ROWS : end].mean(0), *DENSE)  # wisps end with the picture
    middle = int(np.clip(left + head.chin[0], 1, width - 1))
    for side in np.s_[:middle], np.s_[middle:]:
        last[side] = _without_strays(last[side])
    if np.count_nonzero(last > 0.5) < 0.02 * width:
        return
    depth = np.arange(1, len(whole) - end + 1, dtype=np.float32)[:, None]
    beside = (np.arange(width, dtype=np.float32)[None] - left - head.chin[0]) / head.skull
    x = np.arange(width, dtype=np.float32)[None] + DRIFT * depth * np.clip(2 * beside, -1, 1)
    y = np.broadcast_to(height - 1 - STRETCH * depth, x.shape).astype(np.float32)
    mirrored = np.dstack([whole[above:end], cover[above:end]])
    mirrored = cv2.remap(mirrored, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101).astype(np.float32)
    strands = mirrored[..., 3]
    whole[end:] = mix(_usual(whole, cover, end), mirrored[..., :3], ramp(strands, *OF_HAIR)[..., None])
    profile = np.repeat(last[None], 2, 0).astype(np.float32)
    share = cv2.remap(profile, x, np.zeros_like(x), cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=0)
    share *= ramp(depth, LENGTH[1] * head.skull, LENGTH[0] * head.skull)
    share *= ramp(strands, *WISPS)
    near = np.s_[end - round(TAPER * head.skull) : end]
    gone = np.linspace(0, 1, len(cover[near]), dtype=np.float32)[:, None] * np.ones(width, np.float32)
    inner = np.flatnonzero(last > 0.5)
    gone[:, inner[0] : inner[-1] + 1] = 0
    cover[near] = (1 - gone) * cover[near] + gone * np.minimum(cover[near], 255 * last[None])
    cover[end:] = (255 * share).astype(np.uint8)
