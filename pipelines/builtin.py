"""What the built-in model needs beside diffusers' own classes: a UNet that sees a reference shot, and its pipeline."""

import torch
from diffusers import UNet2DConditionModel
from diffusers.models.unets.unet_2d_condition import UNet2DConditionOutput

from pipelines.identity_pipelines import IdentityPipeline

LATENT_CHANNELS = 64


class ReferenceUNet(UNet2DConditionModel):
    """Denoises (B, 64, 8, 8) latents with the latents of a reference shot of the same person beside them.

    `reference` is (B, 64, 8, 8) for the whole batch of a call (with classifier-free guidance: zeros for the
    unconditional half), or None for no reference. It is somebody's face: set it before a call, clear it after.
    """

    reference: torch.Tensor | None = None

    def forward(self, sample: torch.Tensor, *args, **kwargs) -> UNet2DConditionOutput | tuple:
        """As in diffusers, for a `sample` of 64 channels."""
        reference = torch.zeros_like(sample) if self.reference is None else self.reference.to(sample)
        return super().forward(torch.cat([sample, reference], 1), *args, **kwargs)


class BuiltinPipeline(IdentityPipeline):
    """Stable Diffusion's pipeline with latents of 64 channels, whatever the UNet's input channels are."""

    def prepare_latents(self, batch_size: int, num_channels_latents: int, *args, **kwargs) -> torch.Tensor:
        """As in diffusers; `num_channels_latents` would count the reference's channels too and is replaced."""
        return super().prepare_latents(batch_size, LATENT_CHANNELS, *args, **kwargs)
