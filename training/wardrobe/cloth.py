"""Drape a garment's shell over a body by Blender's cloth simulation, while the arms come down to the sides.

All points are decimetres in Blender's axes (x to the wearer's left, y to the back, z up) unless a name ends in `_mh`.
"""

from __future__ import annotations

from dataclasses import dataclass

import bpy
import numpy as np

STEPS = 4  # poses of the arms between which the body's mesh is interpolated


@dataclass(frozen=True, kw_only=True)
class Fabric:
    """Fall of a cloth. The numbers are Blender's cloth settings for a mesh in decimetres."""

    mass: float = 0.3
    bend: float = 0.5
    stretch: float = 15.0
    ease: float = 0.03  # share by which the cloth is larger than the body's skin wants it
    gap: float = 0.03  # dm between cloth and body
    frames: int = 52
    thin: bool = False  # it may fold onto itself: twice the time


FABRICS = {
    "jersey": Fabric(mass=0.25, bend=0.06, stretch=12, ease=0.11, gap=0.05, thin=True),
    "poplin": Fabric(mass=0.22, bend=0.6, stretch=25, ease=0.05, gap=0.04, thin=True),
    "knit": Fabric(mass=0.4, bend=0.6, stretch=10, ease=0.09, gap=0.07),
    "suiting": Fabric(mass=0.4, bend=6.0, stretch=30, ease=0.03, gap=0.08),
    "coat": Fabric(mass=0.5, bend=7.0, stretch=35, ease=0.06, gap=0.10),
}


def to_blender(points_mh: np.ndarray) -> np.ndarray:
    """Points (N, 3) of MakeHuman's axes (y up, z front) in Blender's (z up, -y front)."""
    return np.stack([points_mh[:, 0], -points_mh[:, 2], points_mh[:, 1]], 1)


def new_object(name: str, points: np.ndarray, faces: list[list[int]]) -> bpy.types.Object:
    """Mesh object of points (N, 3) and faces, smooth shaded, linked to the scene."""
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata(points.tolist(), [], faces)
    mesh.update()
    mesh.polygons.foreach_set("use_smooth", np.ones(len(mesh.polygons), bool))
    thing = bpy.data.objects.new(name, mesh)
    bpy.context.scene.collection.objects.link(thing)
    return thing


def points_of(thing: bpy.types.Object) -> np.ndarray:
    """Vertices (N, 3) float64 of an object's mesh."""
    flat = np.empty(len(thing.data.vertices) * 3, np.float32)
    thing.data.vertices.foreach_get("co", flat)
    return flat.reshape(-1, 3).astype(float)


def evaluated(thing: bpy.types.Object) -> np.ndarray:
    """Vertices (N, 3) of an object with its modifiers, at the scene's frame."""
    graph = bpy.context.evaluated_depsgraph_get()
    mesh = thing.evaluated_get(graph).to_mesh()
    flat = np.empty(len(mesh.vertices) * 3, np.float32)
    mesh.vertices.foreach_get("co", flat)
    thing.evaluated_get(graph).to_mesh_clear()
    return flat.reshape(-1, 3).astype(float)


def drape(
    shell: bpy.types.Object,
    body_poses: list[np.ndarray],
    body_faces: list[list[int]],
    pinned: np.ndarray,
    fabric: Fabric,
) -> None:
    """Let shell fall over the body while it goes through body_poses (each (B, 3)); the shell's mesh becomes the result.

    pinned (N,) in 0..1 says how firmly each vertex of the shell stays where it is.
    """
    scene = bpy.context.scene
    body = new_object("collider", body_poses[0], body_faces)
    body.shape_key_add(name="Basis")
    move = int(fabric.frames * 0.6)
    for i, pose in enumerate(body_poses):
        key = body.shape_key_add(name=f"pose{i}")
        key.data.foreach_set("co", pose.astype(np.float32).ravel())
        step = move / (len(body_poses) - 1)
        for frame, value in ((1 + (i - 1) * step, 0.0), (1 + i * step, 1.0), (1 + (i + 1) * step, 0.0)):
            if i == len(body_poses) - 1 and frame > 1 + i * step:
                continue
            key.value = value
            key.keyframe_insert("value", frame=frame)
    for curve in body.data.shape_keys.animation_data.action.fcurves:
        for point in curve.keyframe_points:
            point.interpolation = "LINEAR"
    collision = body.modifiers.new("collision", "COLLISION")
    collision.settings.thickness_outer = fabric.gap
    collision.settings.cloth_friction = 3.0

    group = shell.vertex_groups.new(name="pin")
    for index in np.flatnonzero(pinned > 0):
        group.add([int(index)], float(pinned[index]), "REPLACE")
    cloth = shell.modifiers.new("cloth", "CLOTH")
    how = cloth.settings
    how.quality, how.mass = 6, fabric.mass
    how.tension_stiffness = how.compression_stiffness = fabric.stretch
    how.shear_stiffness = fabric.stretch / 3
    how.bending_stiffness = fabric.bend
    how.tension_damping = how.compression_damping = how.shear_damping = 5
    how.air_damping = 2
    how.shrink_min = -fabric.ease
    how.vertex_group_mass = "pin"
    hit = cloth.collision_settings
    hit.distance_min, hit.collision_quality = 0.02, 3
    hit.use_self_collision, hit.self_distance_min = fabric.thin, 0.02
    cloth.point_cache.frame_start, cloth.point_cache.frame_end = 1, fabric.frames
    scene.frame_start, scene.frame_end = 1, fabric.frames
    for frame in range(1, fabric.frames + 1):
        scene.frame_set(frame)
    result = evaluated(shell)
    shell.modifiers.remove(cloth)
    shell.data.vertices.foreach_set("co", result.astype(np.float32).ravel())
    shell.data.update()
    bpy.data.objects.remove(body)
    scene.frame_set(1)


def refine(thing: bpy.types.Object, levels: int) -> None:
    """Apply Catmull-Clark subdivision to an object's mesh."""
    bpy.context.view_layer.objects.active = thing
    step = thing.modifiers.new("refine", "SUBSURF")
    step.levels = step.render_levels = levels
    with bpy.context.temp_override(object=thing, active_object=thing, selected_objects=[thing]):
        bpy.ops.object.modifier_apply(modifier=step.name)
