r"""Classifier of pixels by the generator's inner maps (Zhang et al. 2021, DatasetGAN, https://arxiv.org/abs/2104.06490).

    python -m training.parser.classifier --people run/parser/people --labels training/parser/labels \
        --out run/parser/pseudo

Trains a few small perceptrons on the hand-labelled faces and writes the mean of their answers for every drawn person:
for each file of people one with probabilities, uint8 (n, 5, 256, 256), 255 for 1. Perceptrons and files that are
already there are kept.
"""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from safetensors.torch import load_file, save_file

from training.parser.classes import CLASSES, SIDE, read_labels
from training.parser.projection import COMPONENTS, STEPS
from training.parser.strokes import walk

HIDDEN = 96
MEMBERS = 3
"""Perceptrons whose answers are averaged."""
PIXELS = 4000
"""Pixels of each labelled face that a perceptron learns from."""
EPOCHS = 4
BAND = 4.0
"""Distance from a boundary of the answer within which edges of the picture move it, pixels."""
UNSURE = 255
"""Label of pixels that nothing is learned from."""


class PixelClassifier(nn.Module):
    """Perceptron on the maps' components, all enlarged to 256 pixels, and the colour."""

    def __init__(self) -> None:
        super().__init__()
        self.maps = nn.ModuleList(nn.Conv2d(k, HIDDEN, 1, bias=k == 3) for k in (*COMPONENTS, 3))
        self.rest = nn.Sequential(
            nn.ReLU(), nn.Dropout(0.1), nn.Conv2d(HIDDEN, 64, 1), nn.ReLU(), nn.Conv2d(64, len(CLASSES), 1)
        )

    def forward(self, inputs: Sequence[torch.Tensor]) -> torch.Tensor:
        """Maps (B, k, S, S) of all sides, and RGB -1..1 -> logits (B, 5, T, T) at the last one's side.

        A convolution of single pixels commutes with enlarging: it runs at each map's own side.
        """
        side = inputs[-1].shape[-2:]
        total = torch.zeros(1)
        for layer, x in zip(self.maps, inputs, strict=True):
            y = layer(x)
            total = total + (
                y if y.shape[-2:] == side else F.interpolate(y, side, mode="bilinear", align_corners=False)
            )
        result: torch.Tensor = self.rest(total)
        return result


def inputs_of(maps: Sequence[np.ndarray], picture: np.ndarray) -> list[torch.Tensor]:
    """Inputs of the classifier: int8 maps (k, S, S) and a picture, uint8 RGB (512, 512, 3)."""
    small = cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_AREA).transpose(2, 0, 1)
    tensors = [torch.from_numpy(x).float()[None] / STEPS for x in maps]
    return [*tensors, torch.from_numpy(small).float()[None] / 127.5 - 1]


def people_of(path: Path) -> Iterator[tuple[str, np.ndarray, list[torch.Tensor]]]:
    """Name, picture and classifier's inputs of the people in a file."""
    kind = path.name[0].replace("p", "g")
    with np.load(path) as saved:
        maps = [saved[f"map{k}"] for k in range(len(COMPONENTS))]
        for n, (seed, picture) in enumerate(zip(saved["seeds"], saved["pictures"], strict=True)):
            yield f"{kind}{seed:07d}", picture, inputs_of([x[n] for x in maps], picture)


