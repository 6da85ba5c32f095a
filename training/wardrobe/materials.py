"""Cloth, skin and buttons for Cycles. Colours are left for later: each material is a neutral grey of a known albedo.

Every material also writes its mask (AOV passes), so that a plate can say how much of each pixel is which material.
"""

from __future__ import annotations

from dataclasses import dataclass

import bpy
import numpy as np

from training.wardrobe.weaves import WEAVES

MASKS = ("main", "shirt", "tie", "button", "skin", "trim")
"""Materials of a plate, in the order of its mask's channels."""


@dataclass(frozen=True, kw_only=True)
class Look:
    """Reflection of a material."""

    albedo: float  # grey, 0..1: pictures are divided by it
    weave: str = ""
    rough: float = 0.85
    specular: float = 0.25
    sheen: float = 0.15
    coat: float = 0.0
    seam: float = 1.0  # depth of sewn lines against a worsted's


LOOKS = {
    "worsted": Look(albedo=0.22, weave="twill", rough=0.85, specular=0.10, sheen=0.10),
    "tweed": Look(albedo=0.25, weave="herringbone", rough=0.95, specular=0.06, sheen=0.30),
    "poplin": Look(albedo=0.50, weave="poplin", rough=0.75, specular=0.10, sheen=0.03, seam=0.6),
    "canvas": Look(albedo=0.50, weave="canvas", rough=0.80, specular=0.08, sheen=0.05, seam=0.9),
    "blouse": Look(albedo=0.50, weave="poplin", rough=0.55, specular=0.30, sheen=0.05),
    "jersey": Look(albedo=0.30, weave="jersey", rough=0.90, specular=0.05, sheen=0.12, seam=0.28),
    "knit": Look(albedo=0.30, weave="knit", rough=0.92, specular=0.05, sheen=0.25, seam=0.35),
    "rib": Look(albedo=0.30, weave="rib", rough=0.92, specular=0.05, sheen=0.30),
    "leather": Look(albedo=0.10, weave="leather", rough=0.46, specular=0.45, sheen=0.0, coat=0.06, seam=1.2),
    "silk": Look(albedo=0.16, weave="silk", rough=0.36, specular=0.22, sheen=0.0),
    "horn": Look(albedo=0.20, rough=0.30, specular=0.50, sheen=0.0),
    "pearl": Look(albedo=0.60, rough=0.25, specular=0.50, sheen=0.0),
    "metal": Look(albedo=0.30, rough=0.30, specular=1.0, sheen=0.0),
    "skin": Look(albedo=0.45, rough=0.50, specular=0.35, sheen=0.05),
}


def tile(name: str, values: np.ndarray) -> bpy.types.Image:
    """Blender image, linear, of a tile (S, S); made once per file."""
    if name in bpy.data.images:
        return bpy.data.images[name]
    size = values.shape[0]
    image = bpy.data.images.new(name, size, size, float_buffer=True, is_data=True)
    pixels = np.ones((size, size, 4), np.float32)
    pixels[:, :, :3] = values[:, :, None]
    image.pixels.foreach_set(pixels.ravel())
    image.pack()
    return image


def make_material(slot: str, look_name: str, size: float) -> bpy.types.Material:
    """Material of a mask's slot in a look; size scales the weave's lengths to this body's head."""
    look = LOOKS[look_name]
    material = bpy.data.materials.new(slot)
    material.use_nodes = True
    tree = material.node_tree
    nodes, link = tree.nodes, tree.links.new
    shader = nodes["Principled BSDF"]
    for name, value in (
        ("Roughness", look.rough),
        ("Specular IOR Level", look.specular),
        ("Sheen Weight", look.sheen),
        ("Coat Weight", look.coat),
        ("Base Color", (look.albedo,) * 3 + (1,)),
    ):
        shader.inputs[name].default_value = value
    shader.inputs["Sheen Roughness"].default_value = 0.4
    shader.inputs["Coat Roughness"].default_value = 0.25
    normal = press_seam(tree, size, look.seam)
    if look.weave:
        weave = WEAVES[look.weave]()
        where = nodes.new("ShaderNodeUVMap")
        where.uv_map = "cloth"
        scale = nodes.new("ShaderNodeVectorMath")
        scale.operation = "SCALE"
        scale.inputs["Scale"].default_value = 1 / (weave.span * size)
        link(where.outputs["UV"], scale.inputs[0])
        pictures = []
        for kind in ("height", "tint"):
            picture = nodes.new("ShaderNodeTexImage")
            picture.image = tile(f"{look.weave} {kind}", getattr(weave, kind))
            link(scale.outputs["Vector"], picture.inputs["Vector"])
            pictures.append(picture)
        bump = nodes.new("ShaderNodeBump")
        bump.inputs["Strength"].default_value, bump.inputs["Distance"].default_value = 1.0, weave.relief * size
        link(pictures[0].outputs["Color"], bump.inputs["Height"])
        link(normal, bump.inputs["Normal"])
        normal = bump.outputs["Normal"]
        colour = nodes.new("ShaderNodeVectorMath")
        colour.operation = "SCALE"
        colour.inputs["Scale"].default_value = look.albedo
        link(pictures[1].outputs["Color"], colour.inputs[0])
        link(colour.outputs["Vector"], shader.inputs["Base Color"])
    link(normal, shader.inputs["Normal"])
    write_masks(tree, slot)
    return material


def press_seam(tree: bpy.types.NodeTree, size: float, deep: float) -> bpy.types.NodeSocket:
    """Bump of sewn lines where the mesh has the attributes seam0, seam1 (dm from a line); flat where it has none."""
    nodes, link = tree.nodes, tree.links.new
    nearest = nodes.new("ShaderNodeMath")
    nearest.operation = "MINIMUM"
    for number in (0, 1):
        away, part = nodes.new("ShaderNodeAttribute"), nodes.new("ShaderNodeMath")
        away.attribute_name, part.operation = f"seam{number}", "ABSOLUTE"
        link(away.outputs["Fac"], part.inputs[0])
        link(part.outputs[0], nearest.inputs[number])
    groove = nodes.new("ShaderNodeMapRange")
    groove.interpolation_type = "SMOOTHSTEP"
    link(nearest.outputs[0], groove.inputs["Value"])
    groove.inputs["From Min"].default_value, groove.inputs["From Max"].default_value = 0.0, 0.030 * size
    bump = nodes.new("ShaderNodeBump")
    bump.inputs["Strength"].default_value, bump.inputs["Distance"].default_value = 1.0, 0.016 * deep * size
    link(groove.outputs["Result"], bump.inputs["Height"])
    return bump.outputs["Normal"]


def write_masks(tree: bpy.types.NodeTree, slot: str) -> None:
    """Write 1 to the channel of the slot in the AOV passes mask0 (main, shirt, tie) and mask1 (button, skin, trim)."""
    which = MASKS.index(slot)
    for number in (0, 1):
        out = tree.nodes.new("ShaderNodeOutputAOV")
        out.aov_name = f"mask{number}"
        out.inputs["Color"].default_value = (*(float(3 * number + i == which) for i in range(3)), 1.0)
