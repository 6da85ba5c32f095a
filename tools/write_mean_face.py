"""Writer of the mean face with which `pipelines.faces.pattern` compares: python -m tools.write_mean_face FOLDER.

The folder holds shards of made-up faces (`training.stages.make_faces`).
"""

import argparse
from pathlib import Path

import numpy as np

from pipelines.faces.alignment import align
from pipelines.faces.pattern import MEAN_FACE, pattern_of
from training.data.face_shards import decode_pictures, load_faces

PEOPLE = 1000


def mean_face(folder: Path) -> np.ndarray:
    """Mean pattern of the first people of the shards and of their mirror images, of unit length: float32 (288,)."""
    faces = load_faces(folder)
    total = np.zeros(pattern_of(np.zeros((112, 112, 3), np.uint8)).shape)
    for number in range(min(PEOPLE, len(faces.webp))):
        picture = decode_pictures(faces.webp, [number])[0].permute(1, 2, 0).numpy()
        pixels = ((picture + 1) * 127.5).round().astype(np.uint8)
        crop = align(np.ascontiguousarray(pixels), faces.landmarks[number].numpy())
        total += pattern_of(crop) + pattern_of(np.ascontiguousarray(crop[:, ::-1]))
    return (total / np.linalg.norm(total)).astype(np.float32)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    np.save(MEAN_FACE, mean_face(parser.parse_args().folder), allow_pickle=False)
