"""Placement of an engine: device, number format and what takes turns on a GPU that is too small for all of it."""

import sys
from dataclasses import dataclass
from typing import Any, Literal

import psutil
import torch

from pipelines.engine_spec import EngineSpec
from pipelines.engine_table import smaller_engine
from pipelines.language.sentence import Sentence
from pipelines.runtime import space
from pipelines.runtime.memory import OutOfMemory

GIGABYTE = 2**30

TOO_LITTLE_RAM = Sentence("{engine} wants {wanted:g} GB of memory, and {free:.1f} are free. {advice}")
TOO_LITTLE_FOR_WEIGHTS = Sentence(
    "{engine} wants {wanted:g} GB of memory for its weights, and {free:.1f} are free. {advice}"
)
TOO_LITTLE_BESIDE_GPU = Sentence(
    "{engine} wants {wanted:g} GB of memory for its weights, beside the GPU's own, and {free:.1f} are free. {advice}"
)
ON_CPU = Sentence("There is no GPU here: {engine} drew on the CPU, which takes minutes.")
PARTS_TOOK_TURNS = Sentence(
    "{free:.1f} GB of GPU memory are free and {engine} wants {wanted:g}: its parts took turns on the GPU, which is "
    "slower. {advice}"
)
LAYERS_TOOK_TURNS = Sentence(
    "{free:.1f} GB of GPU memory are free and {engine} wants {wanted:g}: its layers took turns on the GPU, which is "
    "much slower. {advice}"
)
MOVED_TO_DISK = Sentence(
    "{free:.1f} GB of GPU memory are free and {engine} wants {wanted:g}: the system may have moved some of it to the "
    "disk, which is much slower. {advice}"
)
CLOSE_OR = Sentence("Close other programs that use the GPU, or {smaller!l}")


@dataclass(frozen=True, kw_only=True)
class Placement:
    """Device and number format of an engine."""

    device: str
    dtype: torch.dtype
    offload: Literal["none", "parts", "layers"] = "none"
    """Kind of pieces that take turns on the GPU where not everything fits there."""
    pinned: bool = True
    """Layers that take turns all wait in memory that is locked for the GPU, which takes twice their weights' memory for
    a moment; else each is locked when its turn comes, which is slower."""
    tile: int | None = None
    """Side of the tiles that the VAE draws one after the other, pixels; None: all at once."""
    channels_last: bool = False
    """UNet and VAE keep a pixel's channels together: on a CPU SD 1.5's VAE then takes a third of the time."""
    warning: str = ""
    """A sentence for the person who waits, where it will take longer than it could."""


SMALL_GB = 2.0
"""Free memory of a GPU, in GB, from which an engine that any machine can run is put onto it."""


def free_gpu_gb() -> float:
    """Free memory of the first CUDA device, or what Apple's GPU may still take, in GB; 0 where there is neither.

    On ZeroGPU, where none is there until it is borrowed, all of the one that will be.
    """
    if space.ON_ZERO_GPU:
        return float(torch.cuda.get_device_properties(0).total_memory / GIGABYTE)
    if torch.cuda.is_available():
        return torch.cuda.mem_get_info()[0] / GIGABYTE
    if torch.backends.mps.is_available():
        # Apple's GPU has the memory of everything else: what other programs have taken is gone for it too.
        allowed = torch.mps.recommended_max_memory() - torch.mps.driver_allocated_memory()
        return float(min(allowed, psutil.virtual_memory().available) / GIGABYTE)
    return 0.0


def free_ram_gb() -> float:
    """Memory that programs can still have, swap included, in GB."""
    result: float = (psutil.virtual_memory().available + psutil.swap_memory().free) / GIGABYTE
    return result


def placement_for(spec: EngineSpec, dtype: torch.dtype | None = None) -> Placement:
    """Choose where an engine goes; `dtype` overrides the number format (tests compare in float32).

    Raises:
        OutOfMemory: there is less memory than its weights take on their way to the GPU, or than it needs on the CPU.
    """
    if not spec.memory_gb:
        on_gpu = torch.cuda.is_available() and not space.ON_ZERO_GPU and free_gpu_gb() >= SMALL_GB
        return Placement(device="cuda" if on_gpu else "cpu", dtype=dtype or torch.float32)
    if torch.cuda.is_available():
        _require_ram(spec, spec.weights_gb, TOO_LITTLE_BESIDE_GPU)
        return _on_cuda(spec, dtype or _number_format(spec))
    if torch.backends.mps.is_available():
        _require_ram(spec, spec.weights_gb, TOO_LITTLE_FOR_WEIGHTS)
        return _on_mps(spec, dtype or _number_format(spec))
    _require_ram(spec, spec.memory_gb)
    warning = ON_CPU.format(engine=spec.title)
    tile = _tile(spec, free_ram_gb())
    return Placement(device="cpu", dtype=dtype or torch.bfloat16, tile=tile, channels_last=True, warning=warning)


