"""From a row of the table to a diffusers pipeline on the CPU, with the identity adapter, its LoRA and the sampler."""

import importlib
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import torch
from safetensors import SafetensorError

from pipelines.engine_table import Component, EngineSpec, Source
from pipelines.errors import UserError
from pipelines.quiet import quiet

FACEID_LORA = "faceid_0"
"""What diffusers calls the LoRA that it finds in a FaceID file."""
FACEID_LORA_SCALE = 1.0
"""It stays at 1 whatever the identity strength: the method's base is model + LoRA (h94's model card)."""
HUB_PATIENCE = 10.0
"""Seconds to wait for the hub's first answer."""
_UNREADABLE = (OSError, ValueError, SafetensorError)
"""What the libraries raise for files that are absent (a folder: ValueError), of another kind, or cut off."""


def named(path: str) -> Any:
    """Import what a row names as "module:name"."""
    module, _, name = path.partition(":")
    return getattr(importlib.import_module(module), name)


def load_pipeline(spec: EngineSpec, dtype: torch.dtype) -> Any:
    """Load a row's pipeline: from disk if all of it is here, else from the model hub.

    Raises:
        UserError: the files are neither here nor to be had.
    """
    local = Path(spec.base.repo).is_absolute()
    try:
        with quiet():
            return _load(spec, dtype, local_files_only=True)
    except _UNREADABLE as error:
        if local:
            raise UserError(
                f"The files of the engine {spec.title} are missing or damaged: {_first_line(error)} "
                "They come with the project: get its models folder again."
            ) from error
    _ask_the_hub(spec)
    try:
        with quiet(download_bars=True):
            return _load(spec, dtype, local_files_only=False)
    except _UNREADABLE as error:
        raise UserError(
            f"The weights of {spec.title} could not be downloaded: {_first_line(error)} Try again; what has arrived is "
            "kept. Or choose the built-in engine, which needs nothing."
        ) from error


def _ask_the_hub(spec: EngineSpec) -> None:
    """Refuse at once where the hub does not answer: each download would try for half a minute before giving up."""
    from huggingface_hub import constants

    try:
        if constants.HF_HUB_OFFLINE:
            raise ConnectionError("HF_HUB_OFFLINE is set")
        urlopen(Request(constants.ENDPOINT, method="HEAD"), timeout=HUB_PATIENCE).close()  # noqa: S310
    except HTTPError:
        return  # a refusal is an answer too
    except OSError as error:
        raise UserError(
            f"{spec.title} needs weights that are not on this machine, and the model hub does not answer. Connect to "
            "the internet once, or choose the built-in engine, which needs nothing."
        ) from error


def _load(spec: EngineSpec, dtype: torch.dtype, *, local_files_only: bool) -> Any:
    how = {"dtype": dtype, "local_files_only": local_files_only}
    parts = {name: _load_component(component, how) for name, component in spec.components.items()}
    pipeline = named(spec.pipeline).from_pretrained(
        spec.base.repo, **how, **parts, **_where(spec.base, "revision", "variant"), **spec.options
    )
    pipeline.load_ip_adapter(
        spec.adapter.repo,
        subfolder=spec.adapter.subfolder,
        weight_name=spec.adapter.weight_name,
        image_encoder_folder=None,
        local_files_only=local_files_only,
        **_where(spec.adapter, "revision"),
    )
    if spec.adapter_lora is not None:
        _load_adapter_lora(pipeline, spec.adapter_lora, local_files_only)
    scheduler = named(spec.scheduler.class_path)
    pipeline.scheduler = scheduler.from_config(pipeline.scheduler.config, **spec.scheduler.changes)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def _load_component(component: Component, how: dict[str, Any]) -> Any:
    source = component.source
    return named(component.class_path).from_pretrained(
        source.repo, **how, **_where(source, "revision", "subfolder", "variant")
    )


def _load_adapter_lora(pipeline: Any, source: Source, local_files_only: bool) -> None:
    """FaceID's LoRA from a file of its own, unless the adapter's file held it."""
    if FACEID_LORA not in pipeline.get_list_adapters().get("unet", []):
        pipeline.load_lora_weights(
            source.repo,
            weight_name=source.weight_name,
            adapter_name=FACEID_LORA,
            local_files_only=local_files_only,
            **_where(source, "revision", "subfolder"),
        )
    pipeline.set_adapters([FACEID_LORA], [FACEID_LORA_SCALE])


def _where(source: Source, *names: str) -> dict[str, Any]:
    """The arguments of a `from_pretrained` that a source gives: those of `names` that are set."""
    return {name: value for name in names if (value := getattr(source, name)) is not None}


def _first_line(error: Exception) -> str:
    line = next(iter(str(error).strip().splitlines()), "") or type(error).__name__
    return line if line.endswith(".") else f"{line}."
