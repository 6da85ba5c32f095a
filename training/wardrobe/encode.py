"""Write a rendered view as a plate: a ZIP of WebP pictures with a table. plate.py reads it."""

from __future__ import annotations

import io
import json
import os
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image
from scipy.ndimage import binary_dilation, binary_propagation, distance_transform_edt, gaussian_filter, median_filter

from training.wardrobe.materials import LOOKS, MASKS
from training.wardrobe.passes import Passes
from training.wardrobe.plate import GAMMA

LEVELS = 16  # steps of a mask: a pixel's edge needs no more
EDGE = 0.55  # pixels by which masks are softened: few samples leave their edges uneven
EMPTY = 1 / 64  # alpha below which a pixel is nothing


def crop(alpha: np.ndarray) -> tuple[int, int, int, int]:
    """Box (left, top, right, bottom) of what is there in alpha (H, W), to even pixels."""
    rows, columns = np.flatnonzero((alpha > EMPTY).any(1)), np.flatnonzero((alpha > EMPTY).any(0))
    left, top, right, bottom = columns[0] & ~1, rows[0] & ~1, columns[-1] + 1, rows[-1] + 1
    return (
        int(left),
        int(top),
        int(min(right + (right - left) % 2, alpha.shape[1] & ~1)),
        int(min(bottom + (bottom - top) % 2, alpha.shape[0] & ~1)),
    )


def spread(values: np.ndarray, solid: np.ndarray) -> np.ndarray:
    """Values (H, W) where solid (H, W) bool, and the nearest such value elsewhere, for the compression's sake."""
    where = distance_transform_edt(~solid, return_distances=False, return_indices=True)
    return values[tuple(where)]


def webp(bands: np.ndarray, quality: int | None) -> bytes:
    """WebP of bands (N, H, W) in 0..1, stacked downwards as one grey picture; quality None is lossless."""
    picture = Image.fromarray(np.round(np.clip(bands, 0, 1).reshape(-1, bands.shape[2]) * 255).astype(np.uint8))
    out = io.BytesIO()
    how = {"lossless": True, "quality": 100} if quality is None else {"quality": quality}
    picture.convert("RGB").save(out, "WEBP", method=6, **how)
    return out.getvalue()


