r"""Trains the head parser's net on the pictures that the classifier labelled, and on the hand-labelled ones.

    python -m training.parser.train_net --people run/parser/people --pseudo run/parser/pseudo \
        --labels training/parser/labels --minutes 40 --out run/parser/net.safetensors

The fifth of the pictures that the classifier is least sure of is left out, as in DatasetGAN. With --start a net that
was trained before is trained further.
"""

import argparse
import time
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from safetensors.torch import load_file, save_file

from pipelines.matting.alpha import decontaminate_colours
from training import devices
from training.parser.augment import augment
from training.parser.classes import BACKDROP, CLASSES, FACE, HAIR, NECK, SIDE, read_labels, without_crumbs
from training.parser.classifier import UNSURE
from training.parser.net import HeadParserNet

BATCH = 16
RATE = 3e-3
DOUBT = 0.15
"""Share of the pictures that is left out because the classifier is unsure of them."""
BY_HAND = 3
"""A picture that was labelled by hand counts as so many."""
EDGE_WEIGHT = 3.0
"""Weight of pixels near a boundary, against 1 elsewhere."""
LEAST_PART = 48
"""Smallest part of a label that is believed, pixels."""
DECAY = 0.998
"""Decay of the running mean of the weights."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Sample:
    """A picture with labels."""

    picture: np.ndarray
    """uint8 RGB (256, 256, 3)."""
    person: np.ndarray
    """The same without the backdrop's colour in its edges."""
    labels: np.ndarray
    """Probabilities, uint8 (256, 256, 5)."""


def settle(probabilities: np.ndarray) -> np.ndarray:
    """Probabilities uint8 (5, 256, 256) without what cannot be: crumbs, and people who stand behind.

    A part smaller than LEAST_PART gets what is around it. Hair and skin that do not touch the largest face, or what
    touches it, are backdrop.
    """
    labels = without_crumbs(probabilities.argmax(0).astype(np.uint8), LEAST_PART)
    _, faces, stats, _ = cv2.connectedComponentsWithStats((labels == FACE).astype(np.uint8), connectivity=4)
    if len(stats) > 1:
        main = faces == 1 + stats[1:, cv2.CC_STAT_AREA].argmax()
        labels[(labels == FACE) & ~_near(main, 20)] = BACKDROP
        for label, reach in ((NECK, 3), (HAIR, 6)):
            count, parts = cv2.connectedComponents((labels == label).astype(np.uint8), connectivity=4)
            close = np.bincount(parts[_near(main, reach)], minlength=count) > 0
            labels[(labels == label) & ~close[parts]] = BACKDROP
            main = main | (labels == label)
    changed = labels != probabilities.argmax(0)
    fixed = probabilities.copy()
    fixed[:, changed] = 255 * (np.arange(len(CLASSES))[:, None] == labels[changed][None])
    return fixed


def _near(mask: np.ndarray, reach: int) -> np.ndarray:
    return cv2.dilate(mask.astype(np.uint8), np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)) > 0


def sample_of(picture: np.ndarray, probabilities: np.ndarray) -> Sample:
    """A sample out of a picture (S, S, 3) and probabilities uint8 (5, 256, 256)."""
    small = cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    alpha = 1 - probabilities[BACKDROP].astype(np.float32) / 255
    _, person = decontaminate_colours(small.astype(np.float32) / 255, alpha)
    person8 = np.rint(255 * person).astype(np.uint8)
    return Sample(picture=small, person=person8, labels=np.ascontiguousarray(probabilities.transpose(1, 2, 0)))


def load_samples(people: Path, pseudo: Path, labels: Path) -> list[Sample]:
    """All pictures that the classifier labelled and is sure of, and those labelled by hand BY_HAND times."""
    found: list[tuple[float, Sample]] = []
    hand: list[Sample] = []
    for path in sorted(pseudo.glob("*.npz")):
        with np.load(path) as said, np.load(people / path.name) as saved:
            pictures, seeds = saved["pictures"], saved["seeds"]
            for seed, picture, answer in zip(seeds, pictures, said["probabilities"], strict=True):
                by_hand = labels / f"{path.name[0].replace('p', 'g')}{seed:07d}.png"
                if by_hand.exists():
                    known = read_labels(by_hand)
                    known = np.where(known == UNSURE, answer.argmax(0), known)
                    one_hot = (255 * (known[None] == np.arange(len(CLASSES))[:, None, None])).astype(np.uint8)
                    hand.append(sample_of(picture, one_hot))
                    continue
                share = answer.astype(np.float32) / 255 + 1e-4
                doubt = float(-(share * np.log(share)).sum(0).mean())
                found.append((doubt, sample_of(picture, settle(answer))))
    found.sort(key=lambda pair: pair[0])
    kept = [sample for _, sample in found[: round(len(found) * (1 - DOUBT))]]
    print(f"{len(hand)} pictures labelled by hand, {len(kept)} of {len(found)} by the classifier", flush=True)
    return kept + hand * BY_HAND


