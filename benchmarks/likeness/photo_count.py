"""Part five: whether several photos of a person make a better likeness than one.

People of the training kind whom no stage saw, four shots each (`training.stages.make_held_out` makes them): one shot
is set aside, and the person is drawn once from each of the others alone and once from all of them together.
"""

import io
from itertools import pairwise
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.common.report import Bar, Outcome
from benchmarks.likeness.bench import SEEDS, Bench, mean
from pipelines.faces.identity import Shot, fuse
from pipelines.faces.photos import largest_face

FILE = Path(__file__).with_name("held_out.npz")


def load_shots(file: Path = FILE) -> dict[int, list[np.ndarray]]:
    """Each person's pictures, uint8 RGB (512, 512, 3)."""
    columns = np.load(file)
    people: dict[int, list[np.ndarray]] = {}
    for who, (start, end) in zip(columns["person"].tolist(), pairwise(columns["webp_offsets"]), strict=True):
        picture = Image.open(io.BytesIO(columns["webp"][start:end].tobytes())).convert("RGB")
        people.setdefault(who, []).append(np.asarray(picture))
    return people


def photo_count(bench: Bench) -> Outcome:
    """Mean cosine of engine outputs to the shot set aside: several photos less one."""
    gains = {}
    for who, pictures in bench.counting(load_shots().items(), "several photos"):
        shots = []
        for picture in pictures:
            face = largest_face(bench.analyser.analyse(picture))
            if face is not None:
                shots.append(Shot(image=picture, face=face))
        unseen, photos = shots[0], shots[1:]
        together = _likeness(bench, photos, unseen)
        alone = mean([_likeness(bench, [photo], unseen) for photo in photos])
        gains[who] = {"together": together, "alone": alone}
    gain = mean([one["together"] - one["alone"] for one in gains.values()])
    bar = Bar(name="several photos instead of one: gain in cosine", figure=gain, rule=">=", limit=0.02)
    return Outcome(bars=[bar], details={"by_person": gains})


def _likeness(bench: Bench, photos: list[Shot], unseen: Shot) -> float:
    """Mean cosine of one picture for each way in which seeds see a photo."""
    condition = bench.engine.condition(fuse(photos, bench.analyser.recogniser))
    cosines = []
    for seed in SEEDS[: len(condition.structures)]:
        face = largest_face(
            bench.analyser.analyse(bench.engine.generate(condition, bench.prompt, bench.settings, seed))
        )
        cosines.append(0.0 if face is None else float(face.embedding @ unseen.face.embedding))
    return mean(cosines)
