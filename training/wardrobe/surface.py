"""Sheets of cloth as grids of points, and the ground that they lie on. Decimetres, y up, z front.

A sheet is a grid: rows run along the cloth, columns across it. Its texture coordinates are lengths in dm, so that a
weave has the same size on every part.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import bpy
import numpy as np
from mathutils.bvhtree import BVHTree
from scipy.interpolate import CubicSpline
from scipy.ndimage import gaussian_filter1d

from training.wardrobe.cloth import new_object, to_blender


@dataclass(kw_only=True)
class Sheet:
    """A part of a garment."""

    name: str
    grid: np.ndarray  # (R, C, 3)
    material: str
    thickness: float = 0.02
    uv: np.ndarray | None = None  # (R, C, 2) dm; None: lengths along the grid's lines
    grain: float = 0.0  # degrees that the weave is turned on this part
    closed: bool = False  # the last column joins the first


@dataclass(kw_only=True)
class Part:
    """A mesh with its material and texture coordinates, ready for Blender."""

    name: str
    points: np.ndarray  # (V, 3)
    faces: list[list[int]]
    uv: np.ndarray  # (V, 2) dm, or (corners of all faces, 2)
    material: str
    thickness: float = 0.0
    smooth: int = 0  # levels of subdivision at render time
    seams: tuple[np.ndarray, ...] = ()  # up to two, (V,): dm from a sewn line, which the material presses in


class Ground:
    """Surface that other parts lie on: nearest points, and rays from the front."""

    def __init__(self, points: np.ndarray, faces: list[list[int]], smooth: int = 12):
        """Take points (V, 3) and faces; smooth is the number of rounds that take the folds out."""
        points = relaxed(points, faces, smooth)
        self.tree = BVHTree.FromPolygons(points.tolist(), faces)

    def push_out(self, points: np.ndarray, gap: np.ndarray | float, soft: float = 0.02) -> np.ndarray:
        """Points (..., 3) moved out along the surface's normals until they are gap dm above it."""
        flat, gaps = points.reshape(-1, 3), np.broadcast_to(gap, points.shape[:-1]).ravel()
        found = [self.tree.find_nearest(point) for point in flat.tolist()]
        place, normal = (np.array([tuple(hit[i]) for hit in found]) for i in (0, 1))
        lack = gaps - ((flat - place) * normal).sum(1)
        return (flat + normal * (soft * np.logaddexp(0, lack / soft))[:, None]).reshape(points.shape)

    def front(self, x: np.ndarray, y: np.ndarray, missing: float = np.nan) -> np.ndarray:
        """Height z of the surface seen from the front at x, y (any shape); missing where there is none."""
        out = np.full(np.broadcast(x, y).shape, missing, float)
        for i, (a, b) in enumerate(np.broadcast(x, y)):
            place, _, _, _ = self.tree.ray_cast((float(a), float(b), 9.0), (0, 0, -1))
            if place is not None:
                out.flat[i] = place[2]
        return out


def relaxed(points: np.ndarray, faces: list[list[int]], rounds: int) -> np.ndarray:
    """Points (V, 3) after rounds of moving each half way to the middle of its neighbours."""
    if not rounds:
        return points
    pairs = np.array([(a, b) for face in faces for a, b in zip(face, face[1:] + face[:1], strict=True)])
    pairs = np.concatenate([pairs, pairs[:, ::-1]])
    count = np.maximum(np.bincount(pairs[:, 0], minlength=len(points)), 1)[:, None]
    out = points.copy()
    for _ in range(rounds):
        total = np.stack([np.bincount(pairs[:, 0], out[pairs[:, 1], k], len(points)) for k in range(3)], 1)
        moved = 0.5 * out + 0.5 * total / count
        out = np.where(total.any(1, keepdims=True), moved, out)
    return out


def curve(through: Sequence[tuple[float, ...]] | np.ndarray, count: int, straight: bool = False) -> np.ndarray:
    """Points (count, D) at even lengths along a smooth (or straight) line through some points."""
    through = np.array(through, float)
    at = np.r_[0, np.cumsum(np.linalg.norm(np.diff(through, axis=0), axis=1))]
    fine = np.linspace(0, at[-1], 800)
    if straight or len(through) < 3:
        dense = np.stack([np.interp(fine, at, column) for column in through.T], 1)
    else:
        dense = CubicSpline(at, through)(fine)
    length = np.r_[0, np.cumsum(np.linalg.norm(np.diff(dense, axis=0), axis=1))]
    return np.stack([np.interp(np.linspace(0, length[-1], count), length, column) for column in dense.T], 1)


def unit(vectors: np.ndarray) -> np.ndarray:
    """Vectors (..., 3) of length 1."""
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)


