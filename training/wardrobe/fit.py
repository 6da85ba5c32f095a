"""Fit a MakeHuman garment (NAME.obj with NAME.mhclo) to a body. Decimetres, y up, z to the front.

A line of a .mhclo file says of a garment's vertex: three vertices of the body, their weights, and an offset that scales
with the body. So every garment fits every body, and takes the body's skinning weights by the same three vertices.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from training.wardrobe.body import Body


@dataclass(frozen=True, kw_only=True)
class Fitted:
    """A garment on a body at rest."""

    vertices: np.ndarray  # (V, 3) float64, decimetres
    faces: list[list[int]]
    corners: list[list[int]]  # per face: the index into uv of each corner
    uv: np.ndarray  # (T, 2) float64
    weights: dict[str, np.ndarray]  # posed bone -> (V,)


def read_mhclo(path: Path, body: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Corners (V, 3) int, weights (V, 3), offsets (V, 3) and the scale (3,) of a fitting file on body (N, 3)."""
    scale, rows, reading = np.ones(3), [], False
    for line in path.read_text().splitlines():
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if words[0] in ("x_scale", "y_scale", "z_scale"):
            axis = "xyz".index(words[0][0])
            scale[axis] = abs(body[int(words[1])][axis] - body[int(words[2])][axis]) / float(words[3])
            reading = False
        elif words[0] == "verts":
            reading = True
        elif reading and words[0].lstrip("-").isdigit() and len(words) in (1, 9):
            rows.append([float(x) for x in words] if len(words) == 9 else [float(words[0])] * 3 + [1.0] + [0.0] * 5)
        elif reading and not words[0].lstrip("-").isdigit():
            reading = False
    table = np.array(rows)
    return table[:, :3].astype(int), table[:, 3:6], table[:, 6:], scale


def read_obj(path: Path) -> tuple[list[list[int]], list[list[int]], np.ndarray]:
    """Faces, their corners in the texture, and the texture's points (T, 2) of an OBJ file."""
    faces, corners, uv = [], [], []
    for line in path.read_text().splitlines():
        word, *rest = line.split() or [""]
        if word == "vt":
            uv.append([float(x) for x in rest[:2]])
        elif word == "f":
            pairs = [corner.split("/") for corner in rest]
            faces.append([int(pair[0]) - 1 for pair in pairs])
            corners.append([int(pair[1]) - 1 for pair in pairs])
    return faces, corners, np.array(uv)


def fit(garments: Path, name: str, body: Body) -> Fitted:
    """Garment NAME of the folder of garments, on the body at rest."""
    corner, weight, offset, scale = read_mhclo(garments / f"{name}.mhclo", body.vertices)
    faces, corners, uv = read_obj(garments / f"{name}.obj")
    return Fitted(
        vertices=np.einsum("vc,vcx->vx", weight, body.vertices[corner]) + offset * scale,
        faces=faces,
        corners=corners,
        uv=uv,
        weights={bone: np.clip((weight * w[corner]).sum(1), 0, 1) for bone, w in body.weights.items()},
    )


def islands(faces: list[list[int]], corners: list[list[int]]) -> np.ndarray:
    """Number of the texture's island of each face, (F,) int, largest first: the parts that a tailor would cut."""
    parent = list(range(len(faces)))

    def root(a: int) -> int:
        while parent[a] != a:
            parent[a] = parent[parent[a]]
            a = parent[a]
        return a

    seen: dict[int, int] = {}
    for face, ring in enumerate(corners):
        for corner in ring:
            parent[root(face)] = root(seen.setdefault(corner, face))
    roots = np.array([root(face) for face in range(len(faces))])
    names, sizes = np.unique(roots, return_counts=True)
    rank = {name: i for i, name in enumerate(names[np.argsort(-sizes)])}
    return np.array([rank[name] for name in roots])