def sample(inputs: Sequence[torch.Tensor], labels: np.ndarray, rng: np.random.Generator) -> tuple[torch.Tensor, ...]:
    """Columns (n, k) of the inputs at random pixels, half of them near boundaries, and labels (n,)."""
    edge = cv2.morphologyEx(labels, cv2.MORPH_GRADIENT, np.ones((9, 9), np.uint8)) > 0
    usable = labels != UNSURE
    chosen = []
    for mask in (edge & usable, usable):
        places = np.flatnonzero(mask)
        chosen.append(rng.choice(places, min(len(places), PIXELS // 2), replace=False))
    places = np.concatenate(chosen)
    columns = [F.interpolate(x, (SIDE, SIDE), mode="bilinear", align_corners=False) for x in inputs]
    flat = torch.cat(columns, 1)[0].flatten(1)[:, torch.from_numpy(places)]
    return flat.T.contiguous(), torch.from_numpy(labels.ravel()[places].astype(np.int64))


def train(columns: torch.Tensor, labels: torch.Tensor, seed: int) -> PixelClassifier:
    """Train a perceptron on pixels (n, k) with labels (n,)."""
    torch.manual_seed(seed)
    net = PixelClassifier()
    optimiser = torch.optim.AdamW(net.parameters(), 3e-3, weight_decay=1e-2)
    batches = len(labels) // 2048 + 1
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 3e-3, total_steps=EPOCHS * batches)
    sizes = (*COMPONENTS, 3)
    for _ in range(EPOCHS):
        for part in torch.randperm(len(labels)).chunk(batches):
            x = columns[part].T[None, :, :, None]
            logits = net(list(x.split(sizes, 1)))[0, :, :, 0].T
            loss = F.cross_entropy(logits, labels[part], label_smoothing=0.02)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
    return net.eval()


def labelled(people: Path, labels: Mapping[str, np.ndarray]) -> tuple[torch.Tensor, torch.Tensor]:
    """Pixels and labels of all hand-labelled faces, by name, that are among the people."""
    rng, found = np.random.default_rng(0), []
    for path in sorted(people.glob("*.npz")):
        first, kind = int(path.stem.split("_")[1]), path.name[0].replace("p", "g")
        if not any(f"{kind}{seed:07d}" in labels for seed in range(first, first + 25)):
            continue
        found += [sample(inputs, labels[name], rng) for name, _, inputs in people_of(path) if name in labels]
    columns, classes = zip(*found, strict=True)
    return torch.cat(columns), torch.cat(classes)


@torch.no_grad()
def probabilities(members: Sequence[PixelClassifier], inputs: Sequence[torch.Tensor]) -> np.ndarray:
    """Mean answer of the members: float32 (5, 256, 256), 0..1."""
    mean: torch.Tensor = sum((net(inputs)[0].softmax(0) for net in members), torch.zeros(1)) / len(members)
    return mean.numpy()


def snapped(answer: np.ndarray, picture: np.ndarray) -> np.ndarray:
    """An answer (5, 256, 256) with its boundaries moved to edges of the picture, uint8 RGB (S, S, 3).

    A third of what was unsure stays unsure.
    """
    labels = answer.argmax(0).astype(np.uint8)
    small = cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    walked = walk(labels, small, BAND)
    result: np.ndarray = (answer + 2 * walked) / 3
    return result


def trained_members(people: Path, labels: Path, saved: Path) -> list[PixelClassifier]:
    """Load the perceptrons, or train and save them."""
    members = [PixelClassifier().eval() for _ in range(MEMBERS)]
    if saved.exists():
        tensors = load_file(saved)
        for k, member in enumerate(members):
            prefix = f"{k}."
            member.load_state_dict({n.removeprefix(prefix): v for n, v in tensors.items() if n.startswith(prefix)})
        return members
    known = {path.stem: read_labels(path) for path in sorted(labels.glob("*.png"))}
    columns, classes = labelled(people, known)
    print(f"{len(known)} faces, {len(classes)} pixels", flush=True)
    members = [train(columns, classes, seed) for seed in range(MEMBERS)]
    save_file({f"{k}.{n}": v for k, member in enumerate(members) for n, v in member.state_dict().items()}, saved)
    return members


def main() -> None:
    """Train the members and write what they say of everybody."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=Path, required=True, help="written by training.parser.draw_people")
    parser.add_argument("--labels", type=Path, required=True, help="folder of label pictures, named after the people")
    parser.add_argument("--out", type=Path, required=True, help="folder")
    a = parser.parse_args()
    cv2.setNumThreads(1)
    a.out.mkdir(parents=True, exist_ok=True)
    members = trained_members(a.people, a.labels, a.out / "perceptrons.safetensors")
    for path in sorted(a.people.glob("*.npz")):
        if (a.out / path.name).exists():
            continue
        answers = [snapped(probabilities(members, inputs), picture) for _, picture, inputs in people_of(path)]
        np.savez(a.out / path.name, probabilities=np.rint(255 * np.stack(answers)).astype(np.uint8))


if __name__ == "__main__":
    main()
