"""A small picture of what is being drawn, long before it is done."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch

_SD15_RGB = (
    (0.3512, 0.2297, 0.3227),
    (0.3250, 0.4974, 0.2350),
    (-0.2829, 0.1762, 0.2721),
    (-0.2120, -0.2616, -0.7177),
)
_SDXL_RGB = (
    (0.3651, 0.4232, 0.4341),
    (-0.2533, -0.0042, 0.1068),
    (0.1076, 0.1111, -0.0362),
    (-0.3165, -0.2492, -0.2188),
)
"""Latent channels to RGB: least-squares fits published with ComfyUI (latent_formats.py)."""


def clean_latents(scheduler: Any, step: int, latents: torch.Tensor, prediction: torch.Tensor) -> torch.Tensor:
    """What the model believes the finished latents to be, after a step.

    `latents` are those after the step, `prediction` is what the UNet said in it (guided). Solves the two equations of
    a variance-preserving step, latents' = a' x + b' e and the prediction's own, for x; exact for DDIM.
    """
    now = scheduler.alphas_cumprod[scheduler.timesteps[step].long().cpu()]
    last = step + 1 >= len(scheduler.timesteps)
    following = torch.ones(()) if last else scheduler.alphas_cumprod[scheduler.timesteps[step + 1].long().cpu()]
    a, b = now.sqrt().item(), (1 - now).sqrt().item()
    a_next, b_next = following.sqrt().item(), (1 - following).sqrt().item()
    if scheduler.config.prediction_type == "v_prediction":
        return (a * latents - b_next * prediction) / (a * a_next + b * b_next)
    return (latents - b_next * prediction) / a_next


def _to_uint8(rgb: torch.Tensor) -> np.ndarray:
    return (rgb.float().clamp(-1, 1) * 127.5 + 127.5).round().byte().permute(1, 2, 0).cpu().numpy()


@torch.no_grad()
def rgb_head(pipeline: Any, latents: torch.Tensor) -> np.ndarray:
    """The built-in model's own small head: latents (1, 64, 8, 8) -> uint8 RGB (128, 128, 3)."""
    return _to_uint8(pipeline.vae.preview(latents / pipeline.vae.config.scaling_factor)[0])


def _linear(weights: tuple[tuple[float, ...], ...]) -> Callable[[Any, torch.Tensor], np.ndarray]:
    def preview(pipeline: Any, latents: torch.Tensor) -> np.ndarray:
        """Latents (1, 4, h, w) -> uint8 RGB (h, w, 3)."""
        mixed = torch.einsum("chw,cr->rhw", latents[0].float().cpu(), torch.tensor(weights))
        return _to_uint8(mixed)

    return preview


PREVIEWS: Mapping[str, Callable[[Any, torch.Tensor], np.ndarray]] = {
    "rgb-head": rgb_head,
    "linear-sd15": _linear(_SD15_RGB),
    "linear-sdxl": _linear(_SDXL_RGB),
}
