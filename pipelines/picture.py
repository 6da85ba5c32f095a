"""Finished headshots, and their order."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from pathlib import Path

import numpy as np

from pipelines.errors import PictureLost, Skipped
from pipelines.faces.likeness import Likeness
from pipelines.language.sentence import Sentence
from pipelines.provenance.recipe import Recipe

REASON_OR = Sentence("{reasons}, or {reason}")
SOME_LEFT_OUT = Sentence(
    "{missing} of {count} pictures were left out, even after {redraws} redraws: {reasons}. "
    "Another seed, other words or a higher identity strength may help."
)


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


def with_warnings(
    pictures: Sequence[Picture], warnings: tuple[str, ...], count: int, lost: Sequence[PictureLost], redraws: int
) -> list[Picture]:
    """Add what is true of the run to what is true of each picture; `lost` says why drawings are not among them.

    `count` pictures were drawn, those that the person skipped not among them. Raises PictureLost, with the cause that
    most of them had, or Skipped, if there is no picture.
    """
    causes = Counter(error.reason for error in lost)
    if not pictures and not lost:
        raise Skipped
    if not pictures:
        raise next(error for error in lost if error.reason == causes.most_common(1)[0][0])
    if missing := count - len(pictures):
        reasons = reduce(lambda reasons, reason: REASON_OR.format(reasons=reasons, reason=reason), causes)
        warnings += (SOME_LEFT_OUT.format(missing=missing, count=count, redraws=redraws, reasons=reasons),)
    return [replace(picture, warnings=warnings + picture.warnings) for picture in pictures]
