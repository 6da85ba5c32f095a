"""`python -m tools.draw_look_thumbnails SELFIE` draws the small picture of each look that the page shows."""

import sys

import numpy as np
from PIL import Image

from pipelines.looks.preset import load_looks
from pipelines.paths import ASSETS
from pipelines.provenance.save import save
from pipelines.request import Request
from pipelines.studio import Studio

PICTURES = ASSETS / "looks"
SIZE = (240, 300)
SEED = 1


def main(selfie: str) -> None:
    """Draw the person in this selfie in every look, with the same seed, and replace `assets/looks`."""
    studio = Studio.load("builtin")
    PICTURES.mkdir(parents=True, exist_ok=True)
    for look in load_looks():
        request = Request(photos=[selfie], look=look, seed=SEED, count=1, crop="portrait")
        picture = studio.headshots(request)[0]
        small = Image.fromarray(picture.image).resize(SIZE, Image.Resampling.LANCZOS)
        save(np.asarray(small), PICTURES / f"{look}.jpg", picture.recipe, quality=82)
        picture.path.unlink()
        picture.path.parent.rmdir()


if __name__ == "__main__":
    main(*sys.argv[1:])