def edge_weight(labels: np.ndarray) -> np.ndarray:
    """Weight of each pixel, float32 (256, 256), for probabilities (256, 256, 5): EDGE_WEIGHT near boundaries, or 1."""
    near = np.ones((7, 7), np.uint8)
    steep = (cv2.dilate(labels, near) - cv2.erode(labels, near)).max(-1)
    result: np.ndarray = 1 + (EDGE_WEIGHT - 1) * steep
    return result


def batch_of(rng: np.random.Generator, samples: list[Sample]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """A batch of changed pictures (B, 3, 256, 256), probabilities (B, 5, 256, 256) and weights (B, 256, 256)."""
    chosen = rng.integers(0, len(samples), (BATCH, 2))
    pairs = [
        augment(rng, samples[a].picture, samples[a].person, samples[a].labels, samples[b].picture) for a, b in chosen
    ]
    pictures, labels = (np.stack(column).transpose(0, 3, 1, 2) for column in zip(*pairs, strict=True))
    weights = np.stack([edge_weight(labels) for _, labels in pairs])
    return (
        torch.from_numpy(np.ascontiguousarray(pictures)),
        torch.from_numpy(np.ascontiguousarray(labels)),
        torch.from_numpy(weights),
    )


def loss_of(logits: torch.Tensor, labels: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """Weighted cross-entropy with soft labels, and one minus the soft overlap of each class."""
    logs = logits.float().contiguous().log_softmax(1)
    entropy = -(labels * logs).sum(1)
    shares = logs.exp()
    common, total = (shares * labels).sum((0, 2, 3)), (shares + labels).sum((0, 2, 3))
    overlap = (2 * common + 1) / (total + 1)
    return (weight * entropy).sum() / weight.sum() + 0.3 * (1 - overlap.mean())


def main() -> None:
    """Train for so many minutes and write the running mean of the weights."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("people", "pseudo", "labels", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=40)
    parser.add_argument("--start", type=Path, help="a net written before")
    parser.add_argument("--rate", type=float, default=RATE, help="highest learning rate")
    parser.add_argument("--seed", type=int, default=0)
    a = parser.parse_args()
    cv2.setNumThreads(1)
    torch.manual_seed(a.seed)
    device, rng = devices.default_device(), np.random.default_rng(a.seed)
    samples = load_samples(a.people, a.pseudo, a.labels)
    net = HeadParserNet()
    if a.start:
        net.load_state_dict(load_file(a.start))
    net = devices.to_device(net, device).train()
    mean = {name: value.detach().clone() for name, value in net.state_dict().items()}
    optimiser = torch.optim.AdamW(net.parameters(), a.rate, weight_decay=0.02)
    start, step = time.monotonic(), 0
    while (done := (time.monotonic() - start) / 60 / a.minutes) < 1:
        for group in optimiser.param_groups:
            group["lr"] = a.rate * min(1.0, 0.05 + step / 60) * (0.5 + 0.5 * np.cos(np.pi * done))
        pictures, labels, weight = (x.to(device) for x in batch_of(rng, samples))
        with devices.half_precision(device):
            logits = net(pictures.contiguous(memory_format=torch.channels_last))
        loss = loss_of(logits, labels, weight)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimiser.step()
        step += 1
        keep = min(DECAY, step / (step + 10))
        for name, value in net.state_dict().items():
            if value.dtype.is_floating_point:
                mean[name].lerp_(value, 1 - keep)
            else:
                mean[name].copy_(value)
        if step % 20 == 0:
            print(f"step {step}, {time.monotonic() - start:.0f} s, loss {loss.item():.4f}", flush=True)
        if step % 200 == 0:
            save_file({name: value.cpu().contiguous() for name, value in mean.items()}, a.out)
    save_file({name: value.cpu().contiguous() for name, value in mean.items()}, a.out)


if __name__ == "__main__":
    main()
