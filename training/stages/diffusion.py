"""Training of the diffusion model: "this person, another shot, as the words say", in 8x8 latents.

    python -m training.stages.diffusion --latents run/latents.pt --vae models/builtin/vae --rgb run/rgb128.safetensors \
        --landmarks run/landmarks.safetensors --minutes 100 --out run/diffusion.pt [--start models/builtin]

Target: a shot of a person. Conditions: another shot of the same person on a plain backdrop (its latents beside the
noisy ones, scaled at random as the structure slider scales them, or none), an ArcFace embedding of one or several shots
as FaceID tokens, words for the target's measures. Each is dropped at random, so that guidance and each control work.

The loss is the v-prediction error, plus terms on some pictures of each batch that are sampled to the end, in the app's
few steps from the app's noise, and decoded:

- Identity: 1 - cosine to the given embedding, with a share of the target's own. Two shots of one person differ, and a
  model that only learns to go from one to the other keeps less of a person. ArcFace's crop is jittered.
- Without a reference the embedding gets noise of random size and is projected off the mean direction of all training
  embeddings; the picture shall have that embedding, so the model obeys embeddings that no training face has.
- Outline: the share of the picture where the person mask is unsure, which becomes dark patches beside a neck.
- Light and skin: the difference to the target's; hard light passes for a turned head.
- Words: what the rules of the given words miss, measured with landmarks of a net that keeps learning from the pictures
  it judges. Without this term likeness is had most easily by copying the reference.
"""

import argparse
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from diffusers import DDIMScheduler

from pipelines.engines.builtin.autoencoder import FaceAutoencoder
from pipelines.engines.builtin.latent_grid import FACE
from pipelines.engines.builtin.pipeline import ReferenceUNet
from pipelines.faces.models import FACE_MODELS, locate
from training import devices
from training.checkpoint import SAVE_INTERVAL, Run
from training.data.attributes import appearance_difference, rule_violation
from training.data.batches import Batch, ShotDataset, add_embedding_noise, token_batch
from training.losses.arcface import ArcFace
from training.losses.judge import Judge
from training.losses.rollout import sample_latents
from training.model import build, noise_schedule, set_identity_scale
from training.stages.landmarks import OnlineLandmarkTrainer, load_landmarks
from training.stages.rgb_head import load_head

CL = torch.channels_last
STEPS = (4, 4, 4, 4, 6)
"""Numbers of sampling steps for judged pictures, one of these at random."""
TARGET_IDENTITY_WEIGHT = 0.5
"""Weight of the target's own embedding in the one asked for; the given one has 1."""
CORRUPTED_SHARE = 0.3
"""Share of references with areas of somebody else around the face, 0..1."""


class Conditions(NamedTuple):
    """Conditions of each picture of a batch, after dropping."""

    reference: torch.Tensor
    identity: torch.Tensor
    person: torch.Tensor  # (n, 512) unit: the embedding asked for
    words: list[list[str]]

    def first(self, n: int) -> "Conditions":
        """Return the conditions of the first n pictures."""
        return Conditions(self.reference[:n], self.identity[:n], self.person[:n], self.words[:n])


