"""Folds and posture: what makes cloth look worn. They move every part alike, so no part cuts through another.

A fold is a ridge with a hollow beside it along a line on the front, seen in the picture's plane: it starts where cloth
is held (armpit, neck, shoulder, button), widens and dies away. Tables are in dm on the average man; x counts to the
wearer's left, y from the neck's joint upwards.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial import cKDTree

from training.wardrobe.measure import Measures
from training.wardrobe.surface import Part, curve

TORSO = 1.865  # x of the average man's shoulder joint


@dataclass(frozen=True, kw_only=True)
class Fold:
    """A ridge along a line."""

    path: tuple[tuple[float, float], ...]
    height: float
    width: tuple[float, float]  # half width at its start and end
    hollow: float = 0.6  # depth of the hollow below it, against its height
    sharp: float = 0.10  # share of its length over which it rises


@dataclass(frozen=True, kw_only=True)
class Fall:
    """Folds of a kind of garment: those of the wearer's left side, mirrored with chance changes, and those of both."""

    sides: tuple[Fold, ...]
    across: tuple[Fold, ...] = ()
    swell: float = 0.010  # height of the cloth's slow unevenness
    chance: float = 0.10  # dm by which the lines differ from side to side


def fold(x0: float, y0: float, *more: float, height: float, width: tuple[float, float], **how: float) -> Fold:
    """Fold through points that are given as x0, y0, x1, y1, ..."""
    flat = (x0, y0, *more)
    return Fold(path=tuple(zip(flat[::2], flat[1::2], strict=True)), height=height, width=width, **how)


