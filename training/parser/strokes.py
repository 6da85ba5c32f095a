"""Strokes on a picture become a label picture, whose boundaries are then moved to the picture's own.

Strokes of a face are a JSON list; each paints over those before it. Coordinates are pixels of the 256 px picture,
whose upper left corner is (0, 0):

    ["fill", "hair", [[x, y], ...]]            the inside of a smooth closed curve through the points
    ["area", "hair", [[x, y], ...]]            the inside of a polygon
    ["line", "hair", width, [[x, y], ...]]     a line
    ["over", "hair", "face", [[x, y], ...]]    as "fill", but only where the second class was

A first element ["band", pixels] says how far from the drawn boundaries the picture decides, 0 to 6 (default 3).
"""

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from scipy.sparse import coo_matrix, diags
from scipy.sparse.linalg import splu

from training.parser.classes import BACKDROP, CLASSES, SIDE

FINE = 4
"""Strokes are painted this many times as large."""
BAND = 3
"""Distance from a drawn boundary within which the picture decides, pixels."""
EDGE = 5.0
"""Difference of two neighbours in Lab that counts as an edge: less makes the boundary cling to noise."""
LEAST = 1e-3
"""Bond of two neighbours across the strongest edge, of 1."""


def smooth_curve(points: np.ndarray, steps: int = 8) -> np.ndarray:
    """Close and round a polygon (n, 2) by a cubic Hermite spline through its points: (n * steps, 2).

    The tangents are Catmull and Rom's, but no longer than the way to the nearer neighbour: nothing swings out where
    points lie at uneven distances.
    """
    after = np.roll(points, -1, 0)
    tangent = (after - np.roll(points, 1, 0)) / 2
    ahead = np.linalg.norm(after - points, axis=1)
    longest = np.minimum(ahead, np.roll(ahead, 1))
    tangent *= np.minimum(1, longest / (np.linalg.norm(tangent, axis=1) + 1e-6))[:, None]
    t = np.linspace(0, 1, steps, endpoint=False)[:, None, None]
    curve = (
        (2 * t**3 - 3 * t**2 + 1) * points
        + (t**3 - 2 * t**2 + t) * tangent
        + (3 * t**2 - 2 * t**3) * after
        + (t**3 - t**2) * np.roll(tangent, -1, 0)
    )
    return curve.transpose(1, 0, 2).reshape(-1, 2)


def paint(strokes: Sequence[Any], base: np.ndarray | None = None) -> np.ndarray:
    """Paint strokes over base labels, uint8 (256, 256), or over plain backdrop: uint8 (256, 256)."""
    start = np.full((SIDE, SIDE), BACKDROP, np.uint8) if base is None else base
    large = cv2.resize(start, (SIDE * FINE, SIDE * FINE), interpolation=cv2.INTER_NEAREST)
    for kind, name, *rest in strokes:
        if kind == "band":
            continue
        label, points = CLASSES.index(name), np.array(rest[-1], np.float32)
        if kind == "line":
            shown = np.round((points * FINE - 0.5) * 16).astype(np.int32)
            cv2.polylines(large, [shown], False, label, max(1, round(rest[0] * FINE)), cv2.LINE_8, 4)
            continue
        outline = points if kind == "area" else smooth_curve(points)
        inside = np.zeros_like(large)
        cv2.fillPoly(inside, [np.round(outline * FINE - 0.5).astype(np.int32)], 1)
        allowed = large == CLASSES.index(rest[0]) if kind == "over" else True
        large[(inside > 0) & allowed] = label
    votes = [cv2.resize((large == k).astype(np.float32), (SIDE, SIDE), interpolation=cv2.INTER_AREA) for k in range(5)]
    return np.argmax(votes, 0).astype(np.uint8)


def band_of(strokes: Sequence[Any]) -> float:
    """Distance that the strokes ask for, or the usual one."""
    return next((stroke[1] for stroke in strokes if stroke[0] == "band"), BAND)


def snap(labels: np.ndarray, picture: np.ndarray, band: float) -> np.ndarray:
    """Move boundaries of labels (256, 256) to edges of the picture, uint8 RGB (256, 256, 3)."""
    return labels if band <= 0 else walk(labels, picture, band).argmax(0).astype(np.uint8)


def walk(labels: np.ndarray, picture: np.ndarray, band: float) -> np.ndarray:
    """Probabilities float32 (5, 256, 256) of labels (256, 256) whose boundaries are moved to edges of the picture.

    Within `band` pixels of a boundary they are those of a random walker from there, who shuns edges of the picture,
    uint8 RGB (256, 256, 3), to reach each class first (Grady 2006, https://doi.org/10.1109/TPAMI.2006.233).
    """
    sure = np.zeros(labels.shape, bool)
    for k in np.unique(labels):
        padded = cv2.copyMakeBorder((labels == k).astype(np.uint8), 8, 8, 8, 8, cv2.BORDER_REPLICATE)
        inside = cv2.distanceTransform(padded, cv2.DIST_L2, 5)[8:-8, 8:-8]
        reach = np.minimum(band, 0.6 * inside.max())  # a thin part keeps its middle
        sure |= inside > reach
    lab = cv2.cvtColor(picture.astype(np.float32) / 255, cv2.COLOR_RGB2LAB).astype(np.float64)
    number = np.arange(labels.size).reshape(labels.shape)
    pairs, bonds = [], []
    for first, second in ((np.s_[:, :-1], np.s_[:, 1:]), (np.s_[:-1], np.s_[1:])):
        apart = ((lab[first] - lab[second]) ** 2).sum(-1)
        bonds.append((np.exp(-apart / EDGE**2) + LEAST).ravel())
        pairs.append(np.stack([number[first].ravel(), number[second].ravel()]))
    pair, bond = np.concatenate(pairs, 1), np.concatenate(bonds)
    one, other = np.concatenate([pair, pair[::-1]], 1)
    bond = np.concatenate([bond, bond])
    graph = coo_matrix((bond, (one, other)), shape=(labels.size, labels.size)).tocsr()
    laplacian = diags(np.asarray(graph.sum(1)).ravel()) - graph
    known = sure.ravel()
    unknown = ~known
    seeds = np.eye(len(CLASSES))[labels.ravel()[known]]
    solved = splu(laplacian[unknown][:, unknown].tocsc()).solve(-(laplacian[unknown][:, known] @ seeds))
    result = np.eye(len(CLASSES), dtype=np.float32)[labels.ravel()]
    result[unknown] = solved
    return np.ascontiguousarray(result.T).reshape(len(CLASSES), *labels.shape)
