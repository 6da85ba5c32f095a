"""Loading: a row of the table becomes a diffusers pipeline on the CPU, with its identity adapter and scheduler."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError

from pipelines.engine_spec import Component, EngineSpec, import_by_path
from pipelines.engines.lora import fuse_distillation
from pipelines.errors import UserError
from pipelines.runtime.log_filter import quiet_libraries
from pipelines.weights.status import is_downloaded
from pipelines.weights.verify import fetch_command, verify_unchanged

if TYPE_CHECKING:
    from pipelines.engines.adapters import FaceIDAdapter
    from pipelines.engines.safety_checker import SafetyChecker

_UNREADABLE = (OSError, ValueError, SafetensorError)
"""Errors of the libraries for files that are absent (a folder: ValueError), of another kind, or cut off."""


def import_parts(spec: EngineSpec) -> None:
    """Import the classes of a row's pipeline and its parts, and diffusers with them; `load_pipeline` does it, too."""
    with quiet_libraries():
        for path in (spec.pipeline, *(component.class_path for component in spec.components.values())):
            import_by_path(path)


def load_pipeline(spec: EngineSpec, dtype: torch.dtype, adapter: "FaceIDAdapter | None" = None) -> Any:
    """Load a row's pipeline from files on this machine; nothing is downloaded (`pipelines.weights.fetch` does that).

    Raises:
        UserError: files are missing or cannot be read, or are not the ones that were verified.
    """
    adapter = adapter or import_by_path(spec.adapter_class)()
    verify_unchanged(spec)
    # Without this, transformers asks a public service to convert a pickle that it has loaded, local files only or not.
    os.environ["DISABLE_SAFETENSORS_CONVERSION"] = "1"
    try:
        with quiet_libraries():
            return _load(spec, adapter, dtype)
    except _UNREADABLE as error:
        raise UserError(_not_loaded(spec, error)) from error


def load_safety_checker(spec: EngineSpec) -> "SafetyChecker | None":
    """Load a row's safety checker; None if it has none. Raises UserError as `load_pipeline` does, which comes first."""
    if spec.safety_checker is None:
        return None
    from pipelines.engines.safety_checker import SafetyChecker

    try:
        with quiet_libraries():
            return SafetyChecker.load(spec.safety_checker)
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


def _load(spec: EngineSpec, adapter: "FaceIDAdapter", dtype: torch.dtype) -> Any:
    how = {"dtype": dtype, "local_files_only": True}
    parts = {name: _load_component(component, how) for name, component in spec.components.items()}
    pipeline = import_by_path(spec.pipeline).from_pretrained(
        spec.base.repo, **how, **parts, **spec.base.arguments("revision", "variant"), **spec.options
    )
    if spec.few_step_lora is not None:
        fuse_distillation(pipeline, spec.few_step_lora, adapter.denoiser)
    adapter.load(pipeline, spec)
    scheduler = import_by_path(spec.scheduler.class_path)
    pipeline.scheduler = scheduler.from_config(pipeline.scheduler.config, **spec.scheduler.changes)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def _load_component(component: Component, how: dict[str, Any]) -> Any:
    source = component.source
    return import_by_path(component.class_path).from_pretrained(
        source.repo, **how, **source.arguments("revision", "subfolder", "variant")
    )


def _first_line(error: Exception) -> str:
    line = next(iter(str(error).strip().splitlines()), "") or type(error).__name__
    return line if line.endswith(".") else f"{line}."
