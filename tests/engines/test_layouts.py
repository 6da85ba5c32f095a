"""The tiny checkpoints have the published files' layouts, and the engines read every tensor of them."""

import dataclasses
import json
import math
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import ControlNetModel, UNet2DConditionModel
from safetensors.torch import load_file

from benchmarks.common.random_checkpoints.adapters import (
    faceid_shapes,
    instantid_projection,
    plus_projection,
    save_adapter,
)
from benchmarks.common.random_checkpoints.base_models import parts as parts_at
from benchmarks.common.random_checkpoints.loras import distillation_shapes, lora_file
from benchmarks.common.random_checkpoints.rows import fill_hub_cache, sources
from benchmarks.common.random_checkpoints.sizes import FULL
from pipelines.engine_spec import EngineSpec
from pipelines.engine_table import ENGINES
from pipelines.engines.engine import Engine
from pipelines.errors import UserError
from pipelines.paths import ROOT
from pipelines.weight_table import hub_file
from tests.support.tiny_engines import adapter_file, base_file, draw, load, noise_person

pytestmark = pytest.mark.slow

LCM_BYTES = {"sd15": 134_621_556, "sdxl": 393_854_624}
"""Hashes of LCM's LoRAs: SD 1.5's as the hub shows it; SDXL's as it was before a description for web UIs was added."""


# The layouts are the published ones


@pytest.mark.parametrize("engine_id", ["sd15", "sdxl"])
def test_at_full_size_the_layouts_have_the_published_files_bytes(engine_id: str) -> None:
    with torch.device("meta"):
        unet: Any = UNet2DConditionModel(**FULL[engine_id].unet)
        adapter = {key: torch.empty(shape) for key, shape in faceid_shapes(unet, rank=128).items()}
        lora = lora_file(unet, adapter, alpha=engine_id == "sdxl")
        distilled = {key: torch.empty(shape) for key, shape in distillation_shapes(unet, rank=64).items()}
    shapes = faceid_shapes(unet, rank=128) | plus_projection(unet.config["cross_attention_dim"], 1280)
    half_bytes = 2 * sum(math.prod(shape) for shape in shapes.values())
    row = ENGINES[engine_id]
    assert 0 < published_bytes(row.adapter_source) - half_bytes < 150 * len(shapes)  # a pickle: more than its tensors
    assert safetensors_bytes(lora) == published_bytes(row.adapter_lora)
    assert safetensors_bytes(distilled, {"format": "pt"}) == LCM_BYTES[engine_id]
    few = published_bytes(ENGINES[f"{engine_id}-lcm"].few_step_lora)
    assert few in (LCM_BYTES[engine_id], None)


def test_at_full_size_instantids_layout_has_the_published_files_bytes() -> None:
    row, size = ENGINES["sdxl-instantid"], FULL["sdxl"]
    with torch.device("meta"):
        unet: Any = UNet2DConditionModel(**size.unet)
        controlnet = ControlNetModel.from_unet(unet, load_weights_from_unet=False).state_dict()
    shapes = faceid_shapes(unet, rank=0)
    shapes |= instantid_projection(unet.config["cross_attention_dim"], size.queries_width)
    adapter_bytes = 4 * sum(math.prod(shape) for shape in shapes.values())
    assert 0 < published_bytes(row.adapter) - adapter_bytes < 400 * len(shapes)  # a pickle: more than its tensors
    file = hub_file(row.adapter_source.repo, "ControlNetModel/diffusion_pytorch_model.safetensors")
    assert file is not None and safetensors_bytes(controlnet, {"format": "pt"}) == file.size


def published_bytes(source: Any) -> Any:
    row = hub_file(source.repo, source.weight_name)
    assert row is not None
    return row.size if row.size_is_exact else None


def safetensors_bytes(tensors: dict[str, torch.Tensor], metadata: dict[str, str] | None = None) -> int:
    """Size of the file in fp16 (https://github.com/huggingface/safetensors#format); integers stay int64."""
    header: dict[str, Any] = {"__metadata__": metadata} if metadata else {}
    offset = 0
    for key, tensor in sorted(tensors.items(), key=lambda item: (item[1].is_floating_point(), item[0])):
        kind, width = ("F16", 2) if tensor.is_floating_point() else ("I64", 8)
        end = offset + width * tensor.numel()
        header[key] = {"dtype": kind, "shape": list(tensor.shape), "data_offsets": [offset, end]}
        offset = end
    length = len(json.dumps(header, separators=(",", ":")))
    return 8 + math.ceil(length / 8) * 8 + offset