def rolled(
    under: np.ndarray,
    roll: np.ndarray,
    edge: np.ndarray,
    radius: float,
    bulge: float | np.ndarray,
    hint: np.ndarray,
    columns: tuple[int, int, int] = (14, 10, 40),
) -> np.ndarray:
    """Grid (R, C, 3) of cloth that comes up from under (R, 3), turns over at roll (R, 3) and falls to edge (R, 3).

    hint (R, 3) points out of the garment. The turn has a radius; the fall bulges out by bulge dm, one number or
    (R, 1), at its middle.
    """
    along = unit(np.gradient(gaussian_filter1d(roll, 3, axis=0, mode="nearest"), axis=0))
    down = edge - roll
    down = unit(down - (down * along).sum(1, keepdims=True) * along)
    out = unit(np.cross(along, down))
    out *= np.sign((out * hint).sum(1, keepdims=True))
    out = unit(gaussian_filter1d(out, 4, axis=0, mode="nearest"))
    start = roll + out * radius
    rise = [under + (roll - out * radius - under) * t for t in np.linspace(0, 1, columns[0], endpoint=False)]
    turn = [
        roll - out * radius * np.cos(angle) - down * radius * np.sin(angle)
        for angle in np.linspace(0, np.pi, columns[1], endpoint=False)
    ]
    fall = [
        start + (edge - start) * t + out * bulge * np.sin(np.pi * t) ** 0.8 * (1 - 0.4 * t)
        for t in np.linspace(0, 1, columns[2])
    ]
    return np.stack(rise + turn + fall, 1)


def lengths(grid: np.ndarray) -> np.ndarray:
    """Texture coordinates (R, C, 2) in dm of a grid (R, C, 3): length along its middle lines."""
    across = np.r_[0, np.cumsum(np.linalg.norm(np.diff(grid, axis=1), axis=2).mean(0))]
    along = np.r_[0, np.cumsum(np.linalg.norm(np.diff(grid, axis=0), axis=2).mean(1))]
    return np.stack(np.broadcast_arrays(across[None, :], along[:, None]), 2)


def to_part(sheet: Sheet) -> Part:
    """Mesh of a sheet."""
    rows, columns = sheet.grid.shape[:2]
    uv = lengths(sheet.grid) if sheet.uv is None else sheet.uv
    angle = np.radians(sheet.grain)
    uv = uv @ np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    last = columns if sheet.closed else columns - 1
    r, c = (a.ravel() for a in np.mgrid[: rows - 1, :last])
    d = (c + 1) % columns
    faces = np.stack([r * columns + c, r * columns + d, (r + 1) * columns + d, (r + 1) * columns + c], 1)
    return Part(
        name=sheet.name,
        points=sheet.grid.reshape(-1, 3),
        faces=faces.tolist(),
        uv=uv.reshape(-1, 2),
        material=sheet.material,
        thickness=sheet.thickness,
    )


def mirrored(sheet: Sheet) -> Sheet:
    """Sheet of the other side of the body."""
    grid = sheet.grid[::-1] * np.array([-1, 1, 1])
    return Sheet(
        name=sheet.name + "'",
        grid=grid,
        material=sheet.material,
        thickness=sheet.thickness,
        uv=None if sheet.uv is None else sheet.uv[::-1] * np.array([-1, 1]),
        grain=-sheet.grain,
        closed=sheet.closed,
    )


def to_object(part: Part, materials: dict[str, bpy.types.Material]) -> bpy.types.Object:
    """Blender object of a part, with its texture coordinates, its thickness and its material."""
    thing = new_object(part.name, to_blender(part.points), part.faces)
    layer = thing.data.uv_layers.new(name="cloth")
    corners = np.empty(len(thing.data.loops), np.int32)
    thing.data.loops.foreach_get("vertex_index", corners)
    uv = part.uv[corners] if len(part.uv) == len(part.points) else part.uv
    layer.data.foreach_set("uv", uv.astype(np.float32).ravel())
    nowhere = np.full(len(part.points), 9.0)
    for number, seam in enumerate((*part.seams, nowhere, nowhere)[:2] if part.seams else ()):
        line = thing.data.attributes.new(f"seam{number}", "FLOAT", "POINT")
        line.data.foreach_set("value", seam.astype(np.float32))
    thing.data.materials.append(materials[part.material])
    if part.thickness:
        solid = thing.modifiers.new("thickness", "SOLIDIFY")
        solid.thickness, solid.offset = part.thickness, 0.0
    if part.smooth:
        finer = thing.modifiers.new("smooth", "SUBSURF")
        finer.levels = finer.render_levels = part.smooth
    return thing
