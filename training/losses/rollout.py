"""Sampling as in the app, before re-encoding, for losses: few DDIM steps from noise inside the face."""

from collections.abc import Callable

import torch
from diffusers import DDIMScheduler

from pipelines.engines.builtin.latent_grid import face_and_around
from pipelines.engines.builtin.pipeline import NOISE_AROUND

Velocity = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
"""Denoiser: noisy latents (B, 64, 8, 8) and their timesteps (B,) -> velocity (B, 64, 8, 8)."""


def sample_latents(
    velocity: Velocity, like: torch.Tensor, schedule: DDIMScheduler, *, steps: int, with_gradient: int
) -> torch.Tensor:
    """Sample finished latents, shaped like `like` (B, 64, 8, 8), in the UNet's scale, without guidance.

    Gradients flow through the last `with_gradient` of the steps only (DRaFT-K: Clark et al. 2024, arXiv 2309.17400).
    """
    schedule.set_timesteps(steps)
    latents = initial_noise(like)
    for k, t in enumerate(schedule.timesteps.tolist()):
        with torch.set_grad_enabled(k >= steps - with_gradient):
            latents = ddim_step(velocity, latents, schedule, t)
    return latents


def initial_noise(like: torch.Tensor) -> torch.Tensor:
    """Draw the noise that sampling starts from, shaped like `like` (B, 64, 8, 8)."""
    return torch.randn_like(like) * face_and_around(1.0, NOISE_AROUND).to(like)


def ddim_step(velocity: Velocity, latents: torch.Tensor, schedule: DDIMScheduler, t: int) -> torch.Tensor:
    """Take latents (B, 64, 8, 8) one DDIM step on from `t`, a timestep that `schedule` is set to."""
    out = velocity(latents, torch.full((len(latents),), t, device=latents.device))
    return schedule.step(out, t, latents).prev_sample