@pytest.mark.parametrize("engine_id", ["sd15", "sdxl"])
def test_the_memory_that_a_row_wants_holds_its_weights_and_room_to_work(engine_id: str) -> None:
    size, row = FULL[engine_id], ENGINES[engine_id]
    with torch.device("meta"):
        parts = parts_at(size, size.vocabulary or 0)
        unet = parts["unet"]
        loras = distillation_shapes(unet, rank=size.few_step_rank) | faceid_shapes(unet, size.rank)
    added = loras | plus_projection(unet.config["cross_attention_dim"], size.vision["hidden_size"])
    if row.safety_checker is not None:
        checker = parts.pop("safety_checker")  # never on the GPU, and in float32
        assert sum(p.numel() for p in checker.parameters()) * 4 / 2**30 < row.checker_gb
    gigabytes = {name: sum(p.numel() for p in part.parameters()) * 2 / 2**30 for name, part in parts.items()}
    gigabytes["unet"] += sum(math.prod(shape) for shape in added.values()) * 2 / 2**30
    assert gigabytes["unet"] + gigabytes.get("safety_checker", 0) + 1 < row.part_gb
    assert sum(gigabytes.values()) + 1.5 < row.memory_gb < sum(gigabytes.values()) + 5


def test_the_memory_that_instantid_wants_holds_its_weights_and_room_to_work() -> None:
    """UNet and ControlNet draw together, so both count where parts take turns."""
    size, row = FULL["sdxl"], ENGINES["sdxl-instantid"]
    with torch.device("meta"):
        parts = parts_at(size, size.vocabulary or 0)
        controlnet: Any = ControlNetModel.from_unet(parts["unet"], load_weights_from_unet=False)
    projection = instantid_projection(parts["unet"].config["cross_attention_dim"], size.queries_width)
    adapter = faceid_shapes(parts["unet"], rank=0) | projection
    numbers = {name: sum(p.numel() for p in part.parameters()) for name, part in parts.items()}
    numbers["unet"] += sum(math.prod(shape) for shape in adapter.values())
    numbers["controlnet"] = sum(p.numel() for p in controlnet.parameters())
    numbers["controlnet"] += sum(math.prod(shape) for shape in projection.values())
    gigabytes = {
        name: 2 * count / 2**30 for name, count in numbers.items() if name not in ("image_encoder", "safety_checker")
    }
    assert gigabytes["unet"] + gigabytes["controlnet"] + 1 < row.part_gb
    assert sum(gigabytes.values()) + 1.5 < row.memory_gb < sum(gigabytes.values()) + 6


def test_every_part_has_the_weights_of_its_file(row: EngineSpec, engine: Engine) -> None:
    """Transformers draws at random, without a word, what it does not find under today's names."""
    pipeline = engine.pipeline
    files = {"text_encoder": base_file(row, "text_encoder", "model"), "unet": base_file(row, "unet")}
    if row.id == "sdxl":
        files |= {"text_encoder_2": base_file(row, "text_encoder_2", "model"), "vae": base_file(row, "vae")}
    for name, component in row.components.items():
        folder = Path(component.source.repo) / (component.source.subfolder or "")
        if name != "feature_extractor":  # the only one without weights
            files[name] = next(folder.glob("*model.*"))
    assert set(files) >= {"text_encoder", "unet", "vae", "image_encoder"}
    for part, file in files.items():
        weights = load_file(file) if file.suffix == ".safetensors" else torch.load(file, weights_only=True)
        added = ("lora_", "encoder_hid_proj", "_ip.")  # by the adapter
        loaded = [w for k, w in getattr(pipeline, part).state_dict().items() if not any(a in k for a in added)]
        assert checksums(loaded) == checksums(weights.values()), part


@pytest.mark.parametrize("engine_id", ["sd15-lcm", "sdxl-lcm"])
def test_every_tensor_of_adapter_and_loras_is_loaded(
    engine_id: str, tiny_rows: Callable[[str], EngineSpec], tiny_engines: Callable[[str], Engine]
) -> None:
    row, unet = tiny_rows(engine_id), tiny_engines(engine_id).pipeline.unet
    adapter = torch.load(adapter_file(row), weights_only=True)
    loras = {key: weight for key, weight in adapter["ip_adapter"].items() if "_lora." in key}
    loaded = unet.state_dict()
    for added, published in {
        "encoder_hid_proj": adapter["image_proj"].values(),
        "_ip.": [weight for key, weight in adapter["ip_adapter"].items() if key not in loras],
        ".faceid_0.": loras.values(),
    }.items():
        found = sum(checksums(weight for key, weight in loaded.items() if added in key))
        assert found == pytest.approx(sum(checksums(published)), rel=1e-6) and found > 0, added  # some are split in two

    assert row.few_step_lora is not None
    few_steps = load_file(Path(row.few_step_lora.repo) / str(row.few_step_lora.weight_name))
    base = load_file(base_file(row, "unet"))
    distilled = [key for key in base if f"{lora_name(key)}.lora_up.weight" in few_steps]
    assert len(distilled) == len(few_steps) / 3  # up, down and alpha each
    for key in distilled:
        up, down = (few_steps[f"{lora_name(key)}.lora_{end}.weight"] for end in ("up", "down"))
        module = unet.get_submodule(key.removesuffix(".weight"))
        weight = getattr(module, "base_layer", module).weight  # wrapped where FaceID's LoRA is, too
        assert torch.allclose(weight, base[key] + (up.flatten(1) @ down.flatten(1)).view_as(weight), atol=1e-5), key


