"""Placement of an engine on a machine with a GPU, with Apple's, and with neither."""

from types import SimpleNamespace
from unittest.mock import Mock, call

import psutil
import pytest
import torch

from pipelines.engine_table import ENGINES, smaller_engine
from pipelines.engines import placement
from pipelines.engines.placement import GIGABYTE, move_pipeline, placement_for
from pipelines.runtime.memory import OutOfMemory


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A machine with a CUDA GPU and plenty of RAM; `with_memory` says how much of the GPU's is free."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    with_ram(monkeypatch, 32)
    return monkeypatch


def with_memory(gpu: pytest.MonkeyPatch, gigabytes: float) -> None:
    gpu.setattr(torch.cuda, "mem_get_info", lambda: (int(gigabytes * GIGABYTE), 80 * GIGABYTE))


@pytest.fixture
def mac(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A machine with Apple's GPU, which has taken one of the ten GB that it may, and 12 GB free in all."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    monkeypatch.setattr(torch.mps, "recommended_max_memory", lambda: 10 * GIGABYTE)
    monkeypatch.setattr(torch.mps, "driver_allocated_memory", lambda: GIGABYTE)
    with_ram(monkeypatch, 12)
    return monkeypatch


@pytest.fixture
def neither(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A machine without a GPU; `with_ram` says how much memory is free."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    return monkeypatch


def with_ram(patch: pytest.MonkeyPatch, gigabytes: float, swap: float = 0) -> None:
    memory = SimpleNamespace(available=gigabytes * GIGABYTE, total=max(16, gigabytes) * GIGABYTE)
    patch.setattr(psutil, "virtual_memory", lambda: memory)
    patch.setattr(psutil, "swap_memory", lambda: SimpleNamespace(free=swap * GIGABYTE))


@pytest.mark.skipif(torch.cuda.is_available(), reason="about machines without a CUDA GPU")
def test_without_a_gpu_the_built_in_engine_draws_in_full_precision() -> None:
    assert placement_for(ENGINES["builtin"]).dtype == torch.float32


def test_the_less_gpu_memory_is_free_the_smaller_are_the_parts_that_take_turns(gpu: pytest.MonkeyPatch) -> None:
    for free, offload, tile in ((40, "none", None), (11, "parts", None), (3, "layers", 448)):
        with_memory(gpu, free)
        placement = placement_for(ENGINES["sdxl"])
        assert (placement.device, placement.dtype) == ("cuda", torch.float16)
        assert (placement.offload, placement.tile) == (offload, tile)
        if offload == "none":
            assert not placement.warning
    assert placement.warning == (
        "3.0 GB of GPU memory are free and Stable Diffusion XL wants 14: its layers took turns on the GPU, which is "
        "much slower. Close other programs that use the GPU, or choose the engine Stable Diffusion 1.5, which needs "
        "less, and try again."
    )
    with_memory(gpu, 1)
    small = placement_for(ENGINES["builtin"])
    assert (small.dtype, small.offload, small.warning) == (torch.float32, "none", "")


def test_the_built_in_engine_runs_on_a_cpu_where_the_gpu_is_full(gpu: pytest.MonkeyPatch) -> None:
    for free, device in ((40, "cuda"), (1, "cpu")):
        with_memory(gpu, free)
        assert placement_for(ENGINES["builtin"]).device == device


def test_offloading_is_asked_of_the_pipeline(gpu: pytest.MonkeyPatch) -> None:
    layers = call.enable_group_offload(
        torch.device("cuda"),
        offload_type="leaf_level",
        use_stream=True,
        low_cpu_mem_usage=False,
        exclude_modules="vae",
    )
    for free, asked in (
        (40, [call.to("cuda")]),
        (11, [call.vae.enable_slicing(), call.enable_model_cpu_offload(device="cuda")]),
        (3, [call.vae.enable_slicing(), call.vae.enable_tiling(), layers]),
    ):
        with_memory(gpu, free)
        pipeline = Mock(vae_scale_factor=8)
        move_pipeline(pipeline, placement.placement_for(ENGINES["sdxl"]))
        assert pipeline.mock_calls == asked
    assert (pipeline.vae.tile_sample_min_size, pipeline.vae.tile_latent_min_size) == (448, 56)


@pytest.mark.parametrize(
    ("platform", "available", "total", "pinned"),
    [("linux", 20, 24, True), ("linux", 18, 24, False), ("win32", 20, 24, True), ("win32", 20, 18, False)],
)
def test_layers_that_wait_are_locked_in_memory_only_where_it_holds_them_twice(
    gpu: pytest.MonkeyPatch, platform: str, available: int, total: int, pinned: bool
) -> None:
    gpu.setattr("sys.platform", platform)
    with_memory(gpu, 3)
    memory = SimpleNamespace(available=available * GIGABYTE, total=total * GIGABYTE)
    gpu.setattr(psutil, "virtual_memory", lambda: memory)
    where = placement_for(ENGINES["sdxl"])
    assert (where.offload, where.pinned) == ("layers", pinned)
    pipeline = Mock(vae_scale_factor=8)
    move_pipeline(pipeline, where)
    assert pipeline.enable_group_offload.call_args.kwargs["low_cpu_mem_usage"] is not pinned


@pytest.mark.parametrize("free", [40, 11, 3])
def test_with_a_gpu_an_engine_is_refused_whose_weights_the_cpu_cannot_hold(
    gpu: pytest.MonkeyPatch, free: float
) -> None:
    with_memory(gpu, free)
    with_ram(gpu, 6)
    with pytest.raises(OutOfMemory) as refused:
        placement_for(ENGINES["sdxl"])
    assert str(refused.value) == (
        "Stable Diffusion XL wants 10.6 GB of memory for its weights, beside the GPU's own, and 6.0 are free. Choose "
        "the engine Stable Diffusion 1.5, which needs less, and try again."
    )
    assert placement_for(ENGINES["sd15"]).device == "cuda"
    with_ram(gpu, 6, swap=5)
    assert placement_for(ENGINES["sdxl"]).device == "cuda"
    with_ram(gpu, 0.1)
    assert placement_for(ENGINES["builtin"]).device == "cuda"


def test_what_other_programs_have_taken_is_gone_for_apples_gpu_too(mac: pytest.MonkeyPatch) -> None:
    with_ram(mac, 5)
    tight = placement_for(ENGINES["sd15"])
    assert tight.warning.startswith("5.0 GB of GPU memory are free and Stable Diffusion 1.5 wants 6.5: the system may")
    assert tight.warning.endswith("or choose the engine Built-in, which needs less, and try again.")
    with pytest.raises(
        OutOfMemory, match=r"wants 10\.6 GB of memory for its weights, and 5\.0 are free\. Choose the eng"
    ):
        placement_for(ENGINES["sdxl"])


def test_on_apples_gpu_nothing_takes_turns_and_whoever_waits_is_told_why(mac: pytest.MonkeyPatch) -> None:
    fits = placement_for(ENGINES["sd15"])
    assert (fits.device, fits.dtype, fits.offload, fits.tile, fits.warning) == ("mps", torch.float16, "none", None, "")
    tight = placement_for(ENGINES["sdxl"])
    assert (tight.device, tight.dtype, tight.offload, tight.tile) == ("mps", torch.float16, "none", 448)
    assert tight.warning.startswith("9.0 GB of GPU memory are free and Stable Diffusion XL wants 14: the system may")
    small = placement_for(ENGINES["builtin"])
    assert (small.device, small.dtype, small.warning) == ("cpu", torch.float32, "")


def test_whoever_waits_for_a_large_engine_on_a_cpu_is_told_why(neither: pytest.MonkeyPatch) -> None:
    with_ram(neither, 8)
    placement = placement_for(ENGINES["sd15"])
    assert (placement.device, placement.dtype, placement.offload) == ("cpu", torch.bfloat16, "none")
    assert placement.channels_last
    pipeline = Mock()
    move_pipeline(pipeline, placement)
    asked = call.to(memory_format=torch.channels_last)
    assert pipeline.unet.mock_calls == pipeline.vae.mock_calls == [asked]
    pipeline.to.assert_called_once_with("cpu")
    assert "There is no GPU here: Stable Diffusion 1.5 drew on the CPU" in placement.warning
    assert not placement_for(ENGINES["builtin"]).warning


def test_without_a_gpu_an_engine_that_memory_cannot_hold_is_refused_with_the_next_smaller(
    neither: pytest.MonkeyPatch,
) -> None:
    """The CPU's case: where memory runs out, the system ends the program and everybody's runs with it."""
    with_ram(neither, 8)
    with pytest.raises(OutOfMemory) as refused:
        placement_for(ENGINES["sdxl"])
    assert str(refused.value) == (
        "Stable Diffusion XL wants 15.2 GB of memory, and 8.0 are free. Choose the engine Stable Diffusion 1.5, which "
        "needs less, and try again."
    )
    with_ram(neither, 8, swap=8)
    placement_for(ENGINES["sdxl"])
    with_ram(neither, 0.1)
    assert placement_for(ENGINES["builtin"]).device == "cpu"


def test_the_next_smaller_engine_has_as_many_steps_where_there_is_a_choice() -> None:
    assert [smaller_engine(spec) for spec in ENGINES.values()] == [
        "",
        "Choose the engine Built-in, which needs less, and try again.",
        "Choose the engine Built-in, which needs less, and try again.",
        "Choose the engine Stable Diffusion 1.5, which needs less, and try again.",
        "Choose the engine Stable Diffusion 1.5, few steps, which needs less, and try again.",
        "Choose the engine Stable Diffusion XL, which needs less, and try again.",
        "Choose the engine Stable Diffusion XL, few steps, which needs less, and try again.",
        "Choose the engine Stable Diffusion XL, InstantID, which needs less, and try again. "
        "Its pictures are not for work.",
    ]
