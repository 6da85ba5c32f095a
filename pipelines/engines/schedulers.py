"""Schedulers: LCM as diffusers has it, with an estimate for previews."""

from typing import Any

import torch
from diffusers import LCMScheduler
from diffusers.schedulers.scheduling_lcm import LCMSchedulerOutput


class PreviewedLCM(LCMScheduler):
    """LCM that keeps its estimate of the finished latents, which the noise that each step adds hides from others."""

    estimated: torch.Tensor | None = None
    """Finished latents as estimated in the last step (B, C, h, w), a picture of the person:
    drop it when the run ends."""

    # The parameters are diffusers' own: its pipelines look for one called `generator` before they pass theirs.
    def step(
        self,
        model_output: torch.Tensor,
        timestep: int,
        sample: torch.Tensor,
        generator: torch.Generator | None = None,
        return_dict: bool = True,
    ) -> LCMSchedulerOutput | tuple[Any, ...]:
        """Step as diffusers does, and remember the finished latents as estimated."""
        following, self.estimated = super().step(model_output, timestep, sample, generator, return_dict=False)
        return LCMSchedulerOutput(following, self.estimated) if return_dict else (following, self.estimated)
