"""Trains the diffusion model: "this person, another shot, as the words say", in the autoencoder's 8x8 latents.

    python -m training.diffusion --latents run/latents.pt --vae models/builtin/vae --rgb run/rgb128.safetensors \
        --landmarks run/landmarks.safetensors --minutes 100 --out run/diffusion.pt [--start models/builtin]

Target: a shot of a person. Conditions: another shot of the same person before a plain backdrop (its latents beside the
noisy ones, faded at random as the structure slider fades them, or left out), an ArcFace embedding of one or several
shots as FaceID tokens, words for the target's measures. Each is dropped at random, so that guidance works and each
control has a meaning of its own.

Five things are asked of some of the pictures as they come out of the synthesis network, not of their latents:

- ArcFace shall see the embedding that was asked for. Two shots of one person have a cosine of .68 only, and a model
  that is merely taught to go from one to the other keeps no more of a person than that. It is the given embedding, of
  several shots where there are several, so that it counts beside the reference.
- Without a reference the embedding is blurred with noise of random size, and the direction that all training
  embeddings share is projected out: people unlike the training faces do not have it. What comes out shall have the
  embedding that was asked for, noise included: the model also learns to obey embeddings that no training face has.
- The app's mask shall be able to tell the person from what is behind them: where it cannot, beside a neck, a smooth
  dark patch stays in the picture.
- Light and skin shall be those of the target: hard light is what a detector of landmarks takes for a turned head.
- The rules of the words that were said shall hold, with some room to spare: landmarks come from a small net that
  differentiates, and that goes on learning from the pictures it judges. Else the likeness is had most easily by
  drawing the reference again, whatever the words.
"""

import argparse
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

from pipelines.autoencoder import FaceAutoencoder
from pipelines.builtin import ReferenceUNet
from pipelines.recognisers import FACE_MODELS, locate
from pipelines.synthesis import RGBHead
from training import devices
from training.arcface import ArcFace
from training.attributes import measure, missed, strayed
from training.checkpoint import PAUSE, Run
from training.landmarks import Landmarks, Refresher, load_landmarks
from training.model import build, noise_schedule, set_identity_scale
from training.people import Batch, People, blurred, tokens
from training.rgb_head import load_head
from training.silhouette import Silhouette, doubt

CL = torch.channels_last


class Seen(NamedTuple):
    """What is to be seen in B pictures."""

    picture: torch.Tensor  # (B, 3, 256, 256) RGB, about [-1, 1]
    embedding: torch.Tensor  # (B, 512) unit, ArcFace's
    measures: torch.Tensor  # (B, 12), training.attributes
    doubt: torch.Tensor  # (B,), training.silhouette


class Judge(nn.Module):
    """Latents -> what is to be seen in the 256 px picture they stand for. Differentiable, not trained through."""

    def __init__(self, vae: FaceAutoencoder, head: RGBHead, landmarks: Landmarks, arcface: ArcFace):
        super().__init__()
        self.vae, self.head, self.landmarks, self.arcface = vae, head, landmarks, arcface
        self.silhouette = Silhouette()

        def picture(latents: torch.Tensor) -> torch.Tensor:
            features, style = self.vae.features(latents.contiguous(memory_format=CL))
            return self.head(self.vae.synthesis.features(features, style, blocks=2), style)

        self.picture = torch.compile(picture)

    def forward(self, latents: torch.Tensor) -> Seen:
        """Latents (B, 64, 8, 8), not scaled."""
        with devices.half_precision(latents.device):
            picture = self.picture(latents).float().contiguous(memory_format=CL)
            landmarks = self.landmarks(picture)
            embedding = self.arcface.embed(picture, landmarks.detach())
            person = self.silhouette(picture.clamp(-1, 1)).float()
        measures = measure(picture.clamp(-1, 1) * 0.5 + 0.5, landmarks)
        return Seen(picture, embedding, measures, doubt(person, landmarks.detach()))


class Given(NamedTuple):
    """What the model is told of each picture of a batch, after dropping."""

    reference: torch.Tensor
    identity: torch.Tensor
    words: list[list[str]]
    judged: slice  # of these pictures the judge sees what comes out


def given(batch: Batch, a: argparse.Namespace) -> Given:
    """Drop conditions at random; the first `a.through_gan` keep their identity, and most of those their reference."""
    n, device = len(batch.target), batch.target.device
    judged, beside = torch.arange(n) < a.through_gan, torch.arange(n) < a.beside
    alone = judged & ~beside
    dropped = torch.rand(n, 4)
    nothing = (dropped[:, 0] < 0.06) & ~judged
    nobody = (dropped[:, 0] < 0.16) & ~judged  # with the reference: what guidance goes away from
    no_words = nothing | nobody | (dropped[:, 1] < 0.06)
    no_identity = nothing | nobody | ((dropped[:, 2] < 0.06) & ~judged)
    no_reference = nothing | alone | ((dropped[:, 3] < a.without_reference) & ~beside & ~nobody)
    words = [[] if silent else said for silent, said in zip(no_words.tolist(), batch.words, strict=True)]

    no_identity, no_reference, beside = (flags.to(device) for flags in (no_identity, no_reference, beside))
    own = (torch.rand(n, 1, device=device) < 0.3) & no_reference[:, None]
    identity = torch.where(own, batch.own, batch.identity)
    identity = torch.where(no_reference[:, None], blurred(identity, a.blur), identity) * ~no_identity[:, None]
    fade = torch.rand(n, device=device)  # the structure slider
    fade = fade.masked_fill((torch.rand(n, device=device) < 0.5) | beside, 1.0)
    reference = batch.reference * (fade * ~no_reference)[:, None, None, None]
    return Given(reference, identity, words, slice(0, a.through_gan))


