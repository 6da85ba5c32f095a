"""The benchmark of the large engines, as far as it goes on tiny weights and without a GPU."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from benchmarks.common.checkpoint_sizes import TINY
from benchmarks.engines import __main__ as engines
from benchmarks.engines import full_size, throughput
from pipelines.engine_spec import EngineSpec
from pipelines.engine_table import ENGINES
from pipelines.engines import placement

pytestmark = pytest.mark.slow


def test_batches_grow_while_they_pay() -> None:
    seconds = {1: 2.0, 2: 3.0, 4: 5.0, 8: 12.0, 16: 1.0}
    figures = throughput.batches(lambda count: lambda: seconds[count], lambda run: run())
    assert (figures["seconds"], figures["best_batch"], figures["per_minute"]) == (2.0, 4, 48.0)


def test_batches_grow_while_they_fit() -> None:
    def run(count: int) -> Any:
        if count == 4:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return lambda: 1.0

    figures = throughput.batches(run, lambda run: run())
    assert (figures["best_batch"], figures["too_large_batch"], figures["per_minute"]) == (2, 4, 120.0)
    with pytest.raises(RuntimeError, match="another error"):
        throughput.batches(lambda count: raising(RuntimeError("another error")), lambda run: run())


def raising(error: Exception) -> Any:
    raise error


@pytest.mark.parametrize("engine_id", ["sd15", "sdxl", "sdxl-lcm"])
def test_every_figure_of_the_gpu_is_measured_on_an_engine(
    engine_id: str, monkeypatch: pytest.MonkeyPatch, tiny_rows: Callable[[str], EngineSpec]
) -> None:
    base = engine_id.partition("-")[0]
    folder = Path(tiny_rows(f"{base}-lcm").base.repo).parents[1]  # of "owner/name"
    quick = {k: replace(row, defaults=replace(row.defaults, steps=2)) for k, row in ENGINES.items()}
    monkeypatch.setattr(full_size, "ENGINES", quick)
    monkeypatch.setattr(full_size, "FULL", TINY)
    monkeypatch.setattr(full_size, "SPACE_STEPS", 4)
    monkeypatch.setattr(throughput, "LARGEST_BATCH", 2)
    monkeypatch.setattr(throughput, "ROUNDS", 1)
    monkeypatch.setattr(placement, "free_ram_gb", lambda: 99.0)
    figures = throughput.measure(engine_id, folder)
    assert {"seconds", "peak_gb", "per_minute", "best_batch", "best_batch_peak_gb"} <= figures.keys()
    assert ({"bare_seconds", "thirty_ddim_seconds"} <= figures.keys()) == (engine_id == base)
    assert figures["best_batch"] in (1, 2) and figures["per_minute"] >= 60 / figures["seconds"]


def test_without_a_gpu_its_part_is_refused_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(SystemExit) as left:
        engines.main(["--gpu"])
    assert left.value.code != 0 and "There is no CUDA GPU here." in capsys.readouterr().err
