"""Hair beyond the drawn picture: crowns, sides and lengths that its edge cuts off are carried on.

The outline is carried on as a curve around the head, the strands by mirroring the picture along the ray from the head's
middle, so that what meets at the edge is the same hair.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from pipelines.finishing.head import HeadMeasures
from pipelines.matting.pixels import ramp

MARGIN = (0.36, 0.3, 0.36, 0.62)
"""Room to the left, above, to the right and below, in skulls."""
MIDDLE = 0.08
"""Middle of the rays above the eyes, in skulls."""
REACH = 115.0
"""Degrees to either side of upright in which the outline is a curve around the middle."""
RAYS, SAMPLES = 231, 200
"""Directions that are looked at, and points of each."""
RISE, FURTHEST = 0.02, 0.18
"""Least and most that the curve rises above the edge that cuts, in skulls."""
WIDE = 60.0
"""Degrees of a cut from which the curve rises as far as that at least."""
STEEPEST = 5.0
"""Steepest end of a curve, pixels for each degree."""
SOFT, ROUGH = 0.008, 0.004
"""Half width of the outline's soft edge, and its roughness, in skulls."""
WAVES = ((6.2, 0.3), (15.4, 1.9), (30.6, 4.0), (63.4, 2.2))
"""Frequencies and phases of the roughness, in waves for each radian."""
STRANDS, SHEEN = 1600, 0.11
"""Strands around a head, and how far they differ in light, as a share."""
DRIFT = 0.18
"""Way that long hair goes inwards for each pixel that it goes down."""
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
        alpha: float32 (H, W) 0..1 of the head: hair, face and neck.
        hair: float32 (H, W) 0..1, share of hair.
        head: measures in this picture.
    """
    height, width = alpha.shape
    left, above, right, below = (round(share * head.skull) for share in MARGIN)
    whole = cv2.copyMakeBorder(colour, above, below, left, right, cv2.BORDER_CONSTANT)
    cover = cv2.copyMakeBorder((alpha * 255).round().astype(np.uint8), above, below, left, right, cv2.BORDER_CONSTANT)
    middle = (head.eyes[0], head.eyes[1] - MIDDLE * head.skull)
    outline = _outline(alpha * hair, middle, head.skull)
    strips = {
        "above": np.s_[0:above, 0 : left + width + right],
        "left": np.s_[above : above + height, 0:left],
        "right": np.s_[above : above + height, left + width : left + width + right],
    }
    for side, strip in strips.items():
        if side in outline.cut:
            rays = _Rays.of(strip, (left, above), middle, (width, height))
            whole[strip] = np.clip(rays.mirrored(colour) * rays.strands()[..., None], 0, 255)
            cover[strip] = (255 * rays.at_edge(hair * alpha) * _inside(rays, outline, head.skull)).astype(np.uint8)
    _lengthen(whole, cover, alpha * hair, (left, above), head)
    return Whole(colour=whole, alpha=cover, origin=(left, above))


@dataclass(frozen=True, kw_only=True, eq=False)
class _Rays:
    """Rays from the head's middle to pixels outside the picture."""

    middle: tuple[float, float]
    dx: np.ndarray  # (h, w) float32: from the middle to each pixel
    dy: np.ndarray
    edge: np.ndarray  # share of that way at which the picture's edge lies

    @classmethod
    def of(
        cls, strip: tuple[slice, slice], origin: tuple[int, int], middle: tuple[float, float], size: tuple[int, int]
    ) -> "_Rays":
        y, x = np.mgrid[strip].astype(np.float32)
        dx, dy = x - origin[0] - np.float32(middle[0]), y - origin[1] - np.float32(middle[1])
        return cls(middle=middle, dx=dx, dy=dy, edge=np.minimum(_share_inside(dx, dy, middle, size), 1))

    def mirrored(self, picture: np.ndarray) -> np.ndarray:
        """The picture, mirrored on its edge along each ray."""
        return self._looked_up(picture, 2 * self.edge - 1)

    def strands(self) -> np.ndarray:
        """Light on strands along the rays, a factor about 1 (h, w): a mirrored picture is softer than a drawn one."""
        random = np.random.default_rng(3).standard_normal(STRANDS, np.float32)
        along = (np.degrees(np.arctan2(self.dx, -self.dy)) + 180) * ((STRANDS - 1) / 360)
        low = along.astype(int)
        part = along - low
        noise = random[low] * (1 - part) + random[np.minimum(low + 1, STRANDS - 1)] * part
        factor: np.ndarray = 1 + SHEEN * noise * ramp(self.edge, 1.0, 0.97)
        return factor

    def at_edge(self, plane: np.ndarray) -> np.ndarray:
        """Values (h, w) of a plane just inside the edge, made decided: 0 or 1 with a soft step."""
        return ramp(self._looked_up(plane, self.edge * 0.99), 0.2, 0.6)

    def _looked_up(self, picture: np.ndarray, share: np.ndarray) -> np.ndarray:
        x, y = self.middle[0] + self.dx * share, self.middle[1] + self.dy * share
        return cv2.remap(
            picture, x.astype(np.float32), y.astype(np.float32), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class _Outline:
    """Outline of the hair around the middle."""

    angles: np.ndarray  # degrees from upright, clockwise, rising
    reach: np.ndarray  # pixels from the middle
    cut: frozenset[str]  # edges that cut the hair: above, left, right


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
    return _Outline(angles=angles, reach=np.nan_to_num(reach), cut=frozenset(edges[cut].tolist()))


def _bridged(angles: np.ndarray, reach: np.ndarray, cut: np.ndarray, to_edge: np.ndarray, skull: float) -> np.ndarray:
    """Reach with a curve over the directions that are cut: it leaves each end as the outline came, and never stops
    inside the edge.
    """
    known = np.flatnonzero(~cut & np.isfinite(reach))
    result = reach.copy()
    for first, end in _stretches(cut):
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
        low = to_edge[first:end] + rise * np.sqrt(np.clip(np.sin(np.pi * t), 0, 1))
        result[first:end] = np.clip(curve, low, to_edge[first:end] + FURTHEST * skull)
    smooth = cv2.GaussianBlur(np.nan_to_num(result)[None], (0, 0), 3, borderType=cv2.BORDER_REPLICATE)[0]
    return np.where(cut, np.maximum(smooth, to_edge + 1), result)


def _stretches(cut: np.ndarray) -> list[tuple[int, int]]:
    """Runs of true values: first and end."""
    steps = np.flatnonzero(np.diff(np.r_[0, cut.astype(int), 0]))
    return [(int(first), int(end)) for first, end in steps.reshape(-1, 2)]


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


def _inside(rays: _Rays, outline: _Outline, skull: float) -> np.ndarray:
    """Alpha (h, w) of what the outline encloses, with a soft and slightly rough edge: hair has no smooth one."""
    angle, far = np.degrees(np.arctan2(rays.dx, -rays.dy)), np.hypot(rays.dx, rays.dy)
    limit = np.interp(angle, outline.angles, outline.reach, left=0, right=0)
    rough = sum(np.sin(np.radians(angle * frequency) + phase) for frequency, phase in WAVES) / len(WAVES)
    return ramp(far - limit - ROUGH * skull * rough, SOFT * skull, -SOFT * skull)


def _lengthen(
    whole: np.ndarray, cover: np.ndarray, hair: np.ndarray, origin: tuple[int, int], head: HeadMeasures
) -> None:
    """Carry long hair on below the picture, a little inwards, until it lies behind the shoulders; in place."""
    height, width = hair.shape
    last = hair[-LAST_ROWS:].mean(0)
    if np.count_nonzero(last > 0.5) < 0.02 * width:
        return
    left, above = origin
    below = np.s_[above + height :, left : left + width]
    depth = np.arange(1, whole.shape[0] - above - height + 1, dtype=np.float32)[:, None]
    beside = (np.arange(width, dtype=np.float32)[None] - head.chin[0]) / head.skull
    x = np.arange(width, dtype=np.float32)[None] + DRIFT * depth * np.clip(2 * beside, -1, 1)
    y = np.broadcast_to(height - 1 - STRETCH * depth, x.shape).astype(np.float32)
    picture = whole[above : above + height, left : left + width]
    whole[below] = cv2.remap(picture, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    profile = np.repeat(last[None], 2, 0).astype(np.float32)
    share = cv2.remap(profile, x, np.zeros_like(x), cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=0)
    share *= ramp(depth, LENGTH[1] * head.skull, LENGTH[0] * head.skull)
    cover[below] = (255 * share).astype(np.uint8)