def sample_conditions(
    batch: Batch, *, judged: int, with_reference: int, embedding_noise: float, without_reference: float
) -> Conditions:
    """Drop conditions at random; the first `judged` keep their identity, the first `with_reference` that as well."""
    n, device = len(batch.target), batch.target.device
    is_judged, is_with_reference = torch.arange(n) < judged, torch.arange(n) < with_reference
    alone = is_judged & ~is_with_reference
    dropped = torch.rand(n, 4)
    nothing = (dropped[:, 0] < 0.06) & ~is_judged
    nobody = (dropped[:, 0] < 0.16) & ~is_judged  # with the reference: what guidance goes away from
    no_words = nothing | nobody | (dropped[:, 1] < 0.06)
    no_identity = nothing | nobody | ((dropped[:, 2] < 0.06) & ~is_judged)
    no_reference = nothing | alone | ((dropped[:, 3] < without_reference) & ~is_with_reference & ~nobody)
    words = [[] if silent else said for silent, said in zip(no_words.tolist(), batch.words, strict=True)]

    no_identity, no_reference, is_with_reference = (
        flags.to(device) for flags in (no_identity, no_reference, is_with_reference)
    )
    own = (torch.rand(n, 1, device=device) < 0.3) & no_reference[:, None]
    identity = torch.where(own, batch.own, batch.identity)
    identity = (
        torch.where(no_reference[:, None], add_embedding_noise(identity, embedding_noise), identity)
        * ~no_identity[:, None]
    )
    fade = torch.rand(n, device=device)  # the structure slider
    whole = 0.9 + 0.4 * torch.rand(n, device=device)
    fade = torch.where((torch.rand(n, device=device) < 0.5) | is_with_reference, whole, fade)
    reference = corrupt_references(batch.reference) * (fade * ~no_reference)[:, None, None, None]
    person = torch.where(
        is_with_reference[:, None], F.normalize(identity + TARGET_IDENTITY_WEIGHT * batch.own, dim=1), identity
    )
    return Conditions(reference, identity, person, words)


def corrupt_references(references: torch.Tensor) -> torch.Tensor:
    """Replace areas around the face by the next person's in CORRUPTED_SHARE of the references (B, 64, 8, 8).

    A photo may cut through hair, the mask may lose a shoulder: around the face a reference can be wrong.
    """
    n, device = len(references), references.device
    area = F.interpolate(torch.randn(n, 1, 4, 4, device=device), scale_factor=2, mode="bilinear")
    wrong = area > torch.rand(n, 1, 1, 1, device=device)
    wrong[..., FACE[0], FACE[1]] = False
    wrong &= (torch.rand(n, device=device) < CORRUPTED_SHARE)[:, None, None, None]
    return torch.where(wrong, references.roll(1, 0), references)


def predict_velocity(
    unet: ReferenceUNet,
    text: nn.Module,
    conditions: Conditions,
    noisy: torch.Tensor,
    t: torch.Tensor,
    device: torch.device,
) -> torch.Tensor:
    """Predict the velocity (n, 64, 8, 8) float32."""
    with devices.half_precision(device):
        context = text(token_batch(conditions.words).to(device)).last_hidden_state
        unet.reference = conditions.reference
        embeds = {"image_embeds": [conditions.identity[:, None]]}
        sample = noisy.contiguous(memory_format=CL)
        return unet(sample, t, context, added_cond_kwargs=embeds).sample.float()


