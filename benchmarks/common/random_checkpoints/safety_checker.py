"""Safety checker of random weights, which withholds nothing."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker
from transformers import CLIPConfig, CLIPImageProcessorPil


def safety_checker(vision: Mapping[str, Any] | None) -> Any:
    """Make a checker with this vision tower."""
    assert vision is not None
    config = CLIPConfig(text_config={}, vision_config=dict(vision), projection_dim=vision["projection_dim"])
    return StableDiffusionSafetyChecker(config)


def write_safety_checker(checker: Any, folder: Path) -> None:
    """Write it as the hub has it: a pickle. Its thresholds are above any cosine, so nothing is withheld."""
    checker.concept_embeds_weights.data.fill_(10.0)
    checker.special_care_embeds_weights.data.fill_(10.0)
    checker.config.architectures = ["StableDiffusionSafetyChecker"]
    checker.config.save_pretrained(folder)
    weights = {key.replace("vision_model.", "vision_model.vision_model."): w for key, w in checker.state_dict().items()}
    weights["vision_model.vision_model.embeddings.position_ids"] = torch.arange(17)[None]
    torch.save(weights, folder / "pytorch_model.bin")


def write_image_processor(folder: Path) -> None:
    """Write what makes the checker's view of a picture: 224 x 224 pixels, as CLIP's."""
    CLIPImageProcessorPil(size=224, crop_size=224).save_pretrained(folder)
