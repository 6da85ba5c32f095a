"""Sizes of random checkpoints: tiny for the tests, or as published, where bytes and seconds are counted."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch

SIDE = 64
"""Side of the pictures that the tiny rows draw, pixels."""
CLIP_WIDTH = 64


@dataclass(frozen=True, kw_only=True)
class Size:
    """Changes to the configurations that diffusers and transformers have by default."""

    unet: Mapping[str, Any]
    vision: Mapping[str, Any]
    """CLIP's vision tower that the adapter looks through."""
    text: Mapping[str, Any]
    text_2: Mapping[str, Any] | None = None
    """SDXL's second text encoder."""
    safety: Mapping[str, Any] | None = None
    """Vision tower of the safety checker."""
    vae_channels: tuple[int, ...]
    rank: int  # of FaceID's LoRA
    queries_width: int  # of the 16 queries with which InstantID looks at the embedding
    few_step_rank: int  # of LCM's
    side: int  # of the pictures, pixels
    vocabulary: int | None = None
    """Number of the text encoders' words; None: as many as the tokenizer of letters has."""
    dtype: torch.dtype = torch.float32
    """Number format of the weights on the disk."""


# As in stable-diffusion-v1-5 and stable-diffusion-xl-base-1.0: the same blocks, layers and attentions, fewer channels.
_UNET_SD15: dict[str, Any] = {
    "block_out_channels": (32, 32, 64, 64),
    "layers_per_block": 2,
    "attention_head_dim": 8,
    "cross_attention_dim": 64,
    "down_block_types": ("CrossAttnDownBlock2D",) * 3 + ("DownBlock2D",),
    "up_block_types": ("UpBlock2D",) + ("CrossAttnUpBlock2D",) * 3,
    "sample_size": SIDE // 8,
}
_UNET_SDXL: dict[str, Any] = {
    "block_out_channels": (32, 32, 64),
    "layers_per_block": 2,
    "attention_head_dim": [2, 2, 4],
    "transformer_layers_per_block": [1, 2, 10],
    "cross_attention_dim": 128,
    "use_linear_projection": True,
    "addition_embed_type": "text_time",
    "addition_time_embed_dim": 8,
    "projection_class_embeddings_input_dim": 6 * 8 + 64,
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
    "sample_size": SIDE // 8,
}


def _clip(width: int, layers: int, heads: int, **more: Any) -> dict[str, Any]:
    return {
        "hidden_size": width,
        "intermediate_size": 4 * width,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        **more,
    }


_VISION = _clip(CLIP_WIDTH, 3, 4, patch_size=56, projection_dim=64)
_TEXT = _clip(64, 2, 4, projection_dim=64)
_FEW: dict[str, Any] = {
    "vae_channels": (32, 32, 32, 32),
    "rank": 4,
    "queries_width": 128,
    "few_step_rank": 4,
    "side": SIDE,
}
TINY: Mapping[str, Size] = {
    "sd15": Size(unet=_UNET_SD15, vision=_VISION, text=_TEXT, safety=_VISION, **_FEW),
    "sdxl": Size(unet=_UNET_SDXL, vision=_VISION, text=_TEXT, text_2=_TEXT, safety=_VISION, **_FEW),
}
"""Sizes by the base of an engine, for tests."""

_VIT_H = _clip(1280, 32, 16, patch_size=14, projection_dim=1024)
_VIT_L = _clip(1024, 24, 16, patch_size=14, projection_dim=768)
_CLIP_L = _clip(768, 12, 12, projection_dim=768)
_CLIP_G = _clip(1280, 32, 20, projection_dim=1280)
_AS_PUBLISHED: dict[str, Any] = {
    "vae_channels": (128, 256, 512, 512),
    "rank": 128,
    "queries_width": 1280,
    "few_step_rank": 64,
    "vocabulary": 49408,
    "dtype": torch.float16,
}
FULL: Mapping[str, Size] = {
    "sd15": Size(
        unet=_UNET_SD15 | {"block_out_channels": (320, 640, 1280, 1280), "cross_attention_dim": 768, "sample_size": 64},
        vision=_VIT_H,
        text=_CLIP_L,
        safety=_VIT_L,
        side=512,
        **_AS_PUBLISHED,
    ),
    "sdxl": Size(
        unet=_UNET_SDXL
        | {
            "block_out_channels": (320, 640, 1280),
            "attention_head_dim": [5, 10, 20],
            "cross_attention_dim": 2048,
            "addition_time_embed_dim": 256,
            "projection_class_embeddings_input_dim": 2816,
            "sample_size": 128,
        },
        vision=_VIT_H,
        text=_CLIP_L,
        text_2=_CLIP_G,
        safety=_VIT_L,
        side=1024,
        **_AS_PUBLISHED,
    ),
}
"""Sizes as published, likewise."""
