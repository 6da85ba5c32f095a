"""Throughput of an engine on a GPU: seconds per picture, pictures per minute at the best batch, peak memory of both."""

import functools
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

import torch

from benchmarks.engines import full_size
from pipelines.engines.engine import Engine
from pipelines.runtime.memory import free_memory, is_out_of_memory

ROUNDS = 3
LARGEST_BATCH = 32
GIGABYTE = 1e9

Figures = dict[str, float]


def measure(engine_id: str, folder: Path) -> Figures:
    """Measure one engine in its 16 bits, from the checkpoints in `folder`: seconds, GB and pictures by name."""
    engine = full_size.load(engine_id, folder, full_size.number_format(engine_id))
    if engine.placement.warning:
        print(engine.placement.warning, file=sys.stderr)  # the figures are those of such a machine
    figures = batches(functools.partial(draw, engine), median_of)
    condition = full_size.people(engine, 1)[0].condition
    settings = full_size.one_pass(engine)
    figures["bare_seconds"] = median_of(full_size.bare_diffusers(engine, condition, settings))
    figures["ratio_to_bare_diffusers"] = figures["seconds"] / figures["bare_seconds"]
    if engine.spec.second_pass is not None:
        draws, defaults = full_size.people(engine, 1), engine.spec.defaults
        forget_peak()
        figures["both_passes_seconds"] = median_of(lambda: engine.generate_batch(draws, defaults))
        figures["both_passes_peak_memory_gb"] = peak_gb()
    if full_size.has_few_step_row(engine_id):
        figures["thirty_ddim_seconds"] = median_of(full_size.as_the_space_draws(engine, condition))
    figures["peak_memory_gb"] = figures.pop("peak_gb")
    return figures


def draw(engine: Engine, count: int) -> Callable[[], Any]:
    """Prepare a call that draws so many pictures of different people at once, at the row's defaults, in one pass."""
    draws = full_size.people(engine, count)
    return lambda: engine.generate_batch(draws, full_size.one_pass(engine))


def median_of(run: Callable[[], Any]) -> float:
    """Seconds of a call, the first one left out: it is slower."""
    run()
    return median(full_size.clock(run) for _ in range(ROUNDS))


def batches(run: Callable[[int], Callable[[], Any]], seconds_of: Callable[[Callable[[], Any]], float]) -> Figures:
    """Draw ever larger batches while they pay and fit.

    Args:
        run: prepares a call that draws so many pictures at once.
        seconds_of: times such a call.
    """
    figures: Figures = {}
    for count in _doubling():
        try:
            forget_peak()
            seconds = seconds_of(run(count))
        except (RuntimeError, MemoryError) as error:
            if count == 1 or not is_out_of_memory(error):
                raise
            figures["too_large_batch"] = count
            free_memory()
            break
        per_minute = 60 * count / seconds
        if count == 1:
            figures |= {"seconds": seconds, "peak_gb": peak_gb()}
        if per_minute <= figures.get("per_minute", 0):
            break
        figures |= {"per_minute": per_minute, "best_batch": count, "best_batch_peak_gb": peak_gb()}
    return figures


def _doubling() -> Iterator[int]:
    count = 1
    while count <= LARGEST_BATCH:
        yield count
        count *= 2


def forget_peak() -> None:
    """Reset the record of the GPU's memory that `peak_gb` reads."""
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()


def peak_gb() -> float:
    """Read the most GPU memory that torch has held since `forget_peak`, in GB; NaN without a GPU."""
    return torch.cuda.max_memory_reserved() / GIGABYTE if torch.cuda.is_available() else float("nan")
