"""Placement of an engine: device, number format and what takes turns on a GPU that is too small for all of it."""

from dataclasses import dataclass
from typing import Any, Literal

import psutil
import torch

from pipelines.engine_spec import EngineSpec
from pipelines.engine_table import smaller_engine
from pipelines.runtime.memory import OutOfMemory

GIGABYTE = 2**30
CLOSE = "Close other programs that use the GPU, or choose a smaller engine."


@dataclass(frozen=True, kw_only=True)
class Placement:
    """Device and number format of an engine."""

    device: str
    dtype: torch.dtype
    offload: Literal["none", "parts", "layers"] = "none"
    """Kind of pieces that take turns on the GPU where not everything fits there."""
    tile: int | None = None
    """Side of the tiles that the VAE draws one after the other, pixels; None: all at once."""
    channels_last: bool = False
    """UNet and VAE keep a pixel's channels together: on a CPU SD 1.5's VAE then takes a third of the time."""
    warning: str = ""
    """A sentence for the person who waits, where it will take longer than it could."""


def free_gpu_gb() -> float:
    """Free memory of the first CUDA device, or what Apple's GPU may still take, in GB; 0 where there is neither."""
    if torch.cuda.is_available():
        return torch.cuda.mem_get_info()[0] / GIGABYTE
    if torch.backends.mps.is_available():
        return (torch.mps.recommended_max_memory() - torch.mps.driver_allocated_memory()) / GIGABYTE
    return 0.0


def free_ram_gb() -> float:
    """Memory that programs can still have, swap included, in GB."""
    result: float = (psutil.virtual_memory().available + psutil.swap_memory().free) / GIGABYTE
    return result


def placement_for(spec: EngineSpec, dtype: torch.dtype | None = None) -> Placement:
    """Choose where an engine goes; `dtype` overrides the number format (tests compare in float32).

    Raises:
        OutOfMemory: without a GPU, there is less memory than the engine's weights need.
    """
    if torch.cuda.is_available():
        return _on_cuda(spec, dtype or (_number_format(spec) if spec.memory_gb else torch.float32))
    if torch.backends.mps.is_available() and spec.memory_gb > 0:
        return _on_mps(spec, dtype or _number_format(spec))
    if not spec.memory_gb:
        return Placement(device="cpu", dtype=dtype or torch.float32)
    # A system that runs out of it ends the whole program, with everybody's runs, instead of raising an error.
    if (free := free_ram_gb()) < spec.memory_gb:
        raise OutOfMemory(
            f"{spec.title} wants {spec.memory_gb:g} GB of memory, and {free:.1f} are free. {smaller_engine(spec)}"
        )
    warning = f"There is no GPU here: {spec.title} drew on the CPU, which takes minutes."
    return Placement(device="cpu", dtype=dtype or torch.bfloat16, channels_last=True, warning=warning)


def _number_format(spec: EngineSpec) -> torch.dtype:
    result: torch.dtype = getattr(torch, spec.number_format)
    return result


def _on_cuda(spec: EngineSpec, dtype: torch.dtype) -> Placement:
    free = free_gpu_gb()
    if free >= spec.memory_gb:
        return Placement(device="cuda", dtype=dtype)
    offload: Literal["parts", "layers"] = "parts" if free >= spec.part_gb else "layers"
    slower = "slower" if offload == "parts" else "much slower"
    return Placement(
        device="cuda",
        dtype=dtype,
        offload=offload,
        tile=spec.native_size // 2 if offload == "layers" else None,
        warning=f"{_short_of(spec, free)}: its {offload} took turns on the GPU, which is {slower}. {CLOSE}",
    )


def _on_mps(spec: EngineSpec, dtype: torch.dtype) -> Placement:
    """Apple's GPU has the memory of everything else: parts that wait elsewhere would wait in the same place."""
    free = free_gpu_gb()
    if free >= spec.memory_gb:
        return Placement(device="mps", dtype=dtype)
    warning = (
        f"{_short_of(spec, free)}: the system may have moved some of it to the disk, which is much slower. {CLOSE}"
    )
    return Placement(device="mps", dtype=dtype, tile=spec.native_size // 2, warning=warning)


def _short_of(spec: EngineSpec, free: float) -> str:
    return f"{free:.1f} GB of GPU memory are free and {spec.title} wants {spec.memory_gb:g}"


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
            device, offload_type="leaf_level", use_stream=device.type == "cuda", exclude_modules="vae"
        )
