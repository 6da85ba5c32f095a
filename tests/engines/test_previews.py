"""The small picture while it is being drawn: what the model believes the finished one to be."""

from inspect import signature
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import DDIMScheduler, DPMSolverMultistepScheduler, LCMScheduler

from pipelines.engines.previews import clean_latents, linear_sd15, linear_sdxl
from pipelines.engines.schedulers import PreviewedLCM

BETAS: dict[str, Any] = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}


def belief(latents: torch.Tensor, timestep: Any) -> torch.Tensor:
    """A stand-in for a UNet: some function of what it is given."""
    return torch.tanh(latents.flip(1) * 0.7 + float(timestep) / 1000)


def walk(scheduler: Any, steps: int) -> Any:
    """Sample with the stand-in; after each step its number, the latents before and after, what was said, the step."""
    scheduler.set_timesteps(steps)
    generator = torch.Generator().manual_seed(3)
    latents = torch.randn((1, 4, 8, 8), generator=generator) * scheduler.init_noise_sigma
    for number, timestep in enumerate(scheduler.timesteps):
        said, before = belief(latents, timestep), latents
        step = scheduler.step(said, timestep, latents, generator=generator)
        latents = step.prev_sample
        yield number, before, latents, said, step


@pytest.mark.parametrize("prediction_type", ["v_prediction", "epsilon"])
def test_with_ddim_it_is_exactly_what_the_sampler_believes(prediction_type: str) -> None:
    zero_snr = prediction_type == "v_prediction"  # as the built-in model has it: pure noise at the first step
    scheduler = DDIMScheduler(
        **BETAS,
        prediction_type=prediction_type,
        rescale_betas_zero_snr=zero_snr,
        timestep_spacing="trailing",
        clip_sample=False,
        steps_offset=1,
    )
    for number, _, latents, said, step in walk(scheduler, 7):
        ours = clean_latents(scheduler, number, latents, said)
        assert torch.allclose(ours, step.pred_original_sample, rtol=1e-4, atol=1e-4)


def test_with_dpm_solver_it_is_exact_in_spite_of_the_noise_it_adds() -> None:
    scheduler: Any = DPMSolverMultistepScheduler(**BETAS, algorithm_type="sde-dpmsolver++", use_karras_sigmas=True)
    for number, before, latents, said, _ in walk(scheduler, 7):
        sigma = scheduler.sigmas[number]
        expected = (before - sigma / (1 + sigma**2).sqrt() * said) * (1 + sigma**2).sqrt()
        assert torch.allclose(clean_latents(scheduler, number, latents, said), expected, atol=1e-3)


def test_with_lcm_it_is_exact_in_spite_of_the_noise_it_adds() -> None:
    scheduler: Any = PreviewedLCM(**BETAS)
    for number, before, latents, said, _ in walk(scheduler, 5):
        alpha = scheduler.alphas_cumprod[scheduler.timesteps[number]]
        expected = (before - (1 - alpha).sqrt() * said) / alpha.sqrt()  # so late a start leaves nothing of `before`
        assert torch.allclose(clean_latents(scheduler, number, latents, said), expected, rtol=1e-2, atol=1e-2)


def test_lcm_that_is_asked_for_previews_samples_as_diffusers_own_does() -> None:
    """Diffusers' pipelines hand the noise's generator over only to schedulers that name it."""
    ours, stock = ([step[2] for step in walk(kind(**BETAS), 5)] for kind in (PreviewedLCM, LCMScheduler))
    assert all(torch.equal(mine, theirs) for mine, theirs in zip(ours, stock, strict=True))
    assert signature(PreviewedLCM.step).parameters.keys() == signature(LCMScheduler.step).parameters.keys()
    scheduler: Any = PreviewedLCM(**BETAS)
    assert scheduler.from_config(scheduler.config).estimated is None


def test_with_several_pictures_it_is_the_first() -> None:
    scheduler: Any = DPMSolverMultistepScheduler(**BETAS, algorithm_type="sde-dpmsolver++")
    scheduler.set_timesteps(4)
    latents = torch.randn((3, 4, 8, 8), generator=torch.Generator().manual_seed(0))
    after = scheduler.step(latents * 0.5, scheduler.timesteps[0], latents).prev_sample
    assert torch.equal(clean_latents(scheduler, 0, after[:1], latents[:1]), scheduler.model_outputs[-1][:1])


@pytest.mark.parametrize(("preview", "grey"), [(linear_sd15, (128, 128, 128)), (linear_sdxl, (141, 125, 127))])
def test_latents_become_a_picture_of_their_own_size(preview: Any, grey: tuple[int, int, int]) -> None:
    picture = preview(SimpleNamespace(), torch.zeros(1, 4, 16, 24))
    assert picture.shape == (16, 24, 3) and picture.dtype == np.uint8
    assert tuple(picture[0, 0]) == grey
    brightness = torch.tensor([2.0, 0, 0, 0]).view(1, 4, 1, 1)  # the first channel, in both models
    assert (preview(SimpleNamespace(), brightness) > preview(SimpleNamespace(), -brightness)).all()
