"""Choice of the engine that "auto" stands for on this machine."""

import torch

from pipelines.engine_table import AUTO_ORDER, ENGINES
from pipelines.engines.placement import free_gpu_gb
from pipelines.weights.status import is_downloaded


def choose_engine() -> tuple[str, str]:
    """Return the id of the best engine that fits the GPU's free memory and is downloaded, and the reason."""
    if not torch.cuda.is_available():
        return "builtin", "no CUDA GPU here; the built-in engine runs on any CPU"
    free = free_gpu_gb()
    for engine_id in AUTO_ORDER:
        spec = ENGINES[engine_id]
        if free >= spec.memory_gb and is_downloaded(spec):
            return engine_id, f"{free:.0f} GB of GPU memory free and its weights are here"
    return "builtin", "the larger engines' weights are not here, or the GPU has too little free memory"
