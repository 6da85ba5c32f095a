"""Diffusers' pipelines with small changes: a face per picture, long prompts, what previews need, who makes room.

Where parts take turns on the GPU, each sends the one before it in `model_cpu_offload_seq` away. An engine reads the
face before the words; in diffusers' own order nobody would send the text encoders away, and 1.5 GB of SDXL's would stay
beside its UNet.
"""

from typing import Any

import torch
from diffusers import StableDiffusionImg2ImgPipeline, StableDiffusionPipeline, StableDiffusionXLPipeline

from pipelines.engines.long_prompts import LongPrompts


class OneFacePerPicture:
    """Takes `ip_adapter_image_embeds` as they are: [(2B, n, 512)] with guidance, [(B, n, 512)] without.

    Diffusers repeats the embeddings for every prompt of a batch, and its attention folds the surplus into further
    tokens: two people in one batch both get the same blend of the two faces, with no error. The caller's tensor is
    already the whole batch's, unconditional half (zeros) first.
    """

    def prepare_ip_adapter_image_embeds(
        self,
        ip_adapter_image: Any,
        ip_adapter_image_embeds: list[torch.Tensor] | None,
        device: torch.device,
        num_images_per_prompt: int,
        do_classifier_free_guidance: bool,
    ) -> list[torch.Tensor]:
        """Prepare pictures as diffusers does; ready-made embeddings pass through."""
        if ip_adapter_image_embeds is not None:
            return [embeds.to(device) for embeds in ip_adapter_image_embeds]
        result: list[torch.Tensor] = super().prepare_ip_adapter_image_embeds(  # type: ignore[misc]
            ip_adapter_image, None, device, num_images_per_prompt, do_classifier_free_guidance
        )
        return result


class IdentityPipeline(OneFacePerPicture, LongPrompts, StableDiffusionPipeline):
    """Stable Diffusion 1.5."""

    model_cpu_offload_seq = "image_encoder->text_encoder->unet->vae"
    _callback_tensor_inputs = [*StableDiffusionPipeline._callback_tensor_inputs, "noise_pred"]  # noqa: RUF012


class RefiningPipeline(OneFacePerPicture, LongPrompts, StableDiffusionImg2ImgPipeline):
    """Stable Diffusion 1.5 over a picture that it drew: the second pass."""

    _callback_tensor_inputs = [*StableDiffusionImg2ImgPipeline._callback_tensor_inputs, "noise_pred"]  # noqa: RUF012


class IdentityXLPipeline(OneFacePerPicture, LongPrompts, StableDiffusionXLPipeline):
    """Stable Diffusion XL."""

    model_cpu_offload_seq = "image_encoder->text_encoder->text_encoder_2->unet->vae"
    _callback_tensor_inputs = [*StableDiffusionXLPipeline._callback_tensor_inputs, "noise_pred"]  # noqa: RUF012