def argument_parser() -> argparse.ArgumentParser:
    """The options of this stage."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("vae", "rgb", "landmarks", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--latents", type=Path, nargs="+", required=True)
    parser.add_argument("--start", type=Path, help="a models/builtin to start from")
    parser.add_argument("--minutes", type=float, default=100)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--lr", type=float, default=3e-4)
    parser.add_argument("--seed", type=int, default=2)
    parser.add_argument("--judged", type=int, default=10, help="pictures of each batch that are judged")
    parser.add_argument("--judged-with-reference", type=int, default=6, help="how many of those have a reference")
    parser.add_argument("--identity-weight", type=float, default=0.6, help="of 1 - cosine for those pictures")
    parser.add_argument("--words-weight", type=float, default=0.15, help="of what their words miss, in deviations")
    parser.add_argument(
        "--light-weight", type=float, default=0.4, help="of how far light and skin are off the target's"
    )
    parser.add_argument("--unsure-weight", type=float, default=2.0, help="of the share where the person mask is unsure")
    parser.add_argument(
        "--embedding-noise", type=float, default=1.3, help="largest noise on an embedding, in its own length"
    )
    parser.add_argument("--without-reference", type=float, default=0.35, help="share of samples that see no reference")
    return parser


def main() -> None:
    """Train within the time box, from the checkpoint if there is one.

    Prints every 50 steps: step, seconds, and the means of loss; of pictures with a reference, cosine, what words miss,
    difference in light and skin, and unsure share; cosine of those without one; the landmark net's error in pixels.
    """
    a = argument_parser().parse_args()
    run, device = Run(a.out, a.minutes, a.seed), devices.default_device()
    people = ShotDataset(a.latents, run.rng, device)
    judge = Judge(
        FaceAutoencoder.from_pretrained(a.vae).float(), load_head(a.rgb, 128), load_landmarks(a.landmarks),
        ArcFace(locate(FACE_MODELS["w600k_mbf"])),
    )  # fmt: skip
    devices.to_device(judge, device).requires_grad_(False)
    deviations = people.deviations.to(device)
    unet, text = build(a.start)
    modules = {"unet": devices.to_device(unet, device), "text": text.to(device), "landmarks": judge.landmarks}
    landmark_trainer = OnlineLandmarkTrainer(judge.landmarks, run.rng)
    parameters = [*unet.parameters(), *text.parameters()]
    optimiser = torch.optim.AdamW(parameters, a.lr, betas=(0.9, 0.98), weight_decay=0.01)
    average = [p.detach().clone() for p in parameters]
    print("resumed" if run.resume(modules, optimiser, average) else "started", f"{len(people.rows)} shots", flush=True)
    schedule, log = noise_schedule(), []
    scheduler = DDIMScheduler.from_config(schedule.config, set_alpha_to_one=True)

    while run.progress < 1:
        for group in optimiser.param_groups:
            group["lr"] = run.learning_rate(a.lr)
        batch = people.batch(a.batch)
        conditions = sample_conditions(
            batch,
            judged=a.judged,
            with_reference=a.judged_with_reference,
            embedding_noise=a.embedding_noise,
            without_reference=a.without_reference,
        )
        scale = float(run.rng.choice((0, 1, run.rng.random()), p=(0.05, 0.6, 0.35)))
        set_identity_scale(unet, scale)
        t = torch.randint(0, schedule.config.num_train_timesteps, (a.batch,), device=device)
        noise = torch.randn_like(batch.target)
        noisy = schedule.add_noise(batch.target, noise, t)
        out = predict_velocity(unet, text, conditions, noisy, t, device)
        loss = F.mse_loss(out, schedule.get_velocity(batch.target, noise, t))
        figures = [loss.detach(), *torch.zeros(6, device=device)]
        judgement = None

        if scale and a.judged:
            asked = conditions.first(a.judged)
            steps = int(run.rng.choice(STEPS))
            velocity = partial(predict_velocity, unet, text, asked, device=device)
            latents = sample_latents(
                velocity, asked.reference, scheduler, steps=steps, with_gradient=int(run.rng.integers(1, 5))
            )
            judgement = judge(latents / people.scale)
            cosine = F.cosine_similarity(judgement.embedding @ people.projector, asked.person)
            weight = torch.full_like(cosine, scale)  # alone, a faint embedding is nothing to go by
            weight[: a.judged_with_reference] = 1
            violation = rule_violation(judgement.measures, asked.words, deviations)
            difference = appearance_difference(judgement.measures, batch.measures[: a.judged].to(device), deviations)
            loss = loss + a.identity_weight * (weight * (1 - cosine)).mean() + a.words_weight * violation.mean()
            loss = loss + a.light_weight * difference.mean() + a.unsure_weight * judgement.unsure_share.mean()
            figures[1:5] = (
                x[: a.judged_with_reference].detach().mean()
                for x in (cosine, violation, difference, judgement.unsure_share)
            )
            figures[5] = cosine[a.judged_with_reference :].detach().mean()
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimiser.step()
        if judgement is not None and run.step % 2 == 0:
            figures[6] = 2 * landmark_trainer.learn(judgement.picture)
        run.step += 1
        log.append(torch.stack(figures))
        with torch.no_grad():
            torch._foreach_lerp_(average, [p.detach() for p in parameters], 1 - min(0.998, run.step / (run.step + 10)))
        if run.step % 50 == 0:
            print(run.step, round(run.elapsed), np.round(torch.stack(log[-50:]).mean(0).tolist(), 4), flush=True)
            run.save(modules, optimiser, average, interval=SAVE_INTERVAL)
    run.save(modules, optimiser, average)


if __name__ == "__main__":
    main()
