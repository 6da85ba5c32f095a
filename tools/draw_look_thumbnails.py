"""Draws the small picture of each look that the page shows; run it after adding or changing a look.

python -m tools.draw_look_thumbnails SELFIE --cut womens   # every look
python -m tools.draw_look_thumbnails SELFIE cv             # one
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from pipelines.looks.fields import FIELDS
from pipelines.looks.preset import load_looks
from pipelines.paths import ASSETS
from pipelines.provenance.save import save
from pipelines.request import Request
from pipelines.studio import Studio

PICTURES = ASSETS / "looks"
SIZE = (240, 300)  # width and height, pixels
SEED = 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw the person in a selfie in every look, with the same seed, and replace the pictures in `assets/looks`."""
    line = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    line.add_argument("selfie", type=Path)
    line.add_argument("--cut", choices=FIELDS["cut"], default="any", help="of the clothes (any)")
    line.add_argument("looks", nargs="*", help="ids of looks; without any: all")
    given = line.parse_args(arguments)
    if unknown := set(given.looks) - set(load_looks()):
        line.error(f"There is no look called {', '.join(sorted(unknown))}.")
    studio = Studio.load("builtin")
    PICTURES.mkdir(parents=True, exist_ok=True)
    for look in given.looks or load_looks():
        with tempfile.TemporaryDirectory() as folder:
            request = Request(
                photos=[given.selfie], look=look, seed=SEED, count=1, crop="portrait", cut=given.cut, out=folder
            )
            picture = studio.headshots(request)[0]
        small = Image.fromarray(picture.image).resize(SIZE, Image.Resampling.LANCZOS)
        save(np.asarray(small), PICTURES / f"{look}.jpg", picture.recipe, quality=82)
    return 0


if __name__ == "__main__":
    sys.exit(main())
