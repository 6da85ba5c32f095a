"""Crowns that were carried on beyond the drawn picture: one line, edged as the hair beside it is."""

from dataclasses import dataclass

import cv2
import numpy as np

from pipelines.matting.pixels import coarse_grid, mix, ramp

REACH, RAYS = 115.0, 231
"""Degrees to either side of upright in which a crown's line is looked for, and directions that are looked at."""
CROWN, WINDOW, LINE_BLUR = (80.0, 55.0), 14, 16.0
"""Degrees from upright between which a crown's line gives way to the hair's own, and directions to either side of one
that say where it is, and deviation of the blur along it, in them."""
UNEVEN, SOFT, NEAR_HAIR, LOCKS, DEEP = 0.004, 0.014, 0.06, 0.012, (-0.03, -0.07)
"""Distance that strands stand out of the line, width in which they end, deviations of blurs that average hair to fill a
gap, and that leave locks, and depths below the line from which hair counts for what is usual, and from which it does in
full, in skulls."""
GLOWING, GLOW_REACH = (18.0, 40.0), 0.12
"""Brightness above that of the hair around, of 255, from which a place is what shines through from behind, and from
which it is nothing else; and how deep below the line it may, in skulls."""
BESIDE, LEAST, MEET = 5.0, 12.0, 3.0
"""Degrees beside a cut from which hair is an example of its edge, least degrees of it that are one, and those in which
two examples meet."""
BAND = (-0.09, -0.04)
"""Depths below the line from which colours give way to an example's, and from which they have, in skulls."""


