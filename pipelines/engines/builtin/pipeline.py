"""Classes of the built-in model that diffusers lacks: a UNet that sees a reference shot, and its pipeline."""

from typing import Any

import torch
from diffusers import UNet2DConditionModel
from diffusers.models.unets.unet_2d_condition import UNet2DConditionOutput

from pipelines.engines.builtin.latent_grid import face_and_around
from pipelines.engines.diffusers_pipelines import IdentityPipeline

LATENT_CHANNELS = 64
NOISE_AROUND = 0.0
"""Noise around the face that drawing starts from, as a share of the usual, 0 to 1. With 0 hair and clothes are the same
for every seed; with 1 wisps of hair hang beside necks and the crown frays. Likeness hardly depends on it."""


class ReferenceUNet(UNet2DConditionModel):
    """Denoises (B, 64, 8, 8) latents with the latents of a reference shot of the same person as further channels.

    `reference` is (B, 64, 8, 8) for the whole batch of a call (with classifier-free guidance: zeros for the
    unconditional half), or None for no reference. It is somebody's face: set it before a call, clear it after.
    """

    reference: torch.Tensor | None = None

    def forward(self, sample: torch.Tensor, *args: Any, **kwargs: Any) -> UNet2DConditionOutput | tuple[Any, ...]:
        """Denoise as diffusers does, for a `sample` of 64 channels."""
        reference = torch.zeros_like(sample) if self.reference is None else self.reference.to(sample)
        return super().forward(torch.cat([sample, reference], 1), *args, **kwargs)


class BuiltinPipeline(IdentityPipeline):
    """Stable Diffusion's pipeline with latents of 64 channels, drawn from noise inside the face alone."""

    def prepare_latents(self, batch_size: int, num_channels_latents: int, *args: Any, **kwargs: Any) -> torch.Tensor:
        """Draw noise as diffusers does, but inside the face alone: what is around it is drawn as it is most likely.

        `num_channels_latents` would count the reference's channels too and is replaced.
        """
        noise = super().prepare_latents(batch_size, LATENT_CHANNELS, *args, **kwargs)
        result: torch.Tensor = noise * face_and_around(1.0, NOISE_AROUND).to(noise)
        return result
