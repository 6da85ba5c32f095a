"""Base models of random weights: Stable Diffusion 1.5 and XL, and the parts that a row adds to them."""

import json
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from diffusers import (
    AutoencoderKL,
    ControlNetModel,
    DEISMultistepScheduler,
    EulerDiscreteScheduler,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)
from safetensors.torch import load_file, save_file
from transformers import (
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    CLIPTokenizer,
    CLIPVisionConfig,
    CLIPVisionModelWithProjection,
)

from benchmarks.common.random_checkpoints.safety_checker import safety_checker
from benchmarks.common.random_checkpoints.sizes import Size
from benchmarks.common.random_checkpoints.tensors import random_weights
from pipelines.engine_spec import EngineSpec

_BETAS: dict[str, Any] = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}


def parts(size: Size, vocabulary: int) -> dict[str, Any]:
    """Make the models of a base and of a row, by their names in the pipeline; the VAE is the base's."""
    models = {
        "unet": UNet2DConditionModel(**size.unet).to(size.dtype),
        "vae": _vae(size, scaling_factor=0.13025 if size.text_2 else 0.18215),
        "text_encoder": CLIPTextModel(_text_config(size.text, vocabulary)),
        "image_encoder": CLIPVisionModelWithProjection(CLIPVisionConfig(**size.vision)),
    }
    if size.text_2 is not None:
        models["text_encoder_2"] = CLIPTextModelWithProjection(_text_config(size.text_2, vocabulary))
    if size.safety is not None:
        models["safety_checker"] = safety_checker(size.safety)
    return {name: model.to(size.dtype) for name, model in models.items()}


def write_base(row: EngineSpec, folder: Path, size: Size) -> dict[str, Any]:
    """Write the base model's folder, and return the models of `parts`."""
    torch.manual_seed(0)
    tokenizer = _tokenizer()
    models = parts(size, size.vocabulary or len(tokenizer))
    own = {name: models[name] for name in ("unet", "vae", "text_encoder")}
    pipeline: Any
    if row.id.startswith("sd15"):
        pipeline = StableDiffusionPipeline(
            **own,
            tokenizer=tokenizer,
            scheduler=DEISMultistepScheduler(**_BETAS, steps_offset=1),
            safety_checker=None,
            feature_extractor=None,
            requires_safety_checker=False,
        )
    else:
        pipeline = StableDiffusionXLPipeline(
            **own,
            tokenizer=tokenizer,
            tokenizer_2=tokenizer,
            text_encoder_2=models["text_encoder_2"],
            scheduler=EulerDiscreteScheduler(**_BETAS, steps_offset=1, timestep_spacing="leading"),
            add_watermarker=False,
        )
    pipeline.save_pretrained(folder, variant=row.base.variant)
    _rename(next((folder / "text_encoder").glob("*.safetensors")), _as_in_2022)
    return models


def write_vae(folder: Path, size: Size) -> None:
    """Write a VAE that a row has of its own; it differs from the base's, so that a test can tell which was loaded."""
    _vae(size, scaling_factor=0.18215).to(size.dtype).save_pretrained(folder)
    _rename(folder / "diffusion_pytorch_model.safetensors", _as_in_2022)


def control_net(unet: Any, seed: int) -> Any:
    """Make a ControlNet of a UNet's shape with random weights.

    Its zero convolutions are filled, or they would hide it, and the layers that read the picture are enlarged, each of
    which would halve it otherwise.
    """
    model: Any = ControlNetModel.from_unet(unet, load_weights_from_unet=False)
    weights = random_weights({key: tuple(weight.shape) for key, weight in model.state_dict().items()}, seed)
    enlarged = {key: 1.5 * w for key, w in weights.items() if key.startswith("controlnet_cond_") and w.dim() > 1}
    model.load_state_dict(weights | enlarged)
    return model


def _as_in_2022(key: str) -> str:
    """Rename a tensor of CLIP's text tower or the VAE's attention as in the published files."""
    if key.startswith(("embeddings.", "encoder.layers.", "final_layer_norm.")):
        return f"text_model.{key}"
    for now, then in (("to_q", "query"), ("to_k", "key"), ("to_v", "value"), ("to_out.0", "proj_attn")):
        key = key.replace(f".attentions.0.{now}.", f".attentions.0.{then}.")
    return key


def _rename(path: Path, rename: Callable[[str], str]) -> None:
    save_file({rename(key): tensor for key, tensor in load_file(path).items()}, path, metadata={"format": "pt"})


def _vae(size: Size, scaling_factor: float) -> Any:
    return AutoencoderKL(
        block_out_channels=size.vae_channels,
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        layers_per_block=2,
        latent_channels=4,
        sample_size=size.side,
        scaling_factor=scaling_factor,
    )


def _text_config(text: Mapping[str, Any], vocabulary: int) -> CLIPTextConfig:
    return CLIPTextConfig(
        vocab_size=vocabulary,
        **text,
        max_position_embeddings=77,
        bos_token_id=vocabulary - 2,
        eos_token_id=vocabulary - 1,
        pad_token_id=vocabulary - 1,
    )


def _tokenizer() -> CLIPTokenizer:
    """Make CLIP's byte-level tokenizer without a single merge that matters: every letter is a token."""
    letters = [chr(k) for k in range(33, 127)]
    words = [*letters, *(f"{letter}</w>" for letter in letters), "po", "<|startoftext|>", "<|endoftext|>"]
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "vocab.json").write_text(json.dumps({word: k for k, word in enumerate(words)}))
        Path(folder, "merges.txt").write_text("#version: 0.2\np o\n")
        return CLIPTokenizer.from_pretrained(folder, model_max_length=77)
