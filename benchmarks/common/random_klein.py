"""Random checkpoint of FLUX.2 [klein], tiny, in the true layout: folders, classes and settings of the published one.

What is smaller: widths, and the numbers of blocks, words and channels. The text encoder keeps the 28 layers, as the
pipeline reads the 9th, 18th and 27th; the VAE its 32 channels and the batch norm over patches.
"""

from pathlib import Path

import torch
from diffusers import (
    AutoencoderKLFlux2,
    FlowMatchEulerDiscreteScheduler,
    Flux2KleinPipeline,
    Flux2Transformer2DModel,
)
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import Qwen2TokenizerFast, Qwen3Config, Qwen3ForCausalLM

TEXT_WIDTH = 32
TEXT_LAYERS = 28
CHAT_TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n<think>\n\n</think>\n\n{% endif %}"
)
"""Qwen3's for one message without thinking."""
SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")


def write_klein(folder: Path) -> None:
    """Write a pipeline of random weights into a folder, the chat template in a file of its own."""
    torch.manual_seed(0)
    tokenizer = _tokenizer()
    pipeline = Flux2KleinPipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(
            use_dynamic_shifting=True, base_shift=0.5, max_shift=1.15, shift=3.0, time_shift_type="exponential"
        ),
        vae=_vae(),
        text_encoder=Qwen3ForCausalLM(_text_config(len(tokenizer))),
        tokenizer=tokenizer,
        transformer=Flux2Transformer2DModel(
            in_channels=128,
            num_layers=1,
            num_single_layers=2,
            attention_head_dim=32,
            num_attention_heads=2,
            joint_attention_dim=3 * TEXT_WIDTH,
            timestep_guidance_channels=32,
            axes_dims_rope=(8, 8, 8, 8),
            guidance_embeds=False,
        ),
        is_distilled=True,
    )
    pipeline.save_pretrained(folder)
    assert (folder / "tokenizer" / "chat_template.jinja").exists()


def _text_config(vocabulary: int) -> Qwen3Config:
    return Qwen3Config(
        vocab_size=vocabulary,
        hidden_size=TEXT_WIDTH,
        intermediate_size=64,
        num_hidden_layers=TEXT_LAYERS,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=16,
        tie_word_embeddings=True,
    )


def _vae() -> AutoencoderKLFlux2:
    """A VAE whose batch norm is not the identity, so that leaving it out shows."""
    vae = AutoencoderKLFlux2(block_out_channels=(16, 16, 16, 16), norm_num_groups=4, layers_per_block=1)
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
