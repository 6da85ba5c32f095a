r"""Pictures and projected inner maps of many people, to be labelled by the classifier.

    python -m training.parser.draw_people --synthesis run/synthesis.safetensors \
        --projection run/parser/projection.npz --first 0 --count 3000 --out run/parser/people

Each file holds 25 people: seeds (n,), pictures uint8 RGB (n, 512, 512, 3) and maps int8 map0 .. map3. Files that are
already there are kept. With --engine the built-in engine draws them, with faces of those seeds as selfies.
"""

import argparse
import os
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from training.parser.engine_pictures import EnginePictures, engine_drawings
from training.parser.people import Drawing, draw
from training.parser.projection import Projection
from training.stages.mobilestylegan import load_generator

PEOPLE = 25
"""People in a file."""
STORED_SIDE = 512
"""Side of the stored pictures, pixels."""


def write(path: Path, drawings: Iterator[tuple[int, Drawing]], projection: Projection) -> int:
    """Write a file of people under another name, then rename it; return how many there are."""
    seeds, pictures, maps = [], [], []
    for seed, drawing in drawings:
        seeds.append(seed)
        pictures.append(cv2.resize(drawing.picture, (STORED_SIDE, STORED_SIDE), interpolation=cv2.INTER_AREA))
        maps.append(projection(drawing.maps))
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        columns = {f"map{k}": np.stack(column) for k, column in enumerate(zip(*maps, strict=True))}
        np.savez(file, seeds=np.array(seeds), pictures=np.stack(pictures), **columns)  # type: ignore[arg-type]
    os.replace(part, path)
    return len(seeds)


def main() -> None:
    """Draw the people whose files are missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--synthesis", type=Path, required=True)
    parser.add_argument("--projection", type=Path, required=True)
    parser.add_argument("--first", type=int, default=0, help="first seed")
    parser.add_argument("--count", type=int, default=3000)
    parser.add_argument("--engine", action="store_true", help="let the built-in engine draw them")
    parser.add_argument("--out", type=Path, required=True, help="folder")
    a = parser.parse_args()
    cv2.setNumThreads(1)
    a.out.mkdir(parents=True, exist_ok=True)
    (mapping, synthesis), projection = load_generator(a.synthesis), Projection.load(a.projection)
    engine = EnginePictures() if a.engine else None
    for first in range(a.first, a.first + a.count, PEOPLE):
        path = a.out / f"{'engine' if a.engine else 'people'}_{first:07d}.npz"
        if path.exists():
            continue
        seeds = range(first, min(first + PEOPLE, a.first + a.count))
        if engine is not None:
            drawings = ((seed, drawing) for seed, _, drawing in engine_drawings(engine, mapping, synthesis, seeds))
        else:
            drawings = ((seed, drawing) for seed, drawing in zip(seeds, draw(mapping, synthesis, seeds), strict=True))
        print(f"{path.name}: {write(path, drawings, projection)} people", flush=True)


if __name__ == "__main__":
    main()
