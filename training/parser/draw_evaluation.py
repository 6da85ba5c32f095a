r"""Draws the pictures of the evaluation set again, from the seeds that its label pictures are named after.

    python -m training.parser.draw_evaluation --synthesis run/synthesis.safetensors --folder training/parser/evaluation

g and a seed: the generator's picture. e and a seed: the built-in engine's, with that person as the selfie. They are
stored as WebP, RGB 512 px.
"""

import argparse
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from training.parser.engine_pictures import EnginePictures, engine_drawings
from training.parser.people import EVALUATION, draw
from training.stages.mobilestylegan import load_generator

SIDE = 512


def write(path: Path, picture: np.ndarray) -> None:
    """Write a picture, uint8 RGB (1024, 1024, 3), at half its size."""
    small = cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    Image.fromarray(small).save(path, "WEBP", quality=90, method=6)


def main() -> None:
    """Draw all pictures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--synthesis", type=Path, required=True, help="written by training.stages.mobilestylegan")
    parser.add_argument("--folder", type=Path, required=True)
    a = parser.parse_args()
    mapping, synthesis = load_generator(a.synthesis)
    seeds: dict[str, list[int]] = {"g": [], "e": []}
    for path in sorted(a.folder.glob("*.png")):
        seeds[path.stem[0]].append(int(path.stem[1:]))
    if min(seeds["g"] + seeds["e"]) < EVALUATION:
        raise SystemExit(f"Seeds below {EVALUATION} are for training.")
    for seed, drawing in zip(seeds["g"], draw(mapping, synthesis, seeds["g"]), strict=True):
        write(a.folder / f"g{seed:07d}.webp", drawing.picture)
    for seed, picture, _ in engine_drawings(EnginePictures(), mapping, synthesis, seeds["e"]):
        write(a.folder / f"e{seed:07d}.webp", picture)


if __name__ == "__main__":
    main()
