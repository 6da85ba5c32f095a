r"""Autoencoder training: aligned 256x256 picture and its ArcFace maps -> latents (64, 8, 8) -> features and style.

    python -m training.stages.autoencoder --synthesis run/synthesis.safetensors --rgb run/rgb64.safetensors \
        --faces run/faces --minutes 44 --out run/autoencoder.pt --vae run/vae

The loss, all in one: squared error of the 32x32 features, each of 512 channels in units of its deviation, face against
border 4:1; 0.2 x that of the style; and from a tenth of the time on, for some pictures of each batch, 0.6 x (1 - cosine
of ArcFace embeddings) + 0.5 x L1 of the 128 px picture, both through the synthesis network's layers up to 64 px and the
small head of training.stages.rgb_head. The synthesis network itself is never trained.
"""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

from pipelines.engines.builtin.alignment import arcface_crop
from pipelines.engines.builtin.arcface_maps import ArcFaceMaps
from pipelines.engines.builtin.autoencoder import FaceAutoencoder
from pipelines.faces.models import FACE_MODELS, locate
from training import devices
from training.checkpoint import Run
from training.data.face_shards import HELD_OUT, Faces, decode_pictures, load_faces
from training.losses.arcface import ArcFace
from training.stages.mobilestylegan import Synthesis, load_generator
from training.stages.rgb_head import load_head

STYLE_WEIGHT, LIKENESS_WEIGHT, PICTURE_WEIGHT = 0.2, 0.6, 0.5
LATENT_NOISE = 0.12
"""Standard deviation of noise on the latents, so that the decoder tolerates small errors of the diffusion model."""
LIKENESS_FROM = 0.1
"""Share of the time box after which ArcFace and the picture count as well; earlier they disturb the feature loss."""
AVERAGE_DECAY = 0.995
"""Decay of the running average of the weights."""
CL = torch.channels_last


class Batch(NamedTuple):
    """Pictures of B people on the device, with style, landmarks and embedding."""

    clean: torch.Tensor
    """(B, 3, 256, 256) RGB in [-1, 1]."""
    degraded: torch.Tensor
    """The same with a phone's exposure, tint, blur and noise."""
    arcface: ArcFaceMaps
    style: torch.Tensor
    landmarks: torch.Tensor
    embedding: torch.Tensor


class Losses(NamedTuple):
    """Result of `losses`."""

    total: torch.Tensor
    features: torch.Tensor
    cosine: torch.Tensor
    """Mean ArcFace cosine of the judged pictures; 0 without any."""


def face_weight() -> torch.Tensor:
    """Weight of each place of the features, face against border about 4:1: (1, 1, 32, 32), mean 1."""
    y, x = torch.meshgrid(torch.linspace(-1, 1, 32), torch.linspace(-1, 1, 32), indexing="ij")
    weight = 1 + 3 * torch.exp(-((x**2 + (y - 0.1) ** 2) / 0.4**2))
    return (weight / weight.mean())[None, None]


def degrade(pictures: torch.Tensor) -> torch.Tensor:
    """Add a selfie's exposure, tint, blur and noise, on the CPU, whose random state the checkpoint keeps."""
    n = len(pictures)
    x = pictures * (1 + 0.15 * torch.randn(n, 1, 1, 1)) + 0.06 * torch.randn(n, 3, 1, 1)
    if torch.rand(()) < 0.4:
        blurred = F.interpolate(F.avg_pool2d(x, int(torch.randint(2, 4, ()))), size=x.shape[-1], mode="bilinear")
        x = torch.where(torch.rand(n, 1, 1, 1) < 0.5, x, blurred)
    return x + 0.03 * torch.rand(n, 1, 1, 1) * torch.randn_like(x)


