r"""Fine-tuning of the autoencoder on people and light that the synthesis network does not draw.

    python -m training.stages.autoencoder_finetune --start run/autoencoder --synthesis run/synthesis.safetensors \
        --faces run/faces --pairs run/pairs.pt --rgb run/rgb128.safetensors --minutes 60 \
        --out run/autoencoder_finetuned.pt --vae run/autoencoder_finetuned

Part of each batch is augmented: mirrored, warped by a smooth field, stretched, under another exposure, tint,
saturation and side light. Such a picture has no known features; the decoded picture is judged, through the synthesis
network's layers up to 128 px: ArcFace's embedding and inner maps, and the colours, coarse and fine. The rest of the
batch keeps the feature loss, backdrop and face weighted alike, and its latents stay near those of the starting encoder,
so that a diffusion model trained on those needs little adaptation.

The encoder's input gets a camera's blur and noise but keeps exposure and tint: an encoder that has to undo them moves
everybody's skin towards the mean.
"""

import argparse
from copy import deepcopy
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

from pipelines.engines.builtin.alignment import arcface_crop
from pipelines.engines.builtin.arcface_maps import ArcFaceMaps
from pipelines.engines.builtin.autoencoder import Encoder, FaceAutoencoder
from pipelines.engines.builtin.mobilestylegan import RGBHead
from pipelines.faces.models import FACE_MODELS, locate
from training import devices
from training.checkpoint import SAVE_INTERVAL, Run
from training.data.face_shards import HELD_OUT, Faces, decode_pictures, load_faces
from training.losses.arcface import ArcFace
from training.stages.mobilestylegan import Synthesis, load_generator
from training.stages.rgb_head import load_head

SIDE = 256
LIKENESS_WEIGHT, MAPS_WEIGHT, PICTURE_WEIGHT, COARSE_WEIGHT = 1.0, 0.5, 0.5, 0.5
STYLE_WEIGHT, ANCHOR_WEIGHT = 0.2, 0.03
LATENT_NOISE = 0.12
AVERAGE_DECAY = 0.995
"""Decay of the running average of the weights."""
CL = torch.channels_last


class FacePictures(NamedTuple):
    """Pictures (B, 3, 256, 256) RGB in [-1, 1] and their landmarks (B, 5, 2) in pixels."""

    picture: torch.Tensor
    landmarks: torch.Tensor


class StyledPictures(NamedTuple):
    """Pictures with their styles (B, 23, 512), one for each modulation of the synthesis network."""

    shown: FacePictures
    style: torch.Tensor


class Source(Protocol):
    """Source of the pictures of a batch."""

    def with_style(self, n: int) -> StyledPictures:
        """Return n pictures as the synthesis network drew them, with styles."""

    def augmented(self, n: int) -> FacePictures:
        """Return n augmented pictures."""


def mirror(shown: FacePictures, which: torch.Tensor) -> FacePictures:
    """Flip the pictures of `which` (B,) bool left to right; eyes and mouth corners change names."""
    sign, shift = shown.landmarks.new_tensor([[-1.0, 1.0], [SIDE - 1.0, 0.0]])
    points = shown.landmarks[:, [1, 0, 2, 4, 3]] * sign + shift
    return FacePictures(
        torch.where(which[:, None, None, None], shown.picture.flip(3), shown.picture),
        torch.where(which[:, None, None], points, shown.landmarks),
    )


