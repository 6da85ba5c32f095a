"""Lapels, collars, and pockets of a jacket, built on its draped shell. Decimetres, y up, z front.

Sizes are for a 2.28 dm head. Heights in tables count from the neck's joint.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.ndimage import gaussian_filter

from training.wardrobe.collars import stitch
from training.wardrobe.measure import Measures
from training.wardrobe.surface import Ground, Sheet, curve, mirrored, rolled


@dataclass(frozen=True, kw_only=True)
class Lapel:
    """Cut of a jacket's front, in dm on the average man; y counts from the neck's joint."""

    button: float = -4.2  # height of the upper button, where the roll lines meet
    gorge: float = -0.42  # height where the seam of collar and lapel meets the roll line
    notch: tuple[float, float] = (1.06, -0.66)
    tip: tuple[float, float] = (1.33, -0.80)
    collar_tip: tuple[float, float] = (1.25, -0.42)
    spread: float = 0.22  # how far the roll line keeps from the neck's side
    belly: float = 0.10
    thickness: float = 0.028
    buttonhole: bool = True
    material: str = "main"
    collar_material: str = "main"


def roll_line(m: Measures, cut: Lapel, y: np.ndarray) -> np.ndarray:
    """Distance x of the roll line from the middle at heights y."""
    side, low = m.half + cut.spread * m.size, m.neck + cut.button * m.size
    return side * (y - low) / (m.neck - 0.12 * m.size - low)


def jacket_front(m: Measures, ground: Ground, cut: Lapel, side: int) -> list[Sheet]:
    """Lapels and collar of a single-breasted jacket; at side 1 the buttonhole is on the wearer's left."""
    worked, plain = lapel(m, ground, cut), lapel(m, ground, replace(cut, buttonhole=False))
    half = collar(m, ground, cut)
    left, right = (worked, plain) if side > 0 else (plain, worked)
    return [left, half, mirrored(right), mirrored(half)]


def lapel(m: Measures, ground: Ground, cut: Lapel) -> Sheet:
    """Left lapel from the gorge to below the frame."""
    k, rows = m.size, 300
    y = m.neck + np.linspace(cut.gorge, -3.7, rows) * k
    x = roll_line(m, cut, y)
    roll = np.stack([x, y, ground.front(x, y)], 1)
    t = np.linspace(0, 1, rows)
    roll[:, 2] += (0.085 + 0.05 * t) * k
    tx, ty = cut.tip
    low = [-0.80 - 0.35, -1.7, -2.45, -3.1, -3.75]
    widths = np.array([0.62, 0.58, 0.50, 0.42, 0.33]) + (tx - 1.33) + cut.belly * np.array([0.1, 0.35, 0.4, 0.3, 0.1])
    inner = roll_line(m, cut, m.neck + np.array(low) * k) / k
    outline = [(tx, ty), *zip(inner + widths, low, strict=True)]
    flat = curve([(a * k, m.neck + b * k) for a, b in outline], rows)
    edge = np.stack([flat[:, 0], flat[:, 1], ground.front(flat[:, 0], flat[:, 1])], 1)
    edge[:, 2] += (0.045 + 0.035 * np.exp(-np.square((t - 0.42) / 0.16))) * k  # the edge stands off at the belly
    under = roll + np.array([0.30 * k, 0, -0.07 * k])
    under[:, 2] = ground.front(under[:, 0], under[:, 1]) + 0.01 * k
    hint = np.tile([0.15, 0.05, 1.0], (rows, 1))
    bulge = (0.055 + 0.075 * np.clip(t / 0.6, 0, 1))[:, None] * k
    grid = rolled(under, roll, edge, 0.048 * k, bulge, hint, (10, 12, 70))
    grid[:, 22:] = ground.push_out(grid[:, 22:], 0.05 * k)
    grid[:, 22:, 2] += seam(grid[:, 22:], grid[:1, 22:], 0.018 * k)
    stitch(grid, 22, 0.05 * k, 0.0035 * k)
    if cut.buttonhole:
        buttonhole(grid, 22, k)
    return Sheet(name="lapel", grid=grid, material=cut.material, thickness=cut.thickness * k, grain=-12)


def buttonhole(grid: np.ndarray, first: int, k: float) -> None:
    """Work a buttonhole into the columns of a lapel's grid (R, C, 3) from first on: a slit between two lips."""
    part = grid[:, first:]
    tip, inner = part[0, -1], part[0, 0]
    axis = (inner - tip) / np.linalg.norm(inner - tip)
    start = tip + axis * 0.14 * k + (part[40, -1] - tip) / np.linalg.norm(part[40, -1] - tip) * 0.17 * k
    u = (part - start) @ axis / (0.21 * k)
    off = part - start - axis * ((part - start) @ axis)[:, :, None]
    v = np.linalg.norm(off, axis=2) / k
    inside = 1 / (1 + np.exp(-np.clip((0.5 - np.abs(u - 0.5)) / 0.02, -50, 50)))
    part[:, :, 2] += (
        k * inside * (0.010 * np.exp(-np.square((v - 0.018) / 0.012)) - 0.022 * np.exp(-np.square(v / 0.008)))
    )


