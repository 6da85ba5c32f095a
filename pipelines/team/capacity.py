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

    The built-in engine needs cores and memory more than a GPU, the others a GPU each.
    """
    import torch  # only now: it takes seconds

    count = torch.cuda.device_count()  # without setting CUDA up in this process
    free = psutil.virtual_memory().available / 2**30 - FOR_OTHERS_GB
    fit = min(cores(), int(free / (spec.memory_gb or BUILTIN_GB)))
    if count and spec.memory_gb:
        fit = count
    chosen = max(1, min(rows, workers or fit, MOST_WORKERS))
    return [str(k % count) if count else None for k in range(chosen)]


def threads(workers: int) -> int:
    """Return the number of threads for each worker."""
    return max(1, cores() // workers)
