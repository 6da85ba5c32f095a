"""Previews: small pictures of what is being drawn, without the VAE."""

from typing import Any

import numpy as np
import torch

# Rows: the latents' channels, then a constant; columns: red, green, blue in [-1, 1]. Least-squares fits published with
# ComfyUI, SD15, SDXL and Flux2 in https://github.com/comfyanonymous/ComfyUI/blob/master/comfy/latent_formats.py
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
_FLUX2_RGB = (
    (0.0058, 0.0113, 0.0073),
    (0.0495, 0.0443, 0.0836),
    (-0.0099, 0.0096, 0.0644),
    (0.2144, 0.3009, 0.3652),
    (0.0166, -0.0039, -0.0054),
    (0.0157, 0.0103, -0.0160),
    (-0.0398, 0.0902, -0.0235),
    (-0.0052, 0.0095, 0.0109),
    (-0.3527, -0.2712, -0.1666),
    (-0.0301, -0.0356, -0.0180),
    (-0.0107, 0.0078, 0.0013),
    (0.0746, 0.0090, -0.0941),
    (0.0156, 0.0169, 0.0070),
    (-0.0034, -0.0040, -0.0114),
    (0.0032, 0.0181, 0.0080),
    (-0.0939, -0.0008, 0.0186),
    (0.0018, 0.0043, 0.0104),
    (0.0284, 0.0056, -0.0127),
    (-0.0024, -0.0022, -0.0030),
    (0.1207, -0.0026, 0.0065),
    (0.0128, 0.0101, 0.0142),
    (0.0137, -0.0072, -0.0007),
    (0.0095, 0.0092, -0.0059),
    (0.0000, -0.0077, -0.0049),
    (-0.0465, -0.0204, -0.0312),
    (0.0095, 0.0012, -0.0066),
    (0.0290, -0.0034, 0.0025),
    (0.0220, 0.0169, -0.0048),
    (-0.0332, -0.0457, -0.0468),
    (-0.0085, 0.0389, 0.0609),
    (-0.0076, 0.0003, -0.0043),
    (-0.0111, -0.0460, -0.0614),
    (-0.0329, -0.0718, -0.0851),
)


def clean_latents(scheduler: Any, step: int, latents: torch.Tensor, prediction: torch.Tensor) -> torch.Tensor:
    """Estimate the finished latents after a step: shape of `latents`.

    `latents` are those after the step, `prediction` is what the UNet said in it (guided). DPM-Solver++ and our LCM keep
    the answer themselves. For DDIM the two equations of its step, latents' = a' x + b' e and the prediction's own, are
    solved for x.
    Of flow matching, x' = x + s' (noise - x), likewise.
    """
    if not hasattr(scheduler, "alphas_cumprod"):  # flow matching: the prediction is noise less picture
        following: torch.Tensor = latents - scheduler.sigmas[step + 1].item() * prediction
        return following
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


def linear_flux2(_pipeline: Any, latents: torch.Tensor) -> np.ndarray:
    """FLUX.2's latents (1, 32, h, w) -> uint8 RGB (h, w, 3)."""
    return _linear(latents, _FLUX2_RGB)


def _linear(latents: torch.Tensor, rows: tuple[tuple[float, ...], ...]) -> np.ndarray:
    *weights, constant = torch.tensor(rows)
    mixed = torch.einsum("chw,cr->rhw", latents[0].float().cpu(), torch.stack(weights))
    return _to_uint8(mixed + constant[:, None, None])