JACKET = Fall(
    sides=(
        fold(
            1.36, -1.05, 1.58, -1.75, 1.56, -2.75, height=0.126, width=(0.13, 0.20), sharp=0.3
        ),  # drape by the armhole
        fold(1.66, -1.95, 1.42, -2.25, 1.02, -2.62, height=0.091, width=(0.07, 0.17)),
        fold(1.62, -2.35, 1.30, -2.80, 0.92, -3.35, height=0.082, width=(0.08, 0.18)),
        fold(
            1.40, -0.92, 1.62, -1.02, 1.88, -1.35, height=-0.078, width=(0.16, 0.20), sharp=0.35
        ),  # below the clavicle
        fold(0.55, -3.95, 0.95, -3.25, 1.45, -2.85, height=0.072, width=(0.07, 0.16)),  # pull of the button
        fold(1.88, -1.95, 2.12, -1.72, 2.42, -1.62, height=0.102, width=(0.07, 0.14)),  # sleeve, from the armpit
        fold(1.92, -2.35, 2.15, -2.15, 2.46, -2.15, height=0.098, width=(0.08, 0.15)),
        fold(2.52, -2.40, 2.30, -2.62, 2.00, -2.70, height=0.102, width=(0.07, 0.15)),
        fold(2.00, -3.00, 2.25, -2.95, 2.55, -3.10, height=0.091, width=(0.08, 0.16)),
        fold(2.30, -0.95, 2.36, -1.35, 2.30, -1.85, height=0.061, width=(0.10, 0.16), sharp=0.3),
    ),
    across=(),
    swell=0.012,
)
SHIRT = Fall(
    sides=(
        fold(1.50, -1.62, 1.15, -1.80, 0.62, -2.12, height=0.062, width=(0.043, 0.104)),
        fold(1.55, -1.90, 1.12, -2.30, 0.70, -2.95, height=0.069, width=(0.043, 0.120)),
        fold(1.60, -2.20, 1.35, -2.80, 1.22, -3.70, height=0.075, width=(0.051, 0.128)),
        fold(0.98, -0.62, 1.02, -1.25, 0.88, -2.00, height=0.050, width=(0.051, 0.120), sharp=0.25),  # from the yoke
        fold(1.40, -0.80, 1.36, -1.20, 1.44, -1.62, height=0.037, width=(0.060, 0.096), sharp=0.3),
        fold(0.22, -1.95, 0.48, -1.86, 0.82, -1.62, height=0.030, width=(0.043, 0.088)),  # from the buttons
        fold(0.22, -2.80, 0.50, -2.74, 0.90, -2.46, height=0.035, width=(0.043, 0.096)),
        fold(0.56, -1.05, 0.42, -1.60, 0.46, -2.50, height=0.033, width=(0.051, 0.096), sharp=0.3),
        fold(0.95, -2.20, 0.86, -3.00, 0.90, -3.90, height=0.056, width=(0.060, 0.128), sharp=0.3),
        fold(1.78, -1.70, 2.02, -1.42, 2.30, -1.30, height=0.069, width=(0.043, 0.096)),
        fold(1.80, -2.05, 2.06, -1.80, 2.38, -1.74, height=0.075, width=(0.051, 0.104)),
        fold(1.86, -2.45, 2.10, -2.25, 2.44, -2.30, height=0.069, width=(0.051, 0.104)),
        fold(2.46, -2.55, 2.20, -2.75, 1.94, -2.80, height=0.069, width=(0.051, 0.104)),
    ),
    swell=0.018,
    chance=0.20,
)
UNDER = Fall(
    sides=(
        fold(0.22, -1.05, 0.36, -1.45, 0.44, -2.20, height=0.045, width=(0.05, 0.10), sharp=0.3),
        fold(0.66, -1.00, 0.50, -1.50, 0.34, -2.30, height=0.055, width=(0.05, 0.10), sharp=0.3),
        fold(0.20, -1.75, 0.34, -2.10, 0.60, -2.40, height=0.040, width=(0.05, 0.09), sharp=0.35),
        fold(0.66, -1.60, 0.40, -2.05, 0.20, -2.80, height=0.045, width=(0.05, 0.10), sharp=0.35),
        fold(0.22, -2.45, 0.30, -2.90, 0.28, -3.50, height=0.045, width=(0.05, 0.09), sharp=0.35),
    ),
    swell=0.012,
    chance=0.16,
)
TEE = Fall(
    sides=(
        fold(1.58, -1.70, 1.22, -1.78, 0.72, -1.98, height=0.060, width=(0.05, 0.15)),
        fold(1.60, -1.86, 1.20, -2.16, 0.78, -2.62, height=0.065, width=(0.06, 0.16)),
        fold(1.62, -2.10, 1.36, -2.65, 1.14, -3.40, height=0.065, width=(0.07, 0.18)),
        fold(1.66, -2.40, 1.55, -2.95, 1.52, -3.80, height=0.060, width=(0.07, 0.16)),
        fold(
            0.95, -0.50, 0.92, -1.20, 0.70, -2.00, height=0.036, width=(0.10, 0.19), hollow=0.35, sharp=0.45
        ),  # from the neck
        fold(1.36, -0.62, 1.40, -1.10, 1.56, -1.80, height=0.034, width=(0.09, 0.14), hollow=0.35, sharp=0.45),
        fold(0.92, -2.25, 0.72, -3.00, 0.78, -4.00, height=0.060, width=(0.08, 0.20), sharp=0.3),
        fold(1.80, -1.68, 1.98, -1.40, 2.22, -1.22, height=0.055, width=(0.05, 0.11)),  # sleeve
        fold(1.82, -1.92, 2.04, -1.66, 2.34, -1.56, height=0.055, width=(0.05, 0.12)),
        fold(1.86, -2.30, 2.10, -2.10, 2.42, -2.10, height=0.050, width=(0.06, 0.13)),
        fold(2.46, -2.45, 2.20, -2.66, 1.94, -2.72, height=0.050, width=(0.06, 0.13)),
    ),
    across=(
        fold(-0.85, -1.22, -0.40, -1.52, 0.12, -1.60, 0.70, -1.38, height=0.030, width=(0.10, 0.14), sharp=0.3),
        fold(-0.95, -1.80, -0.30, -2.16, 0.25, -2.20, 0.85, -1.92, height=0.034, width=(0.10, 0.16), sharp=0.3),
        fold(-0.28, -2.35, -0.18, -3.00, -0.22, -4.00, height=0.050, width=(0.08, 0.20), sharp=0.3),
    ),
    swell=0.016,
)


def broader(fall: Fall, by: float, height: float) -> Fall:
    """Folds of a thicker cloth: wider by a factor, and as high as a factor says."""

    def change(one: Fold) -> Fold:
        return replace(one, width=(one.width[0] * by, one.width[1] * by), height=one.height * height)

    return replace(fall, sides=tuple(map(change, fall.sides)), across=tuple(map(change, fall.across)))


FALLS = {
    "suiting": JACKET,
    "coat": broader(JACKET, 0.9, 1.25),
    "poplin": SHIRT,
    "under": UNDER,
    "jersey": TEE,
    "knit": broader(TEE, 1.2, 1.5),
}