def predicted(
    unet: ReferenceUNet, text: nn.Module, told: Given, noisy: torch.Tensor, t: torch.Tensor, device: torch.device
) -> torch.Tensor:
    """The UNet's velocity (n, 64, 8, 8) float32."""
    with devices.half_precision(device):
        context = text(tokens(told.words).to(device)).last_hidden_state
        unet.reference = told.reference
        embeds = {"image_embeds": [told.identity[:, None]]}
        sample = noisy.contiguous(memory_format=CL)
        return unet(sample, t, context, added_cond_kwargs=embeds).sample.float()


def main() -> None:
    """Trains within the time box; resumes when the checkpoint exists.

    Prints every 50 steps: step, seconds, and the means of loss, cosine, what words miss, how far light and skin are
    off, and doubt, of pictures with a reference, and how many pixels the landmark net was off.
    """
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("vae", "rgb", "landmarks", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--latents", type=Path, nargs="+", required=True)
    parser.add_argument("--start", type=Path, help="a models/builtin to start from")
    parser.add_argument("--minutes", type=float, default=100)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--lr", type=float, default=3e-4)
    parser.add_argument("--seed", type=int, default=2)
    parser.add_argument("--through-gan", type=int, default=10, help="pictures of each batch that are judged")
    parser.add_argument("--beside", type=int, default=6, help="how many of those have a reference beside them")
    parser.add_argument("--identity-weight", type=float, default=0.6, help="of 1 - cosine for those pictures")
    parser.add_argument("--words-weight", type=float, default=0.15, help="of what their words miss, in deviations")
    parser.add_argument(
        "--light-weight", type=float, default=0.4, help="of how far light and skin are off the target's"
    )
    parser.add_argument("--doubt-weight", type=float, default=2.0, help="of where the person mask cannot tell")
    parser.add_argument("--blur", type=float, default=1.3, help="largest noise on an embedding, in its own length")
    parser.add_argument("--without-reference", type=float, default=0.35, help="share of samples that see no reference")
    a = parser.parse_args()
    run, device = Run(a.out, a.minutes, a.seed), devices.pick()
    people = People(a.latents, run.rng, device)
    judge = Judge(
        FaceAutoencoder.from_pretrained(a.vae).float(), load_head(a.rgb, 128), load_landmarks(a.landmarks),
        ArcFace(locate(FACE_MODELS["w600k_mbf"])),
    )  # fmt: skip
    devices.place(judge, device).requires_grad_(False)
    deviations = people.deviations.to(device)
    unet, text = build(a.start)
    modules = {"unet": devices.place(unet, device), "text": text.to(device), "landmarks": judge.landmarks}
    refresher = Refresher(judge.landmarks, run.rng)
    parameters = [*unet.parameters(), *text.parameters()]
    optimiser = torch.optim.AdamW(parameters, a.lr, betas=(0.9, 0.98), weight_decay=0.01)
    average = [p.detach().clone() for p in parameters]
    print("resumed" if run.resume(modules, optimiser, average) else "started", f"{len(people.rows)} shots", flush=True)
    schedule, log = noise_schedule(), []
    kept = schedule.alphas_cumprod.to(device)

    while run.progress < 1:
        for group in optimiser.param_groups:
            group["lr"] = run.learning_rate(a.lr)
        batch = people.batch(a.batch)
        told = given(batch, a)
        adapter_on = run.rng.random() >= 0.05
        set_identity_scale(unet, float(adapter_on))
        t = torch.randint(0, schedule.config.num_train_timesteps, (a.batch,), device=device)
        noise = torch.randn_like(batch.target)
        noisy = schedule.add_noise(batch.target, noise, t)
        out = predicted(unet, text, told, noisy, t, device)
        loss = F.mse_loss(out, schedule.get_velocity(batch.target, noise, t))
        figures = [loss.detach(), *torch.zeros(5, device=device)]
        seen = None

        if adapter_on and a.through_gan:
            g = told.judged
            alpha = kept[t[g]][:, None, None, None]
            seen = judge((alpha.sqrt() * noisy[g] - (1 - alpha).sqrt() * out[g]) / people.scale)
            cosine = F.cosine_similarity(seen.embedding @ people.projector, told.identity[g])
            off = missed(seen.measures, told.words[g], deviations)
            stray = strayed(seen.measures, batch.measures[g].to(device), deviations)
            loss = loss + a.identity_weight * (1 - cosine).mean() + a.words_weight * off.mean()
            loss = loss + a.light_weight * stray.mean() + a.doubt_weight * seen.doubt.mean()
            figures[1:5] = (x[: a.beside].detach().mean() for x in (cosine, off, stray, seen.doubt))
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimiser.step()
        if seen is not None:
            figures[5] = refresher.learn(seen.picture)
        run.step += 1
        log.append(torch.stack(figures))
        with torch.no_grad():
            torch._foreach_lerp_(average, [p.detach() for p in parameters], 1 - min(0.998, run.step / (run.step + 10)))
        if run.step % 50 == 0:
            print(run.step, round(run.elapsed), np.round(torch.stack(log[-50:]).mean(0).tolist(), 4), flush=True)
            run.save(modules, optimiser, average, pause=PAUSE)
    run.save(modules, optimiser, average)


if __name__ == "__main__":
    main()
