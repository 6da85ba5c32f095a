"""Shirt collars, plackets and neckbands, built round a neck. Decimetres, y up, z front; sizes are for a 2.28 dm head.

Angles round the neck run from 0 at the throat over 90 at the left ear to 180 degrees at the nape.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter1d

from training.wardrobe.measure import Measures
from training.wardrobe.surface import Ground, Sheet, curve, mirrored, rolled, unit


@dataclass(frozen=True, kw_only=True)
class Collar:
    """Cut of a shirt's collar, in dm on the average man."""

    open: float = 0.0  # half the distance of the collar's ends at the throat; 0: closed by its button
    drop: float = 0.30  # how far the throat's end of the fold lies below the neck's joint
    rise: float = 0.34  # how far the nape's end lies above it
    point: tuple[float, float] = (0.56, -0.93)  # x, and y from the neck's joint, of the collar's point
    material: str = "shirt"
    tight: bool = False  # under a jacket: sides and back keep within the jacket's collar, which hides their edge
    loose: float = 0.0  # distance from the neck beyond the usual


def neck_ring(m: Measures, angle: np.ndarray, away: float) -> np.ndarray:
    """Places x, z (N, 2) round the neck at angles in degrees, away dm from the skin."""
    a = np.radians(angle)
    return np.stack([(m.half + away) * np.sin(a), m.middle + (m.depth + away) * np.cos(a)], 1)


def fold_line(m: Measures, cut: Collar, angle: np.ndarray) -> np.ndarray:
    """Line (N, 3) along which a shirt's collar turns over."""
    k = m.size
    ring = neck_ring(m, angle, (0.085 + cut.loose) * k)
    share = np.sin(np.radians(angle) / 2) ** 1.15
    y = m.neck - cut.drop * k + (cut.drop + cut.rise) * k * share
    return np.stack([ring[:, 0], y, ring[:, 1]], 1)


def shirt_collar(m: Measures, ground: Ground, skin: Ground, cut: Collar) -> list[Sheet]:
    """Turned-down collar with its stand: two sheets, left and right, that meet at the nape."""
    k, rows = m.size, 220
    first = np.degrees(np.arcsin(min(0.95, (cut.open * k) / (m.half + 0.085 * k))))
    angle = first + (180 - first) * np.linspace(0, 1, rows) ** 1.25
    fold = off_skin(fold_line(m, cut, angle), skin, 0.070 * k)
    px, py = cut.point
    nape, side = m.middle - m.depth, (0.14, -0.10, 0.06, -0.02, 0.10) if cut.tight else (0.25, -0.23, 0.15, -0.12, 0.22)
    ends = [
        (px, py, ground.front(np.array([px * k]), np.array([m.neck + py * k]))[0]),
        (px + (0.16 if cut.tight else 0.13), py + 0.32, m.pit + 0.02),
        (m.half / k + side[0], side[1], m.middle + 0.12),
        (m.half / k + side[2], side[3], m.middle - 0.42 * k),
        (0.40, side[3] + 0.02, nape - (side[4] - 0.04) * k),
        (0.0, side[3] + 0.01, nape - side[4] * k),
    ]
    edge = curve([(x * k, m.neck + y * k, z) for x, y, z in ends], 600)
    edge = edge[np.round(np.linspace(0, 1, rows) ** 0.9 * 599).astype(int)]
    edge = ground.push_out(edge, k * (0.05 - np.clip((angle - 45) / 30, 0, 1) * cut.tight))
    share = np.sin(np.radians(angle) / 2) ** 1.15
    ring = neck_ring(m, angle, (0.075 + cut.loose) * k)
    short = 0.26 * np.exp(-(angle - first) / 16) if cut.open else 0  # an open stand's ends are rounded off
    under = np.stack(
        [ring[:, 0], fold[:, 1] - (0.30 + (0.30 if cut.tight else 0.06) * share - short) * k, ring[:, 1]], 1
    )
    under = off_skin(under, skin, 0.045 * k)
    hint = np.stack([fold[:, 0], 0.25 + 0 * angle, fold[:, 2] - m.middle], 1)
    grid = rolled(under, fold, edge, 0.028 * k, 0.050 * k, hint)
    leaf = grid[:, 24:]
    near_edge = 0.045 - 0.5 * np.clip(0.55 - np.linspace(0, 1, leaf.shape[1]), 0, 1)  # near the fold the neck decides
    gaps = near_edge[None, :] - (np.clip((angle - 45) / 30, 0, 1) * cut.tight)[:, None]
    grid[:, 24:] += gaussian_filter1d(ground.push_out(leaf, k * gaps) - leaf, 5, axis=0, mode="nearest")
    stitch(grid, 24, 0.055 * k, 0.006 * k)
    halves = []
    for phase in (0.4, 2.7):  # the halves are not each other's mirror picture
        half = grid.copy()
        half[:, 24:] += unit(hint)[:, None, :] * (k * uneven(angle, leaf.shape[1], phase))[:, :, None]
        half[-1, :, 0] = -0.012 * k  # past the nape, so that no gap is seen
        halves.append(Sheet(name="collar", grid=half, material=cut.material, thickness=0.022 * k))
    return [halves[0], mirrored(halves[1])]