def warp(
    shown: FacePictures, field: float = 0.013, stretch: float = 0.04, *, which: torch.Tensor | None = None
) -> FacePictures:
    """Warp faces by a smooth random displacement (deviation in picture sides) and a stretch along both axes.

    Pictures with the same number in `which` (B,), 0 and up, are warped alike; by default each has its own warp.
    """
    n, device = len(shown.picture), shown.picture.device
    which = torch.arange(n, device=device) if which is None else which
    base = F.affine_grid(torch.eye(2, 3, device=device).expand(n, -1, -1), [n, 2, SIDE, SIDE], align_corners=False)
    coarse = (torch.randn(n, 2, 5, 5, device=device) * field)[which]
    smooth = F.interpolate(coarse, size=SIDE, mode="bicubic", align_corners=True)
    shift = 2 * smooth + (base * stretch * torch.randn(n, 1, 1, 2, device=device)[which]).permute(0, 3, 1, 2)
    grid = base + shift.permute(0, 2, 3, 1)
    picture = F.grid_sample(shown.picture, grid, padding_mode="reflection", align_corners=False)
    at = (shown.landmarks + 0.5) * 2 / SIDE - 1
    moved = at
    for _ in range(4):  # the field says where a pixel comes from; landmarks ask where they go
        moved = at - F.grid_sample(shift, moved[:, :, None], align_corners=False)[..., 0].transpose(1, 2)
    return FacePictures(picture, (moved + 1) * SIDE / 2 - 0.5)


def relight(picture: torch.Tensor, *, which: torch.Tensor | None = None) -> torch.Tensor:
    """Change gamma, exposure, tint and saturation and add a ramp of light; `which` as in `warp`."""
    n, device = len(picture), picture.device
    which = torch.arange(n, device=device) if which is None else which

    def drawn(deviation: float, channels: int = 1) -> torch.Tensor:
        return (deviation * torch.randn(n, channels, 1, 1, device=device)).exp()[which]

    x = (picture * 0.5 + 0.5).clamp(1e-3, 1) ** drawn(0.25) * drawn(0.12) * drawn(0.05, 3)
    grey = x.mean(1, keepdim=True)
    x = grey + (x - grey) * drawn(0.2)
    y, across = torch.meshgrid(*[torch.linspace(-1, 1, SIDE, device=device)] * 2, indexing="ij")
    angle = torch.rand(n, 1, 1, 1, device=device)[which] * 2 * torch.pi
    steepness = 0.2 * torch.randn(n, 1, 1, 1, device=device)[which]
    x = x * (1 + steepness * (angle.cos() * across + angle.sin() * y)).clamp(0.3)
    return x.clamp(0, 1) * 2 - 1


def add_camera_noise(picture: torch.Tensor) -> torch.Tensor:
    """Add a camera's blur and noise; exposure and tint stay."""
    n, x, device = len(picture), picture, picture.device
    if torch.rand(()) < 0.4:
        blurred = F.interpolate(F.avg_pool2d(x, int(torch.randint(2, 4, ()))), size=SIDE, mode="bilinear")
        x = torch.where(torch.rand(n, 1, 1, 1, device=device) < 0.5, x, blurred)
    grain = 0.03 * torch.rand(n, 1, 1, 1, device=device) * torch.randn_like(x)
    return x + 0.01 * torch.randn(n, 3, 1, 1, device=device) + grain


def maps_distance(ours: list[torch.Tensor], theirs: list[torch.Tensor]) -> torch.Tensor:
    """Average 1 - cosine between the channels at each place of ArcFace's maps."""
    return torch.stack(
        [1 - F.cosine_similarity(a.float(), b.float()).mean() for a, b in zip(ours, theirs, strict=True)]
    ).mean()


