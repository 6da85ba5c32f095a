"""Neck and chest of a plate, in the skin of a drawn person."""

from collections.abc import Sequence
from functools import lru_cache

import cv2
import numpy as np

from pipelines.matting.pixels import ramp
from pipelines.wardrobe.cloth import Cloth, to_srgb

PORES = ((0.8, 0.03), (2.5, 0.018), (14.0, 0.025))
"""Sizes of the skin's unevenness, as deviations in pixels, and its amounts, as shares of the light."""
DARKEST, BRIGHTEST = 0.6, 1.18
"""Least light on the neck above the collar, and most on neck and chest, as shares of the usual."""
SHADOW = (0.03, 0.075, 0.035, 0.36)
"""Shadow of the jaw: shift aside and downwards, deviation of its blur, all in skulls; share of sRGB values it takes."""
REACHES = ((0.05, 1.0, -1.0, 1.0), (0.18, 0.06, -0.2, 0.04), (0.5, 0.002, -0.1, 0.0))
"""Blurs, in skulls, by which the torso's skin takes the drawn neck's colour on; how much each one counts; and the most
light that it takes and gives, as logarithms: neither a beard's shadow nor what makes up for the jaw's reaches far."""
BEARDED = (-0.8, -0.4)
"""Light of the drawn neck beside the torso's, as a logarithm, that is a beard's, and from which it is skin's."""
LITTLE, LIGHTER = (0.008, 0.012), (-0.1, 0.1)
"""Area of drawn neck, in squares of the skull, that says nothing, and from which it counts wholly: a little that is
dark is a beard's lower edge. And its light beside the torso's, as a logarithm, from which it is none, and counts.
"""
FADES = 0.02
"""Weight of the torso's own colour among them: the further from the drawn neck, the more it counts."""
OVERLIT = 1.03
"""Light on the torso's neck, as a share of what it has without the jaw's shadow, that it may always take on."""
WIDENS, NARROWEST = 0.24, 0.4
"""Way down from where the drawn neck's outline ends, in skulls, on which the torso's neck takes on its own width; and
the most that it is narrowed to either side, as a share."""
TRAILS = 2.4
"""Distance from the chin's column, in widths of half the neck, from which a garment is not narrowed with the neck."""
COLLAR_NEAR, COLLAR_END, COLLAR_LAPS = 0.09, 0.02, 0.012
"""Distance beside the neck, in skulls, within which a collar ends; height of that end; and the width of it that the
neck lies under."""
REDDENS = (0.85, 1.05, 1.1)
"""Exponents by which red, green and blue lose: light that skin lets through reddens its shadows."""


