"""Shell of a garment: torso and sleeves of a fitted mesh, draped by simulation. Collars and fronts are built on it.

Points are decimetres; y up and z front here (MakeHuman's axes), Blender's axes only where cloth.py is called.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import bmesh
import bpy
import numpy as np
from scipy.spatial import cKDTree

from training.wardrobe.body import Body, hang
from training.wardrobe.cloth import FABRICS, STEPS, drape, new_object, points_of, refine, to_blender
from training.wardrobe.fit import Fitted
from training.wardrobe.measure import Measures
from training.wardrobe.surface import curve

DEPTH = 4.6  # dm of garment below the neck that is kept: the frame ends sooner


@dataclass(frozen=True, kw_only=True)
class Shell:
    """A draped surface, with each vertex's place before the drape."""

    points: np.ndarray  # (V, 3) after the drape
    rest: np.ndarray  # (V, 3) before it: the arms spread, no folds
    faces: list[list[int]]


def smoothstep(x: np.ndarray, low: float, high: float) -> np.ndarray:
    """Cubic step from 0 at low to 1 at high (low may exceed high)."""
    t = np.clip((x - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def pad_shoulders(points: np.ndarray, body: Body, pad: float) -> np.ndarray:
    """Points (N, 3) with a tailor's shoulder pads, pad dm thick at the shoulder's end; 0 leaves them as they are."""
    if not pad:
        return points
    out = points.copy()
    x, y, z = np.abs(out[:, 0]), out[:, 1], out[:, 2]
    shoulder = body.joints["joint-l-shoulder"]
    end = shoulder[0] + 0.30
    high = body.joints["joint-neck"][1] - 0.02
    low = shoulder[1] + 0.50 + pad
    line = high + (low - high) * np.clip((x - 0.75) / (end - 0.75), 0, 1.2)
    target = line - 0.30 * np.square(z - shoulder[2] + 0.05)
    gap = target - y
    weight = smoothstep(x, 0.85, 1.25) * smoothstep(x, end + 0.22, end + 0.02) * smoothstep(gap, 0.60, 0.15)
    out[:, 1] += np.maximum(gap, 0) * weight
    return out


def make_shell(fitted: Fitted, body: Body, fabric_name: str, pad: float, cache: Path) -> Shell:
    """Shell of a fitted garment in a fabric; the simulation (about two minutes) is kept in the file cache."""
    if cache.exists():
        with np.load(cache, allow_pickle=False) as kept:
            return Shell(points=kept["points"], rest=kept["rest"], faces=kept["faces"].tolist())
    fabric = FABRICS[fabric_name]
    top = fitted.vertices[:, 1].max()
    start = pad_shoulders(fitted.vertices, body, pad)
    centre = np.array([start[face].mean(0) for face in fitted.faces])
    kept_faces = [face for face, c in zip(fitted.faces, centre, strict=True) if c[1] > top - DEPTH and abs(c[0]) < 4.3]
    thing = new_object("shell", to_blender(start), kept_faces)
    mesh = bmesh.new()
    mesh.from_mesh(thing.data)
    bmesh.ops.delete(mesh, geom=[v for v in mesh.verts if not v.link_faces], context="VERTS")
    bmesh.ops.remove_doubles(mesh, verts=mesh.verts, dist=0.001)
    mesh.to_mesh(thing.data)
    mesh.free()
    refine(thing, 2)
    rest = points_of(thing)
    poses = []
    for share in np.linspace(0, 1, STEPS + 1):
        posed = hang(body, body.vertices, body.weights, share)
        poses.append(to_blender(pad_shoulders(posed, body, pad)))
    near = [
        face
        for face in body.faces
        if top - 5.6 < body.vertices[face, 1].mean() < top + 0.6 and abs(body.vertices[face, 0].mean()) < 4.8
    ]
    neck = smoothstep(rest[:, 2], top - 0.45, top - 0.15) * (np.abs(rest[:, 0]) < 1.3)
    hem = (rest[:, 2] < top - DEPTH + 0.25) & (np.abs(rest[:, 0]) < 2.4)
    drape(thing, poses, near, np.maximum(neck, hem), fabric)
    back = np.array([[1, 0, 0], [0, 0, 1], [0, -1, 0]])
    faces = [list(face.vertices) for face in thing.data.polygons]
    out = Shell(points=points_of(thing) @ back.T, rest=rest @ back.T, faces=faces)
    bpy.data.objects.remove(thing)
    cache.parent.mkdir(parents=True, exist_ok=True)
    part = cache.with_suffix(".part.npz")
    np.savez_compressed(
        part, points=out.points.astype(np.float32), rest=out.rest.astype(np.float32), faces=np.array(faces)
    )
    part.replace(cache)
    return out


def armhole(shell: Shell, body: Body, out: float = 0.0) -> np.ndarray:
    """Distance (V,) in dm of each vertex from the armhole's seam, measured before the drape; positive on the sleeve."""
    shoulder = body.joints["joint-l-shoulder"]
    k = shoulder[0] / 1.865
    x, y, z = np.abs(shell.rest[:, 0]), shell.rest[:, 1], shell.rest[:, 2]
    top = np.array([shoulder[0] + (0.20 + out) * k, shoulder[1] + 0.60 * k])
    low = np.array([shoulder[0] + (-0.22 + out) * k, shoulder[1] - 0.95 * k])
    along = (top - low) / np.linalg.norm(top - low)
    t = np.clip(((x - low[0]) * along[0] + (y - low[1]) * along[1]) / np.linalg.norm(top - low), 0, 1)
    hollow = 0.13 * k * np.sin(np.pi * np.clip(1.15 * t, 0, 1)) * smoothstep(z, shoulder[2] - 0.2, shoulder[2] + 0.5)
    return (x - top[0]) * along[1] - (y - top[1]) * along[0] + hollow


def princess(shell: Shell, m: Measures, seam: np.ndarray) -> np.ndarray:
    """Signed distance (V,) in dm from the seams of a woman's jacket: from the armhole (seam (V,) is 0) to the bust."""
    line = curve([(2.05, -1.22), (1.58, -1.58), (1.20, -2.08), (1.00, -2.70), (0.88, -3.40), (0.86, -4.6)], 260)
    line = line * np.array([m.shoulder / 1.865, m.size]) + np.array([0, m.neck])
    flat = shell.points[:, :2] * np.where(shell.points[:, :1] < 0, [[-1, 1]], 1)
    away, nearest = cKDTree(line).query(flat)
    step, offset = np.gradient(line, axis=0)[nearest], flat - line[nearest]
    side = np.sign(step[:, 0] * offset[:, 1] - step[:, 1] * offset[:, 0])
    there = (seam < 0.02) & (shell.points[:, 2] > m.middle)
    return side * np.where(there, away, 9.0)


def cloth_uv(shell: Shell, body: Body, seam: np.ndarray) -> np.ndarray:
    """Texture coordinates (corners, 2) in dm: lengths over the torso, and along the sleeve beyond the armhole."""
    x, y, _ = shell.rest.T
    shoulder, elbow = body.joints["joint-l-shoulder"], body.joints["joint-l-elbow"]
    torso = np.stack([x, y], 1)  # as seen from the front: a wale keeps its width in the picture
    arm = (elbow - shoulder)[:2] / np.linalg.norm((elbow - shoulder)[:2])
    ax, ay = np.abs(x) - shoulder[0], y - shoulder[1]
    sleeve = np.stack([np.sign(x) * (ay * arm[0] - ax * arm[1]), -(ax * arm[0] + ay * arm[1])], 1)
    corners = np.concatenate([np.array(face) for face in shell.faces])
    on_sleeve = np.repeat([seam[face].mean() > 0 for face in shell.faces], [len(face) for face in shell.faces])
    return np.where(on_sleeve[:, None], sleeve[corners], torso[corners])


def roped(shell: Shell, seam: np.ndarray, height: float) -> np.ndarray:
    """Points (V, 3) with the sleeve's head raised by height dm just beyond the armhole's seam."""
    if not height:
        return shell.points
    normal = normals(shell.points, shell.faces)
    top = smoothstep(normal[:, 1], -0.1, 0.5)
    lift = height * smoothstep(seam, -0.06, 0.10) * np.exp(-np.maximum(seam, 0) / 0.35) * (0.35 + 0.65 * top)
    return shell.points + normal * lift[:, None]


def normals(points: np.ndarray, faces: list[list[int]]) -> np.ndarray:
    """Unit normals (V, 3) of a mesh's vertices."""
    quads = np.array(faces)
    flat = np.cross(points[quads[:, 2]] - points[quads[:, 0]], points[quads[:, 3]] - points[quads[:, 1]])
    out = np.zeros_like(points)
    for k in range(4):
        np.add.at(out, quads[:, k], flat)
    return out / np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-9)