class FinetuneLoss(nn.Module):
    """Loss of the fine-tuning: the autoencoder under training and the frozen nets that judge it."""

    def __init__(self, vae: FaceAutoencoder, synthesis: Synthesis, head: RGBHead, arcface: ArcFace):
        super().__init__()
        self.vae, self.synthesis, self.head, self.arcface = vae, synthesis, head, arcface
        self.initial_encoder = deepcopy(vae.encoder)
        self.draw = torch.compile(self._draw)

    def _draw(self, features: torch.Tensor, style: torch.Tensor) -> torch.Tensor:
        features, style = (
            features * self.vae.feature_deviation + self.vae.feature_mean,
            style * self.vae.style_deviation + self.vae.style_mean,
        )
        return self.head(self.vae.synthesis.features(features.to(torch.bfloat16), style, blocks=2), style)

    def arcface_features(self, shown: FacePictures) -> tuple[torch.Tensor, list[torch.Tensor]]:
        """Return ArcFace's unit embedding (B, 512) and its inner maps in its own frame."""
        crop = arcface_crop(shown.picture, shown.landmarks)  # bfloat16 would round its coordinates to a pixel
        with devices.half_precision(crop.device):
            embedding, maps = self.arcface(crop.contiguous(memory_format=CL))
        return F.normalize(embedding.float(), dim=1), maps

    def encode(self, encoder: Encoder, shown: FacePictures) -> torch.Tensor:
        """Encode pictures as the app does: latents (B, 64, 8, 8)."""
        with devices.half_precision(shown.picture.device):
            with torch.no_grad():
                read = self.arcface.maps(shown.picture.contiguous(), shown.landmarks)
                read = ArcFaceMaps(tuple(m.contiguous(memory_format=CL) for m in read.maps), read.embedding)
            return encoder(shown.picture.contiguous(memory_format=CL), read).float()

    def forward(
        self, styled: StyledPictures, augmented: FacePictures
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Compute loss, feature loss and ArcFace cosine of pictures with styles and of augmented ones."""
        device, n = styled.style.device, len(styled.style)
        taken = FacePictures(*(torch.cat(parts).to(device) for parts in zip(styled.shown, augmented, strict=True)))
        latents = self.encode(self.vae.encoder, FacePictures(add_camera_noise(taken.picture), taken.landmarks))
        with devices.half_precision(device):
            features, style = self.vae.decoder(latents + LATENT_NOISE * torch.randn_like(latents))
        features, style = features.float(), style.float()

        feature_loss = torch.zeros((), device=device)
        total = feature_loss
        if n:
            with torch.no_grad(), devices.half_precision(device):
                target = self.synthesis.features(styled.style).float()
                initial_latents = self.encode(
                    self.initial_encoder, FacePictures(taken.picture[:n], taken.landmarks[:n])
                )
            target = (target - self.vae.feature_mean) / self.vae.feature_deviation
            feature_loss = F.mse_loss(features[:n], target)
            target_style = (styled.style[:, -1] - self.vae.style_mean) / self.vae.style_deviation
            total = feature_loss + STYLE_WEIGHT * F.mse_loss(style[:n], target_style)
            total = total + ANCHOR_WEIGHT * F.mse_loss(latents[:n], initial_latents)

        with devices.half_precision(device):
            drawn = self.draw(features[n:], style[n:]).float()
        wanted = FacePictures(taken.picture[n:], taken.landmarks[n:])
        with torch.no_grad():
            embedding, maps = self.arcface_features(wanted)
        our_embedding, our_maps = self.arcface_features(FacePictures(drawn, wanted.landmarks))
        cosine = (our_embedding * embedding).sum(1).mean()
        difference = drawn - wanted.picture
        total = (
            total
            + LIKENESS_WEIGHT * (1 - cosine)
            + MAPS_WEIGHT * maps_distance(our_maps, maps)
            + PICTURE_WEIGHT * difference.abs().mean()
            + COARSE_WEIGHT * F.avg_pool2d(difference, 16).abs().mean()
        )
        return total, feature_loss.detach(), cosine.detach()


class StoredSource:
    """`Source` of the stored faces of training.stages.make_faces and the shots of training.stages.pairs."""

    def __init__(self, faces: Faces, pairs: dict[str, torch.Tensor], styles: int, rng: np.random.Generator):
        self.faces, self.pairs, self.styles, self.rng = faces, pairs, styles, rng
        self._shots = torch.nonzero(pairs["index"] >= HELD_OUT)[:, 0].numpy()

    def with_style(self, n: int) -> StyledPictures:
        """Sample stored faces."""
        who = self.rng.integers(HELD_OUT, len(self.faces.webp), n)
        shown = FacePictures(decode_pictures(self.faces.webp, who), self.faces.landmarks[who])
        return StyledPictures(shown, self.faces.style[who][:, None].expand(-1, self.styles, -1))

    def augmented(self, n: int) -> FacePictures:
        """Sample faces and second shots, half of each, augmented."""
        people = self.rng.integers(HELD_OUT, len(self.faces.webp), n - n // 2)
        again = torch.from_numpy(self.rng.choice(self._shots, n // 2))
        second = self.pairs["picture"][again].permute(0, 3, 1, 2).float() / 127.5 - 1
        picture = torch.cat([decode_pictures(self.faces.webp, people), second])
        return augment(FacePictures(picture, torch.cat([self.faces.landmarks[people], self.pairs["landmarks"][again]])))


def augment(shown: FacePictures) -> FacePictures:
    """Mirror, warp and relight pictures, each with its own random change."""
    flip = torch.rand(len(shown.picture), device=shown.picture.device) < 0.5
    shown = warp(mirror(shown, flip))
    return FacePictures(relight(shown.picture), shown.landmarks)


def train(phase: FinetuneLoss, source: Source, run: Run, a: argparse.Namespace) -> None:
    """Train `phase.vae` within the time box of `run`, in place, and set it to the averages of its weights.

    `a` has with_style and augmented (pictures of a batch), decoder_only and lr. Prints every 50 steps: step, seconds,
    and the means of loss, feature loss and ArcFace cosine.
    """
    vae, device = phase.vae, next(phase.parameters()).device
    phase.requires_grad_(False)
    modules: dict[str, nn.Module] = {"decoder": vae.decoder}
    if not a.decoder_only:
        modules["encoder"] = vae.encoder
    parameters = [p.requires_grad_(True) for module in modules.values() for p in module.parameters()]
    optimiser = torch.optim.AdamW(parameters, a.lr, betas=(0.9, 0.98), weight_decay=0.02)
    average = [p.detach().clone() for p in parameters]
    print("resumed" if run.resume(modules, optimiser, average) else "started", flush=True)
    log: list[torch.Tensor] = []
    while run.progress < 1:
        for group in optimiser.param_groups:
            group["lr"] = run.learning_rate(a.lr, warm_up=60)
        styled = source.with_style(a.with_style)
        losses = phase(styled._replace(style=styled.style.to(device)), source.augmented(a.augmented))
        optimiser.zero_grad(set_to_none=True)
        losses[0].backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimiser.step()
        run.step += 1
        log.append(torch.stack(losses).detach())
        with torch.no_grad():
            now = [p.detach() for p in parameters]
            torch._foreach_lerp_(average, now, 1 - min(AVERAGE_DECAY, run.step / (run.step + 10)))
        if run.step % 50 == 0:
            print(run.step, round(run.elapsed), np.round(torch.stack(log[-50:]).mean(0).tolist(), 4), flush=True)
            run.save(modules, optimiser, average, interval=SAVE_INTERVAL)
    run.save(modules, optimiser, average)
    with torch.no_grad():
        torch._foreach_copy_(parameters, average)
    phase.requires_grad_(False)


def argument_parser() -> argparse.ArgumentParser:
    """The options of this stage."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("start", "synthesis", "faces", "pairs", "rgb", "out", "vae"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--with-style", type=int, default=6, help="people of each batch whose features are known")
    parser.add_argument("--augmented", type=int, default=8, help="pictures of each batch that are augmented")
    parser.add_argument("--decoder-only", action="store_true", help="the latents stay as they are")
    parser.add_argument("--lr", type=float, default=6e-4)
    parser.add_argument("--seed", type=int, default=0)
    return parser


def main() -> None:
    """Train within the time box, from the checkpoint if there is one, and export the weight averages."""
    a = argument_parser().parse_args()
    a.out.parent.mkdir(parents=True, exist_ok=True)
    run, device = Run(a.out, a.minutes, a.seed), devices.default_device()
    _, synthesis = load_generator(a.synthesis)
    vae = FaceAutoencoder.from_pretrained(a.start).float()
    phase = FinetuneLoss(vae, synthesis, load_head(a.rgb, 128), ArcFace(locate(FACE_MODELS["w600k_mbf"])))
    pairs = torch.load(a.pairs, weights_only=True, mmap=True)
    train(devices.to_device(phase, device), StoredSource(load_faces(a.faces), pairs, synthesis.styles, run.rng), run, a)
    vae.to("cpu", memory_format=torch.contiguous_format).half().save_pretrained(a.vae)


if __name__ == "__main__":
    main()
