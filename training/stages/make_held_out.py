r"""Shots of people whom no stage trains on, for benchmarks/likeness/photo_count.py.

    python -m training.stages.make_held_out --synthesis run/synthesis.safetensors --faces run/faces \
        --out benchmarks/likeness/held_out.npz

Columns: person (n,) int64, a person's shots one after the other; webp: the n pictures, RGB 512 px, as one run of bytes
cut at webp_offsets (n + 1). Shots that ArcFace takes for somebody else are drawn again.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from pipelines.faces.models import FACE_MODELS, locate
from training.data.batches import SAME_PERSON
from training.data.face_shards import HELD_OUT, load_faces
from training.data.one_face_detector import FaceDetector
from training.losses.arcface import ArcFace
from training.stages.make_faces import encode_webp
from training.stages.mobilestylegan import load_generator
from training.stages.pairs import SecondShots, measure_all

SHOTS = 4
"""Number of shots of each person: one that the model never sees, and the photos."""
TRIES = 6


def argument_parser() -> argparse.ArgumentParser:
    """The options of this stage."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("synthesis", "faces", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--people", type=int, default=16, help=f"at most {HELD_OUT}")
    parser.add_argument("--seed", type=int, default=9)
    return parser


@torch.no_grad()
def main() -> None:
    """Write shots of the first people of the data."""
    a = argument_parser().parse_args()
    faces, (_, synthesis) = load_faces(a.faces), load_generator(a.synthesis)
    shots, find = SecondShots(faces.style, measure_all(faces), synthesis), FaceDetector()
    arcface = ArcFace(locate(FACE_MODELS["w600k_mbf"]))
    rng = np.random.default_rng(a.seed)
    person, files = [], []
    for who in range(min(a.people, HELD_OUT)):
        found: list[np.ndarray] = []
        for _ in range(TRIES * SHOTS):
            if len(found) == SHOTS:
                break
            picture = F.avg_pool2d(synthesis(shots.styles(np.array([who]), rng)).clamp(-1, 1), 2)
            shown = (picture[0].permute(1, 2, 0) * 127.5 + 127.5).round().to(torch.uint8).numpy()
            landmarks = find(shown)
            if landmarks is not None:
                seen = arcface.embed(picture, torch.from_numpy(landmarks)[None])[0]
                if seen @ faces.embedding[who] > SAME_PERSON:
                    found.append(shown)
        if len(found) == SHOTS:
            person += [who] * SHOTS
            files += [encode_webp(shown) for shown in found]
    np.savez(
        a.out, person=np.array(person), webp=np.frombuffer(b"".join(files), np.uint8),
        webp_offsets=np.cumsum([0, *map(len, files)]),
    )  # fmt: skip
    print(f"{len(files)} shots of {len(set(person))} people, {a.out.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
