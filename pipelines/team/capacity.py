"""Capacity of this machine: how many workers fit, by its GPUs, or by its cores and free memory."""

import os

import psutil

from pipelines.engine_spec import EngineSpec

BUILTIN_GB = 1.9
"""Memory of a worker with the built-in engine, in GB, with some room."""
FOR_OTHERS_GB = 1.0
"""Memory that is left to the rest of the machine, in GB."""
MOST_WORKERS = 256


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def devices(spec: EngineSpec, rows: int, workers: int | None = None) -> list[str | None]:
    """Return the GPU of each worker, None where there is none: as many as asked for, else as many as fit.

    Workers of the built-in engine have a core each, and none the GPU ("" hides it), which would not hold all of them;
    the others have a GPU each, of those that CUDA_VISIBLE_DEVICES names.
    """
    import torch  # only now: it takes seconds

    count = torch.cuda.device_count()  # without setting CUDA up in this process
    free = psutil.virtual_memory().available / 2**30 - FOR_OTHERS_GB
    fit = min(cores(), int(free / (spec.memory_gb or BUILTIN_GB)))
    if count and spec.memory_gb:
        fit = count
    chosen = max(1, min(rows, workers or fit, MOST_WORKERS))
    if not count:
        return [None] * chosen
    if not spec.memory_gb:
        return [""] * chosen
    named = [name.strip() for name in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if name.strip()][:count]
    names = named or [str(k) for k in range(count)]
    return [names[k % len(names)] for k in range(chosen)]


def threads(workers: int) -> int:
    """Return the number of threads for each worker."""
    return max(1, cores() // workers)
