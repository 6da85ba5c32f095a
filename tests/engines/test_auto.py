"""Choice of the engine that `auto` stands for."""

from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
import torch

from benchmarks.common.random_checkpoints.rows import sources
from pipelines.engine_table import AUTO_ORDER, ENGINES
from pipelines.engines.auto import choose_engine
from pipelines.engines.placement import GIGABYTE
from pipelines.runtime.verified_files import locate
from pipelines.weight_table import face_model, hub_files


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A machine with a CUDA GPU and plenty of RAM; `with_memory` says how much of the GPU's is free."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    with_ram(monkeypatch, 32)
    return monkeypatch


def with_memory(gpu: pytest.MonkeyPatch, gigabytes: float) -> None:
    gpu.setattr(torch.cuda, "mem_get_info", lambda: (int(gigabytes * GIGABYTE), 80 * GIGABYTE))


def with_ram(patch: pytest.MonkeyPatch, gigabytes: float) -> None:
    patch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=gigabytes * GIGABYTE))
    patch.setattr(psutil, "swap_memory", lambda: SimpleNamespace(free=0))


def download(engine_id: str, home: Path, patch: pytest.MonkeyPatch) -> None:
    """Make the hub's cache and InsightFace's folder look as if everything of this engine had arrived."""
    spec = ENGINES[engine_id]
    patch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(home))
    patch.setenv("INSIGHTFACE_HOME", str(home))
    for source in sources(spec):
        snapshot = home / f"models--{source.repo.replace('/', '--')}" / "snapshots" / str(source.revision)
        folder = snapshot / (source.subfolder or "")
        folder.mkdir(parents=True, exist_ok=True)
        for name in filter(None, ("model_index.json", "config.json", source.weight_name)):
            (folder / name).touch()
        for row in hub_files(source.repo):
            (snapshot / row.path).parent.mkdir(parents=True, exist_ok=True)
            (snapshot / row.path).touch()
    recogniser = locate(face_model(spec.recogniser))
    recogniser.parent.mkdir(parents=True, exist_ok=True)
    recogniser.touch()


@pytest.mark.skipif(torch.cuda.is_available(), reason="about machines without a CUDA GPU")
def test_without_a_gpu_the_built_in_engine_is_taken() -> None:
    engine_id, reason = choose_engine()
    assert engine_id == "builtin" and "no GPU" in reason


def test_on_a_gpu_the_best_engine_that_fits_and_is_downloaded_is_taken(gpu: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with_memory(gpu, 40)
    download("sd15", tmp_path, gpu)
    assert choose_engine()[0] == "sd15"
    download("sdxl", tmp_path, gpu)
    assert choose_engine() == ("sdxl", "40 GB of GPU memory free and its weights are here")
    with_memory(gpu, ENGINES["sd15"].memory_gb)
    assert choose_engine()[0] == "sd15"
    with_memory(gpu, 1)
    assert choose_engine()[0] == "builtin"


def test_without_the_ram_that_the_weights_pass_through_a_smaller_engine_is_taken(
    gpu: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with_memory(gpu, 40)
    for engine_id in ("sd15", "sdxl"):
        download(engine_id, tmp_path, gpu)
    with_ram(gpu, 8)
    assert choose_engine()[0] == "sd15"
    with_ram(gpu, 2)
    assert choose_engine() == ("builtin", "the larger engines' weights are not here, or too little memory is free")


def test_on_a_mac_the_best_engine_that_fits_and_is_downloaded_is_taken(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    monkeypatch.setattr(torch.mps, "recommended_max_memory", lambda: 11 * GIGABYTE)
    monkeypatch.setattr(torch.mps, "driver_allocated_memory", lambda: 0)
    with_ram(monkeypatch, 10)
    assert choose_engine()[0] == "builtin"
    for engine_id in ("sd15", "sdxl"):
        download(engine_id, tmp_path, monkeypatch)
    assert choose_engine() == ("sd15", "10 GB of GPU memory free and its weights are here")


@pytest.mark.parametrize(
    "missing",
    ["config.json", "ip-adapter*.bin", "ip-adapter*_lora.safetensors", "unet/*.safetensors", "w600k_r50.onnx"],
)
def test_a_half_downloaded_engine_is_not_taken(gpu: pytest.MonkeyPatch, tmp_path: Path, missing: str) -> None:
    with_memory(gpu, 40)
    download("sd15", tmp_path, gpu)
    for file in [*tmp_path.rglob(missing)]:
        file.unlink()
    engine_id, reason = choose_engine()
    assert engine_id == "builtin" and "weights are not here" in reason


def test_the_order_names_engines_of_the_table_and_the_one_that_wants_most_first() -> None:
    wants = [ENGINES[engine_id].memory_gb for engine_id in AUTO_ORDER]
    assert wants == sorted(wants, reverse=True) and min(wants) > 0
