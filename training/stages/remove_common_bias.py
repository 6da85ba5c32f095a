"""Removal of the common bias: what the diffusion model draws of everybody, and no shot of people has.

    python -m training.stages.remove_common_bias --latents run/latents.pt --start run/model --vae run/model/vae \
        --minutes 22 --out run/unbiased.pt [--model run/unbiased]

Losses that look through frozen nets can be pleased with the same feature in every picture, such as the rim of glasses
beside one eye. The mean of what is drawn of many people, less the mean of their shots, place by place, is nobody's
likeness, light or words, since those are the same in both. The model learns to draw what it drew, less that difference.
Clothes are left as they are: without their difference shoulders dissolve.
"""

import argparse
import copy
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from diffusers import DDIMScheduler

from pipelines.engines.builtin.autoencoder import FaceAutoencoder
from pipelines.engines.builtin.pipeline import ReferenceUNet
from training import devices
from training.checkpoint import SAVE_INTERVAL, Run
from training.data.batches import ShotDataset
from training.losses.rollout import ddim_step, initial_noise, sample_latents
from training.model import build, noise_schedule, set_identity_scale
from training.stages.diffusion import Conditions, predict_velocity, sample_conditions
from training.stages.export import export

STEPS = (4, 4, 4, 6, 8, 12, 20)
"""Numbers of sampling steps, one of these at random; only the last step is learned."""
CLOTHES = ((6, (0, 1, 6, 7)), (7, tuple(range(8))))
"""Rows of the latents, and their columns, that stay as they are."""
BIAS_BATCHES = 24
"""Batches drawn to measure the common bias."""


def argument_parser() -> argparse.ArgumentParser:
    """The options of this stage."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("vae", "start", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--latents", type=Path, nargs="+", required=True)
    parser.add_argument("--model", type=Path, help="a folder like models/builtin to write")
    parser.add_argument("--minutes", type=float, default=25)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--lr", type=float, default=1e-4)
    parser.add_argument("--seed", type=int, default=0)
    return parser


def main() -> None:
    """Measure the bias, train within the time box, from the checkpoint if there is one, and write a model folder.

    Prints every 10 steps: step, seconds, and the means of the finished latents' error and of the change of velocities
    at other noise.
    """
    a = argument_parser().parse_args()
    run, device = Run(a.out, a.minutes, a.seed), devices.default_device()
    people = ShotDataset(a.latents, run.rng, device)
    unet, text = build(a.start)
    devices.to_device(unet, device)
    text.to(device).requires_grad_(False)
    before = copy.deepcopy(unet).requires_grad_(False)
    schedule = noise_schedule()
    scheduler = DDIMScheduler.from_config(schedule.config, set_alpha_to_one=True)

    def next_conditions() -> tuple[Conditions, torch.Tensor]:
        batch = people.batch(a.batch)
        # Everybody keeps an identity, three of four a reference.
        return sample_conditions(
            batch, judged=a.batch, with_reference=a.batch * 3 // 4, embedding_noise=1.3, without_reference=0
        ), batch.target

    common_bias = nn.Parameter(torch.zeros(64, 8, 8, device=device), requires_grad=False)
    modules = {"unet": unet, "excess": nn.ParameterList([common_bias])}
    optimiser = torch.optim.AdamW(unet.parameters(), a.lr, betas=(0.9, 0.98), weight_decay=0)
    average = [p.detach().clone() for p in unet.parameters()]
    if run.resume(modules, optimiser, average):
        print("resumed", flush=True)
    else:
        common_bias.copy_(measure_common_bias(next_conditions, before, text, scheduler, device))
        print(f"root mean square of the common bias: {common_bias.square().mean().sqrt():.3f}", flush=True)

    log: list[torch.Tensor] = []
    while run.progress < 1:
        for group in optimiser.param_groups:
            group["lr"] = run.learning_rate(a.lr, warm_up=20)
        asked, target = next_conditions()
        scale = float(run.rng.choice((1.0, run.rng.random())))
        for net in (unet, before):
            set_identity_scale(net, scale)

        # Target: what the model drew, less the common bias.
        old, new = (partial(predict_velocity, net, text, asked, device=device) for net in (before, unet))
        scheduler.set_timesteps(int(run.rng.choice(STEPS)))
        with torch.no_grad():
            latents = initial_noise(target)
            *earlier, last = scheduler.timesteps.tolist()
            for t in earlier:
                latents = ddim_step(old, latents, scheduler, t)
            wanted = ddim_step(old, latents, scheduler, last) - common_bias
        off = F.mse_loss(ddim_step(new, latents, scheduler, last), wanted)

        # At more noise nothing changes.
        noise_at = torch.randint(300, schedule.config.num_train_timesteps, (a.batch,), device=device)
        noisy = schedule.add_noise(target, torch.randn_like(target), noise_at)
        with torch.no_grad():
            as_before = old(noisy, noise_at)
        moved = F.mse_loss(new(noisy, noise_at), as_before)
        optimiser.zero_grad(set_to_none=True)
        (off + 0.5 * moved).backward()
        nn.utils.clip_grad_norm_(unet.parameters(), 1.0)
        optimiser.step()
        run.step += 1
        log.append(torch.stack([off.detach(), moved.detach()]))
        with torch.no_grad():
            torch._foreach_lerp_(
                average, [p.detach() for p in unet.parameters()], 1 - min(0.95, run.step / (run.step + 10))
            )
        if run.step % 10 == 0:
            print(run.step, round(run.elapsed), np.round(torch.stack(log[-10:]).mean(0).tolist(), 5), flush=True)
            run.save(modules, optimiser, average, interval=SAVE_INTERVAL)
    run.save(modules, optimiser, average)
    if a.model is not None:
        with torch.no_grad():
            for parameter, value in zip(unet.parameters(), average, strict=True):
                parameter.copy_(value)
        vae = FaceAutoencoder.from_pretrained(a.vae)
        nothing = torch.eye(people.projector.shape[0])  # the adapter in `start` has its projector in it
        export(unet.cpu(), text.cpu(), vae, vae.config.scaling_factor, nothing, a.model)


@torch.no_grad()
def measure_common_bias(
    next_conditions: Callable[[], tuple[Conditions, torch.Tensor]],
    unet: ReferenceUNet,
    text: nn.Module,
    scheduler: DDIMScheduler,
    device: torch.device,
) -> torch.Tensor:
    """Average what is drawn, less the shots: (64, 8, 8), 0 at the places of CLOTHES.

    Args:
        next_conditions: samples a batch's conditions and its targets (B, 64, 8, 8).
        unet: the model before training.
        text: its text encoder.
        scheduler: DDIM.
        device: of all of them.
    """
    total = torch.zeros(64, 8, 8, device=device)
    for k in range(BIAS_BATCHES):
        set_identity_scale(unet, 1.0 if k % 2 else 0.15)
        asked, target = next_conditions()
        finished = sample_latents(
            partial(predict_velocity, unet, text, asked, device=device), target, scheduler, steps=4, with_gradient=0
        )
        total += (finished - target).mean(0) / BIAS_BATCHES
    for row, columns in CLOTHES:
        total[:, row, list(columns)] = 0
    return total


if __name__ == "__main__":
    main()
