"""Previews: small pictures of what is being drawn, without the VAE."""

from typing import Any

import numpy as np
import torch

# Rows: the latents' channels, then a constant; columns: red, green, blue in [-1, 1]. Least-squares fits published with
# ComfyUI, SD15 and SDXL in https://github.com/comfyanonymous/ComfyUI/blob/master/comfy/latent_formats.py
_SD15_RGB = (
    (0.3512, 0.2297, 0.3227),
    (0.3250, 0.4974, 0.2350),
    (-0.2829, 0.1762, 0.2721),
    (-0.2120, -0.2616, -0.7177),
    (0.0, 0.0, 0.0),
)
_SDXL_RGB = (
    (0.3651, 0.4232, 0.4341),
    (-0.2533, -0.0042, 0.1068),
    (0.1076, 0.1111, -0.0362),
    (-0.3165, -0.2492, -0.2188),
    (0.1084, -0.0175, -0.0011),
)


def clean_latents(scheduler: Any, step: int, latents: torch.Tensor, prediction: torch.Tensor) -> torch.Tensor:
    """Estimate the finished latents after a step: shape of `latents`.

    `latents` are those after the step, `prediction` is what the UNet said in it (guided). DPM-Solver++ and our LCM keep
    the answer themselves. For DDIM the two equations of its step, latents' = a' x + b' e and the prediction's own, are
    solved for x.
    """
    if (estimated := getattr(scheduler, "estimated", None)) is not None:
        kept: torch.Tensor = estimated[: len(latents)]
        return kept
    if getattr(scheduler.config, "algorithm_type", "").endswith("dpmsolver++"):
        output: torch.Tensor = scheduler.model_outputs[-1][: len(latents)]
        return output
    timestep = int(scheduler.timesteps[step])
    now = scheduler.alphas_cumprod[timestep]
    # The end of the step as DDIM takes it: with trailing spacing that may be one off the next timestep.
    end = timestep - scheduler.config.num_train_timesteps // scheduler.num_inference_steps
    following = scheduler.alphas_cumprod[end] if end >= 0 else scheduler.final_alpha_cumprod
    a, b = now.sqrt().item(), (1 - now).sqrt().item()
    a_next, b_next = following.sqrt().item(), (1 - following).sqrt().item()
    clean: torch.Tensor
    if scheduler.config.prediction_type == "v_prediction":
        clean = (a * latents - b_next * prediction) / (a * a_next + b * b_next)
    else:
        clean = (latents - b_next * prediction) / a_next
    return clean


def _to_uint8(rgb: torch.Tensor) -> np.ndarray:
    return (rgb.float().clamp(-1, 1) * 127.5 + 127.5).round().byte().permute(1, 2, 0).cpu().numpy()


@torch.no_grad()
def rgb_head(pipeline: Any, latents: torch.Tensor) -> np.ndarray:
    """The built-in model's own small head: latents (1, 64, 8, 8) -> uint8 RGB (128, 128, 3)."""
    return _to_uint8(pipeline.vae.preview(latents / pipeline.vae.config.scaling_factor)[0])


def linear_sd15(_pipeline: Any, latents: torch.Tensor) -> np.ndarray:
    """Stable Diffusion 1.5's latents (1, 4, h, w) -> uint8 RGB (h, w, 3)."""
    return _linear(latents, _SD15_RGB)


def linear_sdxl(_pipeline: Any, latents: torch.Tensor) -> np.ndarray:
    """Stable Diffusion XL's latents (1, 4, h, w) -> uint8 RGB (h, w, 3)."""
    return _linear(latents, _SDXL_RGB)


def _linear(latents: torch.Tensor, rows: tuple[tuple[float, ...], ...]) -> np.ndarray:
    *weights, constant = torch.tensor(rows)
    mixed = torch.einsum("chw,cr->rhw", latents[0].float().cpu(), torch.stack(weights))
    return _to_uint8(mixed + constant[:, None, None])
