"""Where an engine runs, and which one `auto` takes."""

from pathlib import Path
from unittest.mock import Mock, call

import pytest
import torch

from pipelines import devices
from pipelines.devices import GIGABYTE, choose_engine, place, placement_for
from pipelines.engine_table import ENGINES
from pipelines.recognisers import FACE_MODELS, locate
from tests.tiny_checkpoints import sources


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A machine with a CUDA GPU; `with_memory` says how much of it is free."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    return monkeypatch


def with_memory(gpu: pytest.MonkeyPatch, gigabytes: float) -> None:
    gpu.setattr(torch.cuda, "mem_get_info", lambda: (int(gigabytes * GIGABYTE), 80 * GIGABYTE))


def download(engine_id: str, home: Path, patch: pytest.MonkeyPatch) -> None:
    """Make the hub's cache and InsightFace's folder look as if everything of this engine had arrived."""
    spec = ENGINES[engine_id]
    patch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(home))
    patch.setenv("INSIGHTFACE_HOME", str(home))
    for source in sources(spec):
        snapshot = home / f"models--{source.repo.replace('/', '--')}" / "snapshots" / str(source.revision)
        folder = snapshot / (source.subfolder or "")
        folder.mkdir(parents=True, exist_ok=True)
        names = ("model_index.json", "config.json", source.weight_name)
        for name in filter(None, names):
            (folder / name).touch()
    recogniser = locate(FACE_MODELS[spec.recogniser])
    recogniser.parent.mkdir(parents=True, exist_ok=True)
    recogniser.touch()


@pytest.mark.skipif(torch.cuda.is_available(), reason="about machines without a CUDA GPU")
def test_without_a_gpu_the_built_in_engine_is_taken_and_draws_in_full_precision() -> None:
    engine_id, reason = choose_engine()
    assert engine_id == "builtin" and "no CUDA GPU" in reason
    assert placement_for(ENGINES["builtin"]).dtype == torch.float32


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


@pytest.mark.parametrize("missing", ["config.json", "*.bin", "w600k_r50.onnx"])
def test_a_half_downloaded_engine_is_not_taken(gpu: pytest.MonkeyPatch, tmp_path: Path, missing: str) -> None:
    with_memory(gpu, 40)
    download("sd15", tmp_path, gpu)
    next(tmp_path.rglob(missing)).unlink()
    engine_id, reason = choose_engine()
    assert engine_id == "builtin" and "weights are not here" in reason


def test_the_less_gpu_memory_is_free_the_smaller_are_the_parts_that_take_turns(gpu: pytest.MonkeyPatch) -> None:
    for free, offload, warning in ((40, "none", ""), (7, "parts", "slower"), (3, "layers", "much slower")):
        with_memory(gpu, free)
        placement = placement_for(ENGINES["sdxl"])
        assert (placement.device, placement.dtype, placement.offload) == ("cuda", torch.float16, offload)
        assert warning in placement.warning and bool(placement.warning) == (free < ENGINES["sdxl"].memory_gb)
    assert "3.0 GB of GPU memory are free and Stable Diffusion XL wants 8" in placement.warning
    with_memory(gpu, 1)
    small = placement_for(ENGINES["builtin"])
    assert (small.dtype, small.offload, small.warning) == (torch.float32, "none", "")


@pytest.mark.skipif(torch.cuda.is_available(), reason="about machines without a CUDA GPU")
def test_whoever_waits_for_a_large_engine_on_a_cpu_is_told_why() -> None:
    assert "There is no GPU here" in placement_for(ENGINES["sd15"]).warning
    assert not placement_for(ENGINES["builtin"]).warning


def test_offloading_is_asked_of_the_pipeline(gpu: pytest.MonkeyPatch) -> None:
    for free, asked in (
        (40, [call.to("cuda")]),
        (7, [call.vae.enable_tiling(), call.vae.enable_slicing(), call.enable_model_cpu_offload(device="cuda")]),
    ):
        with_memory(gpu, free)
        pipeline = Mock()
        place(pipeline, devices.placement_for(ENGINES["sdxl"]))
        assert pipeline.mock_calls == asked
