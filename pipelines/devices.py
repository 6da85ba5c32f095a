"""Where an engine runs on this machine, and which engine suits it."""

from dataclasses import dataclass
from typing import Any

import torch

from pipelines.engine_table import ENGINES, EngineSpec
from pipelines.recognisers import FACE_MODELS, locate

GIGABYTE = 2**30


@dataclass(frozen=True, kw_only=True)
class Placement:
    """Device and number format of an engine, with the reason in words."""

    device: str
    dtype: torch.dtype
    offload: bool
    reason: str


def free_gpu_gb() -> float:
    """Free memory of the first CUDA device in GB; 0 where there is none."""
    return torch.cuda.mem_get_info()[0] / GIGABYTE if torch.cuda.is_available() else 0.0


def placement_for(spec: EngineSpec, dtype: torch.dtype | None = None) -> Placement:
    """Where this engine goes; `dtype` overrides the number format (tests compare in float32)."""
    if torch.cuda.is_available():
        free = free_gpu_gb()
        offload = free < spec.memory_gb
        how = "parts move to the GPU in turn" if offload else "all of it on the GPU"
        number = torch.float32 if spec.memory_gb == 0 else torch.float16
        reason = f"{free:.0f} GB of GPU memory free, {spec.memory_gb:.0f} GB wanted: {how}"
        return Placement(device="cuda", dtype=dtype or number, offload=offload, reason=reason)
    if torch.backends.mps.is_available() and spec.memory_gb > 0:
        return Placement(device="mps", dtype=dtype or torch.float16, offload=False, reason="Apple's GPU")
    number = torch.float32 if spec.memory_gb == 0 else torch.bfloat16
    return Placement(device="cpu", dtype=dtype or number, offload=False, reason="no GPU found: the CPU draws")


def place(pipeline: Any, placement: Placement) -> None:
    """Move a pipeline there."""
    if placement.offload:
        pipeline.enable_model_cpu_offload(device=placement.device)
    else:
        pipeline.to(placement.device)


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
