"""Scene of one plate: a dressed body, turned, in the studio, in front of the camera; and its two renders.

The canvas is measured in heads (chin to crown), so that every body's head would have the same size on its plate.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import bmesh
import bpy
import numpy as np

from training.wardrobe.body import turn
from training.wardrobe.cloth import refine
from training.wardrobe.dress import Dressed
from training.wardrobe.garments import Garment
from training.wardrobe.lights import put_camera, put_lights
from training.wardrobe.materials import MASKS, make_material
from training.wardrobe.measure import Measures
from training.wardrobe.passes import Passes, set_up, shoot
from training.wardrobe.surface import Part, to_object

HEAD = 0.55  # height of the head, chin to crown, in widths of the 4:5 picture: 44 % of its height
WIDE, HIGH, ABOVE = 2.30, 1.46, 0.17  # canvas in heads: width, height, and how much of it lies above the chin
DISTANCE = 20.0  # dm from the camera to the neck, for a 2.28 dm head


@dataclass(frozen=True, kw_only=True)
class Canvas:
    """Pixels of a plate."""

    size: tuple[int, int]  # width, height
    per_dm: float  # pixels a decimetre at the neck
    top: float  # y, dm, of the upper edge at the neck


@dataclass(frozen=True, kw_only=True)
class View:
    """Renders of one plate, and the pixels of what a head has to know."""

    front: Passes
    back: Passes
    back_box: tuple[int, int, int, int]  # left, top, right, bottom, pixels of the canvas
    anchors: dict[str, tuple[float, float]]  # pixels, x right, y down


def canvas(m: Measures, width: int) -> Canvas:
    """Canvas for a body, where width is that of the 4:5 picture that the plate is made for."""
    head = HEAD * width
    per_dm = head / (m.crown - m.chin)
    size = (4 * round(WIDE * head / 4), 4 * round(HIGH * head / 4))
    return Canvas(size=size, per_dm=per_dm, top=m.chin + ABOVE * (m.crown - m.chin))


def project(points: np.ndarray, m: Measures, frame: Canvas) -> np.ndarray:
    """Pixels (N, 2) of points (N, 3), y up, z front, through the portrait camera."""
    distance, height = DISTANCE * m.size, m.neck + 0.9 * m.size
    near = distance / (distance - points[:, 2])
    x = frame.size[0] / 2 + points[:, 0] * near * frame.per_dm
    y = (frame.top - height - (points[:, 1] - height) * near) * frame.per_dm
    return np.stack([x, y], 1)


def behind(part: Part, m: Measures) -> np.ndarray:
    """Faces (F,) bool of a turned part that lie behind the neck, where a drawn head comes between."""
    k = m.size
    centre = part.points[np.array(part.faces)].mean(1)
    away = np.hypot(centre[:, 0] / (m.half + 0.30 * k), (centre[:, 2] - m.middle) / (m.depth + 0.75 * k))
    return (away < 1) & (centre[:, 2] < m.middle - 0.28 * k) & (centre[:, 1] > m.neck - 0.80 * k)


def split(part: Part, chosen: np.ndarray) -> list[Part]:
    """Part as two: its faces that are not chosen (F,) bool, and those that are; empty ones left out."""
    out = []
    sizes = [len(face) for face in part.faces]
    for side in (False, True):
        take = chosen == side
        if take.any():
            uv = part.uv if len(part.uv) == len(part.points) else part.uv[np.repeat(take, sizes)]
            faces = [face for face, yes in zip(part.faces, take, strict=True) if yes]
            out.append(replace(part, faces=faces, uv=uv, name=part.name + (" behind" if side else "")))
    return out


def sliced(thing: bpy.types.Object, low: float, high: float) -> None:
    """Cut an object's mesh off below low and above high (heights in dm)."""
    mesh = bmesh.new()
    mesh.from_mesh(thing.data)
    for height, up in ((low, -1), (high, 1)):
        everything = mesh.verts[:] + mesh.edges[:] + mesh.faces[:]
        done = bmesh.ops.bisect_plane(
            mesh, geom=everything, plane_co=(0, 0, height), plane_no=(0, 0, up), clear_outer=True
        )
        if up > 0:  # closed, so that nobody looks into a hollow neck
            edges = [part for part in done["geom_cut"] if isinstance(part, bmesh.types.BMEdge)]
            bmesh.ops.edgenet_fill(mesh, edges=edges)
    mesh.to_mesh(thing.data)
    mesh.free()


def bare_skin(dressed: Dressed, garment: Garment) -> list[list[int]]:
    """Faces of the skin that a garment may show: neck, the chest's V, arms below short sleeves. The rest would poke."""
    m, k = dressed.measures, dressed.measures.size
    half, low = (1.10, 1.15) if garment.neck == "scoop" else (0.62, 1.70)
    out = []
    for face in dressed.body.faces:
        x, y, _ = dressed.posed[face].mean(0)
        x, y = abs(x) / k, (m.neck - y) / k
        arm = garment.sleeves > 0 and x > 1.75 and y > 1.2
        if (x < half and y < low) or y < 0.35 or arm:
            out.append(face)
    return out