def torso_skin(front: Cloth, tone: np.ndarray, hidden: int) -> tuple[np.ndarray, np.ndarray, tuple[int, int]]:
    """Neck and chest in a tone (3,) linear, lit: sRGB (h, w, 3), their alpha (h, w), and where they begin: left, top.

    The neck goes on upwards by `hidden` rows, behind the head: the plate's ends below the chin. Its uppermost part lies
    in the shadow of the plate's own head, which is not this one's: it is left out.
    """
    rows, columns = (np.flatnonzero(front.skin_alpha.max(axis) > 0) for axis in (1, 0))
    if rows.size < 8:
        return np.zeros((1, 1, 3), np.float32), np.zeros((1, 1), np.float32), (front.left, front.top)
    top, left = max(int(rows[0]) - 2, 0), max(int(columns[0]) - 2, 0)
    part = np.s_[top : rows[-1] + 3, left : columns[-1] + 3]
    light, alpha = front.skin[part], cv2.dilate(front.skin_alpha[part], np.ones((5, 5), np.uint8))
    solid = np.flatnonzero(alpha.max(1) > 0.98)
    first = min(int(solid[0]) + hidden // 4, int(solid[-1])) if solid.size else 0
    above = min(first + hidden, front.top + top + first)
    light, alpha = (cv2.copyMakeBorder(x[first:], above, 0, 0, 0, cv2.BORDER_REPLICATE) for x in (light, alpha))
    _even_out(light, alpha, above, hidden)
    level = float(np.percentile(light[alpha > 0.6], 60)) if solid.size else 1.0
    light = np.minimum(light / np.float32(max(level, 1e-3)), np.float32(BRIGHTEST))
    floor = DARKEST * ramp(np.arange(len(light), dtype=np.float32), above + hidden, above)[:, None]
    light = np.maximum(light, floor.astype(np.float32))  # the collar's shadow ends where the collar does
    light = light * _pores(light.shape)
    colour = to_srgb(cv2.merge([light * np.float32(channel) for channel in tone]))
    return colour, alpha, (front.left + left, front.top + top + first - above)


@lru_cache(maxsize=4)
def _pores(shape: tuple[int, int]) -> np.ndarray:
    """Unevenness of skin, a factor about 1, float32 (h, w): a rendered neck has none."""
    random = np.random.default_rng(2)
    total = np.ones(shape, np.float32)
    for deviation, amount in PORES:
        noise = cv2.GaussianBlur(random.standard_normal(shape, np.float32), (0, 0), deviation)
        total += amount / float(noise.std()) * noise
    total.flags.writeable = False
    return total


def _even_out(light: np.ndarray, alpha: np.ndarray, above: int, hidden: int) -> None:
    """Take folds out of the light on the rows that repeat one of the neck's: they would be upright lines; in place."""
    near = np.s_[above : above + max(1, hidden // 12)]
    both = (light[near] * alpha[near]).mean(0, keepdims=True), alpha[near].mean(0, keepdims=True)
    row, weight = (cv2.GaussianBlur(x.astype(np.float32), (0, 0), max(hidden / 6, 0.5)) for x in both)
    share = ramp(np.arange(len(light), dtype=np.float32), above + hidden / 6, above - hidden / 6)[:, None]
    light += (row / np.maximum(weight, 1e-3) - light) * share.astype(np.float32)


def fit_neck(
    skin: np.ndarray,
    alpha: np.ndarray,
    free: np.ndarray,
    corner: tuple[int, int],
    middle: float,
    skull: float,
    cloths: Sequence[Cloth] = (),
) -> None:
    """Narrow the torso's neck to the drawn one's outline, as far as that is to be seen, and collars with it; in place.

    Args:
        skin: the torso's, sRGB (h, w, 3), with its corner's place in the picture.
        alpha: its alpha (h, w).
        free: where the drawn picture shows nothing of the person, (H, W) 0..1; 0 outside it.
        corner: left, top.
        middle: column of the chin in the picture.
        skull: height of the skull, pixels.
        cloths: layers of the garment, whose collars stay as close to the neck as they were made.
    """
    left, top = corner
    height, width = alpha.shape
    around = free[top : top + height, left : left + width] > 0.5
    centre = round(middle) - left
    if not 2 < centre < width - 2:
        return
    sides = np.s_[centre::-1], np.s_[centre:]
    edges = [(alpha[:, side] > 0.5).cumprod(1).sum(1) for side in sides]
    kept = [_kept(around[:, side], edge, skull) for side, edge in zip(sides, edges, strict=True)]
    narrowed = np.minimum(*kept) < 1
    if not narrowed.any():
        return
    _narrow((skin, alpha), np.arange(width) - centre, kept, (np.inf, np.inf), cv2.BORDER_CONSTANT)
    half = tuple(float(np.median(edge[edge > 0])) if edge.any() else 1.0 for edge in edges)
    for cloth in cloths:
        rows = np.clip(np.arange(cloth.top, cloth.top + len(cloth.alpha)) - top, 0, height - 1)
        rows = rows[: int(narrowed[rows].cumsum().argmax()) + 1]  # to the last that is narrowed
        if not narrowed[rows].any():  # it begins below the neck
            continue
        planes = cloth.colour[: len(rows)], cloth.alpha[: len(rows)]
        columns = np.arange(cloth.left, cloth.left + cloth.alpha.shape[1]) - round(middle)
        _narrow(planes, columns, [side[rows] for side in kept], half, cv2.BORDER_REPLICATE)


def tuck_into_collar(alpha: np.ndarray, corner: tuple[int, int], middle: float, front: Cloth, skull: float) -> None:
    """Let the torso's neck come out of its collar: above a collar's end it is no wider than inside it; in place.

    Args:
        alpha: of the torso's skin (h, w), with its corner's place in the picture.
        corner: left, top.
        middle: column of the chin in the picture.
        front: the garment's front layer.
        skull: height of the skull, pixels.
    """
    height, width = alpha.shape
    centre, reach = round(middle) - corner[0], round(COLLAR_NEAR * skull)
    if not reach < centre < width - reach:
        return
    cloth = np.zeros_like(alpha)
    place = np.array([[1, 0, front.left - corner[0]], [0, 1, front.top - corner[1]]], np.float32)
    cv2.warpAffine(front.alpha, place, (width, height), cloth, flags=cv2.INTER_NEAREST)
    columns = np.arange(width) - centre
    for sign in (-1, 1):
        away = sign * columns
        edges = np.where(alpha > 0.5, away, 0).max(1)
        beside = (away > edges.max() - reach) & (away < edges.max() + reach)
        found = np.flatnonzero((cloth[:, beside] > 0.5).any(1))
        if not found.size or found[0] == 0:
            continue
        end = cloth[found[0] : found[0] + max(1, round(COLLAR_END * skull)), beside] > 0.5
        inside = int(away[beside][end.any(0)].min()) + COLLAR_LAPS * skull
        alpha[: found[0] + 1] *= ramp(away.astype(np.float32), inside + 1, inside - 1)


def _narrow(
    planes: tuple[np.ndarray, np.ndarray],
    x: np.ndarray,
    kept: Sequence[np.ndarray],
    half: tuple[float, ...],
    border: int,
) -> None:
    """Narrow colours (h, w, 3) and their alpha (h, w) to both sides of column 0 of `x` (w,), in place.

    `kept` are the shares (h,) of the widths on the left and on the right, and `half` the columns up to which they hold:
    from there on the rest is stretched, so that from TRAILS times that width on nothing moves. `border` is what OpenCV
    takes for the alpha beside the plane.
    """
    sources = np.empty((len(planes[1]), len(x)), np.float32)
    for sign, share, end in zip((-1, 1), kept, half, strict=True):
        side = x < 0 if sign < 0 else x >= 0
        away, share = np.abs(x[side])[None].astype(np.float32), share[:, None]
        moved = away / share
        if np.isfinite(end):  # skin has no end
            still = TRAILS * end
            stretched = end + (away - share * end) * ((still - end) / (still - share * end))
            moved = np.where(away <= share * end, moved, np.where(away < still, stretched, away))
        sources[:, side] = sign * moved
    rows = np.broadcast_to(np.arange(len(sources), dtype=np.float32)[:, None], sources.shape)
    maps = sources - np.float32(x[0]), np.ascontiguousarray(rows)
    colour, alpha = planes
    colour[:] = cv2.remap(colour, *maps, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    alpha[:] = cv2.remap(alpha, *maps, cv2.INTER_LINEAR, borderMode=border, borderValue=0)


def _kept(free: np.ndarray, edge: np.ndarray, skull: float) -> np.ndarray:
    """Share (h,) of a side of the neck's width that is kept in each row; columns count from the middle outwards.

    `edge` (h,) is where the torso's neck ends.
    """
    drawn = np.where(free.any(1), free.argmax(1), free.shape[1])
    rows = np.flatnonzero(drawn < edge)
    if not rows.size:
        return np.ones(len(free), np.float32)
    first, last = rows[0], rows[-1]
    known = np.interp(np.arange(len(free)), rows, np.clip(drawn[rows] / edge[rows], 1 - NARROWEST, 1))
    away = np.clip((np.arange(len(free)) - last) / (WIDENS * skull), 0, 1)
    known = 1 - (1 - known) * (0.5 + 0.5 * np.cos(np.pi * away))
    known[:first] = known[first]
    smooth: np.ndarray = cv2.GaussianBlur(known.astype(np.float32)[:, None], (0, 0), 0.012 * skull)[:, 0]
    return smooth


def throw_jaw_shadow(skin: np.ndarray, face: np.ndarray, corner: tuple[int, int], skull: float, side: float) -> None:
    """Throw the shadow of the jaw on the neck, in place; `face` is the face's alpha in the picture."""
    left, top = corner
    part = face[top : top + skin.shape[0], left : left + skin.shape[1]]
    small = (max(1, part.shape[1] // 4), max(1, part.shape[0] // 4))
    shade = cv2.resize(part, small, interpolation=cv2.INTER_AREA)
    shift = np.array([[1, 0, -side * SHADOW[0] * skull / 4], [0, 1, SHADOW[1] * skull / 4]], np.float32)
    shade = cv2.warpAffine(shade, shift, small, borderMode=cv2.BORDER_REPLICATE)
    shade = cv2.GaussianBlur(shade, (0, 0), SHADOW[2] * skull / 4)
    kept = cv2.resize(1 - SHADOW[3] * shade, part.shape[::-1], interpolation=cv2.INTER_LINEAR)
    skin *= cv2.merge([kept ** np.float32(power) for power in REDDENS])


def continue_neck(
    skin: np.ndarray, lit: np.ndarray, drawn: np.ndarray, share: np.ndarray, corner: tuple[int, int], skull: float
) -> None:
    """Lay the drawn neck over the torso's, and lead its colours over into those below it; in place.

    Args:
        skin: the torso's, sRGB (h, w, 3), with its corner's place in the picture.
        lit: the same without the jaw's shadow: light that makes up for the shadow must not reach beyond it.
        drawn: the drawn head in the picture, sRGB (H, W, 3).
        share: how far it is the neck, (H, W) 0..1.
        corner: left, top.
        skull: height of the skull, pixels.
    """
    left, top = corner
    part = np.s_[max(top, 0) : top + skin.shape[0], left : left + skin.shape[1]]
    drawn, share = drawn[part], share[part]
    size = (max(1, share.shape[1] // 4), max(1, share.shape[0] // 4))
    small, own, most, weight = (
        cv2.resize(plane, size, interpolation=cv2.INTER_AREA) for plane in (drawn, skin, lit, share)
    )
    area = np.sum(weight * _of_skin(small, own)) / (skull / 4) ** 2
    lighter = np.sum(weight * _ratio(small, own).mean(-1)) / max(float(weight.sum()), 1e-3)
    seen = max(ramp(area, *LITTLE), ramp(lighter, *LIGHTER))
    weight, share = weight * seen, share * seen
    gain = _lead_over(small, own, weight, skull / 4)
    at_most = most * np.maximum(_lead_over(small, most, weight, skull / 4), OVERLIT)
    gain = np.minimum(gain, at_most / np.maximum(own, 0.02))
    skin *= cv2.resize(gain.astype(np.float32), share.shape[::-1], interpolation=cv2.INTER_LINEAR)
    skin += (drawn - skin) * share[..., None]


def _lead_over(drawn: np.ndarray, own: np.ndarray, share: np.ndarray, skull: float) -> np.ndarray:
    """Factors (h, w, 3) that lead a torso's colours over into the drawn ones, which have a share (h, w)."""
    ratio = _ratio(drawn, own)
    weight = share * _of_skin(drawn, own)
    total = np.zeros((*weight.shape, 4), np.float32)
    for reach, count, least, most in REACHES:
        both = np.dstack([np.clip(ratio, least, most) * weight[..., None], weight])
        total += count * cv2.GaussianBlur(both, (0, 0), reach * skull)
    gain: np.ndarray = np.exp(total[..., :3] / (total[..., 3:] + FADES))
    return gain


def _of_skin(drawn: np.ndarray, own: np.ndarray) -> np.ndarray:
    """Share 0..1 (h, w) of a drawn neck that is skin and no beard: it is about as light as the torso's."""
    return ramp(_ratio(drawn, own).mean(-1), *BEARDED)


def _ratio(drawn: np.ndarray, own: np.ndarray) -> np.ndarray:
    """Light of the drawn neck beside the torso's, as logarithms (h, w, 3)."""
    result: np.ndarray = np.log(np.maximum(drawn, 0.02)) - np.log(np.maximum(own, 0.02))
    return result
