"""From a row of the table to a diffusers pipeline on the CPU, with the identity adapter, its LoRA and the sampler."""

import os
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError

from pipelines.engine_table import Component, EngineSpec, Source, import_by_path
from pipelines.errors import UserError
from pipelines.runtime.log_filter import quiet_libraries
from pipelines.weights.status import is_downloaded
from pipelines.weights.verify import fetch_command, safe_copy, verify_unchanged

FACEID_LORA = "faceid_0"
"""What diffusers calls the LoRA that it finds in a FaceID file."""
_UNREADABLE = (OSError, ValueError, SafetensorError)
"""What the libraries raise for files that are absent (a folder: ValueError), of another kind, or cut off."""


def import_parts(spec: EngineSpec) -> None:
    """Import the classes of a row's pipeline and its parts, and diffusers with them; `load_pipeline` does it, too."""
    with quiet_libraries():
        for path in (spec.pipeline, *(component.class_path for component in spec.components.values())):
            import_by_path(path)


def load_pipeline(spec: EngineSpec, dtype: torch.dtype) -> Any:
    """Load a row's pipeline from files on this machine; nothing is downloaded (`pipelines.weights.fetch` does that).

    Raises:
        UserError: files are missing or cannot be read, or are not the ones that were verified.
    """
    verify_unchanged(spec)
    # Without this, transformers asks a public service to convert a pickle that it has loaded, local files only or not.
    os.environ["DISABLE_SAFETENSORS_CONVERSION"] = "1"
    try:
        with quiet_libraries():
            return _load(spec, dtype)
    except _UNREADABLE as error:
        raise UserError(_not_loaded(spec, error)) from error


def _not_loaded(spec: EngineSpec, error: Exception) -> str:
    """Sentence about files that could not be loaded, with the one command that helps."""
    if Path(spec.base.repo).is_absolute():
        return (
            f"The files of the engine {spec.title} are missing or damaged: {_first_line(error)} "
            "They come with the project: get its models folder again."
        )
    if not is_downloaded(spec):
        return (
            f"{spec.title} needs weights that are not on this machine. Get them with: {fetch_command(spec)}, or choose "
            "the built-in engine, which needs nothing."
        )
    return (
        f"The weights of {spec.title} are here, but cannot be read: {_first_line(error)} Get them again with: "
        f"{fetch_command(spec)}. If that does not help, choose the built-in engine, or get a newer version of this "
        "program."
    )


def _load(spec: EngineSpec, dtype: torch.dtype) -> Any:
    how = {"dtype": dtype, "local_files_only": True}
    parts = {name: _load_component(component, how) for name, component in spec.components.items()}
    pipeline = import_by_path(spec.pipeline).from_pretrained(
        spec.base.repo, **how, **parts, **_where(spec.base, "revision", "variant"), **spec.options
    )
    if spec.few_step_lora is not None:
        _distil(pipeline, spec.few_step_lora)
    load_identity(pipeline, spec)
    scheduler = import_by_path(spec.scheduler.class_path)
    pipeline.scheduler = scheduler.from_config(pipeline.scheduler.config, **spec.scheduler.changes)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def _load_component(component: Component, how: dict[str, Any]) -> Any:
    source = component.source
    return import_by_path(component.class_path).from_pretrained(
        source.repo, **how, **_where(source, "revision", "subfolder", "variant")
    )


def load_identity(pipeline: Any, spec: EngineSpec) -> None:
    """Put a row's identity adapter and its LoRA on a pipeline."""
    pipeline.load_ip_adapter(
        spec.adapter.repo,
        subfolder=spec.adapter.subfolder,
        weight_name=safe_copy(spec.adapter) or spec.adapter.weight_name,
        image_encoder_folder=None,
        local_files_only=True,
        **_where(spec.adapter, "revision"),
    )
    if spec.adapter_lora is not None:
        if FACEID_LORA not in pipeline.get_list_adapters().get("unet", []):  # the adapter's own file did not hold it
            _load_lora(pipeline, spec.adapter_lora, FACEID_LORA)
        set_lora_scale(pipeline, 1.0)


def unload_identity(pipeline: Any) -> None:
    """Take them off again: the pipeline is as it was. Diffusers would leave the LoRA and throw CLIP's encoder away."""
    encoder = pipeline.image_encoder
    with quiet_libraries():
        pipeline.unload_ip_adapter()
        pipeline.unload_lora_weights()
    pipeline.register_modules(image_encoder=encoder)
    pipeline.unet.requires_grad_(True)  # the LoRA froze it, and torch adds up in another order for what is frozen


def set_lora_scale(pipeline: Any, scale: float) -> None:
    """Make the adapter's LoRA active at this weight."""
    pipeline.set_adapters([FACEID_LORA], [scale])


def _distil(pipeline: Any, source: Source) -> None:
    """Add a distillation to the UNet's weights.

    Beside FaceID's LoRA it would take a fifth of every step's time on a CPU, and loading one switches the other off.
    """
    _load_lora(pipeline, source, "distillation")
    pipeline.fuse_lora(components=["unet"], adapter_names=["distillation"])
    pipeline.unload_lora_weights()


def _load_lora(pipeline: Any, source: Source, name: str) -> None:
    pipeline.load_lora_weights(
        source.repo,
        weight_name=source.weight_name,
        adapter_name=name,
        local_files_only=True,
        **_where(source, "revision", "subfolder"),
    )


def _where(source: Source, *names: str) -> dict[str, Any]:
    """The arguments of a `from_pretrained` that a source gives: those of `names` that are set."""
    return {name: value for name in names if (value := getattr(source, name)) is not None}


def _first_line(error: Exception) -> str:
    line = next(iter(str(error).strip().splitlines()), "") or type(error).__name__
    return line if line.endswith(".") else f"{line}."
