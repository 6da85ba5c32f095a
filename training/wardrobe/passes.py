"""Render one view of a dressed body into arrays: each lamp group's light, gloss, and the masks of its materials."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import bpy
import numpy as np

from training.wardrobe.lights import GROUPS


@dataclass(frozen=True, kw_only=True)
class Passes:
    """Passes of Cycles for one view. All float32, linear, premultiplied by alpha; row 0 is the top."""

    total: np.ndarray  # (H, W) luminance of all lights, denoised
    lights: np.ndarray  # (4, h, w) luminance of GROUPS at half the size, denoised
    albedo: np.ndarray  # (H, W) mean albedo
    gloss: np.ndarray  # (H, W) the part of the light that is mirrored, all lamps together
    masks: np.ndarray  # (6, H, W) share of the pixel that is each of MASKS
    alpha: np.ndarray  # (H, W)


def set_up(scene: bpy.types.Scene, samples: int, pixels: tuple[int, int], seed: int) -> bpy.types.ViewLayer:
    """Settings of Cycles: one thread, few bounces, no denoising but the compositor's."""
    scene.render.engine = "CYCLES"
    how = scene.cycles
    how.device, how.samples, how.seed, how.use_denoising = "CPU", samples, seed, False
    how.use_adaptive_sampling = False
    how.max_bounces, how.diffuse_bounces, how.glossy_bounces = 2, 1, 1
    how.transmission_bounces = how.volume_bounces = 0
    how.transparent_max_bounces = 2
    how.caustics_reflective = how.caustics_refractive = False
    how.sample_clamp_indirect = 3.0
    how.filter_width = 1.4
    how.use_light_tree = False
    scene.render.threads_mode, scene.render.threads = "FIXED", 1
    scene.render.resolution_x, scene.render.resolution_y = pixels
    scene.render.resolution_percentage = 100
    scene.render.film_transparent = True
    scene.render.use_persistent_data = True
    scene.view_settings.view_transform = "Raw"
    layer = scene.view_layers[0]
    layer.cycles.denoising_store_passes = True
    layer.use_pass_diffuse_direct = layer.use_pass_glossy_direct = layer.use_pass_glossy_indirect = True
    layer.use_pass_glossy_color = True
    for number in (0, 1):
        aov = layer.aovs.add()
        aov.name, aov.type = f"mask{number}", "COLOR"
    return layer


def wire(scene: bpy.types.Scene, folder: Path) -> None:
    """Let the compositor denoise each lamp group and write every pass to its own EXR file in folder."""
    scene.use_nodes = True
    tree = scene.node_tree
    tree.nodes.clear()
    source = tree.nodes.new("CompositorNodeRLayers")
    files = tree.nodes.new("CompositorNodeOutputFile")
    files.base_path = str(folder)
    files.format.file_format, files.format.color_depth, files.format.exr_codec = "OPEN_EXR", "16", "ZIP"
    files.file_slots.clear()

    def write(name: str, socket: bpy.types.NodeSocket) -> None:
        files.file_slots.new(name)
        tree.links.new(socket, files.inputs[name])

    def half(socket: bpy.types.NodeSocket) -> bpy.types.NodeSocket:
        smaller = tree.nodes.new("CompositorNodeScale")
        smaller.space = "RELATIVE"
        smaller.inputs["X"].default_value = smaller.inputs["Y"].default_value = 0.5
        tree.links.new(socket, smaller.inputs["Image"])
        return smaller.outputs["Image"]

    def clean(
        light: bpy.types.NodeSocket, albedo: bpy.types.NodeSocket, normal: bpy.types.NodeSocket
    ) -> bpy.types.NodeSocket:
        node = tree.nodes.new("CompositorNodeDenoise")
        node.prefilter = "FAST"
        for name, socket in (("Image", light), ("Albedo", albedo), ("Normal", normal)):
            tree.links.new(socket, node.inputs[name])
        return node.outputs["Image"]

    albedo, normal = source.outputs["Denoising Albedo"], source.outputs["Denoising Normal"]
    write("total_", clean(source.outputs["Image"], albedo, normal))
    small = half(albedo), half(normal)
    for group in GROUPS:
        write(f"light_{group}_", clean(half(source.outputs[f"Combined_{group}"]), *small))
    for name, socket in (
        ("albedo_", "Denoising Albedo"),
        ("gloss_", "GlossDir"),
        ("glosscol_", "GlossCol"),
        ("mask0_", "mask0"),
        ("mask1_", "mask1"),
        ("alpha_", "Alpha"),
    ):
        write(name, source.outputs[socket])


def read(path: Path) -> np.ndarray:
    """Array (H, W, 3) float32 of an EXR file, row 0 at the top."""
    image = bpy.data.images.load(str(path))
    image.colorspace_settings.name = "Non-Color"
    width, height = image.size
    flat = np.empty(width * height * 4, np.float32)
    image.pixels.foreach_get(flat)
    bpy.data.images.remove(image)
    return flat.reshape(height, width, 4)[::-1, :, :3]


def fitted(band: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Band (H, W) cut or continued to a shape: Blender rounds half sizes up."""
    more = [(0, max(0, want - have)) for want, have in zip(shape, band.shape, strict=True)]
    return np.pad(band, more, mode="edge")[: shape[0], : shape[1]]


def shoot(scene: bpy.types.Scene) -> Passes:
    """Render the scene's camera view."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        wire(scene, folder)
        bpy.ops.render.render(write_still=False)
        found = {path.name.split("_0")[0]: read(path) for path in folder.glob("*.exr")}
    half = tuple(side // 2 for side in found["alpha"].shape[:2])
    grey = {key: value.mean(2) for key, value in found.items()}
    return Passes(
        total=np.maximum(grey["total"], 0),
        lights=np.stack([fitted(np.maximum(grey[f"light_{group}"], 0), half) for group in GROUPS]),
        albedo=grey["albedo"],
        gloss=grey["gloss"] * grey["glosscol"],
        masks=np.concatenate([found["mask0"].transpose(2, 0, 1), found["mask1"].transpose(2, 0, 1)]),
        alpha=grey["alpha"],
    )
