"""LoRAs on a pipeline: loaded under a name, weighted, or fused into the denoiser for good."""

from typing import Any

from pipelines.engine_spec import Source

FACEID_LORA = "faceid_0"
"""Name that diffusers gives to the LoRA in a FaceID file."""
_DISTILLATION = "distillation"


def load_lora(pipeline: Any, source: Source, name: str) -> None:
    """Load a LoRA from a file that is here. Diffusers then deactivates the others (`set_lora_scale`)."""
    pipeline.load_lora_weights(
        source.repo,
        weight_name=source.weight_name,
        adapter_name=name,
        local_files_only=True,
        **source.arguments("revision", "subfolder"),
    )


def set_lora_scale(pipeline: Any, scale: float) -> None:
    """Make the identity adapter's LoRA active at this weight."""
    pipeline.set_adapters([FACEID_LORA], [scale])


def fuse_distillation(pipeline: Any, source: Source, denoiser: str) -> None:
    """Add a distillation (LCM) to the denoiser's weights.

    Beside FaceID's LoRA it would take a fifth of every step's time on a CPU, and loading one switches the other off.
    """
    load_lora(pipeline, source, _DISTILLATION)
    pipeline.fuse_lora(components=[denoiser], adapter_names=[_DISTILLATION])
    pipeline.unload_lora_weights()
