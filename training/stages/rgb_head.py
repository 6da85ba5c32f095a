r"""RGB heads: the synthesis network's features at 64 or 128 px -> a picture of twice that side.

    python -m training.stages.rgb_head --side 64 --synthesis run/synthesis.safetensors --faces run/faces --minutes 5 \
        --out run/rgb64.safetensors

Losses and ArcFace look at this picture without the costly upper layers; the app's previews come from the 64 px head.
Checkpoint beside the result, with the suffix .pt; give the command again to go on.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file

from pipelines.engines.builtin.mobilestylegan import RGBHead
from pipelines.faces.models import FACE_MODELS, locate
from training import devices
from training.checkpoint import Run
from training.data.face_shards import HELD_OUT, Faces, decode_pictures, load_faces
from training.losses.arcface import ArcFace
from training.stages.mobilestylegan import Synthesis, load_generator

CHANNELS = {64: (512, 96), 128: (256, 64)}
"""Side of the features -> their channels, and the head's."""


def build(side: int) -> RGBHead:
    """Build an untrained head for features of this side."""
    return RGBHead(*CHANNELS[side])


def load_head(path: Path, side: int) -> RGBHead:
    """Load the head that `main` wrote, frozen."""
    head = build(side)
    head.load_state_dict(load_file(path))
    return head.eval().requires_grad_(False)


def render(head: RGBHead, synthesis: Synthesis, style: torch.Tensor, side: int) -> torch.Tensor:
    """Render styles (B, 512) or (B, 23, 512): RGB (B, 3, 2 * side, 2 * side) float32, about [-1, 1]."""
    with devices.half_precision(style.device):
        features = synthesis.features(style, side).to(torch.bfloat16).contiguous(memory_format=torch.channels_last)
        return head(features, style if style.dim() == 2 else style[:, -1]).float()


@torch.no_grad()
def likeness(head: RGBHead, synthesis: Synthesis, faces: Faces, side: int) -> float:
    """Average the cosine of ArcFace embeddings between the head's pictures and the true ones of held-out people."""
    device = next(head.parameters()).device
    arcface = ArcFace(locate(FACE_MODELS["w600k_mbf"])).to(device)
    cosines = []
    for j in range(0, min(HELD_OUT, len(faces.webp)), 16):
        drawn = render(head, synthesis, faces.style[j : j + 16].to(device), side)
        seen = arcface.embed(drawn, faces.landmarks[j : j + 16].to(device) * side / 128)
        cosines.append(F.cosine_similarity(seen.cpu(), faces.embedding[j : j + 16]))
    return torch.cat(cosines)[:HELD_OUT].mean().item()


def argument_parser() -> argparse.ArgumentParser:
    """The options of this stage."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("synthesis", "faces", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--side", type=int, choices=tuple(CHANNELS), required=True)
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--lr", type=float, default=3e-3)
    parser.add_argument("--seed", type=int, default=0)
    return parser


def main() -> None:
    """Train within the time box, then print the likeness to the true pictures."""
    a = argument_parser().parse_args()
    a.out.parent.mkdir(parents=True, exist_ok=True)
    run, device = Run(a.out.with_suffix(".pt"), a.minutes, a.seed), devices.default_device()
    faces, head = load_faces(a.faces), devices.to_device(build(a.side), device)
    _, synthesis = load_generator(a.synthesis)
    devices.to_device(synthesis, device)
    drawn = torch.compile(lambda style: render(head, synthesis, style, a.side))
    optimiser = torch.optim.AdamW(head.parameters(), a.lr)
    print("resumed" if run.resume({"head": head}, optimiser, []) else "started", flush=True)
    log: list[float] = []
    while run.progress < 1:
        for group in optimiser.param_groups:
            group["lr"] = run.learning_rate(a.lr, warm_up=1, floor=0.02)
        i = run.rng.integers(HELD_OUT, len(faces.webp), a.batch)
        target = F.avg_pool2d(decode_pictures(faces.webp, i).to(device), 128 // a.side)
        loss = (drawn(faces.style[i].to(device)) - target).abs().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        run.step += 1
        log.append(loss.item())
        if run.step % 50 == 0:
            print(run.step, round(run.elapsed), round(float(np.mean(log[-50:])), 4), flush=True)
            run.save({"head": head}, optimiser, [])
    run.save({"head": head}, optimiser, [])
    save_file({k: v.contiguous() for k, v in head.cpu().state_dict().items()}, a.out)
    print(f"ArcFace cosine to the true pictures: {likeness(head.to(device), synthesis, faces, a.side):.3f}")


if __name__ == "__main__":
    main()
