"""Cloth: a layer of a plate in chosen colours and light, laid on the picture's own pixels."""

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np

from pipelines.wardrobe.plates import GAMMA, Layer, Plate

LAMPS = ("left", "right", "rim", "front")
"""Groups of lamps that a plate was rendered with. Left and right are the picture's."""
SHOULDER = 0.86
"""Value of sRGB from which highlights are rolled off instead of clipped."""
SKIN = "skin"
BESIDE_SKIN = ("shirt", "trim")
"""Materials that lie beside the skin where a garment has them."""
ROUND, TOP_EDGE = 1.6, 0.004
"""Curve of a top's neckline, and width of its soft edge, in heads."""
HEM, HEM_SOFT, HEM_SHADE = 0.02, 0.004, 0.12
"""Distance of the hem's seam from it, and half width of the seam, in heads; light that the seam loses."""
BAND = 0.012
"""Width of the soft edge between the stripes of a tie, in heads."""


@dataclass(frozen=True, kw_only=True)
class Placement:
    """Place of a plate in a picture: its chin's pixel, and factors of its size."""

    chin: tuple[float, float]  # x, y in the picture
    scale: float  # of the whole plate
    neck: float = 1.0  # further factor of the neck's width
    shoulders: float = 1.0  # and of what is beside it


@dataclass(frozen=True, kw_only=True, eq=False)
class Cloth:
    """A layer, lit: float32, sRGB 0..1. What is skin and what is cloth lie apart, as the head comes between them."""

    left: int  # pixel of the picture where the arrays begin
    top: int
    colour: np.ndarray  # (h, w, 3) of the cloth
    alpha: np.ndarray  # (h, w) of the cloth
    skin: np.ndarray  # (h, w) linear light on a white skin
    skin_alpha: np.ndarray  # (h, w)


def lay(
    plate: Plate,
    layer: Layer,
    placement: Placement,
    size: tuple[int, int],
    lamps: Mapping[str, float],
    light: np.ndarray,
    colours: Mapping[str, str],
    stripes: str | None = None,
    neckline: float | None = None,
) -> Cloth:
    """Lay a layer of a plate on a picture of a size (width, height).

    Args:
        plate: the garment.
        layer: its front or its back.
        placement: where it goes.
        size: width and height of the picture, pixels.
        lamps: strength of each of LAMPS.
        light: colour of the light, linear RGB (3,), mean 1.
        colours: material -> sRGB hex; what is missing has the plate's own.
        stripes: sRGB hex of a tie's stripes; None is a plain tie.
        neckline: distance from the throat, in heads, below which skin is covered by a top; None covers nothing.
    """
    columns, rows = _sources(plate, placement, size)
    box_left, box_top, box_right, box_bottom = layer.box
    left, right = _between(columns, box_left, box_right)
    top, bottom = _between(rows, box_top, box_bottom)
    columns, rows = columns[left:right] - box_left, rows[top:bottom] - box_top
    fine, coarse = _grid(columns, rows), _grid((columns - 0.5) / 2, (rows - 0.5) / 2)

    def full(plane: np.ndarray) -> np.ndarray:
        return cv2.remap(plane, *fine, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=0)

    def half(plane: np.ndarray) -> np.ndarray:
        return cv2.remap(plane, *coarse, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)

    # Light: the lamps' parts, mixed on their coarser grid, times the shade.
    shade = (np.arange(256, dtype=np.float32) / 255) ** GAMMA
    strength = [[(lamps[name] - lamps["front"]) / 255 for name in LAMPS[:3]] + [0.0, lamps["front"]]]
    bright = cv2.multiply(
        full((shade * layer.brightest)[layer.shade]), half(cv2.transform(_float(layer.shares), np.array(strength)))
    )

    # Cloth: its colours where light is scattered, grey where it is mirrored.
    masks = _float(full(layer.masks)).reshape(*bright.shape, -1)
    own = _albedo(plate, layer, masks, colours)
    if stripes and "tie" in layer.materials:
        share = _stripes(plate, columns + box_left, rows + box_top)
        share = share * masks[..., layer.materials.index("tie")] / 255
        own[..., :3] += share[..., None] * (linear(stripes) - linear(_colour(plate, colours, "tie")))
    red, green, blue, grey = cv2.split(own)
    gloss = half(shade[layer.shares[..., 3]])
    lit = []
    for channel, tint in zip((red, green, blue), light, strict=True):
        seen = channel + cv2.multiply(gloss, grey - channel)
        lit.append(cv2.multiply(seen, bright, scale=float(tint)))

    alpha = _float(full(layer.alpha)) * np.float32(1 / 255)
    skin: np.ndarray = np.zeros_like(alpha)
    if SKIN in layer.materials:
        # Multiplied before it is laid: else its edges would leave a line of cloth.
        shown = cv2.multiply(layer.alpha, layer.masks[..., layer.materials.index(SKIN)], scale=1 / 255)
        skin = _float(full(shown)) * np.float32(1 / 255)
        if neckline is not None:
            bare, seam = _neckline(plate, columns + box_left, rows + box_top, neckline)
            lit = [channel * (1 - seam * skin) for channel in lit]
            skin *= bare
    cloth = np.maximum(alpha - skin, 0)
    return Cloth(left=left, top=top, colour=to_srgb(cv2.merge(lit)), alpha=cloth, skin=bright, skin_alpha=skin)