def _number_format(spec: EngineSpec) -> torch.dtype:
    result: torch.dtype = getattr(torch, spec.number_format)
    return result


def _require_ram(spec: EngineSpec, gigabytes: float, refusal: Sentence | None = None) -> None:
    """Raise OutOfMemory where too little is free for this and the engine's safety checker.

    A system that runs out ends the program, with everybody's runs.
    """
    gigabytes += spec.checker_gb
    if (free := free_ram_gb()) < gigabytes:
        memory = {"wanted": gigabytes, "free": free}
        raise OutOfMemory((refusal or TOO_LITTLE_RAM).format(engine=spec.title, advice=smaller_engine(spec), **memory))


def _on_cuda(spec: EngineSpec, dtype: torch.dtype) -> Placement:
    free = free_gpu_gb()
    if free >= spec.memory_gb:
        return Placement(device="cuda", dtype=dtype, tile=_tile(spec, free))
    offload: Literal["parts", "layers"] = "parts" if free >= spec.part_gb else "layers"
    return Placement(
        device="cuda",
        dtype=dtype,
        offload=offload,
        pinned=_can_be_pinned(spec),
        tile=_small_tile(spec) if offload == "layers" else _tile(spec, free),
        warning=_warning(PARTS_TOOK_TURNS if offload == "parts" else LAYERS_TOOK_TURNS, spec, free),
    )


def _can_be_pinned(spec: EngineSpec) -> bool:
    """True if all weights can be locked in memory beside the copy they are read from; Windows locks half of it."""
    memory = psutil.virtual_memory()
    lockable = memory.total / 2 if sys.platform == "win32" else memory.total
    weights = spec.weights_gb * GIGABYTE
    return bool(memory.available >= 2 * weights and lockable >= weights)


def _on_mps(spec: EngineSpec, dtype: torch.dtype) -> Placement:
    """Apple's GPU has the memory of everything else: parts that wait elsewhere would wait in the same place."""
    free = free_gpu_gb()
    if free >= spec.memory_gb:
        return Placement(device="mps", dtype=dtype, tile=_tile(spec, free))
    return Placement(device="mps", dtype=dtype, tile=_small_tile(spec), warning=_warning(MOVED_TO_DISK, spec, free))


def _tile(spec: EngineSpec, free: float) -> int | None:
    """Side of the VAE's tiles where the engine fits, pixels; a first pass is whole, and a second if there is room."""
    second = spec.second_pass
    if second is None or free >= spec.memory_gb + second.memory_gb:
        return None
    return max(max(size) for size in spec.sizes.values())


def _small_tile(spec: EngineSpec) -> int:
    """Side of the VAE's tiles where the engine does not fit, pixels: half of the smallest picture's."""
    return min(min(size) for size in spec.sizes.values()) // 2


def _warning(what_happened: Sentence, spec: EngineSpec, free: float) -> str:
    advice = CLOSE_OR.format(smaller=smaller_engine(spec))
    return what_happened.format(free=free, engine=spec.title, wanted=spec.memory_gb, advice=advice)


def move_pipeline(pipeline: Any, placement: Placement, denoiser: str = "unet") -> None:
    """Move a pipeline to its device, or have its parts or layers moved there when they are needed."""
    if placement.channels_last:
        for part in (getattr(pipeline, denoiser), pipeline.vae):
            part.to(memory_format=torch.channels_last)
    if placement.offload != "none":
        pipeline.vae.enable_slicing()  # batches, one picture after the other
    if placement.tile is not None:
        pipeline.vae.enable_tiling()
        # Without these it would only tile what is larger than the pictures that it was trained on.
        pipeline.vae.tile_sample_min_size = placement.tile
        pipeline.vae.tile_latent_min_size = placement.tile // pipeline.vae_scale_factor
    if placement.offload == "none":
        pipeline.to(placement.device)
    elif placement.offload == "parts":
        pipeline.enable_model_cpu_offload(device=placement.device)
    else:
        device = torch.device(placement.device)
        # The VAE is small and stays there: a stream copies the layers as they were, but SDXL's VAE changes to float32.
        pipeline.enable_group_offload(
            device,
            offload_type="leaf_level",
            use_stream=device.type == "cuda",
            low_cpu_mem_usage=not placement.pinned,
            exclude_modules="vae",
        )
