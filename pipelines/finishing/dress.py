"""Dressing: a drawn head is set on the torso of a plate, before the garment's back and under its front."""

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np

from pipelines.finishing.hair import Whole, complete
from pipelines.finishing.head import HeadMeasures
from pipelines.matting.head_parser import HeadParts
from pipelines.matting.pixels import ramp
from pipelines.wardrobe.cloth import Cloth, Placement, from_srgb, lay, to_srgb
from pipelines.wardrobe.plates import Plate

FADE = (0.03, 0.15)
"""Where the drawn neck gives way to the torso's own, in skulls below the jaw."""
NECKS = (0.9, 1.13)
"""Factors within which the torso's neck takes the drawn one's width."""
LIFT = 0.05
"""Height of the drawn chin above that of the plate's own head, in skulls: a neck looks longer in front of a camera."""
HIDDEN = 0.16
"""Height by which the torso's neck goes on behind the chin, in skulls."""
NECK_LIGHT = 0.8
"""Light on the neck as a share of that on the jaw: it lies further back, under the chin."""


@dataclass(frozen=True, kw_only=True)
class Setting:
    """Place of the head in the picture, and the light."""

    size: tuple[int, int]  # of the picture: width, height
    chin: tuple[float, float]  # pixel of the chin
    scale: float  # of the drawn picture
    tilt: float  # degrees that the drawn picture is turned by, clockwise
    lamps: Mapping[str, float]
    light: np.ndarray  # linear RGB (3,), mean 1


def dress(
    colour: np.ndarray,
    alpha: np.ndarray,
    parts: HeadParts,
    head: HeadMeasures,
    plate: Plate,
    colours: Mapping[str, str],
    setting: Setting,
    *,
    stripes: str | None = None,
    neck: float = 1.0,
    shoulders: float = 1.0,
) -> tuple[np.ndarray, np.ndarray]:
    """Dressed person: colours float32 RGB (h, w, 3) 0..1, sRGB, and alpha float32 (h, w), of the setting's size."""
    layers = _head_layers(colour, alpha, parts, head)
    matrix = _matrix(head, setting, layers.origin)
    rgb, cover, over, throat = (
        cv2.warpAffine(plane, matrix, setting.size, flags=cv2.INTER_LINEAR)
        for plane in (layers.colour, layers.cover, layers.over, layers.neck)
    )
    scale = head.skull * setting.scale / plate.head
    half = abs(plate.anchors["neck_right"][0] - plate.anchors["neck_left"][0])
    drawn = head.neck if head.neck is not None else 0.83 * head.width
    width = neck * float(np.clip(drawn * setting.scale / (half * scale), *NECKS))
    chin = (setting.chin[0], setting.chin[1] + LIFT * head.skull * setting.scale)
    placement = Placement(chin=chin, scale=scale, neck=width, shoulders=shoulders)
    back, front = (
        lay(plate, layer, placement, setting.size, setting.lamps, setting.light, colours, stripes)
        for layer in (plate.back, plate.front)
    )
    picture = np.zeros((setting.size[1], setting.size[0], 4), np.float32)
    head_rgb, head_alpha, jaw_alpha, neck_share = (_unit(plane) for plane in (rgb, cover, over, throat))

    skin, skin_alpha, top = _skin(front, _jaw_colour(colour, parts, head), round(HIDDEN * head.skull * setting.scale))
    _lead_over(head_rgb, neck_share, skin, skin_alpha, (front.left, top))

    _over(picture, back.colour, back.alpha, back.left, back.top)
    _over(picture, skin, skin_alpha, front.left, top)
    _over(picture, *_part(head_rgb, head_alpha))
    _over(picture, front.colour, front.alpha, front.left, front.top)
    _over(picture, *_part(head_rgb, jaw_alpha))
    red, green, blue, total = cv2.split(picture)
    scale = 1 / np.maximum(total, 1e-3)
    return cv2.merge([cv2.multiply(channel, scale) for channel in (red, green, blue)]), total


def _unit(plane: np.ndarray) -> np.ndarray:
    result: np.ndarray = plane.astype(np.float32)
    result *= np.float32(1 / 255)
    return result


def _part(colour: np.ndarray, alpha: np.ndarray) -> tuple[np.ndarray, np.ndarray, int, int]:
    """The part of a layer that is not empty, and its place: left, top."""
    rows, columns = np.flatnonzero(alpha.max(1) > 0), np.flatnonzero(alpha.max(0) > 0)
    if not rows.size:
        return colour[:1, :1], alpha[:1, :1], 0, 0
    part = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return colour[part], alpha[part], int(columns[0]), int(rows[0])


def _over(picture: np.ndarray, colour: np.ndarray, alpha: np.ndarray, left: int, top: int) -> None:
    """Lay colours with their alpha over a premultiplied picture with alpha (H, W, 4), in place."""
    part = picture[top : top + alpha.shape[0], left : left + alpha.shape[1]]
    layer = cv2.merge((*cv2.split(colour), np.ones_like(alpha)))
    share = cv2.merge((alpha,) * 4)
    layer -= part
    layer *= share
    part += layer


@dataclass(frozen=True, kw_only=True, eq=False)
class _HeadLayers:
    colour: np.ndarray  # uint8 (h, w, 3)
    cover: np.ndarray  # uint8 (h, w): hair, face and the upper neck
    over: np.ndarray  # uint8 (h, w): what lies over a collar
    neck: np.ndarray  # uint8 (h, w): share of neck
    origin: tuple[int, int]