def skin_parts(
    dressed: Dressed, garment: Garment, rotation: np.ndarray, materials: dict[str, bpy.types.Material]
) -> tuple[bpy.types.Object, bpy.types.Object]:
    """Objects of the skin: what may be seen, and the head, which only throws shadows."""
    m, k = dressed.measures, dressed.measures.size
    points, chin = dressed.posed @ rotation.T, m.chin + 0.06 * k
    head = [face for face in dressed.body.faces if dressed.posed[face, 1].max() > chin - 0.1]
    things = []
    for name, faces, low, high in (
        ("neck", bare_skin(dressed, garment), m.neck - 3.9 * k, chin),
        ("head", head, chin, 99.0),
    ):
        part = Part(name=name, points=points, faces=faces, uv=points[:, :2], material="skin")
        thing = to_object(part, materials)
        refine(thing, 2)
        sliced(thing, low, high)
        things.append(thing)
    return things[0], things[1]


def take(dressed: Dressed, garment: Garment, yaw: float, width: int, samples: int, seed: int) -> View:
    """Render the front and the back layer of a dressed body turned by yaw degrees, positive to the right."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    m, frame = dressed.measures, canvas(dressed.measures, width)
    looks = {"skin": "skin", **garment.looks}
    materials = {slot: make_material(slot, looks[slot], m.size) for slot in MASKS if slot in looks}
    rotation = turn("y", yaw)
    front: list[bpy.types.Object] = []
    back: list[bpy.types.Object] = []
    for part in dressed.parts:
        turned = replace(part, points=part.points @ rotation.T)
        for piece in split(turned, behind(turned, m)):
            (back if piece.name.endswith(" behind") else front).append(to_object(piece, materials))
    neck, head = skin_parts(dressed, garment, rotation, materials)
    head.visible_camera = False

    scene = bpy.context.scene
    layer = set_up(scene, samples, frame.size, seed)
    put_lights(scene, m.neck, layer, m.size)
    put_camera(scene, m.neck, frame.size, frame.per_dm, frame.top, m.size)
    for thing in back:
        thing.visible_camera = False
    front_passes = shoot(scene)
    for thing in back:
        thing.visible_camera = True
    neck.visible_camera = False
    head.visible_shadow = head.visible_diffuse = False  # or the inside of the collar is a black hollow
    scene.cycles.samples = max(4, samples // 2)  # it lies in the neck's shadow, and mostly behind the head
    k = m.size
    corners = np.array([[-m.half - 0.75 * k, frame.top, 0.0], [m.half + 0.75 * k, m.neck - 1.15 * k, 0.0]])
    (left, top), (right, bottom) = project(corners, m, frame)
    box = (int(left) & ~3, max(0, int(top)) & ~3, math.ceil(right) & ~3, math.ceil(bottom) & ~3)
    set_border(scene, frame.size, box)
    back_passes = shoot(scene)
    return View(front=front_passes, back=back_passes, back_box=box, anchors=anchors(dressed, rotation, frame))


def set_border(scene: bpy.types.Scene, size: tuple[int, int], box: tuple[int, int, int, int]) -> None:
    """Render only box (left, top, right, bottom in pixels) of the frame, and crop to it."""
    how = scene.render
    how.use_border = how.use_crop_to_border = True
    how.border_min_x, how.border_max_x = box[0] / size[0], box[2] / size[0]
    how.border_min_y, how.border_max_y = 1 - box[3] / size[1], 1 - box[1] / size[1]


def anchors(dressed: Dressed, rotation: np.ndarray, frame: Canvas) -> dict[str, tuple[float, float]]:
    """Pixels of the places that a head is set by; it is not turned with the torso."""
    m, k = dressed.measures, dressed.measures.size
    skin = dressed.posed[sorted({i for face in dressed.body.faces for i in face})]
    widest = skin[(skin[:, 1] > m.neck - 2 * k)]
    fixed = {
        "chin": (0.0, m.chin, 1.35 * k),
        "crown": (0.0, m.crown, 0.4 * k),
        "neck_left": (-m.half, m.neck + 0.2 * k, m.middle),
        "neck_right": (m.half, m.neck + 0.2 * k, m.middle),
    }
    turned = {
        "throat": (0.0, m.neck - 0.35 * k, m.pit + 0.1 * k),
        "breast": (0.0, m.neck - 2.0 * k, 1.3 * k),
        "knot": (0.0, m.neck - 0.73 * k, m.pit + 0.12 * k),
        "shoulder_left": (float(widest[:, 0].min()), m.neck - 0.9 * k, 0.1),
        "shoulder_right": (float(widest[:, 0].max()), m.neck - 0.9 * k, 0.1),
    }
    points = np.concatenate([np.array(list(fixed.values())), np.array(list(turned.values())) @ rotation.T])
    pixels = project(points, m, frame)
    return {
        name: (round(float(x), 1), round(float(y), 1)) for name, (x, y) in zip([*fixed, *turned], pixels, strict=True)
    }
