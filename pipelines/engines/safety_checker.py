"""Safety checker for pipelines that have none: the one of Stable Diffusion 1.5, which looks at finished pictures.

It stays on the CPU in float32, so that it takes nothing from the GPU that draws: some 160 GFLOP for a picture,
two seconds of one core.
"""

from typing import Any, Self

import numpy as np
import torch
from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker
from transformers import CLIPImageProcessor

from pipelines.engine_spec import Source
from pipelines.runtime.log_filter import quiet_libraries


class SafetyChecker:
    """Tells which pictures are not safe for work."""

    def __init__(self, model: Any, processor: Any):
        self.model, self._processor = model, processor

    @classmethod
    def load(cls, source: Source) -> Self:
        """Load it from files on this machine. Raises what transformers raises where they are absent or damaged."""
        how: dict[str, Any] = {"local_files_only": True, **source.arguments("revision", "subfolder")}
        model = StableDiffusionSafetyChecker.from_pretrained(source.repo, dtype=torch.float32, **how)
        return cls(model, CLIPImageProcessor.from_pretrained(source.repo, **how))

    @torch.no_grad()
    def withheld(self, pictures: np.ndarray) -> list[bool]:
        """Tell for each picture, uint8 RGB (B, H, W, 3), if it must not be shown. The pictures stay as they are."""
        pixels = self._processor(list(pictures), return_tensors="pt").pixel_values
        blackened = np.zeros((len(pictures), 1, 1, 3))  # diffusers' checker blackens what it is given
        with quiet_libraries():
            _, flags = self.model(clip_input=pixels, images=blackened)
        return [bool(flag) for flag in flags]
