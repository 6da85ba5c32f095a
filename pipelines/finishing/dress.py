"""Dressing: a drawn head is set on the torso of a plate, before the garment's back and under its front."""

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np

from pipelines.finishing.beard import beards_end, grow_beard_on, soften_beard
from pipelines.finishing.edges import (
    BESIDE_NECK,
    carry_over_clothes,
    drop_crumbs,
    drop_scraps,
    drop_thin,
    join_locks,
    round_jaw,
    smooth_jaw,
    trim_outline,
)
from pipelines.finishing.hair.completion import Whole, complete
from pipelines.finishing.hair.nape import hair_behind_neck
from pipelines.finishing.head import HeadMeasures
from pipelines.finishing.neck import (
    continue_neck,
    fit_neck,
    throw_jaw_shadow,
    torso_skin,
    tuck_into_collar,
)
from pipelines.finishing.tones import neck_tone
from pipelines.matting.head_parser import HeadParts
from pipelines.matting.pixels import ramp
from pipelines.matting.strands import HeadMatte
from pipelines.wardrobe.cloth import Placement, lay
from pipelines.wardrobe.plates import Plate

GOES_BEHIND = 0.12
"""Height above the drawn picture's lower edge, in skulls, on which hair beside and before the neck goes over into what
of it is behind the neck."""
COLOUR_BLUR, HAIR_SPREAD = 0.012, np.array([10.0, 4.0, 5.0])
"""Blur, in skulls, before hair is compared with hair, and the least deviations that hair is given, CIELAB."""
OTHER_COLOUR = (4.5, 3.0)
"""Distances from the hair's colour, in its deviations, from which something is no hair, and to which it is."""
THROAT_ENDS = (0.008, 0.07)
"""Distances from clothes, hair and the drawn picture's edge between which the drawn neck gives way to the torso's, in
skulls."""
JAW_LINE = 0.008
"""Deviation of a blur, in skulls, by which the drawn neck reaches below the jaw's edge."""
FREE = 0.5
"""Alpha of the drawn person below which a pixel is free of them."""
DRAWN_NECKS = (0.75, 0.7, 0.8)
"""Width of a neck that cannot be seen, in widths of the face, and those within which a drawn one is believed: a jaw
stands out beside a thinner one, and shoulders that rise into a broader one look drawn."""
NECKS = (0.82, 1.2)
"""Factors within which the torso's neck takes the drawn one's width."""
BENEATH = 0.45
"""Share of the way from the throat of a turned torso to its own head's chin by which it is moved below this one's,
which turns less."""
HIDDEN = 0.3
"""Height by which the torso's neck goes on behind the chin, in skulls."""


@dataclass(frozen=True, kw_only=True)
class Setting:
    """Place of the head in the picture, and the light."""

    size: tuple[int, int]  # of the picture: width, height
    chin: tuple[float, float]  # pixel of the chin
    scale: float  # of the drawn picture
    tilt: float  # degrees that the drawn picture is turned by, clockwise
    lamps: Mapping[str, float]
    side: float  # of the key light, -1 left .. 1 right
    light: np.ndarray  # linear RGB (3,), mean 1


