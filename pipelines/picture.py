"""Finished headshots, and their order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from pipelines.faces.likeness import Likeness
from pipelines.provenance.recipe import Recipe


@dataclass(frozen=True, kw_only=True, eq=False)
class Picture:
    """A finished headshot, saved with its AI mark and recipe."""

    image: np.ndarray  # uint8 RGB (H, W, 3), as saved
    path: Path
    seed: int
    likeness: Likeness  # of the finished picture, which is what people see
    warnings: tuple[str, ...]  # sentences
    recipe: Recipe
    sizes: Mapping[str, Path] = field(default_factory=dict)  # the extra files that were asked for, by size


def rank(pictures: Sequence[Picture]) -> list[Picture]:
    """Sort by likeness, best first; where it is equal, and where there is no face, in the order they were drawn."""
    return sorted(
        pictures, key=lambda picture: -1.0 if picture.likeness.cosine is None else picture.likeness.cosine, reverse=True
    )
