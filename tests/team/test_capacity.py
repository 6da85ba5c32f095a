"""Capacity of a machine: a worker for each GPU, or as many as its cores and memory carry."""

from types import SimpleNamespace

import pytest

from pipelines.engine_table import ENGINES
from pipelines.team import capacity
from pipelines.team.capacity import devices, threads

GB = 2**30


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch):
    """Make this machine one with so many cores, free GB of memory and GPUs."""

    def make(cores: int, free_gb: float, gpus: int) -> None:
        monkeypatch.setattr(capacity, "cores", lambda: cores)
        monkeypatch.setattr("psutil.virtual_memory", lambda: SimpleNamespace(available=free_gb * GB))
        monkeypatch.setattr("torch.cuda.device_count", lambda: gpus)

    return make


@pytest.mark.parametrize(
    ("engine", "cores", "free_gb", "gpus", "found"),
    [
        ("builtin", 8, 64, 0, [None] * 8),  # its cores
        ("builtin", 8, 6, 0, [None] * 2),  # its memory: 1.9 GB for each, and 1 for the rest
        ("builtin", 8, 0.5, 0, [None]),  # one in any case
        ("builtin", 4, 64, 2, [""] * 4),  # cores still, though GPUs are there
        ("sdxl", 16, 128, 4, ["0", "1", "2", "3"]),  # a GPU each
        ("sdxl", 16, 31, 0, [None] * 2),  # 14 GB each
    ],
)
def test_as_many_workers_as_fit(
    machine, engine: str, cores: int, free_gb: float, gpus: int, found: list[str | None]
) -> None:
    machine(cores, free_gb, gpus)
    assert devices(ENGINES[engine], rows=100) == found


def test_whoever_asks_gets_as_many_but_no_more_than_there_are_rows(machine) -> None:
    machine(2, 8, 0)
    assert devices(ENGINES["builtin"], rows=100, workers=5) == [None] * 5
    assert devices(ENGINES["builtin"], rows=3, workers=5) == [None] * 3
    machine(2, 8, 2)
    assert devices(ENGINES["sdxl"], rows=100, workers=3) == ["0", "1", "0"]


@pytest.mark.parametrize("named", ["2,3", "GPU-5f3a, MIG-77"])
def test_workers_get_the_gpus_that_this_program_was_given(machine, named: str, monkeypatch: pytest.MonkeyPatch) -> None:
    machine(8, 64, 2)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", named)
    first, second = (name.strip() for name in named.split(","))
    assert devices(ENGINES["sdxl"], rows=100, workers=3) == [first, second, first]


def test_workers_share_the_cores(machine) -> None:
    machine(8, 64, 0)
    assert [threads(workers) for workers in (1, 3, 8, 16)] == [8, 2, 1, 1]
