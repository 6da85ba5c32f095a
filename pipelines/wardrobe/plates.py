"""Plates: rendered garments without light and colours of their own. `training/wardrobe/README.md` has their format."""

import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from io import BytesIO
from typing import Any

import cv2
import numpy as np

from pipelines.runtime.verified_files import read_verified
from pipelines.weight_table import PLATES

GAMMA = 2.2
"""Exponent of the shade's and the gloss's numbers."""
OTHER_SIDE = {"left": "right", "right": "left"}
SPECK = 4e-4
"""Area, as a share of a layer's, below which a piece of the main cloth amid a shirt has only pierced it."""
BLEED = np.ones((5, 5), np.uint8)
"""Window in which masks go on beyond the edge of what is there, so that no other cloth's colour fringes it."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Layer:
    """A layer of a plate, cropped to its box. Row 0 is the top."""

    box: tuple[int, int, int, int]  # left, top, right, bottom: pixels of the plate's canvas
    shade: np.ndarray  # uint8 (h, w): light on a white of this shape, see `brightest`
    brightest: float  # linear light that a shade of 255 is: brightest * (v / 255) ** GAMMA
    shares: np.ndarray  # uint8 (h / 2, w / 2, 4): parts of the light from left, right and rim; gloss with GAMMA
    masks: np.ndarray  # uint8 (h, w, n): part of the covered pixel of each of `materials`
    materials: tuple[str, ...]
    alpha: np.ndarray  # uint8 (h, w)


@dataclass(frozen=True, kw_only=True, eq=False)
class Plate:
    """A garment on a body: a layer before the head and one behind the neck."""

    size: tuple[int, int]  # canvas: width, height, pixels
    head: float  # pixels from the chin to the crown of the head that fits, without hair
    front: Layer
    back: Layer
    albedo: Mapping[str, float]  # material -> grey that it was rendered with
    colours: Mapping[str, str]  # material -> sRGB hex where nobody chooses
    anchors: Mapping[str, tuple[float, float]]  # pixels of the canvas, x right, y down


@lru_cache(maxsize=4)  # a run turns one garment to three sides
def load_plate(garment: str, cut: str, turn: str) -> Plate:
    """Plate of the average build. Where a turn was not rendered, the other one is flipped.

    Raises UserError where the file is missing or is not the project's.
    """
    row = PLATES.get(f"{garment}-{cut}-average-{turn}")
    if row is not None:
        return read_plate(read_verified(row))
    other = PLATES[f"{garment}-{cut}-average-{OTHER_SIDE[turn]}"]
    return flipped(read_plate(read_verified(other)))


def read_plate(content: bytes) -> Plate:
    """Plate of a file's content."""
    with zipfile.ZipFile(BytesIO(content)) as pack:
        table = json.loads(pack.read("plate.json"))
        layers = {side: _layer(pack, side, table[side]) for side in ("front", "back")}
    return Plate(
        size=tuple(table["size"]),
        head=table["head"],
        albedo=table["albedo"],
        colours=table["colours"],
        anchors={name: tuple(place) for name, place in table["anchors"].items()},
        **layers,
    )


def _layer(pack: zipfile.ZipFile, side: str, about: Mapping[str, Any]) -> Layer:
    def bands(name: str, count: int) -> np.ndarray:
        picture = cv2.imdecode(np.frombuffer(pack.read(f"{side}_{name}.webp"), np.uint8), cv2.IMREAD_GRAYSCALE)
        assert picture is not None  # the file's hash was the table's
        return picture.reshape(count, -1, picture.shape[1])

    materials: tuple[str, ...] = tuple(about["materials"])
    alpha, *masks = bands("masks", 1 + len(materials))
    if not masks:  # all of it is main
        materials, masks = ("main",), [np.full_like(alpha, 255)]
    if "shirt" in materials:
        _mend_pierced(alpha, masks, masks[materials.index("shirt")])
    masks = _bled(alpha, masks)
    return Layer(
        box=tuple(about["box"]),
        shade=bands("shade", 1)[0],
        brightest=about["range"],
        shares=np.ascontiguousarray(bands("shares", 4).transpose(1, 2, 0)),
        masks=np.ascontiguousarray(np.stack(masks, -1)),
        materials=materials,
        alpha=alpha,
    )


def _bled(alpha: np.ndarray, masks: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Masks that go on beyond the edge of what is there; together they are never more than all of a pixel."""
    wide = [cv2.dilate(mask, BLEED) for mask in masks]
    fits = 255 / np.maximum(np.sum(wide, axis=0, dtype=np.float32), 255)
    return [np.where(alpha == 0, (more * fits).astype(np.uint8), mask) for mask, more in zip(masks, wide, strict=True)]


def _mend_pierced(alpha: np.ndarray, masks: Sequence[np.ndarray], shirt: np.ndarray) -> None:
    """Turn specks of the main cloth into shirt, in place: there a jacket's mesh has pierced a collar's."""
    main = (alpha > 0) & (np.sum(masks, axis=0, dtype=np.uint16) < 200)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(main.astype(np.uint8))
    for label in np.flatnonzero(stats[:, cv2.CC_STAT_AREA] < SPECK * alpha.size):
        left, top, width, height, _ = stats[label]
        near = np.s_[max(top - 2, 0) : top + height + 2, max(left - 2, 0) : left + width + 2]
        speck = cv2.dilate((labels[near] == label).astype(np.uint8), BLEED[:3, :3]) > 0
        around = speck & (labels[near] != label)
        if around.any() and shirt[near][around].mean() > 60:
            shirt[near][speck] = 255 - sum(mask[near][speck] for mask in masks if mask is not shirt)


def flipped(plate: Plate) -> Plate:
    """Plate of the torso that is turned the other way. Buttons and pockets change sides."""

    def flip(layer: Layer) -> Layer:
        left, top, right, bottom = layer.box
        return replace(
            layer,
            box=(plate.size[0] - right, top, plate.size[0] - left, bottom),
            shade=layer.shade[:, ::-1],
            shares=layer.shares[:, ::-1, (1, 0, 2, 3)],
            masks=layer.masks[:, ::-1],
            alpha=layer.alpha[:, ::-1],
        )

    places = {}
    for name, (x, y) in plate.anchors.items():
        stem, _, side = name.rpartition("_")
        places[f"{stem}_{OTHER_SIDE[side]}" if side in OTHER_SIDE else name] = (plate.size[0] - x, y)
    return replace(plate, front=flip(plate.front), back=flip(plate.back), anchors=places)
