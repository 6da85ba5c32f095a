"""From a row of the table to a diffusers pipeline on the CPU, with the identity adapter, its LoRA and the sampler."""

import importlib
import os
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError

from pipelines.engine_table import Component, EngineSpec, Source
from pipelines.errors import UserError
from pipelines.quiet import quiet
from pipelines.weights import refuse_changed, safe_copy
from pipelines.weights_fetch import fetch

FACEID_LORA = "faceid_0"
"""What diffusers calls the LoRA that it finds in a FaceID file."""
FEW_STEP_LORA = "few_step"
_UNREADABLE = (OSError, ValueError, SafetensorError)
"""What the libraries raise for files that are absent (a folder: ValueError), of another kind, or cut off."""


def named(path: str) -> Any:
    """Import what a row names as "module:name"."""
    module, _, name = path.partition(":")
    return getattr(importlib.import_module(module), name)


def load_pipeline(spec: EngineSpec, dtype: torch.dtype) -> Any:
    """Load a row's pipeline from disk, after fetching what is not here from the model hub.

    Raises:
        UserError: the files are neither here nor to be had, or have changed since they were verified.
    """
    refuse_changed(spec)
    # Without this, transformers asks a public service to convert a pickle that it has loaded, local files only or not.
    os.environ["DISABLE_SAFETENSORS_CONVERSION"] = "1"
    try:
        with quiet():
            return _load(spec, dtype)
    except _UNREADABLE as error:
        if Path(spec.base.repo).is_absolute():
            raise UserError(
                f"The files of the engine {spec.title} are missing or damaged: {_first_line(error)} "
                "They come with the project: get its models folder again."
            ) from error
    fetch(spec)
    try:
        with quiet():
            return _load(spec, dtype)
    except _UNREADABLE as error:
        raise UserError(
            f"The weights of {spec.title} are here, but cannot be read: {_first_line(error)} "
            "Choose the built-in engine, or get a newer version of this program."
        ) from error


def _load(spec: EngineSpec, dtype: torch.dtype) -> Any:
    how = {"dtype": dtype, "local_files_only": True}
    parts = {name: _load_component(component, how) for name, component in spec.components.items()}
    pipeline = named(spec.pipeline).from_pretrained(
        spec.base.repo, **how, **parts, **_where(spec.base, "revision", "variant"), **spec.options
    )
    load_identity(pipeline, spec)
    scheduler = named(spec.scheduler.class_path)
    pipeline.scheduler = scheduler.from_config(pipeline.scheduler.config, **spec.scheduler.changes)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def _load_component(component: Component, how: dict[str, Any]) -> Any:
    source = component.source
    return named(component.class_path).from_pretrained(
        source.repo, **how, **_where(source, "revision", "subfolder", "variant")
    )


def load_identity(pipeline: Any, spec: EngineSpec) -> None:
    """Put a row's identity adapter and LoRAs on a pipeline."""
    pipeline.load_ip_adapter(
        spec.adapter.repo,
        subfolder=spec.adapter.subfolder,
        weight_name=safe_copy(spec.adapter) or spec.adapter.weight_name,
        image_encoder_folder=None,
        local_files_only=True,
        **_where(spec.adapter, "revision"),
    )
    if spec.adapter_lora is not None:
        _load_adapter_lora(pipeline, spec.adapter_lora)
    if spec.few_step_lora is not None:
        _load_few_step_lora(pipeline, spec.few_step_lora)


def unload_identity(pipeline: Any) -> None:
    """Take them off again: the pipeline is as it was. Diffusers would leave the LoRAs and throw CLIP's encoder away."""
    encoder = pipeline.image_encoder
    with quiet():
        pipeline.unload_ip_adapter()
        pipeline.unload_lora_weights()
    pipeline.register_modules(image_encoder=encoder)
    pipeline.unet.requires_grad_(True)  # the LoRAs froze it, and torch adds up in another order for what is frozen


def _load_adapter_lora(pipeline: Any, source: Source) -> None:
    """FaceID's LoRA from a file of its own, unless the adapter's file held it."""
    if FACEID_LORA not in pipeline.get_list_adapters().get("unet", []):
        pipeline.load_lora_weights(
            source.repo,
            weight_name=source.weight_name,
            adapter_name=FACEID_LORA,
            local_files_only=True,
            **_where(source, "revision", "subfolder"),
        )
    set_lora_scale(pipeline, 1.0)


def _load_few_step_lora(pipeline: Any, source: Source) -> None:
    """A distillation beside FaceID's LoRA: loading one switches the other off, so both are named at the end."""
    pipeline.load_lora_weights(
        source.repo,
        weight_name=source.weight_name,
        adapter_name=FEW_STEP_LORA,
        local_files_only=True,
        **_where(source, "revision", "subfolder"),
    )
    set_lora_scale(pipeline, 1.0)


def set_lora_scale(pipeline: Any, scale: float) -> None:
    """Make every LoRA of a pipeline active: FaceID's at this weight, the distillation, where there is one, at 1."""
    names = pipeline.get_list_adapters().get("unet", [])
    pipeline.set_adapters(names, [scale if name == FACEID_LORA else 1.0 for name in names])


def _where(source: Source, *names: str) -> dict[str, Any]:
    """The arguments of a `from_pretrained` that a source gives: those of `names` that are set."""
    return {name: value for name in names if (value := getattr(source, name)) is not None}


def _first_line(error: Exception) -> str:
    line = next(iter(str(error).strip().splitlines()), "") or type(error).__name__
    return line if line.endswith(".") else f"{line}."
