"""LoRAs in the keys of their published files: the identity adapters' own, and LCM's distillation."""

from typing import Any

import torch

from benchmarks.common.random_checkpoints.adapters import attentions, projections
from benchmarks.common.random_checkpoints.tensors import Shapes, Weights, random_weights


def lora_file(unet: Any, adapter: Weights, alpha: bool) -> Weights:
    """Rename the adapter's LoRA to keys of h94's `*_lora.safetensors`; SDXL's file has alphas (int64, the rank) too."""
    lora: Weights = {}
    for number, name, attention in attentions(unet):
        for projection in projections(attention):
            key = f"lora_unet_{name}.{projection}".replace(".", "_") + ("_0" if projection == "to_out" else "")
            down = adapter[f"{number}.{projection}_lora.down.weight"]
            lora[f"{key}.lora_down.weight"] = down
            lora[f"{key}.lora_up.weight"] = adapter[f"{number}.{projection}_lora.up.weight"]
            if alpha:
                lora[f"{key}.alpha"] = torch.tensor(down.shape[0])
    return lora


DISTILLED = (
    *("to_q", "to_k", "to_v", "to_out.0", "proj_in", "proj_out", "ff.net.0.proj", "ff.net.2", "time_emb_proj"),
    *("conv1", "conv2", "conv_shortcut", "downsamplers.0.conv", "upsamplers.0.conv"),
)
"""Layers that LCM's LoRA changes, by the ends of their names."""


def distillation_shapes(unet: Any, rank: int) -> Shapes:
    """Shapes of LCM's LoRA in the keys of its file: on attentions, feed-forwards, convolutions, time embeddings."""
    shapes: Shapes = {}
    for name, module in unet.named_modules():
        if f".{name}".endswith(tuple(f".{end}" for end in DISTILLED)):
            key = f"lora_unet_{name}".replace(".", "_")
            width, inputs, *kernel = module.weight.shape
            shapes[f"{key}.lora_down.weight"] = (rank, inputs, *kernel)
            shapes[f"{key}.lora_up.weight"] = (width, rank, *(1 for _ in kernel))
            shapes[f"{key}.alpha"] = ()
    return shapes


def distillation_file(unet: Any, rank: int, seed: int, dtype: torch.dtype) -> Weights:
    """Draw weights for these shapes; the alphas are the rank, so that the whole LoRA counts."""
    shapes = distillation_shapes(unet, rank)
    alphas = {key: torch.tensor(float(rank)) for key, shape in shapes.items() if not shape}
    return random_weights({key: shape for key, shape in shapes.items() if shape}, seed, dtype) | alphas