def seam(grid: np.ndarray, line: np.ndarray, deep: float) -> np.ndarray:
    """Depth (R, C) of the groove along a sewn line (1, C, 3) of a grid."""
    away = np.linalg.norm(grid - line, axis=2)
    return -deep * np.exp(-np.square(away / 0.022))


def collar(m: Measures, ground: Ground, cut: Lapel) -> Sheet:
    """Left half of the collar: from the gorge over the shoulder to the nape."""
    k, rows, short = m.size, 300, 40
    gorge = np.array([roll_line(m, cut, np.array([m.neck + cut.gorge * k]))[0], m.neck + cut.gorge * k])
    nape = m.middle - m.depth
    low = (m.half + cut.spread * k, m.neck - 0.10 * k)
    start = (*gorge, ground.front(gorge[:1], gorge[1:])[0] + 0.085 * k)
    path = [
        start,
        (
            gorge[0] * 0.45 + low[0] * 0.55,
            gorge[1] * 0.45 + low[1] * 0.55,
            start[2] * 0.5 + (m.middle + 0.34 * k) * 0.5,
        ),
        (low[0] - 0.06 * k, low[1] + 0.09 * k, m.middle + 0.08 * k),
        (low[0] - 0.22 * k, m.neck + 0.09 * k, m.middle - 0.40 * k),
        (0.40 * k, m.neck + 0.14 * k, nape - 0.20 * k),
        (0.0, m.neck + 0.15 * k, nape - 0.25 * k),
    ]
    roll = curve(path, rows)
    nx, ny = cut.notch
    cx, cy = cut.collar_tip
    tip = np.array([cx * k, m.neck + cy * k])
    notch = np.array([nx * k, m.neck + ny * k])
    front = [(*p, ground.front(p[:1], p[1:])[0]) for p in (notch, tip)]
    back = [
        front[1],
        (cx * k + 0.06 * k, m.neck - 0.20 * k, m.middle + 0.26 * k),
        (low[0] + 0.36 * k, m.neck - 0.16 * k, m.middle - 0.10 * k),
        (low[0] + 0.05 * k, m.neck - 0.24 * k, nape - 0.25 * k),
        (0.40 * k, m.neck - 0.30 * k, nape - 0.42 * k),
        (0.0, m.neck - 0.31 * k, nape - 0.44 * k),
    ]
    edge = np.concatenate([curve(front, short, straight=True), curve(back, rows - short + 1)[1:]])
    edge = ground.push_out(edge, 0.025 * k)
    inward = np.stack([roll[:, 0], 0 * roll[:, 0], roll[:, 2] - m.middle], 1)
    under = roll - 0.05 * k * inward / np.linalg.norm(inward, axis=1, keepdims=True) - np.array([0, 0.30 * k, 0])
    under[:, 0] = np.maximum(under[:, 0], 0)
    hint = np.stack([roll[:, 0], 0.35 + 0 * roll[:, 0], roll[:, 2] - m.middle + 0.25], 1)
    grid = rolled(under, roll, edge, 0.038 * k, 0.012 * k, hint, (10, 12, 70))
    grid[:, 22:] = ground.push_out(grid[:, 22:], 0.035 * k)
    grid[:, 22:, 2] += seam(grid[:, 22:], grid[:1, 22:], 0.018 * k)
    grid[-1, :, 0] = -0.012 * k  # past the nape, so that no gap is seen
    return Sheet(name="jacket collar", grid=grid, material=cut.collar_material, thickness=cut.thickness * k, grain=35)


def welt(m: Measures, ground: Ground, bare: Ground, material: str = "main") -> Sheet:
    """Breast pocket on the wearer's left: a slanted strip; bare is the ground with its folds."""
    k = m.size
    u, v = np.meshgrid(np.linspace(0, 1, 120), np.linspace(0, 1, 40))
    x = (0.90 + 0.76 * u + 0.02 * v) * m.shoulder / 1.865
    y = m.neck + (-1.98 + 0.11 * u + 0.23 * v) * k
    lift = 0.022 * np.minimum(1, np.minimum(np.minimum(u, 1 - u) * 30, 1.2 - 0.9 * (1 - v)))
    grid = np.stack([x, y, ground.front(x, y) + lift * k], 2)
    grid[:, :, 2] += gaussian_filter(np.maximum(bare.front(x, y) + 0.012 * k - grid[:, :, 2], 0), 4)
    return Sheet(name="pocket", grid=grid, material=material, thickness=0.02 * k, grain=0)


