"""Edges of a drawn head: hair goes on where drawn clothes cut it, and a jaw is one line without remains."""

import cv2
import numpy as np

from pipelines.finishing.grading import GREY
from pipelines.finishing.head import HeadMeasures
from pipelines.matting.head_parser import HeadParts
from pipelines.matting.pixels import coarse_grid, mix, ramp

BESIDE_NECK = 0.24
"""Distance from the chin, in skulls, within which hair ends with the drawn picture: below, it lies behind the neck."""
MEETS = 0.05
"""Gap below hair, in skulls, within which clothes cut it."""
BROAD, MOSTLY = 0.15, 0.4
"""Breadth of long hair on either side, in skulls, and the share of it that clothes cut, from which it goes on: a lock
on one side alone is that long, and so is what ends before the backdrop."""
SMOOTH, SOFT, STRETCH = 0.02, 0.03, 0.4
"""Deviation of the blur of the line where they do, and the height above it in which hair begins to go on, in skulls;
and rows of hair above it for each one below."""
JAGS = (0.0015, 0.003, 0.007)
"""Breadths of locks, in skulls."""
OUTLINE, AROUND = 0.02, 0.05
"""Width of the line along a jaw, and deviation of the blur of the skin beside it, in skulls."""
TRIMMED = 0.4
"""Height from which on it is taken off, as a share of the way from eyes to chin."""
DARK = (0.85, 0.65)
"""Brightness beside the skin's from which on something is such a line, and from which it is nothing else."""
BESIDE_CHIN = (0.12, 0.2)
"""Distances from the chin, in widths of the face, from which on it is taken off: below a chin lies its own shadow."""
JAW_REACH, JAW_WINDOW, JAW_USUAL, JAW_BLUR, JAW_SOFT, JAW_HAIR = 0.85, 14, 0.42, 3.5, 1.5, 0.06
"""Furthest point of a jaw from the middle between the lobes, in skulls; degrees to either side of a direction that say
where its line is, and their quantile that does; deviation of the blur along it, degrees; half its width, pixels; and
the width beside hair, in skulls, that is left alone."""
BEGINS = 0.06
"""Height, in skulls, in which the work on a jaw begins: no step shows where."""
ROUND, ROUNDED, ROUND_HAIR = 0.013, (0.35, 0.65), 0.025
"""Deviation of the blur, in skulls, that takes notches and burrs off a jaw; the values of the blurred alpha between
which its edge lies afterwards; and the width beside hair that is left alone."""
JOINED, DARK_AS_HAIR = 0.2, 0.99
"""Width of a gap between locks that is closed, in skulls, and the quantile of the hair's light up to which what lies in
it is hair."""
FAINT = 0.05
"""Alpha of a loose piece of hair from which on it can be seen."""
CRUMB = 0.004
"""Area, in squares of the skull, of a piece of skin or hair that hangs on nothing below which it is a crumb."""
LONG = 0.02
"""Area of hair beside the jaw, in squares of the skull, from which it is long."""
SCRAPS, BELOW_LOBES, ROOTED = 0.02, 0.1, (0.25, 0.6)
"""Area of hair beside the jaw, in squares of the skull, that is a remainder and no hair; the height below the lobes, in
skulls, within which its strands end; and the mean alpha of hair above it from which some is left, and all of that."""
THIN, NEAR = 0.05, 0.03
"""Width of hair beside the jaw, in skulls, below which it is the jaw's outline and no hair, and the distance from wider
hair within which it is."""


