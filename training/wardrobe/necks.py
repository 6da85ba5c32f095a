"""Necklines that are no collars: bands of T-shirts and jumpers, roll necks, and the open front of a shirt.

Decimetres, y up, z front; sizes are for a 2.28 dm head. Angles run from the throat (0) round the wearer's left.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter, gaussian_filter1d

from training.wardrobe.measure import Measures
from training.wardrobe.surface import Ground, Sheet, rolled, unit

TILT = math.radians(38)  # a neckline lies in a plane that falls to the front by about this angle


@dataclass(frozen=True, kw_only=True)
class Neckline:
    """Cut of a round neckline, in dm on the average man."""

    wide: float = 0.13  # distance from the neck's side
    deep: float = 0.04  # how much further it is cut at the front
    band: float = 0.16  # width of the band
    rise: float = 0.03  # how far the band stands off the cloth
    material: str = "main"
    grain: float = 90.0


def axis_frame() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Directions of a neckline: along the neck (3,), to the wearer's left (3,), to the front and down (3,)."""
    return (
        np.array([0, math.cos(TILT), math.sin(TILT)]),
        np.array([1.0, 0, 0]),
        np.array([0, -math.sin(TILT), math.cos(TILT)]),
    )


def ring(m: Measures, cut: Neckline, angle: np.ndarray, more: float = 0.0) -> np.ndarray:
    """Radii (N, 2) of the neckline in its plane, to the left and to the front, at angles in radians; more is added."""
    k = m.size
    front = np.clip(np.cos(angle), 0, 1) ** 1.5
    wide = (m.half + (cut.wide + more) * k) * np.sin(angle)
    long = (m.depth + (cut.wide + more + cut.deep * front) * k) * np.cos(angle)
    return np.stack([wide, long], 1)