def halved(band: np.ndarray) -> np.ndarray:
    """Band (H, W), both even, at half its size."""
    return band.reshape(band.shape[0] // 2, 2, band.shape[1] // 2, 2).mean((1, 3))


def calm(shade: np.ndarray) -> np.ndarray:
    """Shade (H, W) without single bright specks, which rays that graze an edge leave."""
    around = median_filter(shade, 5, mode="nearest")
    return np.where(shade > 1.5 * around + 0.04, around, shade)


def hollow(front: np.ndarray, cloth: np.ndarray, back: np.ndarray, back_alpha: np.ndarray) -> np.ndarray:
    """Share (H, W) of the front layer that looks into a garment whose rear half the back layer holds: black there.

    front and back are shades (H, W), cloth is where (H, W) the front layer is no skin.
    """
    covered = cloth & (back_alpha > 0.9)
    black = covered & (front < 0.12) & (back > 3 * front)
    rim = covered & (front < 0.40) & (back > 1.4 * front)
    inside = binary_dilation(binary_propagation(black, mask=rim | black), iterations=3) & (back_alpha > 0.9)
    return gaussian_filter(inside.astype(np.float32), 0.7)


def without_hollow(front: Passes, back: Passes, corner: tuple[int, int]) -> Passes:
    """Front layer without its black inside, where the back layer (at corner) shows the garment's rear half."""
    height, width = back.alpha.shape
    part = (..., slice(corner[1], corner[1] + height), slice(corner[0], corner[0] + width))
    shades = [p.total / np.maximum(p.alpha * p.albedo, 1e-3) for p in (front, back)]
    skin = front.masks[MASKS.index("skin")][part] > 0.2
    keep = np.ones_like(front.alpha)
    keep[part] -= hollow(shades[0][part], ~skin & (front.alpha[part] > 0.1), shades[1], back.alpha)
    small = np.repeat(halved(keep[: keep.shape[0] & ~1, : keep.shape[1] & ~1])[None], len(front.lights), 0)
    return replace(
        front,
        alpha=front.alpha * keep,
        total=front.total * keep,
        masks=front.masks * keep,
        lights=front.lights * np.maximum(small, 1e-3),
    )


def encode_layer(passes: Passes, looks: dict[str, str], corner: tuple[int, int]) -> tuple[dict, dict[str, bytes]]:
    """Table and pictures of one layer; corner is where the passes lie on the canvas."""
    box = crop(passes.alpha)
    left, top, right, bottom = box
    cut = (..., slice(top, bottom), slice(left, right))
    alpha, masks, total = passes.alpha[cut], passes.masks[cut], passes.total[cut]
    lights = passes.lights[:, top // 2 : bottom // 2, left // 2 : right // 2]
    grey = np.array([LOOKS[looks[slot]].albedo if slot in looks else 0.2 for slot in MASKS])
    cover = masks / np.maximum(masks.sum(0), 1e-4)
    white = (cover * grey[:, None, None]).sum(0)
    solid, small = alpha > 0.5, halved(alpha) > 0.5
    shade = calm(spread(total / np.maximum(alpha * white, 1e-3), solid))
    parts = lights[[0, 1, 3]] / np.maximum(lights.sum(0), 1e-4)
    mirrored, light = (halved(gaussian_filter(band, 1.5)) for band in (passes.gloss[cut], total))
    gloss = mirrored / np.maximum(light, 1e-4)
    shares = [spread(part, small) for part in (*parts, gloss)]
    most = float(np.quantile(shade[solid], 0.9997))
    names = [slot for slot in MASKS[1:] if cover[MASKS.index(slot)][solid].max(initial=0) > 0.5]
    alpha, masks = gaussian_filter(alpha, EDGE), gaussian_filter(masks, (0, EDGE, EDGE))
    cover = masks / np.maximum(masks.sum(0), 1e-4)
    parts = [alpha] + [spread(cover[MASKS.index(slot)], alpha > EMPTY) * (alpha > EMPTY) for slot in names]
    steps = np.round(np.clip(np.stack(parts), 0, 1) * (LEVELS - 1)) / (LEVELS - 1)
    pictures = {
        "shade": webp(((shade / most).clip(0, 1) ** (1 / GAMMA))[None], 86),
        "shares": webp(np.stack([*shares[:3], shares[3].clip(0, 1) ** (1 / GAMMA)]), 88),
        "masks": webp(steps, None),
    }
    place = [left + corner[0], top + corner[1], right + corner[0], bottom + corner[1]]
    return {"box": place, "range": most, "materials": names}, pictures


def write_plate(
    path: Path, front: Passes, back: Passes, back_corner: tuple[int, int], looks: dict[str, str], about: dict
) -> int:
    """Write a plate at once or not at all; about is what plate.json says besides the layers. Returns its bytes."""
    table = {"format": 2, **about, "albedo": {slot: LOOKS[look].albedo for slot, look in looks.items()}}
    part = path.with_suffix(".part")
    front = without_hollow(front, back, back_corner)
    with zipfile.ZipFile(part, "w", zipfile.ZIP_STORED) as pack:
        for side, passes, corner in (("front", front, (0, 0)), ("back", back, back_corner)):
            table[side], pictures = encode_layer(passes, looks, corner)
            for name, data in pictures.items():
                pack.writestr(zipfile.ZipInfo(f"{side}_{name}.webp"), data)
        pack.writestr(zipfile.ZipInfo("plate.json"), json.dumps(table, indent=1, sort_keys=True))
    os.replace(part, path)
    return path.stat().st_size