def opening(m: Measures, cut: Lapel, points: np.ndarray) -> np.ndarray:
    """Mask (N,) bool of the shell of a jacket that is cut away: the front's V, and under collar and lapels."""
    k, x, y, z = m.size, np.abs(points[:, 0]), points[:, 1], points[:, 2]
    inside = x < roll_line(m, cut, np.minimum(y, m.neck)) + 0.14 * k
    front = inside & (z > m.middle) & (y < m.neck + 0.2)
    ring = np.hypot(points[:, 0] / (m.half + (cut.spread + 0.10) * k), (z - m.middle) / (m.depth + 0.36 * k))
    return front | ((ring < 1) & (y > m.neck - 0.9 * k))


def zip_front(m: Measures, ground: Ground, cut: Lapel) -> list[Sheet]:
    """Open front of a short jacket: a turned-down collar, rolled edges and the two rows of a zip's teeth."""
    k, rows = m.size, 400
    y = m.neck + np.linspace(-0.30, -3.7, rows) * k
    x = roll_line(m, cut, y)
    roll = np.stack([x, y, ground.front(x, y) + 0.06 * k], 1)
    edge = roll + np.array([0.34 * k, 0, 0])
    edge[:, 2] = ground.front(edge[:, 0], edge[:, 1]) + 0.02 * k
    under = roll + np.array([0.22 * k, 0, -0.08 * k])
    hint = np.tile([0.1, 0.05, 1.0], (rows, 1))
    grid = rolled(under, roll, edge, 0.045 * k, 0.015 * k, hint, (8, 12, 50))
    grid[:, 20:] = ground.push_out(grid[:, 20:], 0.03 * k)
    stitch(grid, 20, 0.05 * k, 0.010 * k)
    front = Sheet(name="front edge", grid=grid, material="main", thickness=0.03 * k)
    beat = 0.5 + 0.5 * np.cos(2 * np.pi * np.arange(rows * 4) / 11)
    line = curve(roll, rows * 4)
    across = np.linspace(-0.5, 0.5, 12)
    teeth = line[:, None, :] + np.array([0.055 * k, 0, 0]) * across[None, :, None] + np.array([-0.055 * k, 0, 0.02 * k])
    teeth[:, :, 2] += (0.025 * k * beat[:, None]) * (1 - np.square(2 * across))[None, :]
    left = [front, Sheet(name="zip", grid=teeth, material="trim", thickness=0.012 * k), stand(m, ground, cut)]
    return left + [mirrored(sheet) for sheet in left]


def stand(m: Measures, ground: Ground, cut: Lapel) -> Sheet:
    """Left half of a turned-down leather collar with a rounded point."""
    k, rows = m.size, 260
    low = m.half + cut.spread * k
    x0 = roll_line(m, cut, np.array([m.neck - 0.34 * k]))[0]
    nape = m.middle - m.depth
    roll = curve(
        [
            (
                x0 - 0.02 * k,
                m.neck - 0.34 * k,
                ground.front(np.array([x0]), np.array([m.neck - 0.34 * k]))[0] + 0.12 * k,
            ),
            (low + 0.02 * k, m.neck + 0.00 * k, m.middle + 0.25 * k),
            (low - 0.06 * k, m.neck + 0.14 * k, m.middle - 0.25 * k),
            (0.42 * k, m.neck + 0.20 * k, nape - 0.18 * k),
            (0.0, m.neck + 0.21 * k, nape - 0.22 * k),
        ],
        rows,
    )
    ends = [(0.86, -1.02), (1.06, -0.92), (1.20, -0.62)]
    front = [(a * k, m.neck + b * k, ground.front(np.array([a * k]), np.array([m.neck + b * k]))[0]) for a, b in ends]
    edge = curve(
        [
            *front,
            (low + 0.44 * k, m.neck - 0.22 * k, m.middle + 0.12 * k),
            (low + 0.24 * k, m.neck - 0.18 * k, m.middle - 0.42 * k),
            (0.45 * k, m.neck - 0.24 * k, nape - 0.42 * k),
            (0.0, m.neck - 0.25 * k, nape - 0.45 * k),
        ],
        rows,
    )
    edge = ground.push_out(edge, 0.03 * k)
    inward = np.stack([roll[:, 0], 0 * roll[:, 0], roll[:, 2] - m.middle], 1)
    under = roll - 0.04 * k * inward / np.linalg.norm(inward, axis=1, keepdims=True) - np.array([0, 0.34 * k, 0])
    hint = np.stack([roll[:, 0], 0.3 + 0 * roll[:, 0], roll[:, 2] - m.middle], 1)
    grid = rolled(under, roll, edge, 0.05 * k, 0.03 * k, hint, (10, 12, 60))
    grid[:, 22:] = ground.push_out(grid[:, 22:], 0.05 * k)
    stitch(grid, 22, 0.06 * k, 0.010 * k)
    grid[-1, :, 0] = -0.012 * k
    return Sheet(name="leather collar", grid=grid, material="main", thickness=0.04 * k)
