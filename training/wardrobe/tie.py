"""Neck tie: a knot and a blade with a dimple, as closed tubes. Decimetres, y up, z front; sizes for a 2.28 dm head."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter1d

from training.wardrobe.measure import Measures
from training.wardrobe.surface import Ground, Sheet


def tube(x0: np.ndarray, half: np.ndarray, z0: np.ndarray, deep: np.ndarray, y: np.ndarray, power: float) -> np.ndarray:
    """Grid (R, 128, 3) of a flat closed tube; per row: middle x0, half width, middle z0, half depth, height y."""
    angle = np.linspace(0, 2 * np.pi, 128, endpoint=False)
    c, s = np.cos(angle), np.sin(angle)
    across = np.sign(c) * np.abs(c) ** power
    through = np.sign(s) * np.abs(s) ** power
    return np.stack(
        [
            x0[:, None] + half[:, None] * across,
            y[:, None] + 0 * across,
            z0[:, None] + deep[:, None] * through,
        ],
        2,
    )


def knot(m: Measures, ground: Ground, drop: float, k: float) -> Sheet:
    """Knot: wider above than below, a little askew, with the wrap's creases."""
    rows = 120
    t = np.linspace(0, 1, rows)
    y = m.neck + (-drop - 0.03 - 0.42 * t) * k
    half = (0.205 - 0.075 * t + 0.018 * np.sin(np.pi * t)) * k
    fade = np.sqrt(np.clip(1 - np.square((t - 0.5) / 0.5), 0, 1)) ** 0.55
    low = ground.front(np.zeros(1), y[-1:])[0] + 0.105 * k
    base = (m.middle + m.depth + 0.02 * k) * (1 - t) + low * t
    base = gaussian_filter1d(np.maximum(base, ground.front(0 * y, y) + 0.085 * k), 6, mode="nearest")
    deep = 0.100 * k * (0.25 + 0.75 * fade) * (1.0 - 0.18 * t)
    grid = tube(0.012 * k * np.sin(2.2 * t), half * (0.82 + 0.18 * fade), base, deep, y, 0.62)
    grid[:, :, 1] += grid[:, :, 0] * (0.05 - 0.14 * t[:, None]) * t[:, None]
    u = grid[:, :, 0] / (0.2 * k)
    front = np.clip((grid[:, :, 2] - base[:, None] + 0.10 * k) / (0.2 * k), 0, 1)
    for slope, at, deep_crease, wide in (
        (0.55, 0.22, 0.020, 0.05),
        (-0.35, 0.80, 0.014, 0.045),
        (0.9, 0.55, 0.006, 0.10),
    ):
        line = t[:, None] - at - slope * 0.35 * u
        grid[:, :, 2] -= deep_crease * k * front * np.exp(-np.square(line / wide))
    uv = np.stack([grid[:, :, 0], grid[:, :, 1]], 2)
    return Sheet(name="knot", grid=grid, material="tie", thickness=0, uv=uv, grain=-50, closed=True)


def blade(m: Measures, ground: Ground, drop: float) -> Sheet:
    """Blade from inside the knot to below the frame, dimpled under the knot."""
    k, rows = m.size, 420
    top = m.neck - (drop + 0.30) * k
    y = np.linspace(top, m.neck - 3.5 * k, rows)
    d = (top - 0.10 * k - y) / k  # dm below the knot
    half = (0.118 + 0.078 * np.clip(d, -0.1, 3.0) + 0.02 * (1 - np.exp(-np.clip(d, 0, 9) / 0.25))) * k
    base = ground.front(0 * y, y)
    lift = (0.085 + 0.05 * np.exp(-np.square((d - 0.18) / 0.30)) - 0.03 * np.exp(-np.square(d / 0.1))) * k
    sway = 0.012 * k * np.sin(0.8 * d + 0.4)
    grid = tube(sway, half, base + lift, 0.042 * k + 0 * y, y, 0.55)
    x = grid[:, :, 0] - sway[:, None]
    side = x / half[:, None]
    front = (grid[:, :, 2] > (base + lift)[:, None]).astype(float)
    fade = np.exp(-np.clip(d, 0, 9) / 0.55)[:, None]
    grid[:, :, 2] -= front * 0.075 * k * fade * np.exp(-np.square((side - 0.06) / 0.22))
    grid[:, :, 2] += front * 0.022 * k * fade * np.exp(-np.square((np.abs(side - 0.06) - 0.55) / 0.25))
    grid[:, :, 2] += 0.020 * k * (1 - np.square(side)) * (1 - fade)
    grid[:, :, 2] += 0.006 * k * np.sin(5.0 * d[:, None] + 2.2 * side) * fade
    uv = np.stack([x, grid[:, :, 1]], 2)
    return Sheet(name="blade", grid=grid, material="tie", thickness=0, uv=uv, grain=45, closed=True)
