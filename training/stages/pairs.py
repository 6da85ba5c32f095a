r"""Second shots of each person: other head turn, expression, light, backdrop tone and palette.

    python -m training.stages.pairs --synthesis run/synthesis.safetensors --rgb run/rgb128.safetensors \
        --faces run/faces --count 12000 --out run/pairs.pt

The style moves along measured directions (training.data.attributes) in all layers; above 32 px it is also mixed with
another person's by 0 to 60 %, which changes palette and light but not the face. Parts of 1,000 are kept in a folder
beside the result until all are there: a run that was stopped goes on with the next part. A part depends on seed and
number alone.
"""

import argparse
import os
import shutil
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import torch

from training import devices
from training.data.attributes import NAMES, directions, measure
from training.data.face_shards import HELD_OUT, Faces, decode_pictures, load_faces
from training.data.one_face_detector import FaceDetector
from training.stages.mobilestylegan import Synthesis, load_generator
from training.stages.rgb_head import load_head, render

PART_SIZE = 1000
REDRAWN = {"turn": (0.9, 1.35), "mouth": (0.8, 1.1), "bright": (0.6, 0.9), "clothes": (0.6, 0.9)}
"""Measures that are moved to the mean and then drawn anew: strength of the move, standard deviation of the new value.
Narrower, two shots seldom contradict each other and a model need not follow the words."""
SHIFTED = {"warm": 0.4, "side": 0.9}
"""Measures that are moved by a random amount of this standard deviation."""
MAX_MIX = 0.6
"""Largest share of another person's style above 32 px, 0..1. With more, the face changes too."""
DETECTION_BORDER = 32
"""Pixels added around a 256 px picture before detection."""


class SecondShots:
    """Sampler of second shots of people with these styles (n, 512) and measures (n, 12)."""

    def __init__(self, style: torch.Tensor, measures: np.ndarray, synthesis: Synthesis):
        self.style, self.lower, self.upper = style, synthesis.lower.styles, synthesis.upper.styles
        self.toward = directions(style, measures)
        self.z = torch.from_numpy((measures - measures.mean(0)) / measures.std(0))

    def styles(self, people: np.ndarray, rng: np.random.Generator) -> torch.Tensor:
        """Draw the styles (B, 23, 512) of another shot of each of B people, given by index."""
        n, style = len(people), self.style[people]

        def drawn(deviation: float) -> torch.Tensor:
            return torch.from_numpy(rng.normal(0, deviation, (n, 1)).astype(np.float32))

        for name, (strength, deviation) in REDRAWN.items():
            here = self.z[people, NAMES.index(name)][:, None]
            style = style + (drawn(deviation) - here) * strength * self.toward[name]
        for name, deviation in SHIFTED.items():
            style = style + drawn(deviation) * self.toward[name]
        other = self.style[rng.integers(HELD_OUT, len(self.style), n)]
        share = torch.from_numpy(rng.uniform(0, MAX_MIX, (n, 1)).astype(np.float32))
        mixed = (1 - share) * style + share * other
        return torch.cat([style[:, None].expand(-1, self.lower, -1), mixed[:, None].expand(-1, self.upper, -1)], 1)


def measure_all(faces: Faces) -> np.ndarray:
    """Measure every stored picture, as `training.data.attributes.measure` does: (n, 12)."""
    rows = []
    for j in range(0, len(faces.webp), 100):
        index = range(j, min(j + 100, len(faces.webp)))
        rows.append(measure(decode_pictures(faces.webp, index) * 0.5 + 0.5, faces.landmarks[j : j + 100]).numpy())
    return np.concatenate(rows)


def people_of_part(order: np.ndarray, part: int, count: int) -> np.ndarray:
    """Return the indices of the people of a part; `order` starts again when it is used up."""
    return np.take(order, range(part * PART_SIZE, part * PART_SIZE + count), mode="wrap")