def dress(
    colour: np.ndarray,
    matte: HeadMatte,
    parts: HeadParts,
    head: HeadMeasures,
    plate: Plate,
    colours: Mapping[str, str],
    setting: Setting,
    *,
    stripes: str | None = None,
    neck: float = 1.0,
    shoulders: float = 1.0,
    size: float = 1.0,
    lift: float = 0.0,
    neckline: float | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Dressed person: colours float32 RGB (h, w, 3) 0..1, sRGB, and alpha float32 (h, w), of the setting's size.

    `neck` and `shoulders` are factors of their widths, `size` of the whole torso; `lift` is the height of the chin
    above that of the plate's own head, in skulls. `neckline` is the distance from the throat, in heads, below which an
    open shirt shows a top.
    """
    layers = _head_layers(colour, matte, parts, head)
    matrix = _matrix(head, setting, layers.origin)
    rgb, cover, over, tail, behind, throat, free = (
        cv2.warpAffine(plane, matrix, setting.size, flags=cv2.INTER_LINEAR)
        for plane in (layers.colour, layers.cover, layers.over, layers.tail, layers.behind, layers.throat, layers.free)
    )
    chin_row = setting.chin[1] + lift * head.skull * setting.scale
    to_edge = (setting.size[1] - chin_row + 1) / (plate.front.box[3] - plate.anchors["chin"][1])
    scale = max(size * head.skull * setting.scale / plate.head, to_edge)  # clothes reach the lower edge
    half = abs(plate.anchors["neck_right"][0] - plate.anchors["neck_left"][0])
    drawn = DRAWN_NECKS[0] if head.neck is None else float(np.clip(head.neck / head.width, *DRAWN_NECKS[1:]))
    width = neck * float(np.clip(drawn * head.width * setting.scale / (half * scale), *NECKS))
    aside = BENEATH * (plate.anchors["chin"][0] - plate.anchors["throat"][0]) * scale
    chin = (setting.chin[0] + aside, chin_row)
    placement = Placement(chin=chin, scale=scale, neck=width, shoulders=shoulders)
    back, front = (
        lay(plate, layer, placement, setting.size, setting.lamps, setting.light, colours, stripes, neckline)
        for layer in (plate.back, plate.front)
    )
    picture = np.zeros((setting.size[1], setting.size[0], 4), np.float32)
    head_rgb, head_alpha, jaw_alpha = (_unit(plane) for plane in (rgb, cover, over))

    tone = neck_tone(colour, parts, head)
    skin, skin_alpha, corner = torso_skin(front, tone, round(HIDDEN * head.skull * setting.scale))
    fit_neck(skin, skin_alpha, _unit(free), corner, setting.chin[0], head.skull * setting.scale, (back, front))
    tuck_into_collar(skin_alpha, corner, setting.chin[0], front, head.skull * setting.scale)
    lit = skin.copy()
    throw_jaw_shadow(skin, jaw_alpha, corner, head.skull * setting.scale, setting.side)
    continue_neck(skin, lit, head_rgb, _unit(throat), corner, head.skull * setting.scale)
    grow_beard_on(skin, head_rgb, jaw_alpha, corner, setting.chin[1], head.skull * setting.scale)

    hair_behind = _unit(behind)
    _over(picture, *_part(np.broadcast_to(layers.shade, head_rgb.shape), hair_behind))
    _over(picture, *_part(head_rgb, _unit(tail)))
    _over(picture, back.colour, back.alpha, back.left, back.top)
    _over(picture, skin, skin_alpha, *corner)
    _over(picture, *_part(head_rgb, head_alpha))
    _over(picture, front.colour, front.alpha, front.left, front.top)
    _over(picture, *_part(head_rgb, jaw_alpha))
    red, green, blue, total = cv2.split(picture)
    undo = 1 / np.maximum(total, np.float32(1e-3))
    return cv2.merge([channel * undo for channel in (red, green, blue)]), total


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
    part += (layer - part) * share


@dataclass(frozen=True, kw_only=True, eq=False)
class _HeadLayers:
    colour: np.ndarray  # uint8 (h, w, 3)
    cover: np.ndarray  # uint8 (h, w): hair and face
    over: np.ndarray  # uint8 (h, w): what lies over a collar
    throat: np.ndarray  # uint8 (h, w): the drawn neck, ending softly before clothes, hair and the picture's edge
    tail: np.ndarray  # uint8 (h, w): the whole head, carried on below the drawn picture: its hair lies behind the neck
    behind: np.ndarray  # uint8 (h, w): long hair in the shadow behind the neck
    shade: np.ndarray  # (3,) its colour
    free: np.ndarray  # uint8 (h, w): where nothing of the person was drawn
    origin: tuple[int, int]


def _head_layers(colour: np.ndarray, matte: HeadMatte, parts: HeadParts, head: HeadMeasures) -> _HeadLayers:
    height, width = matte.hair.shape
    face = matte.face.copy()
    hair = matte.hair * _of_this_hair(colour, matte.hair, head)
    join_locks(hair, np.maximum(face, parts.clothes), colour, head)
    drop_thin(hair, head)
    drop_scraps(hair, head)
    colour = carry_over_clothes(colour, hair, parts, head)
    trim_outline(face, hair, colour, head)
    smooth_jaw(face, hair, head)
    round_jaw(face, hair, head)
    drop_crumbs(face, hair, head)
    soften_beard(face, colour, head)
    rows = np.arange(height, dtype=np.float32)[:, None]
    ends = beards_end(rows, width, head)
    behind = ramp(rows, height - 2, height - 2 - GOES_BEHIND * head.skull)
    in_front = np.abs(np.arange(width, dtype=np.float32) - head.chin[0]) < BESIDE_NECK * head.skull
    own = np.clip(np.where(in_front, hair * behind + face * ends, hair + face), 0, 1)
    whole: Whole = complete((colour * 255).round().clip(0, 255).astype(np.uint8), own, hair, head)
    left, above = whole.origin
    pad = (above, whole.alpha.shape[0] - above - height, left, whole.alpha.shape[1] - left - width)

    def padded(plane: np.ndarray) -> np.ndarray:
        return cv2.copyMakeBorder((plane * 255).astype(np.uint8), *pad, cv2.BORDER_CONSTANT)

    cover, tail = whole.alpha.copy(), whole.alpha
    cover[above + height :] = 0
    drawn = cover[above : above + height, left : left + width]
    drawn[:] = drawn * np.where(in_front, 1, behind)
    shaded, shade = hair_behind_neck(whole, hair, head)
    return _HeadLayers(
        colour=whole.colour,
        cover=cover,
        over=padded(face * (rows > head.eyes[1]) * ends),
        throat=padded(_throat(parts, head)),
        free=padded(ramp(matte.person, FREE, 0)),
        tail=tail,
        behind=shaded,
        shade=shade,
        origin=whole.origin,
    )


def _throat(parts: HeadParts, head: HeadMeasures) -> np.ndarray:
    """Share 0..1 (H, W) of the drawn skin that is kept below the jaw; it ends softly where clothes and hair begin."""
    skin = cv2.copyMakeBorder(((parts.neck + parts.face) > 0.5).astype(np.uint8), 0, 1, 0, 0, cv2.BORDER_CONSTANT)
    inside = cv2.distanceTransform(skin, cv2.DIST_L2, 3)[:-1] / np.float32(head.skull)
    under_jaw = cv2.GaussianBlur(parts.neck, (0, 0), JAW_LINE * head.skull)  # not what a beard lies on
    result: np.ndarray = ramp(inside, *THROAT_ENDS) * ramp(under_jaw, 0.1, 0.6)
    return result


def _of_this_hair(colour: np.ndarray, hair: np.ndarray, head: HeadMeasures) -> np.ndarray:
    """Share 0..1 (H, W) of hair that is kept: below the mouth, what has not the colour of the hair above is cloth."""
    small = cv2.resize(colour, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    lab = cv2.GaussianBlur(cv2.cvtColor(small, cv2.COLOR_RGB2LAB), (0, 0), COLOUR_BLUR * head.skull / 4)
    share = cv2.resize(hair, small.shape[1::-1], interpolation=cv2.INTER_AREA)
    rows = np.arange(len(small))[:, None] * 4
    mouth = 0.4 * head.eyes[1] + 0.6 * head.chin[1]
    sure = lab[(share > 0.9) & (rows < mouth)]
    if len(sure) < 60:
        return np.ones_like(hair)
    spread = np.maximum(sure.std(0), HAIR_SPREAD)
    far = np.sqrt((((lab - sure.mean(0)) / spread) ** 2).sum(-1))
    kept = np.maximum(ramp(far, *OTHER_COLOUR), ramp(rows, mouth + 0.1 * head.skull, mouth))
    result: np.ndarray = cv2.resize(kept.astype(np.float32), hair.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return result


def _matrix(head: HeadMeasures, setting: Setting, origin: tuple[int, int]) -> np.ndarray:
    """Drawn pixels, with the completion's border -> the picture's: (2, 3)."""
    turn = np.radians(setting.tilt)
    cos, sin = np.cos(turn) * setting.scale, np.sin(turn) * setting.scale
    x, y = head.chin[0] + origin[0], head.chin[1] + origin[1]
    linear = np.array([[cos, -sin], [sin, cos]])
    shift = np.array(setting.chin) - linear @ np.array([x, y])
    matrix: np.ndarray = np.c_[linear, shift]
    return matrix
