"""Trainable parts of the built-in model: UNet with FaceID adapter, text encoder, vocabulary, noise schedule."""

from pathlib import Path

import torch
from diffusers import DDPMScheduler
from safetensors.torch import load_file
from transformers import CLIPTextConfig, CLIPTextModel

from pipelines.engines.builtin.pipeline import LATENT_CHANNELS, ReferenceUNet

# fmt: off
WORDS = (
    "<pad>", "<s>", "</s>", "facing", "turned-left", "turned-right", "smiling",
    "serious", "dark-backdrop", "light-backdrop", "plain-backdrop", "busy-backdrop",
    "warm-backdrop", "cool-backdrop", "green-backdrop", "dark-clothes", "light-clothes", "lit-left", "lit-right",
)
# fmt: on
LENGTH = 16
WIDTH, CONTEXT, EMBEDDING, TOKENS = 320, 256, 512, 4


def token_ids(words: list[str]) -> list[int]:
    """Turn words into 16 ids as models/builtin/tokenizer does: start, at most 14 words, end, padding."""
    ids = [1, *[WORDS.index(w) for w in words][: LENGTH - 2], 2]
    return ids + [0] * (LENGTH - len(ids))


def build(start: Path | None = None) -> tuple[ReferenceUNet, CLIPTextModel]:
    """Build the UNet, one level at 8x8 with the FaceID adapter (27 M), and the text encoder (1 M), both trainable.

    Random weights, or those of `start`, a folder that `training.stages.export` wrote.
    """
    unet = ReferenceUNet(
        sample_size=8, in_channels=2 * LATENT_CHANNELS, out_channels=LATENT_CHANNELS, block_out_channels=(WIDTH,),
        layers_per_block=1, down_block_types=("CrossAttnDownBlock2D",), up_block_types=("CrossAttnUpBlock2D",),
        cross_attention_dim=CONTEXT, attention_head_dim=5,
    )  # fmt: skip
    text = CLIPTextModel(
        CLIPTextConfig(
            vocab_size=len(WORDS), hidden_size=CONTEXT, intermediate_size=2 * CONTEXT, num_hidden_layers=2,
            num_attention_heads=4, max_position_embeddings=LENGTH, bos_token_id=1, eos_token_id=2, pad_token_id=0,
        )
    )  # fmt: skip
    if start is None:
        adapter = random_adapter(sum(name.endswith("attn2.processor") for name in unet.attn_processors))
    else:
        unet = ReferenceUNet.from_pretrained(start / "unet").float()
        text = CLIPTextModel.from_pretrained(start / "text_encoder").float()
        adapter = {}
        for name, tensor in load_file(start / "ip_adapter" / "faceid.safetensors").items():
            part, _, key = name.partition(".")
            adapter.setdefault(part, {})[key] = tensor.float()
    unet._load_ip_adapter_weights([adapter], low_cpu_mem_usage=False)
    return unet.requires_grad_(True).train(), text.requires_grad_(True).train()


def random_adapter(cross_attentions: int) -> dict[str, dict[str, torch.Tensor]]:
    """Return random weights of a FaceID adapter in h94's layout for this many cross-attentions."""
    adapter: dict[str, dict[str, torch.Tensor]] = {
        "image_proj": {
            "proj.0.weight": torch.randn(2 * EMBEDDING, EMBEDDING) * 10 / EMBEDDING**0.5,
            "proj.0.bias": torch.zeros(2 * EMBEDDING),
            "proj.2.weight": torch.randn(TOKENS * CONTEXT, 2 * EMBEDDING) / 32,
            "proj.2.bias": torch.zeros(TOKENS * CONTEXT),
            "norm.weight": torch.ones(CONTEXT),
            "norm.bias": torch.zeros(CONTEXT),
        },
        "ip_adapter": {},
    }
    for k in range(cross_attentions):  # IP-Adapter numbers the cross-attentions 1, 3, 5 ...
        adapter["ip_adapter"][f"{2 * k + 1}.to_k_ip.weight"] = torch.randn(WIDTH, CONTEXT) * CONTEXT**-0.5
        adapter["ip_adapter"][f"{2 * k + 1}.to_v_ip.weight"] = torch.randn(WIDTH, CONTEXT) * 0.02
    return adapter


def set_identity_scale(unet: ReferenceUNet, scale: float) -> None:
    """Set the IP-Adapter scale of a bare UNet, as a pipeline's `set_ip_adapter_scale` does."""
    for name, processor in unet.attn_processors.items():
        if name.endswith("attn2.processor"):
            processor.scale = [scale]


def noise_schedule() -> DDPMScheduler:
    """Return the training scheduler: v-prediction, zero terminal SNR (Lin et al. 2023)."""
    return DDPMScheduler(
        beta_schedule="scaled_linear", beta_start=0.00085, beta_end=0.012, prediction_type="v_prediction",
        rescale_betas_zero_snr=True, timestep_spacing="trailing", clip_sample=False,
    )  # fmt: skip
