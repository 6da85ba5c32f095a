"""Weaves as tiles of height and tint, drawn thread by thread, so that cloth is cloth at full size.

A tile is float32 (S, S), periodic in both directions: height 0..1, tint about 1 (it multiplies the cloth's colour).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter
from scipy.spatial import cKDTree

SIZE = 512


@dataclass(frozen=True, kw_only=True)
class Weave:
    """A tile and how large it is."""

    height: np.ndarray  # (S, S) float32 in 0..1
    tint: np.ndarray  # (S, S) float32, mean near 1
    span: float  # dm that the tile covers
    relief: float  # dm between height 0 and 1


def axes() -> tuple[np.ndarray, np.ndarray]:
    """Coordinates u (to the right), v (up) of a tile's pixels, in 0..1."""
    v, u = np.mgrid[:SIZE, :SIZE] / SIZE
    return u, v


def noise(seed: int, sigma: tuple[float, float] | float, low: float = -1, high: float = 1) -> np.ndarray:
    """Periodic smooth noise, about low..high at two deviations; sigma in pixels (up, right)."""
    field = gaussian_filter(np.random.default_rng(seed).standard_normal((SIZE, SIZE)), sigma, mode="wrap")
    field /= field.std()
    return (low + high) / 2 + field * (high - low) / 4


def finish(height: np.ndarray, tint: np.ndarray, span: float, relief: float) -> Weave:
    """Weave of raw arrays: height stretched to 0..1, tint to mean 1."""
    height = (height - height.min()) / np.ptp(height)
    return Weave(
        height=height.astype(np.float32), tint=(tint / tint.mean()).astype(np.float32), span=span, relief=relief
    )


def twill() -> Weave:
    """Worsted: fine diagonal wales of 1.5 mm, each a little its own."""
    u, v = axes()
    phase = 28 * (u + v)
    wave = 0.5 + 0.5 * np.cos(2 * np.pi * (phase + 0.10 * noise(1, 6)))
    threads = 0.5 + 0.5 * np.cos(2 * np.pi * 56 * (u - v))
    height = wave**0.8 * (0.95 + 0.05 * threads) + 0.15 * noise(2, 3)
    tint = 1 + 0.10 * (wave - 0.5) + 0.035 * noise(3, (1, 8)) + 0.035 * noise(4, (8, 1))
    return finish(height, tint, 0.42, 0.0019)


def herringbone() -> Weave:
    """Tweed: wales of 2.2 mm that change direction every 9 mm, with flecks and hairs."""
    u, v = axes()
    columns = 4
    zigzag = np.abs((u * columns) % 1 - 0.5) * 2
    edge = np.minimum((u * columns * 2) % 1, 1 - (u * columns * 2) % 1)
    phase = 32 * v + 4 * zigzag + 0.12 * noise(1, 5)
    wave = 0.5 + 0.5 * np.cos(2 * np.pi * phase)
    wave = np.clip(1.6 * wave - 0.3, 0, 1) * np.clip(edge / 0.06, 0.3, 1)
    height = wave + 0.35 * noise(2, 1.6) + 0.25 * noise(3, 4)
    fleck = np.clip(noise(4, 1.8) - 0.95, 0, 0.5)
    tint = 0.72 + 0.42 * wave + 0.12 * noise(5, (1, 5)) + 0.10 * noise(6, 1.2) + 0.8 * fleck + 0.05 * noise(7, 30)
    return finish(height, np.clip(tint, 0.3, 2), 0.72, 0.008)


def plain(threads: int, span: float, slub: float, relief: float, seed: int) -> Weave:
    """Plain weave of threads to a tile, some thicker (slub)."""
    u, v = axes()
    a = np.cos(2 * np.pi * threads / 2 * u) * np.cos(2 * np.pi * threads / 2 * v)
    thick = noise(seed, (40, 1.5)) + noise(seed + 1, (1.5, 40))
    tint = 1 + 0.02 * a + slub * thick + 0.012 * noise(seed + 2, 30)
    return finish(0.5 + 0.5 * a + 6 * slub * thick, tint, span, relief)


def stitches(columns: int, rows: int, span: float, relief: float, seed: int, contrast: float = 1.0) -> Weave:
    """Stocking stitch: columns of V loops."""
    u, v = axes()
    x = (u * columns) % 1 - 0.5
    lean = v * rows + 0.75 * np.abs(x) * 2 + 0.06 * noise(seed, 12)
    loop = 0.5 + 0.5 * np.cos(2 * np.pi * lean)
    round_ = np.sqrt(np.clip(1 - np.square((np.abs(x) - 0.25) / 0.27), 0, 1))
    height = round_ * (0.55 + 0.45 * loop) + 0.10 * noise(seed + 1, 1.5)
    tint = 1 + 0.16 * contrast * (height - 0.75) + 0.03 * noise(seed + 2, (10, 2)) + 0.03 * noise(seed + 3, 1)
    return finish(height, tint, span, relief)


def rib() -> Weave:
    """Ribs of 4.5 mm, each of two columns of loops."""
    u, v = axes()
    ribs = 8
    x = (u * ribs) % 1 - 0.5
    ridge = np.cos(np.pi * x) ** 0.7
    inner = (u * ribs * 2) % 1 - 0.5
    loop = 0.5 + 0.5 * np.cos(2 * np.pi * (v * 16 + np.abs(inner) * 1.5))
    height = ridge * (0.8 + 0.2 * loop) + 0.05 * noise(1, 1.5)
    return finish(height, 0.82 + 0.22 * height + 0.03 * noise(2, (6, 1.5)), 0.36, 0.016)


def leather() -> Weave:
    """Grain of fine cells with creases between them, and larger dimples."""
    rng = np.random.default_rng(7)
    points = rng.random((900, 2))
    tiles = np.concatenate([points + np.array([a, b]) for a in (-1, 0, 1) for b in (-1, 0, 1)])
    u, v = axes()
    away, _ = cKDTree(tiles).query(np.stack([u.ravel(), v.ravel()], 1), k=2)
    ridge = (away[:, 1] - away[:, 0]).reshape(SIZE, SIZE) * 30
    height = np.clip(ridge, 0, 0.6) ** 0.6 + 0.25 * noise(8, 14) + 0.10 * noise(9, 2)
    tint = 1 + 0.05 * noise(10, 30) + 0.05 * np.clip(ridge, 0, 0.6)
    return finish(height, tint, 0.55, 0.0017)


def silk() -> Weave:
    """Tie silk: a fine steep rib."""
    u, v = axes()
    wave = 0.5 + 0.5 * np.cos(2 * np.pi * 34 * v + 0.4 * noise(1, 6))
    cross = 0.5 + 0.5 * np.cos(2 * np.pi * 68 * u)
    return finish(wave * (0.85 + 0.15 * cross), 1 + 0.06 * (wave - 0.5) + 0.03 * noise(2, (1, 12)), 0.34, 0.0005)


WEAVES: dict[str, Callable[[], Weave]] = {
    "twill": twill,
    "herringbone": herringbone,
    "poplin": lambda: plain(64, 0.36, 0.010, 0.0010, 21),
    "canvas": lambda: plain(48, 0.42, 0.016, 0.0022, 31),
    "linen": lambda: plain(48, 0.50, 0.030, 0.0030, 41),
    "jersey": lambda: stitches(40, 48, 0.44, 0.0012, 51, 0.4),
    "knit": lambda: stitches(20, 26, 0.56, 0.011, 61),
    "rib": rib,
    "leather": leather,
    "silk": silk,
}
