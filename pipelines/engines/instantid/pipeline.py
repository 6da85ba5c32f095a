"""Stable Diffusion XL with InstantID's ControlNet, as diffusers classes."""

from typing import Any

import torch
from diffusers import ControlNetModel, StableDiffusionXLControlNetPipeline

from pipelines.engines.diffusers_pipelines import OneFacePerPicture
from pipelines.engines.long_prompts import LongPrompts


class FaceControlNet(ControlNetModel):
    """ControlNet that reads the face's tokens in place of the words.

    `projection` turns embeddings into tokens: a copy of the adapter's in the UNet, 160 MB, so that each of the two
    finds its own where they take turns on a GPU.
    """

    projection: torch.nn.Module
    embeds: torch.Tensor | None = None
    """Embeddings of a call's batch, as the pipeline takes them. They are people's faces, and gone after the call."""

    def forward(self, sample: torch.Tensor, timestep: Any, encoder_hidden_states: Any, **kwargs: Any) -> Any:
        """Run on the face's tokens; the words in `encoder_hidden_states` do not count."""
        tokens = self.projection([self.embeds])[0].flatten(1, 2)
        return super().forward(sample, timestep, tokens, **kwargs)


class KeyPointsXLPipeline(OneFacePerPicture, LongPrompts, StableDiffusionXLControlNetPipeline):
    """Stable Diffusion XL with a `FaceControlNet`, which stays on the GPU beside the UNet where parts take turns."""

    model_cpu_offload_seq = "text_encoder->text_encoder_2->unet->vae"
    _callback_tensor_inputs = [*StableDiffusionXLControlNetPipeline._callback_tensor_inputs, "noise_pred"]  # noqa: RUF012