def lora_name(key: str) -> str:
    return "lora_unet_" + key.removesuffix(".weight").replace(".", "_")


def checksums(tensors: Any) -> list[float]:
    return sorted(round(float(t.double().abs().sum()), 4) for t in tensors if t.is_floating_point())


# Files of one's own


@pytest.mark.parametrize(
    ("row", "name", "with_lora"),
    [("sd15", "flat.safetensors", True), ("sd15", "bare.bin", False), ("sdxl", "bare.safetensors", False)],
    indirect=["row"],
)
def test_the_same_adapter_as_safetensors_or_with_its_lora_apart_draws_the_same(
    row: EngineSpec, engine: Engine, name: str, with_lora: bool, tmp_path: Path
) -> None:
    weights = torch.load(adapter_file(row), weights_only=True)
    ip_adapter = {key: weight for key, weight in weights["ip_adapter"].items() if with_lora or "lora" not in key}
    save_adapter(tmp_path / name, weights["image_proj"], ip_adapter)
    source = dataclasses.replace(row.adapter_source, repo=str(tmp_path), weight_name=name)
    other = load(dataclasses.replace(row, adapter=source))
    assert other.pipeline.get_active_adapters() == ["faceid_0"]
    condition = engine.condition(noise_person(1))
    assert np.array_equal(draw(engine, condition), draw(other, condition))


@pytest.mark.parametrize("row", ["sd15"], indirect=True)
def test_an_adapter_that_would_run_code_is_refused(row: EngineSpec, tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple[Any, ...]:
            return (tmp_path.joinpath("ran").touch, ())

    torch.save({"image_proj": Evil(), "ip_adapter": {}}, tmp_path / "evil.bin")
    source = dataclasses.replace(row.adapter_source, repo=str(tmp_path), weight_name="evil.bin")
    with pytest.raises(UserError, match="missing or damaged"):
        load(dataclasses.replace(row, adapter=source))
    assert not (tmp_path / "ran").exists()


# From the hub's cache, as the table has it


def test_the_rows_name_only_pinned_sources() -> None:
    rows = [row for row in ENGINES.values() if row.id != "builtin"]
    assert len(rows) == 7
    assert all(len(source.revision or "") == 40 for row in rows for source in sources(row))


ALONE = """
from pipelines.engines import placement
from pipelines.engines.engine import Engine
from pipelines.errors import UserError
from pipelines.studio import Studio
placement.free_ram_gb = lambda: 99.0  # these weights are tiny
assert Engine.load("sd15").pipeline.get_active_adapters() == ["faceid_0"]
for load in (Engine.load, Studio.load):
    try:
        load("sdxl")
    except UserError as error:
        print(error)
Engine.load("builtin")
"""


def test_without_a_network_what_is_cached_loads_silently_and_what_is_not_is_a_sentence_each(
    tiny_rows: Callable[[str], EngineSpec], tmp_path: Path
) -> None:
    fill_hub_cache(ENGINES["sd15"], tiny_rows("sd15"), tmp_path / "hub")
    closed = {"HF_ENDPOINT": "http://127.0.0.1:9", "HF_HOME": str(tmp_path)}
    ran = subprocess.run(
        [sys.executable, "-W", "default", "-W", "ignore::DeprecationWarning", "-c", ALONE],
        env=os.environ | closed,
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert ran.stderr == ""
    assert ran.stdout == (
        "Stable Diffusion XL needs weights that are not on this machine. Get them with: python -m pipelines weights "
        "fetch sdxl, or choose the built-in engine, which needs nothing.\n"
        "Stable Diffusion XL needs weights that are not on this machine, and the model hub does not answer. "
        "Connect to the internet and get them with: python -m pipelines weights fetch sdxl, or choose the built-in "
        "engine, which needs nothing.\n"
    )
