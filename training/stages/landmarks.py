"""Landmark net: finds five landmarks differentiably, so that a loss can measure head turn and expression.

    python -m training.stages.landmarks --pairs run/pairs.pt --minutes 4 --out run/landmarks.safetensors

SCRFD, which found the landmarks it learns from, does not differentiate. Checkpoint beside the result, with the suffix
.pt; give the command again to go on.
"""

import argparse
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from safetensors.torch import load_file, save_file

from pipelines.engines.builtin.autoencoder import Block
from training import devices
from training.checkpoint import SAVE_INTERVAL, Run
from training.data.one_face_detector import BatchFaceDetector
from training.stages.autoencoder_finetune import FacePictures, add_camera_noise, mirror, relight, warp
from training.stages.pairs import DETECTION_BORDER

SIDE = 256
WIDTHS = (64, 128, 192, 256)


class LandmarkNet(nn.Module):
    """Small convolutional net: RGB (B, 3, 256, 256) in [-1, 1] in FFHQ's frame -> landmarks (B, 5, 2) in pixels."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.PixelUnshuffle(4), nn.Conv2d(48, WIDTHS[0], 3, padding=1)]
        for width, wider in pairwise(WIDTHS):
            layers += [Block(width), nn.Conv2d(width, wider, 2, 2)]
        layers += [Block(WIDTHS[-1]), nn.Flatten(), nn.Linear(WIDTHS[-1] * 4 * 4, 10)]
        self.layers = nn.Sequential(*layers)

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        """Find landmarks at 128 px, where the net is cheap and fine texture cannot fool it."""
        small = F.avg_pool2d(picture, 2)
        return SIDE / 2 + SIDE / 8 * self.layers(small).float().reshape(-1, 5, 2)


class OnlineLandmarkTrainer:
    """Trainer that keeps a landmark net right on the pictures it judges, by the landmarks SCRFD finds in them.

    Without it the diffusion model learns to fool the net instead of turning a head. Up to `buffer_size` earlier
    pictures are learned from again; a resumed run starts with none.
    """

    def __init__(self, net: LandmarkNet, rng: np.random.Generator, lr: float = 3e-4, buffer_size: int = 400):
        self.net, self.rng, self.buffer_size = net, rng, buffer_size
        self._find = BatchFaceDetector().to(next(net.parameters()).device)
        self._optimiser = torch.optim.AdamW(net.parameters(), lr, weight_decay=0)
        self._earlier: list[tuple[torch.Tensor, ...]] = []

    def learn(self, pictures: torch.Tensor) -> torch.Tensor:
        """Learn from judged pictures (B, 3, 256, 256) in [-1, 1]; returns the mean error before, in pixels."""
        pictures = pictures.detach().clamp(-1, 1)
        new = pictures, *self._find(pictures, DETECTION_BORDER)
        earlier = [self._earlier[int(self.rng.integers(len(self._earlier)))]] if self._earlier else []
        self._earlier = [*self._earlier, new][-max(1, self.buffer_size // len(pictures)) :]
        known, points, found = (torch.cat(parts) for parts in zip(new, *earlier, strict=True))
        self.net.requires_grad_(True)
        with devices.half_precision(pictures.device):
            off = (self.net(known.contiguous(memory_format=torch.channels_last)) - points).abs().mean((1, 2)) * found
        (off.sum() / found.sum().clamp(min=1)).backward()
        self._optimiser.step()
        self._optimiser.zero_grad(set_to_none=True)
        self.net.requires_grad_(False)
        return off[: len(pictures)].sum().detach() / found[: len(pictures)].sum().clamp(min=1)


def load_landmarks(path: Path) -> LandmarkNet:
    """Load the net that `main` wrote, frozen."""
    net = LandmarkNet()
    net.load_state_dict(load_file(path))
    return net.eval().requires_grad_(False)


def train(net: LandmarkNet, shots: Callable[[int], FacePictures], run: Run, batch: int, lr: float) -> None:
    """Train in place within the time box of `run` on `shots(batch)`. Prints the error in pixels every 50 steps."""
    device = next(net.parameters()).device
    optimiser = torch.optim.AdamW(net.parameters(), lr)
    print("resumed" if run.resume({"net": net}, optimiser, []) else "started", flush=True)
    log: list[torch.Tensor] = []
    while run.progress < 1:
        for group in optimiser.param_groups:
            group["lr"] = run.learning_rate(lr)
        known = shots(batch)
        known = warp(mirror(known, torch.rand(batch, device=known.picture.device) < 0.5))
        picture = add_camera_noise(relight(known.picture)).contiguous(memory_format=torch.channels_last)
        with devices.half_precision(device):
            found = net(picture.to(device))
        loss = F.l1_loss(found, known.landmarks.to(device))
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        run.step += 1
        log.append(loss.detach())
        if run.step % 50 == 0:
            print(run.step, round(run.elapsed), round(torch.stack(log[-50:]).mean().item(), 3), flush=True)
            run.save({"net": net}, optimiser, [], interval=SAVE_INTERVAL)
    run.save({"net": net}, optimiser, [])


def save_landmarks(net: LandmarkNet, path: Path) -> None:
    """Save a net for `load_landmarks`."""
    save_file({k: v.contiguous().cpu() for k, v in net.state_dict().items()}, path)


def argument_parser() -> argparse.ArgumentParser:
    """The options of this stage."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("pairs", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=4)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--lr", type=float, default=2e-3)
    parser.add_argument("--seed", type=int, default=0)
    return parser


def main() -> None:
    """Train within the time box, then print the error on unseen shots."""
    a = argument_parser().parse_args()
    run, device = Run(a.out.with_suffix(".pt"), a.minutes, a.seed), devices.default_device()
    pairs = torch.load(a.pairs, weights_only=True, mmap=True)
    unseen = 256
    net = devices.to_device(LandmarkNet(), device)

    def shots(index: np.ndarray) -> FacePictures:
        return FacePictures(pairs["picture"][index].permute(0, 3, 1, 2).float() / 127.5 - 1, pairs["landmarks"][index])

    train(net, lambda n: shots(run.rng.integers(unseen, len(pairs["picture"]), n)), run, a.batch, a.lr)
    save_landmarks(net, a.out)
    known = shots(np.arange(unseen))
    with torch.no_grad():
        print(f"Pixels off on unseen shots: {F.l1_loss(net.cpu()(known.picture), known.landmarks):.2f}")


if __name__ == "__main__":
    main()
