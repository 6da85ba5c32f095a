"""What the built-in model needs beside diffusers' own classes: a UNet that sees a reference shot, and its pipeline."""

import torch
from diffusers import UNet2DConditionModel
from diffusers.models.unets.unet_2d_condition import UNet2DConditionOutput

from pipelines.engines.builtin.latent_grid import face_and_around
from pipelines.engines.diffusers_pipelines import IdentityPipeline

LATENT_CHANNELS = 64
NOISE_AROUND = 0.0
"""How much noise drawing starts from around the face. Nobody misses seeds that differ in hair and clothes, but with 1
they hang wisps of hair beside necks and fray the crown; .5 leaves some of that (looked at on fourteen people that are
not the benchmark's). Likeness hardly changes: dlib's distance to an unseen shot is .420, .421 and .422 with 1, .5 and
0 (16 people, two shots each)."""


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
    """Stable Diffusion's pipeline with latents of 64 channels, drawn from noise inside the face alone."""

    def prepare_latents(self, batch_size: int, num_channels_latents: int, *args, **kwargs) -> torch.Tensor:
        """As in diffusers, with noise inside the face alone: what is around it is drawn as it is most likely.

        `num_channels_latents` would count the reference's channels too and is replaced.
        """
        noise = super().prepare_latents(batch_size, LATENT_CHANNELS, *args, **kwargs)
        return noise * face_and_around(1.0, NOISE_AROUND).to(noise)
