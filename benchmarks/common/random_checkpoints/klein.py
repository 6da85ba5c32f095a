"""Random checkpoints of FLUX.2 [klein] in the true layout: folders, classes and settings of the published one.

What is smaller in a tiny one: widths, and the numbers of blocks, words and channels. The text encoder keeps 28 layers,
as the pipeline reads the 9th, 18th and 27th; the VAE its 32 channels and the batch norm over patches.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from diffusers import (
    AutoencoderKLFlux2,
    FlowMatchEulerDiscreteScheduler,
    Flux2KleinPipeline,
    Flux2Transformer2DModel,
)
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import Qwen2TokenizerFast, Qwen3Config, Qwen3ForCausalLM

CHAT_TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n<think>\n\n</think>\n\n{% endif %}"
)
"""Qwen3's for one message without thinking."""
SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")


@dataclass(frozen=True, kw_only=True)
class KleinSize:
    """Sizes of the three models, as changes to the configurations that they have by default."""

    text: Mapping[str, Any]
    transformer: Mapping[str, Any]
    vae: Mapping[str, Any]
    vocabulary: int | None = None
    """Number of the text encoder's words; None: as many as the tokenizer of bytes has."""
    dtype: torch.dtype = torch.float32
    """Number format of the weights on the disk."""


TINY_KLEIN = KleinSize(
    text={
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 28,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "head_dim": 16,
    },
    transformer={
        "num_layers": 1,
        "num_single_layers": 2,
        "attention_head_dim": 32,
        "num_attention_heads": 2,
        "timestep_guidance_channels": 32,
        "axes_dims_rope": (8, 8, 8, 8),
    },
    vae={"block_out_channels": (16, 16, 16, 16), "norm_num_groups": 4, "layers_per_block": 1},
)
FULL_KLEIN = KleinSize(
    text={
        "hidden_size": 2560,
        "intermediate_size": 9728,
        "num_hidden_layers": 36,
        "num_attention_heads": 32,
        "num_key_value_heads": 8,
        "head_dim": 128,
    },
    transformer={"num_layers": 5, "num_single_layers": 20, "num_attention_heads": 24},
    vae={},
    vocabulary=151936,
    dtype=torch.bfloat16,
)
"""Sizes as published: Qwen3-4B, a transformer of 3.9 billion weights, and the VAE of FLUX.2."""


def write_klein(folder: Path, size: KleinSize = TINY_KLEIN) -> None:
    """Write a pipeline of random weights into a folder, the chat template in a file of its own."""
    torch.manual_seed(0)
    tokenizer = _tokenizer()
    models = klein_parts(size, len(tokenizer))
    pipeline = Flux2KleinPipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(
            use_dynamic_shifting=True, base_shift=0.5, max_shift=1.15, shift=3.0, time_shift_type="exponential"
        ),
        tokenizer=tokenizer,
        **models,
        is_distilled=True,
    )
    pipeline.save_pretrained(folder)
    assert (folder / "tokenizer" / "chat_template.jinja").exists()


def klein_parts(size: KleinSize, words: int) -> dict[str, Any]:
    """Make the models by their names in the pipeline, for a tokenizer of so many words."""
    usual = torch.get_default_dtype()
    torch.set_default_dtype(size.dtype)  # 16 GB would be 32 otherwise
    try:
        text = Qwen3Config(vocab_size=size.vocabulary or words, tie_word_embeddings=True, **size.text)
        joint = 3 * size.text["hidden_size"]
        return {
            "vae": _vae(size),
            "text_encoder": Qwen3ForCausalLM(text),
            "transformer": Flux2Transformer2DModel(
                in_channels=128, joint_attention_dim=joint, guidance_embeds=False, **size.transformer
            ),
        }
    finally:
        torch.set_default_dtype(usual)


def _vae(size: KleinSize) -> AutoencoderKLFlux2:
    """Make a VAE whose batch norm is not the identity, so that leaving it out shows."""
    vae = AutoencoderKLFlux2(**size.vae)
    channels = len(vae.bn.running_mean)
    vae.bn.running_mean.copy_(torch.randn(channels) * 0.1)
    vae.bn.running_var.copy_(torch.rand(channels) + 0.5)
    return vae


def _tokenizer() -> Qwen2TokenizerFast:
    """A byte BPE without a merge: every byte is a token."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    words = {word: k for k, word in enumerate([*letters, *SPECIAL])}
    bpe = Tokenizer(models.BPE(vocab=words, merges=[]))
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    tokenizer = Qwen2TokenizerFast(
        tokenizer_object=bpe, pad_token=SPECIAL[0], eos_token=SPECIAL[2], extra_special_tokens=list(SPECIAL)
    )
    tokenizer.chat_template = CHAT_TEMPLATE
    return tokenizer
