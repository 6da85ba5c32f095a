"""Plates as files, and the reference for what the app does with them: read, flip, widen, colour, light.

Needs numpy and Pillow only.

A plate is a ZIP of WebP pictures and a table, `plate.json`; README.md beside this file describes every array.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image

GROUPS = ("left", "right", "front", "rim")
GAMMA = 2.2
STANDARD = {"left": 0.62, "right": 0.14, "front": 0.26, "rim": 0.45}
"""A mixture of the lights in which a white shirt stays a tenth below white paper, so that its folds show."""


@dataclass(frozen=True, kw_only=True)
class Layer:
    """One layer of a plate, cropped to box. All arrays float32, row 0 at the top."""

    box: tuple[int, int, int, int]  # left, top, right, bottom: pixels of the canvas
    shade: np.ndarray  # (H, W) linear, 0..about 4: light of all groups on a white of this shape, weave included
    shares: np.ndarray  # (4, H, W) 0..1, sum 1: the groups' parts of it
    gloss: np.ndarray  # (H, W) 0..1: the part of it that is mirrored and does not take the cloth's colour
    masks: dict[str, np.ndarray]  # material -> (H, W) 0..1: its part of the covered pixel; their sum is 1
    alpha: np.ndarray  # (H, W) 0..1


@dataclass(frozen=True, kw_only=True)
class Plate:
    """A garment on a body, without light and colours of its own."""

    size: tuple[int, int]  # canvas: width, height, pixels
    head: float  # pixels from the chin to the crown of the head that fits
    front: Layer
    back: Layer
    albedo: dict[str, float]  # material -> grey that it was rendered with
    colours: dict[str, str]  # material -> sRGB hex where nobody chooses
    anchors: dict[str, tuple[float, float]]  # pixels of the canvas, x right, y down


def read_plate(path: Path) -> Plate:
    """Plate of a file."""
    with zipfile.ZipFile(path) as pack:
        table = json.loads(pack.read("plate.json"))

        def bands(name: str, count: int) -> np.ndarray:
            picture = np.asarray(Image.open(io.BytesIO(pack.read(name))).convert("L"), np.float32) / 255
            return picture.reshape(count, -1, picture.shape[1])

        layers = {}
        for side in ("front", "back"):
            about = table[side]
            (shade,) = bands(f"{side}_shade.webp", 1)
            height, width = shade.shape
            small = bands(f"{side}_shares.webp", 4)
            large = np.stack([enlarge(band, (width, height)) for band in small])
            gloss = large[3] ** GAMMA if table["format"] > 1 else large[3]
            three = large[:3] / np.maximum(1, large[:3].sum(0))
            alpha, *parts = bands(f"{side}_masks.webp", 1 + len(about["materials"]))
            rest = np.clip(1 - sum(parts, np.zeros_like(alpha)), 0, 1)
            layers[side] = Layer(
                box=tuple(about["box"]),
                shade=about["range"] * shade**GAMMA,
                shares=np.stack([three[0], three[1], 1 - three.sum(0), three[2]]),
                gloss=gloss,
                masks={"main": rest, **dict(zip(about["materials"], parts, strict=True))},
                alpha=alpha,
            )
    return Plate(
        size=tuple(table["size"]),
        head=table["head"],
        albedo=table["albedo"],
        colours=table["colours"],
        anchors={name: tuple(place) for name, place in table["anchors"].items()},
        **layers,
    )


def enlarge(band: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Band (h, w) float32 at a size (width, height)."""
    return np.asarray(Image.fromarray(band).resize(size, Image.Resampling.BILINEAR))


def linear(colour: str) -> np.ndarray:
    """Linear RGB (3,) of an sRGB hex colour such as #1f2a44."""
    value = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(value < 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4).astype(np.float32)


def lit(
    plate: Plate,
    layer: Layer,
    lights: Mapping[str, np.ndarray | float],
    colours: dict[str, str],
    only: tuple[str, ...] = (),
    pattern: dict[str, np.ndarray] | None = None,
) -> np.ndarray:
    """Layer as linear RGBA (H, W, 4), premultiplied.

    lights: group -> strength, a number or RGB (3,). colours: material -> sRGB hex, or the plate's own.
    only: the materials that are wanted (skin apart from cloth, say). pattern: material -> (H, W, 3) that multiplies it.
    """
    power = np.stack([np.broadcast_to(lights.get(group, 0.0), 3) for group in GROUPS]).astype(np.float32)
    light = np.einsum("ghw,gc->hwc", layer.shares, power) * layer.shade[:, :, None]
    out = np.zeros((*layer.shade.shape, 4), np.float32)
    for material, share in layer.masks.items():
        if only and material not in only:
            continue
        colour = linear({**plate.colours, **colours}.get(material, "#808080"))
        tint = colour * (pattern or {}).get(material, np.float32(1))
        own = (1 - layer.gloss)[:, :, None] * tint + (layer.gloss * plate.albedo.get(material, 0.2))[:, :, None]
        cover = (share * layer.alpha)[:, :, None]
        out[:, :, :3] += cover * light * own
        out[:, :, 3:] += cover
    return out


