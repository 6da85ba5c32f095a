"""Likeness with several photos of a person compared with one.

The people are drawn by MobileStyleGAN, as in training, but no stage saw them (`training.stages.make_held_out` makes
them); four shots each. One shot is set aside, and the person is drawn once from each of the others alone and once from
all of them together.
"""

import io
from itertools import pairwise
from pathlib import Path
from statistics import fmean

import numpy as np
from PIL import Image

from benchmarks.common.report import Bar, Outcome
from benchmarks.likeness.bench import SEEDS, Bench
from pipelines.faces.identity import Shot, fuse
from pipelines.faces.photos import largest_face

FILE = Path(__file__).with_name("held_out.npz")


def load_files(file: Path = FILE) -> dict[int, list[bytes]]:
    """Read each person's pictures: WebP files of 512 x 512 pixels."""
    columns = np.load(file)
    people: dict[int, list[bytes]] = {}
    for who, (start, end) in zip(columns["person"].tolist(), pairwise(columns["webp_offsets"]), strict=True):
        people.setdefault(who, []).append(columns["webp"][start:end].tobytes())
    return people


def decode(file: bytes) -> np.ndarray:
    """Decode one of them: uint8 RGB (512, 512, 3)."""
    return np.asarray(Image.open(io.BytesIO(file)).convert("RGB"))


def photo_count(bench: Bench) -> Outcome:
    """Measure the mean cosine of engine outputs to the shot set aside: several photos less one."""
    gains = {}
    for who, pictures in bench.counting(load_files().items(), "several photos"):
        shots = []
        for picture in map(decode, pictures):
            face = largest_face(bench.analyser.analyse(picture))
            if face is not None:
                shots.append(Shot(image=picture, face=face))
        unseen, photos = shots[0], shots[1:]
        together = _likeness(bench, photos, unseen)
        alone = fmean([_likeness(bench, [photo], unseen) for photo in photos])
        gains[who] = {"together": together, "alone": alone}
    gain = fmean([one["together"] - one["alone"] for one in gains.values()])
    bar = Bar(name="several photos instead of one: gain in cosine", figure=gain, rule=">=", limit=0.02)
    return Outcome(bars=[bar], figures={"people": len(gains), "gain_in_cosine": gain}, details={"by_person": gains})


def _likeness(bench: Bench, photos: list[Shot], unseen: Shot) -> float:
    """Draw one picture for each way in which seeds see a photo; their mean cosine to the shot set aside."""
    condition = bench.engine.condition(fuse(photos, bench.analyser.recogniser))
    cosines = []
    for seed in SEEDS[: len(condition.structures)]:
        face = largest_face(
            bench.analyser.analyse(bench.engine.generate(condition, bench.prompt, bench.settings, seed))
        )
        cosines.append(0.0 if face is None else float(face.embedding @ unseen.face.embedding))
    return fmean(cosines)
