"""Projection of the generator's inner maps onto their principal components: what the classifier reads.

    python -m training.parser.projection --synthesis run/synthesis.safetensors --out run/parser/projection.npz

All maps of a face have 1,408 channels; their components, as int8, take 2.7 MB a face and can be kept for thousands.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np
import torch

from training.parser.people import draw
from training.stages.mobilestylegan import load_generator

COMPONENTS = (48, 64, 48, 24)
"""Components kept of the maps of 32, 64, 128 and 256 pixels."""
STEPS = 32
"""Steps of an int8 in a component's deviation: four deviations fit."""
SAMPLES = 80
"""Places of each map of each face that the components are found from."""


class Projection:
    """Means (C,) and components (C, k), divided by their deviation, of each map."""

    def __init__(self, means: Sequence[np.ndarray], components: Sequence[np.ndarray]):
        self._means = [torch.from_numpy(mean).float() for mean in means]
        self._components = [torch.from_numpy(matrix).float() for matrix in components]

    @classmethod
    def load(cls, path: Path) -> Self:
        """Load what `main` wrote."""
        with np.load(path) as saved:
            levels = range(len(COMPONENTS))
            return cls([saved[f"mean{k}"] for k in levels], [saved[f"components{k}"] for k in levels])

    def __call__(self, maps: Sequence[torch.Tensor]) -> list[np.ndarray]:
        """Project maps (C, S, S) to int8 (k, S, S) each."""
        found = []
        for x, mean, matrix in zip(maps, self._means, self._components, strict=True):
            flat = matrix.T @ x.flatten(1) - (mean @ matrix)[:, None]
            found.append((flat * STEPS).round().clamp(-127, 127).to(torch.int8).view(-1, *x.shape[1:]).numpy())
        return found


def principal_components(samples: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean (C,) and the first components (C, count) of samples (n, C), each channel in units of its deviation."""
    mean, deviation = samples.mean(0), samples.std(0) + 1e-3
    values = (samples - mean) / deviation
    strength, axes = np.linalg.eigh(values.T @ values / len(values))
    order = np.argsort(strength)[::-1][:count]
    return mean, axes[:, order] / np.sqrt(strength[order]) / deviation[:, None]


def main() -> None:
    """Draw people and find the components of their maps."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--synthesis", type=Path, required=True, help="written by training.stages.mobilestylegan")
    parser.add_argument("--people", type=int, default=140)
    parser.add_argument("--out", type=Path, required=True)
    a = parser.parse_args()
    mapping, synthesis = load_generator(a.synthesis)
    rng = np.random.default_rng(0)
    samples: list[list[np.ndarray]] = [[] for _ in COMPONENTS]
    for drawing in draw(mapping, synthesis, range(a.people)):
        for kept, x in zip(samples, drawing.maps, strict=True):
            flat = x.flatten(1)
            kept.append(flat[:, rng.integers(0, flat.shape[1], SAMPLES)].T.numpy())
    saved = {}
    for k, (kept, count) in enumerate(zip(samples, COMPONENTS, strict=True)):
        saved[f"mean{k}"], saved[f"components{k}"] = principal_components(np.concatenate(kept), count)
    a.out.parent.mkdir(parents=True, exist_ok=True)
    np.savez(a.out, **saved)  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