def make_part(
    people: np.ndarray, shots: SecondShots, rng: np.random.Generator, draw: Callable[[torch.Tensor], torch.Tensor],
    find: Callable[[list[np.ndarray]], list[np.ndarray | None]], batch: int,
) -> dict[str, torch.Tensor]:  # fmt: skip
    """Draw a part: picture (m, 256, 256, 3) uint8 RGB, landmarks (m, 5, 2) pixels, index (m,) of the person.

    Shots in which no face is found are left out. Raises SystemExit if that is all of them.
    """
    picture, landmarks, index = [], [], []
    for start in range(0, len(people), batch):
        who = people[start : start + batch]
        drawn = draw(shots.styles(who, rng)).clamp(-1, 1) * 127.5 + 127.5
        shown = list(drawn.permute(0, 2, 3, 1).round().to(torch.uint8).cpu().numpy())
        for person, image, points in zip(who, shown, find(shown), strict=True):
            if points is not None:
                picture.append(image)
                landmarks.append(points)
                index.append(person)
    if not index:
        raise SystemExit("No shot of this part shows a face. Were --synthesis and --rgb made from the same network?")
    return {
        "picture": torch.from_numpy(np.stack(picture)),
        "landmarks": torch.from_numpy(np.stack(landmarks)),
        "index": torch.tensor(index),
    }


def save_atomically(data: dict[str, torch.Tensor], path: Path) -> None:
    """Write a file under another name, then rename it, so that a kill leaves no partial one."""
    part = path.with_suffix(".part")
    torch.save(data, part)
    os.replace(part, path)


def join(parts: list[Path]) -> dict[str, torch.Tensor]:
    """Join all parts, read through the page cache rather than into memory twice."""
    loaded = [torch.load(path, weights_only=True, mmap=True) for path in parts]
    return {name: torch.cat([part[name] for part in loaded]) for name in loaded[0]}


def argument_parser() -> argparse.ArgumentParser:
    """The options of this stage."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("synthesis", "rgb", "faces", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--count", type=int, default=12000)
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--minutes", type=float, default=float("inf"), help="stop after the part that ends later")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--workers", type=int, default=1, help="threads that find faces")
    return parser


@torch.no_grad()
def main() -> None:
    """Make the parts that are missing, then join them."""
    a = argument_parser().parse_args()
    cv2.setNumThreads(1)
    device, find, start = devices.default_device(), FaceDetector(), time.monotonic()
    faces, (_, synthesis), head = load_faces(a.faces), load_generator(a.synthesis), load_head(a.rgb, 128).to(device)
    devices.to_device(synthesis, device)
    shots = SecondShots(faces.style, measure_all(faces), synthesis)
    compiled = torch.compile(lambda styles: render(head, synthesis, styles, 128))
    order = HELD_OUT + np.random.default_rng(a.seed).permutation(len(faces.webp) - HELD_OUT)
    folder = a.out.with_suffix(".parts")
    folder.mkdir(parents=True, exist_ok=True)
    parts = [folder / f"{part:03d}.pt" for part in range(-(-a.count // PART_SIZE))]
    with ThreadPoolExecutor(a.workers) as pool:
        for part, path in enumerate(parts):
            if path.exists():
                continue
            if time.monotonic() - start > 60 * a.minutes:
                raise SystemExit(f"The time is up with {part} of {len(parts)} parts; give the command again to go on.")
            people = people_of_part(order, part, min(PART_SIZE, a.count - part * PART_SIZE))
            rng = np.random.default_rng([a.seed, part])
            made = make_part(
                people, shots, rng, lambda styles: compiled(styles.to(device)),
                lambda shown: find.detect_all(pool, shown, DETECTION_BORDER), a.batch,
            )  # fmt: skip
            save_atomically(made, path)
            found = f"{len(made['index'])} of {len(people)} shots show a face"
            print(f"part {part + 1} of {len(parts)}: {found}, {time.monotonic() - start:.0f} s", flush=True)
    save_atomically(join(parts), a.out)
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