def over(below: np.ndarray, above: np.ndarray, box: tuple[int, int, int, int]) -> None:
    """Lay above (h, w, 4), premultiplied, over the box of the picture below (H, W, 3), in place."""
    left, top = box[:2]
    part = below[top : top + above.shape[0], left : left + above.shape[1]]
    part *= 1 - above[:, :, 3:]
    part += above[:, :, :3]


def developed(picture: np.ndarray) -> np.ndarray:
    """Linear RGB (H, W, 3) as sRGB uint8, with a soft shoulder above 0.7."""
    bright = np.where(picture > 0.7, 0.7 + 0.3 * np.tanh((picture - 0.7) / 0.3 * 0.8), picture)
    value = np.clip(bright, 0, 1)
    return (np.where(value < 0.0031308, 12.92 * value, 1.055 * value ** (1 / 2.4) - 0.055) * 255 + 0.5).astype(np.uint8)


def flipped(plate: Plate) -> Plate:
    """Plate of the torso that is turned the other way. Buttons and pockets change sides."""

    def flip(layer: Layer) -> Layer:
        left, top, right, bottom = layer.box
        return Layer(
            box=(plate.size[0] - right, top, plate.size[0] - left, bottom),
            shade=layer.shade[:, ::-1],
            shares=layer.shares[[1, 0, 2, 3], :, ::-1],
            gloss=layer.gloss[:, ::-1],
            alpha=layer.alpha[:, ::-1],
            masks={name: mask[:, ::-1] for name, mask in layer.masks.items()},
        )

    other = {"left": "right", "right": "left"}
    places = {}
    for name, (x, y) in plate.anchors.items():
        stem, _, side = name.rpartition("_")
        places[f"{stem}_{other[side]}" if side in other else name] = (plate.size[0] - x, y)
    return replace(plate, front=flip(plate.front), back=flip(plate.back), anchors=places)


def widened(plate: Plate, neck: float, shoulders: float) -> Plate:
    """Plate for a broader or slimmer person: widths of the neck and from there outwards times a factor (0.85..1.2)."""
    x0 = plate.anchors["throat"][0]
    half = abs(plate.anchors["neck_right"][0] - plate.anchors["neck_left"][0]) / 2
    far = float(plate.size[0])
    old = np.array([-far, -half, 0, half, far])
    new = np.array(
        [-half * neck - (far - half) * shoulders, -half * neck, 0, half * neck, half * neck + (far - half) * shoulders]
    )

    def warp(layer: Layer) -> Layer:
        left, top, right, bottom = layer.box
        columns = np.interp(np.arange(plate.size[0]) - x0, new, old) + x0 - left
        inside = (columns > -1) & (columns < right - left)
        first, last = int(np.argmax(inside)), len(inside) - int(np.argmax(inside[::-1]))
        at = np.clip(columns[first:last], 0, right - left - 1.001)
        low, part = at.astype(int), (at % 1).astype(np.float32)

        def move(array: np.ndarray) -> np.ndarray:
            return array[..., low] * (1 - part) + array[..., low + 1] * part

        return Layer(
            box=(first, top, last, bottom),
            shade=move(layer.shade),
            shares=move(layer.shares),
            gloss=move(layer.gloss),
            masks={name: move(mask) for name, mask in layer.masks.items()},
            alpha=move(layer.alpha),
        )

    places = {name: (float(np.interp(x - x0, old, new) + x0), y) for name, (x, y) in plate.anchors.items()}
    return replace(plate, front=warp(plate.front), back=warp(plate.back), anchors=places)


def tie_stripes(plate: Plate, colour: str, second: str, period: float = 0.105) -> np.ndarray:
    """Factor (H, W, 3) for the material tie of the front layer: stripes of a second colour, period in heads."""
    left, top, right, bottom = plate.front.box
    y, x = np.mgrid[top:bottom, left:right].astype(np.float32)
    knot_x, knot_y = plate.anchors["knot"]
    slant = np.where(y > knot_y, 0.8, -0.45)
    phase = ((x - knot_x) * slant + (y - knot_y)) / (period * plate.head)
    soft = 0.012 / period
    wave = np.abs((phase % 1) - 0.5) * 2
    on = np.clip((wave - 0.66) / (2 * soft) + 0.5, 0, 1)[:, :, None]
    return 1 + on * (linear(second) / np.maximum(linear(colour), 1e-3) - 1)
