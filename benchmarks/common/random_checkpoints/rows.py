"""Rows of the engine table with random checkpoints: written below a folder, and looking there."""

import dataclasses
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors.torch import save_file

from benchmarks.common.random_checkpoints.adapters import (
    faceid_shapes,
    instantid_projection,
    plus_projection,
    save_adapter,
)
from benchmarks.common.random_checkpoints.base_models import control_net, write_base, write_vae
from benchmarks.common.random_checkpoints.klein import write_klein
from benchmarks.common.random_checkpoints.loras import distillation_file, lora_file
from benchmarks.common.random_checkpoints.safety_checker import (
    safety_checker,
    write_image_processor,
    write_safety_checker,
)
from benchmarks.common.random_checkpoints.sizes import SIDE, TINY, Size
from benchmarks.common.random_checkpoints.tensors import random_weights
from pipelines.engine_spec import Component, EngineSpec, Source
from pipelines.engine_table import ENGINES


def write_row(engine_id: str, root: Path, size: Size | None = None) -> EngineSpec:
    """Write everything that this row of the table names under `root`, and return the row looking there."""
    row = ENGINES[engine_id]
    if row.adapter is None:
        write_klein(_place(root, row.base))
        _write_own_checker(row, root, safety_checker(TINY["sdxl"].safety))
        return relocated(row, root)
    size = size or TINY[engine_id.partition("-")[0]]
    models = write_base(row, _place(root, row.base), size)
    _write_components(row, root, models, size)
    unet = models["unet"]
    width = unet.config.cross_attention_dim
    shapes = plus_projection(width, size.vision["hidden_size"])
    if "controlnet" in row.components:
        shapes = instantid_projection(width, size.queries_width)
    projection = random_weights(shapes, seed=1, dtype=size.dtype)
    rank = 0 if row.adapter_lora is None else size.rank
    adapter = random_weights(faceid_shapes(unet, rank), seed=2, dtype=size.dtype)
    save_adapter(_place(root, row.adapter_source) / str(row.adapter_source.weight_name), projection, adapter)
    if row.adapter_lora is not None:
        lora = lora_file(unet, adapter, alpha=engine_id.startswith("sdxl"))
        save_file(lora, _place(root, row.adapter_lora) / str(row.adapter_lora.weight_name))
    if row.few_step_lora is not None:
        distilled = distillation_file(unet, size.few_step_rank, seed=5, dtype=size.dtype)
        save_file(distilled, _place(root, row.few_step_lora) / str(row.few_step_lora.weight_name))
    return relocated(row, root, size.side)


def relocated(row: EngineSpec, root: Path, side: int | None = SIDE) -> EngineSpec:
    """Return the row with every hub id turned into a folder below `root`, and small pictures, drawn in one pass."""

    def local(source: Source) -> Source:
        return dataclasses.replace(source, repo=str(root / source.repo), revision=None)

    components = {
        name: Component(class_path=component.class_path, source=local(component.source))
        for name, component in row.components.items()
    }
    return dataclasses.replace(
        row,
        base=local(row.base),
        components=components,
        adapter=local(row.adapter) if row.adapter else None,
        adapter_lora=local(row.adapter_lora) if row.adapter_lora else None,
        few_step_lora=local(row.few_step_lora) if row.few_step_lora else None,
        safety_checker=local(row.safety_checker) if row.safety_checker else None,
        sizes=row.sizes if side is None else dict.fromkeys(row.sizes, (side, side)),
        second_pass=None,
    )


def sources(row: EngineSpec) -> list[Source]:
    """List what a row loads from."""
    files = [row.base, row.adapter, row.adapter_lora, row.few_step_lora, row.safety_checker]
    parts = [*files, *(component.source for component in row.components.values())]
    return [source for source in parts if source is not None]


def fill_hub_cache(published: EngineSpec, tiny: EngineSpec, cache: Path) -> None:
    """Lay a tiny row's folders out as the hub's client caches the repos and revisions of the published one."""
    for source, local in zip(sources(published), sources(tiny), strict=True):
        snapshots = cache / f"models--{source.repo.replace('/', '--')}" / "snapshots"
        if not (snapshots / str(source.revision)).exists():
            shutil.copytree(local.repo, snapshots / str(source.revision))


def _place(root: Path, source: Source) -> Path:
    folder = root / source.repo / (source.subfolder or "")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _write_components(row: EngineSpec, root: Path, models: Mapping[str, Any], size: Size) -> None:
    for name, component in row.components.items():
        folder = _place(root, component.source)
        if name == "vae":
            write_vae(folder, size)
        elif name == "controlnet":
            control_net(models["unet"], seed=6).to(models["unet"].dtype).save_pretrained(folder)
        elif name == "image_encoder":
            models[name].save_pretrained(folder)
        elif name == "safety_checker":
            write_safety_checker(models[name], folder)
        elif name == "feature_extractor":
            write_image_processor(folder)
        else:
            raise AssertionError(f"{row.id} has a component {name!r} that nobody writes here")
    if row.safety_checker is not None:
        _write_own_checker(row, root, models["safety_checker"])


def _write_own_checker(row: EngineSpec, root: Path, checker: Any) -> None:
    """Write the checker of a row whose pipeline has none."""
    assert row.safety_checker is not None
    folder = _place(root, row.safety_checker)
    write_safety_checker(checker, folder)
    write_image_processor(folder)