def measure_targets(vae: FaceAutoencoder, synthesis: Synthesis, styles: torch.Tensor) -> None:
    """Set the means and deviations in whose units the decoder's output is."""
    with torch.no_grad():
        features = torch.cat([synthesis.features(part) for part in styles[:256].split(16)])
        vae.feature_mean.copy_(features.mean((0, 2, 3), keepdim=True))
        vae.feature_deviation.copy_(features.std((0, 2, 3), keepdim=True))
        vae.style_mean.copy_(styles.mean(0))
        vae.style_deviation.copy_(styles.std(0))


def small_picture(vae: FaceAutoencoder, features: torch.Tensor, style: torch.Tensor) -> torch.Tensor:
    """Render the decoder's features (B, 512, 32, 32) and style (B, 512): RGB (B, 3, 128, 128)."""
    style = style * vae.style_deviation + vae.style_mean
    features = (features * vae.feature_deviation + vae.feature_mean).to(torch.bfloat16)
    features = vae.synthesis.features(features, style, blocks=1).to(torch.bfloat16)
    return vae.preview_head(features, style).float()


def losses(
    vae: FaceAutoencoder, synthesis: Synthesis, arcface: ArcFace, batch: Batch, *,
    judged: int, latent_noise: float = LATENT_NOISE, picture: Callable[..., torch.Tensor] = small_picture,
) -> Losses:  # fmt: skip
    """Compute the losses of a batch; ArcFace judges the first `judged` pictures. `picture`: maybe compiled."""
    device = batch.clean.device
    with devices.half_precision(device):
        with torch.no_grad():
            target = (synthesis.features(batch.style).float() - vae.feature_mean) / vae.feature_deviation
        latents = vae.encode(batch.degraded, batch.arcface).float()
        noise = torch.randn(latents.shape).to(device)
        features, style = vae.decoder(latents + latent_noise * noise)
    features, style = features.float(), style.float()
    feature_loss = ((features - target) ** 2 * face_weight().to(device)).mean()
    style_loss = F.mse_loss(style, (batch.style - vae.style_mean) / vae.style_deviation)
    total, cosine = feature_loss + STYLE_WEIGHT * style_loss, torch.zeros((), device=device)
    if judged:
        with devices.half_precision(device):
            drawn = picture(vae, features[:judged], style[:judged])
        crop = arcface_crop(drawn, batch.landmarks[:judged] / 2)  # bfloat16 would round its coordinates to a pixel
        with devices.half_precision(device):
            seen, _ = arcface(crop.contiguous(memory_format=CL))
        cosine = F.cosine_similarity(seen.float(), batch.embedding[:judged]).mean()
        difference = (drawn - F.avg_pool2d(batch.clean[:judged], 2)).abs().mean()
        total = total + LIKENESS_WEIGHT * (1 - cosine) + PICTURE_WEIGHT * difference
    return Losses(total, feature_loss.detach(), cosine.detach())


class FaceBatches:
    """Sampler of batches of stored faces.

    On a CPU ArcFace's maps are computed once (3.4 GB for 8,000 faces), every other group of 32 from degraded
    pictures; on a GPU for each degraded picture.
    """

    def __init__(self, faces: Faces, arcface: ArcFace, device: torch.device):
        self.faces, self.arcface, self.device = faces, arcface, device
        self.stored = self._store() if device.type == "cpu" else None

    def batch(self, index) -> Batch:
        """Load the people of these indices, with new degradations."""
        clean = decode_pictures(self.faces.webp, index)
        degraded = degrade(clean).to(self.device, memory_format=CL)
        style, landmarks, embedding = (
            part[index].to(self.device) for part in (self.faces.style, self.faces.landmarks, self.faces.embedding)
        )
        if self.stored:
            maps = tuple(m[index].contiguous(memory_format=CL) for m in self.stored)
            seen = ArcFaceMaps(maps, embedding)
        else:
            with torch.no_grad():
                seen = self.arcface.maps(degraded, landmarks)
        return Batch(clean.to(self.device, memory_format=CL), degraded, seen, style, landmarks, embedding)

    @torch.no_grad()
    def _store(self) -> list[torch.Tensor]:
        maps: list[list[torch.Tensor]] = [[], [], []]
        for number, start in enumerate(range(0, len(self.faces.webp), 32)):
            x = decode_pictures(self.faces.webp, range(start, min(start + 32, len(self.faces.webp))))
            x = degrade(x) if number % 2 else x
            seen = self.arcface.maps(x, self.faces.landmarks[start : start + 32])
            for stored, part in zip(maps, seen.maps, strict=True):
                stored.append(part.to(torch.bfloat16))
        return [torch.cat(parts) for parts in maps]


