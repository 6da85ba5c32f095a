"""Draws the pictures of the README and the model card with the product; run it after pictures change.

    python -m tools.draw_showcase

One row per person: the selfie, then one picture of each look, from seeds fixed beforehand. Nothing is selected.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from benchmarks.likeness.people import selfies
from pipelines import Picture, Request, Studio
from pipelines.images.decode import open_photo
from pipelines.paths import ASSETS
from pipelines.provenance.save import save

LOOKS = ("corporate", "startup", "editorial", "outdoor")
HERO = ("corporate", "linkedin-light", "editorial", "outdoor")
HERO_PERSON = 6  # of openpeople: also one of the examples on the page
WOMENS_CUT = (1, 2, 3, 4, 6, 9, 10)  # of openpeople, as they dress in their selfies; the others have a men's cut
SEED = 7
GAP = 8  # pixels


def row(studio: Studio, number: int, looks: Sequence[str], size: tuple[int, int]) -> tuple[np.ndarray, list[Picture]]:
    """Draw one picture per look beside a person's selfie, each cut to `size` (width, height).

    Returns:
        The row, uint8 RGB, and its pictures. People are counted from 1.
    """
    selfie, cut = selfies()[number - 1], "womens" if number in WOMENS_CUT else "mens"
    with tempfile.TemporaryDirectory() as folder:
        pictures = [
            studio.headshots(Request(photos=[selfie], look=look, cut=cut, seed=SEED + k, count=1, out=folder))[0]
            for k, look in enumerate(looks)
        ]
    images = [open_photo(selfie), *(picture.image for picture in pictures)]
    tiles = [np.asarray(ImageOps.fit(Image.fromarray(image), size, centering=(0.5, 0.3))) for image in images]
    return join(tiles, axis=1), pictures


def join(tiles: Sequence[np.ndarray], axis: int) -> np.ndarray:
    """Join pictures side by side (axis 1) or one below the other (axis 0), with white gaps."""
    width = [(0, 0), (0, 0), (0, 0)]
    width[axis] = (0, GAP)
    padded = [np.pad(tile, width, constant_values=255) for tile in tiles[:-1]]
    return np.concatenate([*padded, tiles[-1]], axis)


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw both sheets."""
    line = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    line.add_argument("--out", type=Path, default=ASSETS, metavar="FOLDER", help="assets")
    given = line.parse_args(arguments)
    studio = Studio.load("builtin")
    hero, pictures = row(studio, HERO_PERSON, HERO, (320, 400))
    save(hero, given.out / "hero.jpg", pictures[0].recipe, quality=88)
    rows = [row(studio, number, LOOKS, (240, 300)) for number in range(1, len(selfies()) + 1)]
    sheet = join([picture for picture, _ in rows], axis=0)
    save(sheet, given.out / "ten-people.jpg", rows[0][1][0].recipe, quality=85)
    return 0


if __name__ == "__main__":
    sys.exit(main())
