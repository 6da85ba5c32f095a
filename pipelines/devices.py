"""Where an engine runs on this machine, and which engine suits it."""

from dataclasses import dataclass
from typing import Any, Literal

import torch

from pipelines.engine_table import ENGINES, EngineSpec
from pipelines.recognisers import FACE_MODELS, locate

GIGABYTE = 2**30
LARGEST_PART = 0.8
"""Share of an engine's memory that its UNet takes while it draws: with less, not even that fits as a whole."""


@dataclass(frozen=True, kw_only=True)
class Placement:
    """Device and number format of an engine."""

    device: str
    dtype: torch.dtype
    offload: Literal["none", "parts", "layers"] = "none"
    """What moves to the GPU in turn where not everything fits there."""
    warning: str = ""
    """A sentence for the person who waits, where it will take longer than it could."""


def free_gpu_gb() -> float:
    """Free memory of the first CUDA device in GB; 0 where there is none."""
    return torch.cuda.mem_get_info()[0] / GIGABYTE if torch.cuda.is_available() else 0.0


def placement_for(spec: EngineSpec, dtype: torch.dtype | None = None) -> Placement:
    """Where this engine goes; `dtype` overrides the number format (tests compare in float32)."""
    if torch.cuda.is_available():
        number = dtype or (torch.float32 if spec.memory_gb == 0 else torch.float16)
        free = free_gpu_gb()
        if free >= spec.memory_gb:
            return Placement(device="cuda", dtype=number)
        offload: Literal["parts", "layers"] = "parts" if free >= LARGEST_PART * spec.memory_gb else "layers"
        slower = "slower" if offload == "parts" else "much slower"
        warning = (
            f"{free:.1f} GB of GPU memory are free and {spec.title} wants {spec.memory_gb:.0f}: "
            f"its {offload} took turns on the GPU, which is {slower}. Close other programs that use the GPU."
        )
        return Placement(device="cuda", dtype=number, offload=offload, warning=warning)
    if torch.backends.mps.is_available() and spec.memory_gb > 0:
        return Placement(device="mps", dtype=dtype or torch.float16)
    number = dtype or (torch.float32 if spec.memory_gb == 0 else torch.bfloat16)
    slow = f"There is no GPU here: {spec.title} drew on the CPU, which takes minutes." if spec.memory_gb else ""
    return Placement(device="cpu", dtype=number, warning=slow)


def place(pipeline: Any, placement: Placement) -> None:
    """Move a pipeline there, or have its parts or layers moved there when they are needed."""
    if placement.offload == "none":
        pipeline.to(placement.device)
        return
    pipeline.vae.enable_tiling()  # pictures larger than the VAE was trained for
    pipeline.vae.enable_slicing()  # batches, one picture after the other
    if placement.offload == "parts":
        pipeline.enable_model_cpu_offload(device=placement.device)
    else:
        device = torch.device(placement.device)
        pipeline.enable_group_offload(device, offload_type="leaf_level", use_stream=device.type == "cuda")


def choose_engine() -> tuple[str, str]:
    """The engine `auto` stands for on this machine, and why."""
    if not torch.cuda.is_available():
        return "builtin", "no CUDA GPU here; the built-in engine runs on any CPU"
    free = free_gpu_gb()
    for engine_id in ("sdxl", "sd15"):
        spec = ENGINES[engine_id]
        if free >= spec.memory_gb and _is_downloaded(spec):
            return engine_id, f"{free:.0f} GB of GPU memory free and its weights are here"
    return "builtin", "the larger engines' weights are not here, or the GPU has too little free memory"


def _is_downloaded(spec: EngineSpec) -> bool:
    """Whether the hub's cache holds every part of a row, and the face models' folder its recogniser."""
    from huggingface_hub import try_to_load_from_cache

    parts = [component.source for component in spec.components.values()]
    files = [
        (spec.base, "model_index.json"),
        (spec.adapter, spec.adapter.weight_name),
        *((source, f"{source.subfolder}/config.json" if source.subfolder else "config.json") for source in parts),
    ]
    cached = (try_to_load_from_cache(source.repo, str(name), revision=source.revision) for source, name in files)
    return all(isinstance(path, str) for path in cached) and locate(FACE_MODELS[spec.recogniser]).is_file()
