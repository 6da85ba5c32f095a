"""The head parser on pictures that it never saw, labelled by hand: `python -m benchmarks.head_parser`.

Half of them were drawn by the generator, half by the built-in engine (`training/parser/evaluation`). A class's overlap
is the intersection over the union of all pictures of a half; hair that a shaven head lacks counts by what is found
there. Some seconds.
"""

import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

import cv2
import numpy as np
from PIL import Image

from benchmarks.common.command import conclude, parser
from benchmarks.common.report import Bar, Outcome
from pipelines.matting.head_parser import PARTS, HeadParser, HeadParts
from pipelines.paths import MODELS

EVALUATION = MODELS.parent / "training" / "parser" / "evaluation"
HALVES = {"g": "generator", "e": "engine"}
"""Halves of the evaluation set, by the first letter of a picture's name."""
CLASSES: Mapping[str, tuple[str, ...]] = {
    "hair": ("hair",),
    "skin": ("face", "neck"),
    "face": ("face",),
    "neck": ("neck",),
    "clothes": ("clothes",),
    "backdrop": ("backdrop",),
}
LEAST = 0.93
"""Least overlap of hair and of skin in each half."""
LARGE = 1024
"""Side of the picture that the time is taken on, pixels."""
LARGEST_MS = 80.0
"""Longest time of a picture of that side, the best of eight, milliseconds."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Labelled:
    """A picture of the evaluation set."""

    name: str
    picture: np.ndarray
    """uint8 RGB (512, 512, 3)."""
    labels: np.ndarray
    """uint8 (256, 256), indices into PARTS."""

    @property
    def half(self) -> str:
        """Name of the half that it belongs to."""
        return HALVES[self.name[0]]


def evaluation_set(folder: Path = EVALUATION) -> list[Labelled]:
    """All pictures of the evaluation set with their labels."""
    found = []
    for path in sorted(folder.glob("*.png")):
        with Image.open(path) as labels, Image.open(path.with_suffix(".webp")) as picture:
            found.append(Labelled(name=path.stem, picture=np.array(picture.convert("RGB")), labels=np.array(labels)))
    return found


def labels_of(parts: HeadParts) -> np.ndarray:
    """The likeliest part of each place at the labels' size: uint8 (256, 256)."""
    shares = [cv2.resize(getattr(parts, name), (256, 256), interpolation=cv2.INTER_AREA) for name in PARTS]
    return np.argmax(shares, 0).astype(np.uint8)


def overlaps(found: Sequence[np.ndarray], truth: Sequence[np.ndarray]) -> dict[str, float]:
    """Intersection over union of each class, over all pictures together; 1 for one that is nowhere."""
    result = {}
    for name, members in CLASSES.items():
        indices = [PARTS.index(member) for member in members]
        ours, theirs = np.isin(np.stack(found), indices), np.isin(np.stack(truth), indices)
        either = int((ours | theirs).sum())
        result[name] = float((ours & theirs).sum()) / either if either else 1.0
    return result


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the bars."""
    line = parser(__doc__)
    line.add_argument("--sheet", type=Path, metavar="FILE", help="write all pictures with what was found there")
    given = line.parse_args(arguments)
    head_parser, pictures = HeadParser(), evaluation_set()
    found = {one.name: labels_of(head_parser.parse(one.picture)) for one in pictures}
    figures: dict[str, float] = {}
    bars: list[Bar] = []
    for half in HALVES.values():
        ones = [one for one in pictures if one.half == half]
        overlap = overlaps([found[one.name] for one in ones], [one.labels for one in ones])
        figures |= {f"{half}_{name}": value for name, value in overlap.items()}
        for name in ("hair", "skin"):
            title = f"head parser: overlap of {name}, {half}'s pictures"
            bars.append(Bar(name=title, figure=overlap[name], rule=">=", limit=LEAST))
    each = {one.name: overlaps([found[one.name]], [one.labels]) for one in pictures}
    for name in ("hair", "skin"):
        shown = [each[one.name][name] for one in pictures if (one.labels == PARTS.index("hair")).any()]
        figures |= {f"{name}_mean_of_pictures": fmean(shown), f"{name}_worst_picture": min(shown)}
    figures["milliseconds_1024"] = _milliseconds(head_parser, pictures[0].picture)
    bars.append(
        Bar(name="head parser: ms for 1024 x 1024", figure=figures["milliseconds_1024"], rule="<=", limit=LARGEST_MS)
    )
    if given.sheet:
        _sheet(pictures, found).save(given.sheet)
    outcome = Outcome(bars=bars, figures=figures, details={"pictures": each})
    return conclude({"head_parser": outcome}, given, command="python -m benchmarks.head_parser", about={})


def _milliseconds(head_parser: HeadParser, picture: np.ndarray) -> float:
    large = cv2.resize(picture, (LARGE, LARGE), interpolation=cv2.INTER_CUBIC)
    times = []
    for _ in range(8):
        start = time.perf_counter()
        head_parser.parse(large)
        times.append(1000 * (time.perf_counter() - start))
    return min(times)


def _sheet(pictures: Sequence[Labelled], found: Mapping[str, np.ndarray]) -> Image.Image:
    """Each picture with the boundaries of what was found, red, over those drawn by hand, white."""
    tiles = []
    for one in pictures:
        tile = one.picture.copy()
        for labels, colour in ((one.labels, (255, 255, 255)), (found[one.name], (255, 0, 0))):
            large = cv2.resize(labels, tile.shape[1::-1], interpolation=cv2.INTER_NEAREST)
            tile[cv2.morphologyEx(large, cv2.MORPH_GRADIENT, np.ones((2, 2), np.uint8)) > 0] = colour
        tiles.append(tile)
    tiles += [np.zeros_like(tiles[0])] * (-len(tiles) % 4)
    return Image.fromarray(np.vstack([np.hstack(tiles[k : k + 4]) for k in range(0, len(tiles), 4)]))


if __name__ == "__main__":
    sys.exit(main())