def linear(colour: str) -> np.ndarray:
    """Linear RGB (3,) float32 of an sRGB hex colour such as #1f2a44."""
    value = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return from_srgb(value)


def from_srgb(value: np.ndarray) -> np.ndarray:
    """Linear light, float32, of sRGB values 0..1."""
    return np.where(value < 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4).astype(np.float32)


def to_srgb(light: np.ndarray) -> np.ndarray:
    """Values in sRGB 0..1, float32, of linear light, highlights rolled off.

    Roots are fast where powers are not: the three terms are within .003 of sRGB's curve from 0.001 on.
    """
    second = cv2.sqrt(light)
    fourth = cv2.sqrt(second)
    value = cv2.addWeighted(second, 0.585122381, fourth, 0.783140355, 0.0)
    cv2.scaleAdd(cv2.sqrt(fourth), -0.368262736, value, value)
    over = cv2.threshold(value, SHOULDER, 0, cv2.THRESH_TOZERO)[1]
    np.subtract(over, SHOULDER, out=over, where=over > 0)
    rolled = cv2.divide(over, cv2.addWeighted(over, 1 / (1 - SHOULDER), over, 0, 1.0))
    result: np.ndarray = np.maximum(value - over + rolled, 0)
    return result


def _between(sources: np.ndarray, low: int, high: int) -> tuple[int, int]:
    """First and end of the picture's rows or columns that a box reaches."""
    inside = np.flatnonzero((sources > low - 1) & (sources < high))
    return (int(inside[0]), int(inside[-1]) + 1) if inside.size else (0, 1)


def _float(plane: np.ndarray) -> np.ndarray:
    return plane.astype(np.float32)


def _sources(plate: Plate, placement: Placement, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Plate's columns of the picture's columns, and rows of its rows: float32."""
    chin_x, chin_y = plate.anchors["chin"]
    across = (np.arange(size[0], dtype=np.float32) - placement.chin[0]) / placement.scale
    half = abs(plate.anchors["neck_right"][0] - plate.anchors["neck_left"][0]) / 2
    far = float(plate.size[0])
    old = np.array([-far, -half, 0, half, far])
    side = half * placement.neck
    end = side + (far - half) * placement.shoulders
    new = np.array([-end, -side, 0, side, end])
    columns = np.interp(across, new, old) + chin_x
    rows = (np.arange(size[1], dtype=np.float32) - placement.chin[1]) / placement.scale + chin_y
    return columns.astype(np.float32), rows


def _grid(columns: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    shape = (len(rows), len(columns))
    return cv2.convertMaps(
        np.ascontiguousarray(np.broadcast_to(columns[None].astype(np.float32), shape)),
        np.ascontiguousarray(np.broadcast_to(rows[:, None].astype(np.float32), shape)),
        cv2.CV_16SC2,
    )


def _colour(plate: Plate, colours: Mapping[str, str], material: str) -> str:
    return colours.get(material) or plate.colours.get(material, "#808080")


def _albedo(plate: Plate, layer: Layer, masks: np.ndarray, colours: Mapping[str, str]) -> np.ndarray:
    """Colours of a layer, linear RGB, and the grey that it mirrors with: float32 (h, w, 4)."""

    def values(material: str) -> np.ndarray:
        grey = plate.albedo.get(material, 0.2)
        if material == SKIN:  # its pixels are shared with the cloth beside it, whose colour they have
            material = next((name for name in BESIDE_SKIN if name in layer.materials), "main")
        colour = linear(_colour(plate, colours, material))
        return np.array([*colour, grey], np.float32)

    main = values("main")
    matrix = np.stack([(values(name) - main) / 255 for name in layer.materials] + [main], 1)
    return cv2.transform(masks.astype(np.float32), matrix.astype(np.float32))


def _neckline(plate: Plate, columns: np.ndarray, rows: np.ndarray, below: float) -> tuple[np.ndarray, np.ndarray]:
    """Share of the skin above a top's round neckline, and of the light that its hem loses, float32 (h, w) each."""
    throat_x, throat_y = plate.anchors["throat"]
    x, y = (columns[None] - throat_x) / plate.head, (rows[:, None] - throat_y) / plate.head
    depth = (y - below + ROUND * x * x).astype(np.float32)  # below the neckline, in heads
    seam = HEM_SHADE * np.exp(-(((depth - HEM) / HEM_SOFT) ** 2))
    return np.clip(0.5 - depth / TOP_EDGE, 0, 1), seam


def _stripes(plate: Plate, columns: np.ndarray, rows: np.ndarray, period: float = 0.105) -> np.ndarray:
    """Share of a tie's second colour in each pixel, float32 (h, w) 0..1; the period is in heads."""
    x, y = columns[None], rows[:, None]
    knot_x, knot_y = plate.anchors["knot"]
    slant = np.where(y > knot_y, np.float32(0.8), np.float32(-0.45))
    phase = ((x - knot_x) * slant + (y - knot_y)) / np.float32(period * plate.head)
    wave = np.abs((phase % 1) - 0.5) * 2
    return np.clip((wave - 0.66) / (2 * BAND / period) + 0.5, 0, 1)