def uneven(angle: np.ndarray, columns: int, phase: float) -> np.ndarray:
    """Lift (R, C) in dm of a collar's leaf at angles in degrees: it stands off here and there, most at its edge."""
    t, a = np.linspace(0, 1, columns)[None, :], np.radians(angle)[:, None]
    wave = np.sin(2.6 * a + phase) + 0.6 * np.sin(5.3 * a + 2.2 * phase - 2.0 * t) + 0.35 * np.sin(9 * a + 3 * t)
    point = np.exp(-np.degrees(a) / 16) * t**2
    lift = 0.014 * (wave + 0.8) * np.sin(0.5 * np.pi * t) * np.clip(1.4 - t, 0, 1) + 0.030 * point
    return lift * np.clip((np.pi - a) / 0.8, 0, 1)  # the halves are one piece at the nape


def below_collar(m: Measures, cut: Collar, points: np.ndarray) -> np.ndarray:
    """Mask (N,) bool of the points (N, 3) of a shirt's shell that are cut away: the collar takes its place."""
    k = m.size
    angle = np.degrees(np.arctan2(np.abs(points[:, 0]) / m.half, (points[:, 2] - m.middle) / m.depth))
    wide = m.half + (0.20 + cut.loose) * k, m.depth + (0.20 + cut.loose) * k
    away = np.hypot(points[:, 0] / wide[0], (points[:, 2] - m.middle) / wide[1])
    return (away < 1) & (points[:, 1] > fold_line(m, cut, angle)[:, 1] - 0.20 * k)


def off_skin(line: np.ndarray, skin: Ground, gap: float) -> np.ndarray:
    """Line (N, 3) moved gap dm off the skin where it is nearer, evenly; its ends keep to the middle plane."""
    moved = skin.push_out(line, gap, 0.02) - line
    moved[0, 0] = moved[-1, 0] = 0 if abs(line[0, 0]) < 0.02 else moved[0, 0]
    return line + gaussian_filter1d(moved, 6, axis=0, mode="nearest")


def stitch(grid: np.ndarray, first: int, inset: float, deep: float) -> None:
    """Press a line of stitches, inset dm from the free edges, into the columns of grid (R, C, 3) from first on."""
    part = grid[:, first:]
    along = np.r_[0, np.cumsum(np.linalg.norm(np.diff(part[:, part.shape[1] // 2], axis=0), axis=1))][:, None]
    across = np.linalg.norm(part - part[:, -1:], axis=2)
    near = np.linalg.norm(part - part[:1], axis=2) if along[-1, 0] else across
    from_end = np.minimum(across, np.where(along < 3 * inset + near * 0, near, 9.0))
    depth = -np.exp(-np.square((from_end - inset) / (0.16 * inset))) + 0.5 * np.exp(-np.square(from_end / inset))
    normal = np.cross(np.gradient(part, axis=0), np.gradient(part, axis=1))
    normal /= np.maximum(np.linalg.norm(normal, axis=2, keepdims=True), 1e-9)
    flip = np.sign((normal[:, :, 2]).sum()) or 1.0
    part += flip * normal * (deep * depth)[:, :, None]


def placket(
    m: Measures, ground: Ground, top: float, width: float = 0.17, material: str = "shirt", side: int = 1
) -> list[Sheet]:
    """Strip down a shirt's front from a height top, with its stitches; at side 1 it opens on the wearer's right."""
    k = m.size
    y = np.linspace(top, m.neck - 3.4 * k, 260)[:, None]
    x = np.linspace(-width, width, 60)[None, :] * k
    x, y = np.broadcast_arrays(x, y)
    z = ground.front(x, y)
    grid = np.stack([x, y, z + 0.018 * k], 2)
    from_edge = width * k - np.abs(x)
    grid[:, :, 2] -= 0.010 * k * np.exp(-np.square((from_edge - 0.05 * k) / (0.012 * k)))
    grid[:, :, 2] += 0.016 * k * smooth_end(-side * x, width * k)
    grid[:, :, 2] -= 0.016 * k * np.exp(-from_edge / (0.012 * k))
    return [Sheet(name="placket", grid=grid, material=material, thickness=0.015 * k)]


def smooth_end(x: np.ndarray, end: float) -> np.ndarray:
    """Share 0..1 of the lift of a strip's open edge, which stands off the cloth below it."""
    return np.clip((x + end) / (2 * end), 0, 1) ** 2


def button(m: Measures, at: np.ndarray, radius: float = 0.055, material: str = "button") -> Sheet:
    """Round button with a rim, a hollow and four holes, at (3,), facing the front."""
    profile = np.array([(0, 0.25), (0.25, 0.22), (0.5, 0.25), (0.62, 0.42), (0.8, 0.5), (0.95, 0.4), (1, 0.2)])
    rings = np.linspace(0, 1, 26)
    at_ring = np.interp(rings, profile[:, 0], profile[:, 1])
    turn = np.linspace(0, 2 * np.pi, 72, endpoint=False)
    holes = np.exp(-np.square((rings[:, None] - 0.27) / 0.09)) * np.clip(np.cos(4 * turn), 0, 1)[None, :] ** 4
    radius *= m.size
    rings, height = np.append(rings, 1.0), np.append(at_ring, -0.1)
    flat = radius * rings[:, None, None] * np.stack([np.cos(turn), np.sin(turn)], 1)[None]
    raised = 0.9 * radius * (height[:, None] - 0.55 * np.vstack([holes, 0 * holes[:1]]))
    grid = at + np.concatenate([flat, raised[:, :, None]], 2)
    return Sheet(name="button", grid=grid, material=material, thickness=0.0, closed=True)