def argument_parser() -> argparse.ArgumentParser:
    """The options of this stage."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("synthesis", "rgb", "faces", "out", "vae"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--start", type=Path, help="a folder written by an earlier run, to start from its weights")
    parser.add_argument("--minutes", type=float, default=44)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--judged", type=int, default=6, help="pictures of each batch that ArcFace judges")
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--seed", type=int, default=0)
    return parser


def main() -> None:
    """Train within the time box, from the checkpoint if there is one, and export the weight averages."""
    a = argument_parser().parse_args()
    a.out.parent.mkdir(parents=True, exist_ok=True)
    run, device = Run(a.out, a.minutes, a.seed), devices.default_device()
    faces, (_, synthesis) = load_faces(a.faces), load_generator(a.synthesis)
    arcface = devices.to_device(ArcFace(locate(FACE_MODELS["w600k_mbf"])), device)
    vae = FaceAutoencoder.from_pretrained(a.start).float() if a.start else FaceAutoencoder()
    if not a.start:
        vae.synthesis.load_state_dict(synthesis.upper.state_dict())
        vae.preview_head.load_state_dict(load_head(a.rgb, 64).state_dict())
        measure_targets(vae, synthesis, faces.style)
    devices.to_device(vae, device).train()
    devices.to_device(synthesis, device)
    for frozen in (vae.synthesis, vae.preview_head):
        frozen.requires_grad_(False)
    data, modules = FaceBatches(faces, arcface, device), {"encoder": vae.encoder, "decoder": vae.decoder}
    parameters = [p for module in modules.values() for p in module.parameters()]
    optimiser = torch.optim.AdamW(parameters, a.lr, betas=(0.9, 0.98), weight_decay=0.02)
    average, picture = [p.detach().clone() for p in parameters], torch.compile(small_picture)
    print("resumed" if run.resume(modules, optimiser, average) else "started", f"{len(faces.webp)} faces", flush=True)
    log: list[tuple[float, float]] = []
    while run.progress < 1:
        for group in optimiser.param_groups:
            group["lr"] = run.learning_rate(a.lr, warm_up=60)
        batch = data.batch(run.rng.integers(HELD_OUT, len(faces.webp), a.batch))
        judged = a.judged if run.progress > LIKENESS_FROM else 0
        loss = losses(vae, synthesis, arcface, batch, judged=judged, picture=picture)
        optimiser.zero_grad(set_to_none=True)
        loss.total.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimiser.step()
        run.step += 1
        log.append((loss.features.item(), loss.cosine.item()))
        with torch.no_grad():
            now = [p.detach() for p in parameters]
            torch._foreach_lerp_(average, now, 1 - min(AVERAGE_DECAY, run.step / (run.step + 10)))
        if run.step % 100 == 0:
            print(run.step, round(run.elapsed), np.round(np.mean(log[-100:], 0), 4), flush=True)
            run.save(modules, optimiser, average)
    run.save(modules, optimiser, average)
    with torch.no_grad():
        torch._foreach_copy_(parameters, average)
        held = [
            losses(vae, synthesis, arcface, data.batch(np.arange(j, j + 16)), judged=16, latent_noise=0)
            for j in range(0, HELD_OUT, 16)
        ]
    features, cosine = (float(np.mean([x[k].item() for x in held])) for k in (1, 2))
    print(f"{HELD_OUT} people never trained on: features {features:.4f}, ArcFace cosine at 128 px {cosine:.3f}")
    vae.to("cpu", memory_format=torch.contiguous_format).half().save_pretrained(a.vae)


if __name__ == "__main__":
    main()