def carry_over_clothes(colour: np.ndarray, hair: np.ndarray, parts: HeadParts, head: HeadMeasures) -> np.ndarray:
    """Carry hair that drawn clothes cut on to the picture's lower edge: they are not worn, and it hangs on behind them.

    Args:
        colour: float32 RGB (H, W, 3) 0..1.
        hair: its alpha, float32 (H, W) 0..1; changed in place.
        parts: of the same picture.
        head: measures in it.

    Returns:
        Colours with the hair's own where it goes on: mirrored at the line where clothes cut it.
    """
    height, width = hair.shape
    rows = np.arange(height, dtype=np.float32)[:, None]
    ends = height - 1 - np.argmax((hair > 0.5)[::-1], 0)  # last row of hair in each column
    mouth = 0.4 * head.eyes[1] + 0.6 * head.chin[1]
    long = (hair > 0.5).any(0) & (ends > mouth) & (ends < height - 2)
    below = (rows > ends) & (rows <= ends + MEETS * head.skull)
    cut = long & ((parts.clothes > 0.5) & below).any(0)
    middle, hanging = round(head.chin[0]), (hair > 0.5).any(0) & (ends > mouth)
    broad = min(np.count_nonzero(hanging[:middle]), np.count_nonzero(hanging[middle:])) > BROAD * head.skull
    if not broad or not cut.any() or np.count_nonzero(cut) < MOSTLY * np.count_nonzero(long):
        return colour
    reach = max(1, round(2 * SMOOTH * head.skull))
    share = cv2.dilate(cut[None].astype(np.float32), np.ones((1, reach), np.uint8))
    share = cv2.GaussianBlur(share, (0, 0), SMOOTH * head.skull / 2)
    line = np.interp(np.arange(width), np.flatnonzero(cut), ends[cut]).astype(np.float32)
    line = cv2.GaussianBlur(line[None], (0, 0), SMOOTH * head.skull, borderType=cv2.BORDER_REPLICATE)
    line -= SOFT * head.skull
    first = max(0, int(line[share > 0.01].min()))
    under = np.maximum(rows[first:] - line, 0)
    x = np.broadcast_to(np.arange(width, dtype=np.float32)[None], under.shape)
    y = np.where(under > 0, line - STRETCH * under, rows[first:]).astype(np.float32)
    going_on = np.ascontiguousarray(x), y
    carried = share * ramp(under, 0, SOFT * head.skull)
    result = colour.copy()
    strands, own = (cv2.remap(plane, *going_on, cv2.INTER_LINEAR) for plane in (hair, colour))
    hair[first:] = mix(hair[first:], strands, carried)
    result[first:] = mix(colour[first:], own, carried * ramp(strands, 0, 0.5))
    return result


def jags(width: int, skull: float) -> np.ndarray:
    """Unevenness of ends of hair side by side, float32 (1, width) 0..2."""
    chance = np.random.default_rng(5).random(width, np.float32)[None]
    total: np.ndarray = np.zeros_like(chance)
    for breadth in JAGS:
        locks = cv2.GaussianBlur(chance, (0, 0), breadth * skull)
        total += (locks - locks.min()) / float(np.ptp(locks))
    return total * np.float32(2 / len(JAGS))


