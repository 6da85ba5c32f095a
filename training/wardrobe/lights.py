"""The studio: softboxes in four groups that are rendered apart, so that a look mixes them later.

Decimetres, Blender's axes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import bpy
from mathutils import Vector

GROUPS = ("left", "right", "front", "rim")
"""Groups of lamps, in the order of a plate's lights. Left and right are the picture's."""


@dataclass(frozen=True, kw_only=True)
class Lamp:
    """A softbox; its place counts from the middle of the neck."""

    group: str
    place: tuple[float, float, float]
    size: float  # dm
    watts: float


LAMPS = (
    Lamp(group="left", place=(-9.0, -10.0, 6.5), size=7.0, watts=2600),
    Lamp(group="right", place=(9.0, -10.0, 6.5), size=7.0, watts=2600),
    Lamp(group="front", place=(0.0, -15.0, 4.0), size=12.0, watts=2000),
    Lamp(group="rim", place=(-8.0, 8.0, 6.0), size=4.0, watts=1500),
    Lamp(group="rim", place=(8.0, 8.0, 6.0), size=4.0, watts=1500),
)
AMBIENT = 0.22  # radiance of the even light from all sides; it counts to the front


def put_lights(scene: bpy.types.Scene, neck: float, layer: bpy.types.ViewLayer, scale: float) -> None:
    """Add all lamps and the world's light, each in its group; scale sizes the studio to the body's head."""
    for group in GROUPS:
        layer.lightgroups.add(name=group)
    aim = Vector((0, 0, neck - 0.7 * scale))
    for lamp in LAMPS:
        data = bpy.data.lights.new(lamp.group, "AREA")
        data.energy, data.size = lamp.watts * scale**2, lamp.size * scale
        thing = bpy.data.objects.new(lamp.group, data)
        thing.location = Vector(lamp.place) * scale + Vector((0, 0, neck))
        thing.rotation_euler = (aim - thing.location).to_track_quat("-Z", "Y").to_euler()
        thing.lightgroup = lamp.group
        thing.visible_camera = False
        scene.collection.objects.link(thing)
    world = bpy.data.worlds.new("studio")
    world.use_nodes = True
    world.node_tree.nodes["Background"].inputs[0].default_value = (1, 1, 1, 1)
    world.node_tree.nodes["Background"].inputs[1].default_value = AMBIENT
    world.lightgroup = "front"
    scene.world = world


def put_camera(
    scene: bpy.types.Scene, neck: float, pixels: tuple[int, int], per_dm: float, top: float, scale: float
) -> None:
    """Portrait camera at the height of the face, two metres off, whose frame's upper edge is at height top.

    pixels is (width, height); per_dm is pixels a decimetre at the neck. The lens is shifted, not tilted. The depth of
    field softens the shoulders by about two pixels at 380 pixels a decimetre.
    """
    data = bpy.data.cameras.new("camera")
    camera = bpy.data.objects.new("camera", data)
    scene.collection.objects.link(camera)
    scene.camera = camera
    distance, height = 20.0 * scale, neck + 0.9 * scale
    width = pixels[0] / per_dm
    data.sensor_fit, data.sensor_width = "HORIZONTAL", 36
    data.lens = 36 * distance / width
    camera.location, camera.rotation_euler = (0, -distance, height), (math.radians(90), 0, 0)
    data.shift_y = (top - pixels[1] / per_dm / 2 - height) / width
    data.dof.use_dof = True
    data.dof.focus_distance = distance - 0.9 * scale
    data.dof.aperture_fstop = data.lens * 1e-3 / (2 * 0.045 * scale)
