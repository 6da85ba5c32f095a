"""Sampling for the losses: the same latents as in the app."""

import pytest
import torch
import torch.nn.functional as F
from diffusers import DDIMScheduler

from pipelines.engine_table import ENGINES
from pipelines.engines.builtin.latent_grid import FACE, face_and_around
from pipelines.engines.loading import load_pipeline
from tests.support.made_up_training import LANDMARKS
from training.losses.judge import jitter_landmarks
from training.losses.rollout import sample_latents
from training.model import noise_schedule, set_identity_scale
from training.stages.diffusion import CORRUPTED_SHARE, corrupt_references

pytestmark = pytest.mark.slow


def scheduler() -> DDIMScheduler:
    return DDIMScheduler.from_config(noise_schedule().config, set_alpha_to_one=True)


def test_a_loss_sees_the_latents_that_the_app_draws() -> None:
    pipeline = load_pipeline(ENGINES["builtin"], torch.float32)
    pipeline.set_progress_bar_config(disable=True)
    torch.manual_seed(0)
    reference, identity = torch.randn(1, 64, 8, 8), F.normalize(torch.randn(1, 1, 512), dim=2)
    context, _ = pipeline.encode_prompt(["facing smiling"], torch.device("cpu"), 1, False)
    set_identity_scale(pipeline.unet, 0.8)
    pipeline.unet.reference = reference

    def velocity(latents: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        return pipeline.unet(latents, t, context, added_cond_kwargs={"image_embeds": [identity]}).sample

    torch.manual_seed(5)
    seen = sample_latents(velocity, reference, scheduler(), steps=4, with_gradient=1)
    torch.manual_seed(5)
    shown = pipeline(
        ["facing smiling"], latents=torch.randn(1, 64, 8, 8), num_inference_steps=4, guidance_scale=1.0,
        ip_adapter_image_embeds=[identity], output_type="latent",
    ).images  # fmt: skip
    assert torch.allclose(seen, shown, atol=1e-4)
    assert seen.requires_grad


def test_only_the_last_steps_are_learned_through() -> None:
    learned = []

    def velocity(latents: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        learned.append((int(t[0]), torch.is_grad_enabled()))
        return torch.zeros_like(latents)

    sample_latents(velocity, torch.zeros(2, 64, 8, 8), scheduler(), steps=4, with_gradient=2)
    assert learned == [(999, False), (749, False), (499, True), (249, True)]


def test_a_corrupted_reference_keeps_its_face_and_is_the_next_persons_in_places() -> None:
    torch.manual_seed(0)
    references = torch.arange(2000.0)[:, None, None, None].expand(-1, 64, 8, 8)
    changed = corrupt_references(references)
    assert torch.equal(changed[..., *FACE], references[..., *FACE])
    wrong = changed != references
    assert torch.equal(changed[wrong], references.roll(1, 0)[wrong])
    assert 0.6 * CORRUPTED_SHARE < wrong.flatten(1).any(1).float().mean() <= 1.2 * CORRUPTED_SHARE
    assert wrong[:, 0, face_and_around(0, 1).bool()].any(0).all()


def test_arcface_looks_at_a_face_a_little_differently_each_time() -> None:
    torch.manual_seed(0)
    points = torch.from_numpy(LANDMARKS).expand(500, -1, -1)
    moved = jitter_landmarks(points)
    eyes = (moved[:, 1] - moved[:, 0]).norm(dim=1)
    assert 0.02 < (eyes / 60).std() < 0.06 and abs(eyes.mean() / 60 - 1) < 0.01
    mouths = (moved[:, 4] - moved[:, 3]).norm(dim=1)
    assert torch.allclose(mouths / eyes, mouths.new_tensor(50 / 60), atol=1e-4)  # moved, zoomed and turned, not bent
    assert 1 < (moved.mean(1) - points.mean(1)).std() < 2
