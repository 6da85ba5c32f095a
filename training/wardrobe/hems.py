"""Hems of short sleeves: the sleeve is cut across the arm, and its folded edge laid over the cut. Decimetres, y up."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter1d

from training.wardrobe.body import Body
from training.wardrobe.shell import Shell
from training.wardrobe.surface import Sheet, rolled, unit


def along_arm(shell: Shell, body: Body) -> np.ndarray:
    """Distance (V,) in dm from the shoulder's joint towards the elbow, measured before the drape."""
    shoulder, elbow = body.joints["joint-l-shoulder"], body.joints["joint-l-elbow"]
    arm = (elbow - shoulder) / np.linalg.norm(elbow - shoulder)
    return (shell.rest * np.where(shell.rest[:, :1] < 0, [[-1, 1, 1]], 1) - shoulder) @ arm


def contour(shell: Shell, away: np.ndarray, level: float, side: int, body: Body, count: int = 240) -> np.ndarray:
    """Closed line (count, 3) on the draped sleeve where away (V,) is level; side is 1 for the wearer's left."""
    shoulder, elbow = body.joints["joint-l-shoulder"], body.joints["joint-l-elbow"]
    arm = (elbow - shoulder) / np.linalg.norm(elbow - shoulder)
    across = unit(np.cross(arm, [0, 0, 1.0]))
    third = np.cross(across, arm)
    edges = np.array([(a, b) for face in shell.faces for a, b in zip(face, face[1:] + face[:1], strict=True)])
    a, b = edges.T
    hit = ((away[a] - level) * (away[b] - level) < 0) & (shell.rest[a, 0] * side > 0)
    a, b = a[hit], b[hit]
    t = ((level - away[a]) / (away[b] - away[a]))[:, None]
    points = shell.points[a] * (1 - t) + shell.points[b] * t
    rest = (shell.rest[a] * (1 - t) + shell.rest[b] * t) * np.array([side, 1, 1]) - shoulder
    angle = np.arctan2(rest @ third, rest @ across)
    order = np.argsort(angle)
    grid = np.linspace(-np.pi, np.pi, count)
    line = np.stack([np.interp(grid, angle[order], points[order, i], period=2 * np.pi) for i in range(3)], 1)
    return gaussian_filter1d(line, 3, axis=0, mode="wrap")


def short_sleeves(shell: Shell, body: Body, k: float, length: float) -> tuple[list[Sheet], np.ndarray]:
    """Hems at length dm (average man) below the shoulder's joint, and the faces (F,) bool that are cut off."""
    away = along_arm(shell, body)
    sheets = []
    for side in (1, -1):
        roll, edge = (contour(shell, away, (length - up) * k, side, body) for up in (0.0, 0.20))
        middle = roll.mean(0)
        out = unit(roll - middle - ((roll - middle) * unit(roll.mean(0) - edge.mean(0))).sum(1, keepdims=True))
        roll, edge = roll + out * 0.008 * k, edge + out * 0.008 * k
        under = roll + (edge - roll) * 0.5 - out * 0.05 * k
        grid = rolled(under, roll, edge, 0.014 * k, 0.006 * k, out, (8, 10, 36))
        near = np.linalg.norm(grid - grid[:, -1:], axis=2)
        grid -= (out * 0.020 * k)[:, None, :] * np.exp(-np.square(near / (0.014 * k)))[:, :, None]
        sheets.append(Sheet(name="hem", grid=grid, material="main", thickness=0.014 * k, grain=90))
    doomed = np.array([away[face].mean() for face in shell.faces]) > (length - 0.06) * k
    return sheets, doomed
