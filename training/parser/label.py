r"""Label pictures out of strokes, and views to draw the strokes by.

    python -m training.parser.label view --people run/parser/people --name g0000004 --out view.png
    python -m training.parser.label write --people run/parser/people --strokes strokes --out training/parser/labels

The first shows a person enlarged, under a grid of coordinates, with the outlines of their label picture where there is
one. The second turns every file of strokes, NAME.json, into NAME.png (`training.parser.strokes` says how they read). A
file may begin with ["base", "FILE.png"]: then the strokes correct that label picture, such as the classifier's answer.
"""

import argparse
import json
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from training.parser.classes import SIDE, read_labels, without_crumbs, write_labels
from training.parser.draw_people import PEOPLE
from training.parser.strokes import band_of, paint, snap
from training.parser.views import with_grid, with_outlines

LEAST_PART = 40
"""Smallest part of a label picture, pixels; teeth of a collar or a strand that are smaller are crumbs."""


def picture_of(people: Path, name: str) -> np.ndarray:
    """Picture of a person, uint8 RGB (512, 512, 3); g before the seed: drawn by the generator, e: by the engine."""
    kind, seed = {"g": "people", "e": "engine"}[name[0]], int(name[1:])
    with np.load(people / f"{kind}_{seed // PEOPLE * PEOPLE:07d}.npz") as saved:
        picture: np.ndarray = saved["pictures"][list(saved["seeds"]).index(seed)]
        return picture


def labels_of(strokes: Path, picture: np.ndarray) -> np.ndarray:
    """Labels uint8 (256, 256) out of a file of strokes."""
    drawn = json.loads(strokes.read_text("utf-8"))
    base = None
    if drawn and drawn[0][0] == "base":
        base, drawn = without_crumbs(read_labels(strokes.parent / drawn[0][1]), LEAST_PART), drawn[1:]
    small = cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    return without_crumbs(snap(paint(drawn, base), small, band_of(drawn)), LEAST_PART)


def main() -> None:
    """Show a person, or write all label pictures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", choices=("view", "write"))
    parser.add_argument("--people", type=Path, required=True, help="written by training.parser.draw_people")
    parser.add_argument("--name", help="of the person to view")
    parser.add_argument("--labels", type=Path, help="a label picture whose outlines the view shows")
    parser.add_argument("--strokes", type=Path, help="folder of NAME.json")
    parser.add_argument("--out", type=Path, required=True)
    a = parser.parse_args()
    if a.task == "view":
        picture = picture_of(a.people, a.name)
        shown = with_outlines(picture, read_labels(a.labels), 4 * SIDE) if a.labels else picture
        Image.fromarray(with_grid(shown)).save(a.out)
        return
    a.out.mkdir(parents=True, exist_ok=True)
    for strokes in sorted(a.strokes.glob("*.json")):
        write_labels(a.out / f"{strokes.stem}.png", labels_of(strokes, picture_of(a.people, strokes.stem)))


if __name__ == "__main__":
    main()
