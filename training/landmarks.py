"""A small net that finds the five landmarks of a made picture, so that a loss can see head turn and expression.

    python -m training.landmarks --pairs run/pairs.pt --minutes 4 --out run/landmarks.safetensors

SCRFD, which found the landmarks it learns from, does not differentiate. Checkpoint beside the result, with the suffix
.pt; give the command again to go on.
"""

import argparse
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from safetensors.torch import load_file, save_file

from pipelines.autoencoder import Block
from training import devices
from training.autoencoder_wide import Shown, as_taken, bent, mirrored, relit
from training.checkpoint import Run

SIDE = 256
WIDTHS = (64, 128, 192, 256)


class Landmarks(nn.Module):
    """RGB (B, 3, 256, 256) in [-1, 1] in FFHQ's frame -> landmarks (B, 5, 2) in its pixels."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.PixelUnshuffle(4), nn.Conv2d(48, WIDTHS[0], 3, padding=1)]
        for width, wider in pairwise(WIDTHS):
            layers += [Block(width), nn.Conv2d(width, wider, 2, 2)]
        layers += [Block(WIDTHS[-1]), nn.Flatten(), nn.Linear(WIDTHS[-1] * 4 * 4, 10)]
        self.layers = nn.Sequential(*layers)

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        """Looks at 128 px, where the net is cheap and sees no fine texture that could fool it."""
        small = F.avg_pool2d(picture, 2)
        return SIDE / 2 + SIDE / 8 * self.layers(small).float().reshape(-1, 5, 2)


def load_landmarks(path: Path) -> Landmarks:
    """What `main` wrote, frozen."""
    net = Landmarks()
    net.load_state_dict(load_file(path))
    return net.eval().requires_grad_(False)


def main() -> None:
    """Trains within the time box, then says how far off the landmarks are on shots it never saw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("pairs", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=4)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--lr", type=float, default=2e-3)
    parser.add_argument("--seed", type=int, default=0)
    a = parser.parse_args()
    run, device = Run(a.out.with_suffix(".pt"), a.minutes, a.seed), devices.pick()
    pairs = torch.load(a.pairs, weights_only=True, mmap=True)
    unseen = 256
    net = devices.place(Landmarks(), device)
    optimiser = torch.optim.AdamW(net.parameters(), a.lr)
    print("resumed" if run.resume({"net": net}, optimiser, []) else "started", flush=True)

    def shots(index: np.ndarray) -> Shown:
        return Shown(pairs["picture"][index].permute(0, 3, 1, 2).float() / 127.5 - 1, pairs["landmarks"][index])

    log: list[float] = []
    while run.progress < 1:
        for group in optimiser.param_groups:
            group["lr"] = run.learning_rate(a.lr)
        known = shots(run.rng.integers(unseen, len(pairs["picture"]), a.batch))
        known = bent(mirrored(known, torch.rand(a.batch) < 0.5))
        picture = as_taken(relit(known.picture)).contiguous(memory_format=torch.channels_last)
        with devices.half_precision(device):
            found = net(picture.to(device))
        loss = F.l1_loss(found, known.landmarks.to(device))
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        run.step += 1
        log.append(loss.item())
        if run.step % 50 == 0:
            print(run.step, round(run.elapsed), round(float(np.mean(log[-50:])), 3), flush=True)
            run.save({"net": net}, optimiser, [])
    run.save({"net": net}, optimiser, [])
    save_file({k: v.contiguous() for k, v in net.cpu().state_dict().items()}, a.out)
    known = shots(np.arange(unseen))
    with torch.no_grad():
        print(f"Pixels off on unseen shots: {F.l1_loss(net(known.picture), known.landmarks):.2f}")


if __name__ == "__main__":
    main()