def ring_angle(m: Measures, cut: Neckline, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Angles (N,) of the ring at which places a to the left and b to the front (N,) lie."""
    angle = np.arctan2(a / m.half, b / m.depth)
    for _ in range(8):
        wide, long = (np.abs(radii) for radii in ring(m, cut, angle, cut.band).T)
        sin, cos = np.maximum(np.abs(np.sin(angle)), 1e-3), np.maximum(np.abs(np.cos(angle)), 1e-3)
        angle = 0.5 * angle + 0.5 * np.arctan2(a * sin / np.maximum(wide, 1e-6), b * cos / np.maximum(long, 1e-6))
    return angle


def on_ground(m: Measures, ground: Ground, cut: Neckline, angle: np.ndarray, more: float) -> np.ndarray:
    """Points (N, 3) of the ring where it meets the ground, seen along the neck."""
    up, left, front = axis_frame()
    radii = ring(m, cut, angle, more)
    centre = np.array([0, m.neck - 0.06 * m.size, m.middle])
    out = np.full((len(angle), 3), np.nan)
    for i, (a, b) in enumerate(radii):
        start = centre + left * a + front * b + up * 0.9
        place, _, _, _ = ground.tree.ray_cast(start.tolist(), (-up).tolist(), 3.0)
        if place is None:
            place, _, _, _ = ground.tree.find_nearest((start - up * 0.9).tolist())
        out[i] = place
    return gaussian_filter1d(out, 8, axis=0, mode="wrap")  # a sewn band bridges small folds


def inside(m: Measures, cut: Neckline, points: np.ndarray) -> np.ndarray:
    """Mask (N,) bool of the points within the neckline, which are cut away: the band covers the edge."""
    up, left, front = axis_frame()
    away = points - np.array([0, m.neck - 0.06 * m.size, m.middle])
    a, b = away @ left, away @ front
    radii = ring(m, cut, ring_angle(m, cut, a, b), cut.band * 0.35)
    return (np.hypot(a, b) < np.hypot(*radii.T)) & (away @ up > -1.3 * m.size)


def beside(m: Measures, cut: Neckline, points: np.ndarray) -> np.ndarray:
    """Distance (N,) in dm of points (N, 3) from the band's outer edge, across the neck's direction."""
    _, left, front = axis_frame()
    away = points - np.array([0, m.neck - 0.06 * m.size, m.middle])
    a, b = away @ left, away @ front
    radii = ring(m, cut, ring_angle(m, cut, a, b), cut.band)
    return np.hypot(a, b) - np.hypot(*radii.T)


def band(m: Measures, ground: Ground, cut: Neckline) -> list[Sheet]:
    """Band of a round neckline: a folded strip sewn to the cloth."""
    k = m.size
    angle = np.linspace(-np.pi, np.pi, 480)
    up, _, _ = axis_frame()
    edge = on_ground(m, ground, cut, angle, cut.band)
    roll = on_ground(m, ground, cut, angle, 0.0)
    towards = unit(roll - edge)
    roll = edge + towards * cut.band * k + up * cut.rise * k
    under = roll - up * 0.10 * k + unit(edge - roll) * 0.05 * k
    hint = np.tile(up, (len(angle), 1)) + unit(np.stack([roll[:, 0], 0 * angle, roll[:, 2] - m.middle], 1)) * 0.6
    grid = rolled(under, roll, edge, 0.016 * k, 0.012 * k, hint, (8, 10, 40))
    last = grid[:, -1:]
    near = np.linalg.norm(grid - last, axis=2)
    grid -= up * (0.022 * k * np.exp(-np.square(near / (0.014 * k))))[:, :, None]
    return [Sheet(name="band", grid=grid, material=cut.material, thickness=0.018 * k, grain=cut.grain)]


def roll_neck(m: Measures, ground: Ground, material: str = "trim") -> list[Sheet]:
    """Turtleneck: up along the neck, turned over, falling half way back, with soft rolls."""
    k = m.size
    angle = np.linspace(-np.pi, np.pi, 480)
    share = np.sin(np.abs(angle) / 2) ** 1.4

    def round_neck(away: float, y: np.ndarray) -> np.ndarray:
        return np.stack([(m.half + away * k) * np.sin(angle), y, m.middle + (m.depth + away * k) * np.cos(angle)], 1)

    wave = 0.012 * np.sin(3 * angle + 0.6) + 0.008 * np.sin(7 * angle)
    top = m.neck + (-0.10 + 0.36 * share + wave) * k
    roll = round_neck(0.085, top)
    front = np.clip(np.cos(angle), 0, 1)
    edge = round_neck(0.135, top - (0.46 + 0.10 * front + 0.01 * np.sin(5 * angle)) * k)
    edge[:, 2] += 0.05 * k * front
    under = round_neck(0.05, top - 0.45 * k)
    hint = np.stack([np.sin(angle), 0.2 + 0 * angle, np.cos(angle)], 1)
    grid = rolled(under, roll, edge, 0.036 * k, 0.025 * k, hint, (12, 12, 60))
    t = np.linspace(0, 1, 60)[None, :]
    out = unit(hint)[:, None, :]
    slump = np.sin(np.pi * t) * (
        0.010 * np.sin(2.2 * np.pi * t + 2.1 * np.sin(angle)[:, None]) + 0.006 * np.sin(4 * angle)[:, None]
    )
    grid[:, 24:] += out * (k * slump)[:, :, None]
    moved = ground.push_out(grid[:, 24:], 0.034 * k) - grid[:, 24:]
    grid[:, 24:] += gaussian_filter(moved, (9, 6, 0), mode=("wrap", "nearest", "nearest"))
    fallen = Sheet(name="roll neck", grid=grid, material=material, thickness=0.03 * k, grain=90)
    base = Neckline(wide=0.06, deep=0.06, band=0.14)
    foot = on_ground(m, ground, base, angle, 0.08)
    rise = np.linspace(0, 1, 30)[None, :, None]
    inner = round_neck(0.09, top - 0.30 * k)[:, None, :]
    stand = foot[:, None, :] * (1 - rise) + inner * rise + np.array([0, -0.06 * k, 0]) * np.sin(np.pi * rise)
    return [fallen, Sheet(name="stand", grid=stand, material=material, thickness=0.02 * k)]


def open_front(
    m: Measures, ground: Ground, half: float, top: float, low: float, material: str, width: float = 0.20
) -> list[Sheet]:
    """Two turned-back edges of a shirt that is open from height top (half dm from the middle) to low."""
    k, rows = m.size, 160
    sheets = []
    for side in (1, -1):
        t = np.linspace(0, 1, rows)
        x = half * (1 - t) ** 1.15 + 0.012 * k
        y = top + (low - top) * t
        roll = np.stack([side * x, y, ground.front(side * x, y) + 0.035 * k], 1)
        ex = x + width * k * (1 - 0.2 * t - 0.72 * t**4)
        edge = np.stack([side * ex, y + 0.02 * k, ground.front(side * ex, y) + 0.02 * k], 1)
        under = roll + np.array([side * 0.12 * k, 0, -0.05 * k])
        hint = np.tile([0.2 * side, 0.1, 1.0], (rows, 1))
        grid = rolled(under, roll, edge, 0.016 * k, 0.012 * k, hint, (6, 10, 40))
        near = np.linalg.norm(grid - grid[:, -1:], axis=2)
        grid[:, :, 2] -= 0.012 * k * np.exp(-np.square(near / (0.014 * k)))
        sheets.append(Sheet(name="open front", grid=grid, material=material, thickness=0.014 * k))
    return sheets