def ridge(points: np.ndarray, one: Fold) -> np.ndarray:
    """Height (N,) of a fold at points (N, 2)."""
    line = curve(one.path, 120)
    step = np.gradient(line, axis=0)
    step /= np.linalg.norm(step, axis=1, keepdims=True)
    reach = 4.5 * max(one.width)
    near = ((points > line.min(0) - reach) & (points < line.max(0) + reach)).all(1)
    out = np.zeros(len(points))
    if not near.any():
        return out
    points = points[near]
    away, nearest = cKDTree(line).query(points)
    offset = points - line[nearest]
    side = np.sign(step[nearest, 0] * offset[:, 1] - step[nearest, 1] * offset[:, 0])
    t = nearest / (len(line) - 1)
    u = side * np.sign(line[-1, 0] - line[0, 0] + 1e-6) * away / np.interp(t, (0, 1), one.width)
    bend = np.where(u > 0, 0.8, 1.0)  # the upper side is the steeper
    crest = 0.65 * np.exp(-np.square(u / bend)) + 0.35 * np.exp(-np.square(2.4 * u / bend))
    profile = crest - one.hollow * np.exp(-np.square((u + 1.7) / 1.1))
    rise, die = np.clip(t / one.sharp, 0, 1), np.clip((1 - t) / 0.55, 0, 1)
    out[near] = one.height * profile * rise * rise * (3 - 2 * rise) * die * die * (3 - 2 * die)
    return out


def relief(points: np.ndarray, fall: Fall, seed: int) -> np.ndarray:
    """Height (N,) of all folds of a fall at points (N, 2) in dm on the average man."""
    rng = np.random.default_rng(seed)
    out = np.zeros(len(points))
    for sign in (1, -1):
        for one in fall.sides:
            shift = rng.normal(0, fall.chance / 2, (len(one.path), 2)) * np.array([0.6, 1.0])
            path = (np.array(one.path) + shift) * np.array([sign, 1])
            strong = one.height * float(np.clip(rng.normal(0.95, 0.32), 0.25, 1.5))
            out += ridge(points, replace(one, path=tuple(map(tuple, path)), height=strong))
    for one in fall.across:
        path = np.array(one.path) + rng.normal(0, fall.chance / 2, (len(one.path), 2))
        out += ridge(points, replace(one, path=tuple(map(tuple, path))))
    for _ in range(7):
        angle, length = rng.normal(0.25, 0.5), rng.uniform(0.7, 1.9)
        wave = 2 * np.pi / length * np.array([np.cos(angle), np.sin(angle)])
        out += fall.swell / 2 * np.sin(points @ wave + rng.uniform(0, 2 * np.pi))
    return out


def posture(points: np.ndarray, m: Measures, seed: int) -> np.ndarray:
    """Displacement (N, 3) of a body that stands less evenly: one shoulder lower, one half wider, collar askew."""
    rng = np.random.default_rng(seed + 100)
    side = 1 if rng.random() < 0.5 else -1
    k, x, y = m.size, points[:, 0] / m.shoulder, (points[:, 1] - m.neck) / m.size
    far = np.clip((np.abs(x) - 0.30) / 0.7, 0, 1.4)
    out = np.zeros_like(points)
    out[:, 1] = side * np.sign(x) * 0.050 * k * far
    out[:, 0] = side * 0.030 * k * far * np.clip(-y / 1.5, 0, 1)
    for axis, size in ((0, 0.016), (1, 0.014), (2, 0.016)):
        for _ in range(3):
            wave = rng.normal(0, 1.0, 2) * np.array([2.2, 1.6])
            out[:, axis] += size * k * 0.6 * np.sin(wave[0] * x + wave[1] * y + rng.uniform(0, 2 * np.pi))
    return out


def worn(parts: list[Part], m: Measures, fall: str, seed: int) -> list[Part]:
    """Parts with the folds of one of FALLS and with a posture; parts that are sewn together need the same."""
    k = m.size
    out = []
    for part in parts:
        x, y, z = part.points.T
        flat = np.stack([x / m.shoulder * TORSO, (y - m.neck) / k], 1)
        if part.material == "button":
            flat = np.tile(flat.mean(0), (len(flat), 1))
        height = relief(flat, FALLS[fall], seed) * (0.4 if part.material == "tie" else 1.0)
        deep = m.middle - 0.15 * k * np.clip(np.abs(x) / m.shoulder, 0, 1)
        front = np.clip((z - deep + 0.05 * k) / (0.40 * k), 0, 1) * np.clip((-flat[:, 1] - 0.30) / 0.35, 0, 1)
        moved = part.points + posture(part.points, m, seed)
        moved[:, 2] += k * height * front * front * (3 - 2 * front)
        out.append(replace(part, points=moved))
    return out