def trim_outline(face: np.ndarray, hair: np.ndarray, colour: np.ndarray, head: HeadMeasures) -> None:
    """Take the dark line off that runs along a drawn jaw before the backdrop, in place: it is what lay behind it.

    Args:
        face: its alpha, float32 (H, W) 0..1.
        hair: that of the hair.
        colour: float32 RGB (H, W, 3) 0..1.
        head: measures in the same picture.
    """
    first = round((1 - TRIMMED) * head.eyes[1] + TRIMMED * head.chin[1])
    line = OUTLINE * head.skull
    alpha, grey = face[first:], colour[first:] @ GREY
    depth = cv2.distanceTransform((alpha > 0.9).astype(np.uint8), cv2.DIST_L2, 3)
    sure = (depth > line).astype(np.float32)
    if not sure.any():
        return
    quarter = tuple(max(1, length // 4) for length in grey.shape[::-1])  # what is averaged so far needs no more
    seen, weight = (cv2.resize(x, quarter, interpolation=cv2.INTER_AREA) for x in (grey * sure, sure))
    seen, weight = (cv2.GaussianBlur(x, (0, 0), AROUND * head.skull / 4) for x in (seen, weight))
    around = cv2.resize(seen / np.maximum(weight, np.float32(1e-3)), grey.shape[::-1], interpolation=cv2.INTER_LINEAR)
    skin = around > DARK[1] * float(np.median(grey[sure > 0]))  # and no beard
    dark = ramp(grey / np.maximum(around, np.float32(0.02)), *DARK) * skin
    free = ((alpha < 0.3) & (hair[first:] < 0.3)).astype(np.uint8)
    beside = np.abs(np.arange(face.shape[1], dtype=np.float32) - head.chin[0]) / head.width
    edge = cv2.dilate(free, np.ones((round(line), round(line)), np.uint8)).astype(np.float32)
    face[first:] = alpha * (1 - dark * cv2.GaussianBlur(edge, (0, 0), line / 4) * ramp(beside, *BESIDE_CHIN))


def smooth_jaw(face: np.ndarray, hair: np.ndarray, head: HeadMeasures) -> None:
    """Take off what sticks out of the line from ear to chin, in place: remains of the drawn neck, and crumbs.

    Both are alpha, float32 (H, W) 0..1. The line is followed as a distance from the middle between the lobes; beside
    hair nothing is taken off.
    """
    first = round(0.45 * head.eyes[1] + 0.55 * head.chin[1])
    part, middle = face[first:], np.float32(head.chin[0])
    angles = np.linspace(-90, 90, 181, dtype=np.float32)  # degrees from downwards
    away = np.arange(round(JAW_REACH * head.skull), dtype=np.float32)
    x = middle + np.sin(np.radians(angles))[:, None] * away
    y = np.cos(np.radians(angles))[:, None] * away
    seen = cv2.remap(part, x, y, cv2.INTER_LINEAR) > 0.5
    ends = np.where(seen.any(1), len(away) - seen[:, ::-1].argmax(1), 0).astype(np.float32)  # the outermost
    padded = np.pad(ends, JAW_WINDOW, mode="edge")
    line = np.quantile(np.lib.stride_tricks.sliding_window_view(padded, 2 * JAW_WINDOW + 1), JAW_USUAL, axis=1)
    line = cv2.GaussianBlur(line.astype(np.float32)[None], (0, 0), JAW_BLUR, borderType=cv2.BORDER_REPLICATE)[0]
    columns, rows = coarse_grid(part.shape)
    columns = columns - middle
    beyond = cv2.magnitude(columns, rows) - np.interp(np.degrees(np.arctan2(columns, rows)), angles, line)
    beyond = cv2.resize(beyond.astype(np.float32), part.shape[::-1], interpolation=cv2.INTER_LINEAR)
    above = ramp(np.arange(len(part), dtype=np.float32), BEGINS * head.skull, 0)[:, None]
    left_alone = np.maximum(_beside(hair[first:], JAW_HAIR * head.skull), above)
    part *= np.maximum(ramp(beyond, JAW_SOFT, -JAW_SOFT), left_alone)


def round_jaw(face: np.ndarray, hair: np.ndarray, head: HeadMeasures) -> None:
    """Take notches and burrs off the line from ear to chin, in place; both are alpha, float32 (H, W) 0..1."""
    first = round(0.65 * head.eyes[1] + 0.35 * head.chin[1])
    part = face[first:]
    rounded = ramp(cv2.GaussianBlur(part, (0, 0), ROUND * head.skull), *ROUNDED)
    down = ramp(np.arange(len(part), dtype=np.float32), 0, BEGINS * head.skull)[:, None]
    part += (rounded - part) * down * (1 - _beside(hair[first:], ROUND_HAIR * head.skull))


def _beside(hair: np.ndarray, width: float) -> np.ndarray:
    """Share 0..1 (H, W) in which a place lies within so many pixels of hair."""
    small = cv2.resize((hair > 0.2).astype(np.float32), None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    near = cv2.dilate((small > 0).astype(np.float32), _disc(width / 4))
    near = cv2.GaussianBlur(near, (0, 0), max(width / 16, 0.5))
    return cv2.resize(near, hair.shape[::-1], interpolation=cv2.INTER_LINEAR)


def drop_crumbs(face: np.ndarray, hair: np.ndarray, head: HeadMeasures) -> None:
    """Take off small pieces of a face, in place, that hang neither on it nor on hair: what trimming has left."""
    small = cv2.resize(face + hair, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    _, labels, stats, _ = cv2.connectedComponentsWithStats((small > 0.4).astype(np.uint8), connectivity=4)
    crumbs = stats[:, cv2.CC_STAT_AREA] < CRUMB * (head.skull / 4) ** 2
    crumbs[0] = False  # what is nothing
    near = cv2.dilate(crumbs[labels].astype(np.float32), np.ones((3, 3), np.uint8))
    face *= 1 - cv2.resize(near, face.shape[::-1], interpolation=cv2.INTER_LINEAR)


def drop_scraps(hair: np.ndarray, head: HeadMeasures) -> None:
    """Take off small pieces of hair beside the jaw, in place: short hair has none there, long hair is large.

    Where it is long on one side, what there is of it on the other is kept but for crumbs.
    """
    lobes = round(0.45 * head.eyes[1] + 0.55 * head.chin[1])
    below = hair[lobes:]
    small = cv2.resize(below, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    _, labels, stats, _ = cv2.connectedComponentsWithStats((small > 0.3).astype(np.uint8), connectivity=4)
    large = stats[:, cv2.CC_STAT_AREA] > SCRAPS * (head.skull / 4) ** 2
    large[0] = False  # what is no hair
    if (stats[1:, cv2.CC_STAT_AREA] > LONG * (head.skull / 4) ** 2).any():
        _, labels, stats, _ = cv2.connectedComponentsWithStats((small > FAINT).astype(np.uint8), connectivity=8)
        loose = (stats[:, cv2.CC_STAT_TOP] > 0) & (stats[:, cv2.CC_STAT_AREA] < CRUMB * (head.skull / 4) ** 2)
        near = cv2.dilate(loose[labels].astype(np.float32), np.ones((3, 3), np.uint8))
        below *= 1 - cv2.resize(near, below.shape[::-1], interpolation=cv2.INTER_LINEAR)
        return
    near = cv2.dilate(large[labels].astype(np.float32), _disc(2 * NEAR * head.skull / 4))
    near = cv2.resize(near, below.shape[::-1], interpolation=cv2.INTER_LINEAR)
    ends = BELOW_LOBES * head.skull
    rows = np.arange(len(below), dtype=np.float32)[:, None] / ends
    above = hair[lobes - round(ends) : lobes]
    root = ramp(cv2.blur(above.mean(0)[None], (round(ends / 2), 1)), *ROOTED)  # what it hangs on
    below *= np.maximum(near, ramp(rows + 0.3 * jags(below.shape[1], head.skull), 1, 0.4) * root)
    above *= 1 - (1 - np.maximum(near[:1], root)) * np.linspace(0, 1, len(above), dtype=np.float32)[:, None]


def join_locks(hair: np.ndarray, taken: np.ndarray, colour: np.ndarray, head: HeadMeasures) -> None:
    """Close gaps between locks beside the jaw and the hair above them, in place, where the drawing is as dark as hair.

    Args:
        hair: its alpha, float32 (H, W) 0..1.
        taken: that of the face and of clothes, likewise.
        colour: float32 RGB (H, W, 3) 0..1.
        head: measures in the same picture.
    """
    part = np.s_[round(0.7 * head.eyes[1] + 0.3 * head.chin[1]) :]
    size = tuple(max(1, length // 4) for length in hair[part].shape[::-1])
    locks, grey = (cv2.resize(x, size, interpolation=cv2.INTER_AREA) for x in (hair[part], colour[part] @ GREY))
    sure = locks > 0.9
    if np.count_nonzero(sure) < 60:
        return
    one, disc = (locks > 0.5).astype(np.uint8), _disc(JOINED * head.skull / 4)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(one, connectivity=4)
    apart = (stats[:, cv2.CC_STAT_AREA] > CRUMB * (head.skull / 4) ** 2) & (stats[:, cv2.CC_STAT_TOP] > 0)
    apart[0] = False  # what is no hair
    near: np.ndarray = cv2.dilate(apart[labels].astype(np.uint8), disc)
    closed = near * cv2.morphologyEx(one, cv2.MORPH_CLOSE, disc)
    dark = grey <= np.quantile(grey[sure], DARK_AS_HAIR)
    gap = ((closed > 0) & (locks < 0.9) & dark).astype(np.float32)
    gap = cv2.GaussianBlur(cv2.dilate(gap, np.ones((3, 3), np.uint8)), (0, 0), 1)
    gap = cv2.resize(gap, hair[part].shape[::-1], interpolation=cv2.INTER_LINEAR)
    np.maximum(hair[part], gap * (1 - taken[part]), out=hair[part])


def drop_thin(hair: np.ndarray, head: HeadMeasures) -> None:
    """Take off hair along the jaw that is thinner than locks are: it is the shaded outline of the face; in place."""
    lobes = round(0.45 * head.eyes[1] + 0.55 * head.chin[1])
    below = np.s_[round(lobes - NEAR * head.skull) :]
    small = cv2.resize(hair[below], None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    thick = cv2.morphologyEx((small > 0.5).astype(np.uint8), cv2.MORPH_OPEN, _disc(THIN * head.skull / 4))
    near: np.ndarray = cv2.dilate(thick, _disc(2 * NEAR * head.skull / 4)).astype(np.float32)
    near = cv2.GaussianBlur(near, (0, 0), NEAR * head.skull / 8)
    kept = cv2.resize(near, hair[below].shape[::-1], interpolation=cv2.INTER_LINEAR)
    above = ramp(np.arange(len(kept), dtype=np.float32), NEAR * head.skull, 0)[:, None]
    hair[below] *= np.maximum(kept, above)


def _disc(diameter: float) -> np.ndarray:
    side = max(1, round(diameter))
    result: np.ndarray = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    return result