@dataclass(frozen=True, kw_only=True, eq=False)
class _Polar:
    """Line of a crown around a middle, and the place of each pixel above it."""

    middle: tuple[float, float]
    skull: float
    angles: np.ndarray  # (RAYS,) degrees from upright, clockwise
    line: np.ndarray  # (RAYS,) pixels from the middle
    angle: np.ndarray  # (h, w) of each pixel
    beyond: np.ndarray  # (h, w) its distance from the line, in skulls; below 0 inside

    @classmethod
    def of(cls, cover: np.ndarray, middle: tuple[float, float], skull: float) -> "_Polar":
        """Find the line: of the outermost hair around each direction, the usual one."""
        angles = np.linspace(-REACH, REACH, RAYS, dtype=np.float32)
        away = np.arange(round(skull), dtype=np.float32)
        x = middle[0] + np.sin(np.radians(angles))[:, None] * away
        y = middle[1] - np.cos(np.radians(angles))[:, None] * away
        seen = cv2.remap(cover, x.astype(np.float32), y.astype(np.float32), cv2.INTER_LINEAR) > 128
        ends = np.where(seen.any(1), len(away) - 1 - seen[:, ::-1].argmax(1), 0)
        window = np.pad(ends, WINDOW, mode="edge")
        line = np.median(np.lib.stride_tricks.sliding_window_view(window, 2 * WINDOW + 1), axis=1).astype(np.float32)
        line = cv2.GaussianBlur(line[None], (0, 0), LINE_BLUR, borderType=cv2.BORDER_REPLICATE)[0]
        size = cover.shape[1], round(middle[1])
        columns, rows = coarse_grid(size[::-1])
        columns, rows = columns - np.float32(middle[0]), np.float32(middle[1]) - rows
        angle = np.degrees(np.arctan2(columns, rows))
        beyond = (cv2.magnitude(columns, rows) - np.interp(angle, angles, line).astype(np.float32)) / np.float32(skull)
        angle, beyond = (cv2.resize(x, size, interpolation=cv2.INTER_LINEAR) for x in (angle, beyond))
        return cls(middle=middle, skull=skull, angles=angles, line=line, angle=angle, beyond=beyond)

    def place(self, angle: np.ndarray, beyond: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Pixels, x and y, at these degrees and distances from the line."""
        away = np.interp(angle, self.angles, self.line).astype(np.float32) + beyond * np.float32(self.skull)
        turn = np.radians(angle)
        x, y = self.middle[0] + np.sin(turn) * away, self.middle[1] - np.cos(turn) * away
        return x.astype(np.float32), y.astype(np.float32)


def even_crown(
    colour: np.ndarray, cover: np.ndarray, cut: np.ndarray, middle: tuple[float, float], skull: float
) -> None:
    """Give a crown that was carried on one line, in place, and where it was carried on the edge of the hair beside.

    What stands out of the line goes, and gaps in it are filled.

    Args:
        colour: uint8 RGB (h, w, 3).
        cover: alpha of hair and face, uint8 (h, w).
        cut: true for directions, of RAYS, in which the drawn picture's edge cut the hair: (RAYS,) bool.
        middle: point between forehead and eyes, pixels, around which the crown is a curve.
        skull: height of the skull, pixels.
    """
    polar = _Polar.of(cover, middle, skull)
    _keep_to_line(colour[: len(polar.angle)], cover[: len(polar.angle)], polar)
    for first, end in stretches(cut & (np.abs(polar.angles) < CROWN[1])):
        _edge_as_beside(colour, cover, polar, cut, (first, end))


def stretches(those: np.ndarray) -> list[tuple[int, int]]:
    """Runs of true values: first and end."""
    steps = np.flatnonzero(np.diff(np.r_[0, those.astype(int), 0]))
    return [(int(first), int(end)) for first, end in steps.reshape(-1, 2)]


def _keep_to_line(colour: np.ndarray, cover: np.ndarray, polar: _Polar) -> None:
    here, beyond, skull = ramp(np.abs(polar.angle), *CROWN), polar.beyond, polar.skull
    own = cover.astype(np.float32)
    filled = np.maximum(own, 255 * here * ramp(beyond, -UNEVEN, -UNEVEN - SOFT))
    # The hair's usual colour is that of what lies deeper: along the line some of the drawn backdrop shines through.
    small = cv2.resize(cv2.merge((colour, cover)), None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    deep = ramp(cv2.resize(beyond, small.shape[1::-1], interpolation=cv2.INTER_AREA), *DEEP)
    weight = small[..., 3:] * deep[..., None]
    near = cv2.GaussianBlur(np.dstack([small[..., :3] * weight, weight]), (0, 0), NEAR_HAIR * skull / 4)
    usual = near[..., :3] / np.maximum(near[..., 3:], 1)
    glows = ramp(small[..., :3].mean(-1) - usual.mean(-1), *GLOWING)
    glows = cv2.resize(cv2.blur(glows, (3, 3)), cover.shape[::-1]) * here * ramp(beyond, -GLOW_REACH, 0)
    share = np.maximum((filled - own) / 255, glows)[..., None]
    strands = colour - cv2.GaussianBlur(colour, (0, 0), LOCKS * skull).astype(np.float32)
    colour[:] = np.clip(mix(colour, cv2.resize(usual, cover.shape[::-1]) + strands, share), 0, 255)
    cover[:] = filled * (1 - here * ramp(beyond, UNEVEN, UNEVEN + SOFT))


def _edge_as_beside(
    colour: np.ndarray, cover: np.ndarray, polar: _Polar, cut: np.ndarray, stretch: tuple[int, int]
) -> None:
    """Mirror the edge of the hair on either side of a stretch of directions into it, in place."""
    first, end = stretch
    left, right = polar.angles[first] - BESIDE, polar.angles[end - 1] + BESIDE
    sides = ((left, -1, _length(cut[:first][::-1])), (right, 1, _length(cut[end:])))
    inside = (polar.angle >= left) & (polar.angle <= right) & (polar.beyond > BAND[0])
    rows, columns = np.flatnonzero(inside.any(1)), np.flatnonzero(inside.any(0))
    part = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    angle, beyond = polar.angle[part], polar.beyond[part]
    planes, examples = cv2.merge((colour, cover)), []
    for own_end, way, length in sides:
        if length >= LEAST:
            inwards = np.abs(angle - own_end) % (2 * length)
            x, y = polar.place(own_end + way * (length - np.abs(inwards - length)), beyond)
            examples.append(cv2.remap(planes, x, y, cv2.INTER_LINEAR).astype(np.float32))
    if not examples:
        return
    middle = (left + right) / 2
    example = mix(examples[0], examples[-1], ramp(angle, middle - MEET / 2, middle + MEET / 2)[..., None])
    here = ramp(angle, left, left + MEET) * ramp(angle, right, right - MEET)
    solid = np.maximum(example[..., 3], 255 * ramp(beyond, *BAND[::-1]))
    cover[part] = mix(cover[part].astype(np.float32), solid, here)
    colour[part] = mix(colour[part].astype(np.float32), example[..., :3], here * ramp(beyond, *BAND))


def _length(cut: np.ndarray) -> float:
    """Degrees of hair that no edge cuts, from BESIDE a cut on, as far as a crown goes."""
    whole = int(np.argmax(np.r_[cut, True]))
    return float(min(whole * 2 * REACH / (RAYS - 1), CROWN[0]) - BESIDE)