def _head_layers(colour: np.ndarray, alpha: np.ndarray, parts: HeadParts, head: HeadMeasures) -> _HeadLayers:
    height, width = alpha.shape
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    roll = np.radians(head.roll)
    below = (y - head.chin[1]) * np.cos(roll) - (x - head.chin[0]) * np.sin(roll)
    fade = ramp(below, FADE[1] * head.skull, FADE[0] * head.skull)
    neck = parts.neck * fade
    own = np.clip(parts.hair + parts.face + neck, 0, 1) * alpha
    whole: Whole = complete((colour * 255).round().clip(0, 255).astype(np.uint8), own, parts.hair, head)
    left, above = whole.origin
    pad = (above, whole.alpha.shape[0] - above - height, left, whole.alpha.shape[1] - left - width)

    def padded(plane: np.ndarray) -> np.ndarray:
        return cv2.copyMakeBorder((plane * 255).astype(np.uint8), *pad, cv2.BORDER_CONSTANT)

    lower = ramp(y, head.eyes[1], head.chin[1])
    return _HeadLayers(
        colour=whole.colour,
        cover=whole.alpha,
        over=padded(parts.face * alpha * (lower > 0)),
        neck=padded(parts.neck * ramp(below, 0.0, FADE[1] * head.skull)),
        origin=whole.origin,
    )


def _matrix(head: HeadMeasures, setting: Setting, origin: tuple[int, int]) -> np.ndarray:
    """Drawn pixels, with the completion's border -> the picture's: (2, 3)."""
    turn = np.radians(setting.tilt)
    cos, sin = np.cos(turn) * setting.scale, np.sin(turn) * setting.scale
    x, y = head.chin[0] + origin[0], head.chin[1] + origin[1]
    linear = np.array([[cos, -sin], [sin, cos]])
    shift = np.array(setting.chin) - linear @ np.array([x, y])
    return np.c_[linear, shift]


def _jaw_colour(colour: np.ndarray, parts: HeadParts, head: HeadMeasures) -> np.ndarray:
    """Median colour of the lower cheeks and the chin, (3,) sRGB 0..1."""
    y, x = np.mgrid[0 : colour.shape[0], 0 : colour.shape[1]][:, ::4, ::4]
    low = 0.5 * (head.eyes[1] + head.chin[1])
    where = (parts.face[::4, ::4] > 0.8) & (y > low) & (y < head.chin[1] - 0.02 * head.skull)
    where &= np.abs(x - head.chin[0]) < 0.36 * head.width
    seen = colour[::4, ::4][where]
    return np.median(seen, 0) if len(seen) else np.array([0.7, 0.55, 0.47])


def _skin(front: Cloth, jaw: np.ndarray, hidden: int) -> tuple[np.ndarray, np.ndarray, int]:
    """Neck and chest in the person's skin, lit: sRGB (h, w, 3), their alpha (h, w), and the row where they begin.

    The neck goes on upwards by `hidden` rows, behind the head: the plate's ends below the chin.
    """
    shown = front.skin[front.skin_alpha > 0.6]
    level = float(np.percentile(shown, 70)) if shown.size else 1.0
    tone = from_srgb(jaw) * NECK_LIGHT / max(level, 1e-3)
    alpha = cv2.dilate(front.skin_alpha, np.ones((5, 5), np.uint8))
    rows = np.flatnonzero(alpha.max(1) > 0)
    solid = np.flatnonzero(alpha.max(1) > 0.98)
    if not solid.size:
        return np.zeros((1, 1, 3), np.float32), np.zeros((1, 1), np.float32), front.top
    first, end = min(int(solid[0]) + hidden // 6, int(solid[-1])), int(rows[-1]) + 1  # its rim lies in shadow
    above = min(hidden, front.top + first)
    light = cv2.copyMakeBorder(front.skin[first:end], above, 0, 0, 0, cv2.BORDER_REPLICATE)
    alpha = cv2.copyMakeBorder(alpha[first:end], above, 0, 0, 0, cv2.BORDER_REPLICATE)
    colour = to_srgb(cv2.merge([light * np.float32(channel) for channel in tone]))
    return colour, alpha, front.top + first - above


def _lead_over(
    rgb: np.ndarray, neck: np.ndarray, skin: np.ndarray, skin_alpha: np.ndarray, corner: tuple[int, int]
) -> None:
    """Lead the drawn neck's colour over to that of the torso's skin, the lower the more; in place."""
    left, top = corner
    place = np.s_[top : top + skin.shape[0], left : left + skin.shape[1]]
    share, drawn = neck[place], rgb[place]
    rows = np.flatnonzero(share.max(1) > 0)
    if not rows.size:
        return
    band = np.s_[rows[0] : rows[-1] + 1]
    share, drawn, skin, skin_alpha = share[band], drawn[band], skin[band], skin_alpha[band]
    where = (share > 0.15) & (skin_alpha > 0.5)
    if np.count_nonzero(where) < 200:
        return
    gain = np.clip(skin[where].mean(0) / np.maximum(drawn[where].mean(0), 0.02), 0.5, 2.0).astype(np.float32)
    amount = ramp(share, 0.0, 0.5)[..., None]
    drawn *= 1 + amount * (gain - 1)
    np.minimum(drawn, 1, out=drawn)
