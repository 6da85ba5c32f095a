"""What the built-in model needs beside diffusers' own classes: a UNet that sees a reference shot, and its pipeline."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from diffusers import UNet2DConditionModel
from diffusers.models.unets.unet_2d_condition import UNet2DConditionOutput

from pipelines.identity_pipelines import IdentityPipeline
from pipelines.latent_grid import face_and_around
from pipelines.usual_clothes import UsualClothes

LATENT_CHANNELS = 64
NOISE_AROUND = 0.0
"""How much noise drawing starts from around the face. Nobody misses seeds that differ in hair and clothes, but with 1
they hang wisps of hair beside necks and fray the crown; .5 leaves some of that (looked at on fourteen people that are
not the benchmark's). Likeness hardly changes: dlib's distance to an unseen shot is .420, .421 and .422 with 1, .5 and
0 (16 people, two shots each)."""

AfterStep = Callable[[Any, int, Any, dict], dict]
"""Diffusers' callback: pipeline, step from 0, timestep, tensors -> tensors to be changed."""


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
    """Stable Diffusion's pipeline with latents of 64 channels, whose finished clothes are moved towards the usual."""

    _optional_components = [*IdentityPipeline._optional_components, "clothes"]  # noqa: RUF012

    def __init__(  # diffusers reads a pipeline's parts from these names
        self,
        vae: Any,
        text_encoder: Any,
        tokenizer: Any,
        unet: Any,
        scheduler: Any,
        safety_checker: Any = None,
        feature_extractor: Any = None,
        image_encoder: Any = None,
        requires_safety_checker: bool = False,
        clothes: UsualClothes | None = None,
    ):
        super().__init__(
            vae, text_encoder, tokenizer, unet, scheduler, safety_checker, feature_extractor, image_encoder,
            requires_safety_checker,
        )  # fmt: skip
        self.register_modules(clothes=clothes)

    def __call__(
        self, prompt: Sequence[str], *args: Any, callback_on_step_end: AfterStep | None = None, **kwargs: Any
    ) -> Any:
        """As in diffusers, for a list of prompts."""

        def after_step(pipeline: Any, index: int, timestep: Any, tensors: dict) -> dict:
            if pipeline.clothes is not None and index + 1 == pipeline.num_timesteps:
                tensors = tensors | {"latents": pipeline.clothes(tensors["latents"], prompt)}
            changed = {} if callback_on_step_end is None else callback_on_step_end(pipeline, index, timestep, tensors)
            return {"latents": tensors["latents"]} | changed

        return super().__call__(prompt, *args, callback_on_step_end=after_step, **kwargs)

    def prepare_latents(self, batch_size: int, num_channels_latents: int, *args, **kwargs) -> torch.Tensor:
        """As in diffusers, with noise inside the face alone: what is around it is drawn as it is most likely.

        `num_channels_latents` would count the reference's channels too and is replaced.
        """
        noise = super().prepare_latents(batch_size, LATENT_CHANNELS, *args, **kwargs)
        return noise * face_and_around(1.0, NOISE_AROUND).to(noise)
