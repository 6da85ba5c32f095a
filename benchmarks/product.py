"""Part one: the product as it is. Default settings, default look, after finishing, four pictures of each person."""

from typing import Any

import numpy as np

from benchmarks.bars import Bar, Outcome
from benchmarks.bench import SEEDS, Bench, mean
from benchmarks.judges import SAME_PERSON, cheek_lightness, distance
from benchmarks.people import Person
from pipelines.finishing import finish
from pipelines.photos import largest
from pipelines.skin import usual_lightness


def likeness(bench: Bench) -> Outcome:
    """Whether people recognise themselves, and whether their skin keeps its tone."""
    pictures: list[dict[str, Any]] = []
    lightness: dict[str, float] = {}
    for person in bench.each("likeness"):
        finished = [_headshot(bench, person, seed) for seed in SEEDS]
        bench.sheet.add(f"{person.id}: selfie, unseen portrait, headshots", [person.selfie, person.portrait, *finished])
        seen = [judge(bench, person, picture) for picture in finished]
        pictures += [{"person": person.id, "seed": seed, **one} for seed, one in zip(SEEDS, seen, strict=True)]
        tones = [one["lightness"] for one in seen if one["face"]]
        lightness[person.id] = mean(tones) - person.lightness if tones else float("inf")

    def column(name: str) -> list[float]:
        return [picture[name] for picture in pictures]

    same = {name: mean([d < SAME_PERSON for d in column(name)]) for name in ("dlib_selfie", "dlib_portrait")}
    off = max(map(abs, lightness.values()))
    bars = [
        Bar(name="a face in the picture", figure=mean(column("face")), rule=">=", limit=39 / 40, share=True),
        Bar(name="dlib: same person as the selfie", figure=same["dlib_selfie"], rule=">=", limit=0.85, share=True),
        Bar(name="dlib: same person as the portrait", figure=same["dlib_portrait"], rule=">=", limit=0.80, share=True),
        Bar(name="nearest of ten portraits right", figure=mean(column("nearest")), rule=">=", limit=0.85, share=True),
        Bar(name="mean cosine to the selfie", figure=mean(column("cosine_selfie")), rule=">=", limit=0.45),
        Bar(name="mean cosine to the portrait", figure=mean(column("cosine_portrait")), rule=">=", limit=0.32),
        Bar(name="cheeks' L* off by, worst of the people", figure=off, rule="<=", limit=8.0),
    ]
    return Outcome(bars=bars, details={"lightness_difference": lightness, "pictures": pictures})


def _headshot(bench: Bench, person: Person, seed: int) -> np.ndarray:
    drawn = bench.draw(person, seed)
    skin = usual_lightness(person.identity.shots)
    return finish(drawn.image, drawn.face, bench.look, mask=bench.mask, skin=skin)


def judge(bench: Bench, person: Person, picture: np.ndarray) -> dict[str, Any]:
    """What all judges say of one finished picture. Without a face it is nobody: cosine 0, and not verified."""
    face = largest(bench.analyser.analyse(picture))
    if face is None:
        nobody = {"cosine_selfie": 0.0, "cosine_portrait": 0.0, "lightness": None}
        return {"face": False, "dlib_selfie": np.inf, "dlib_portrait": np.inf, "nearest": False, **nobody}
    seen = bench.judge.describe(picture)
    return {
        "face": True,
        "dlib_selfie": distance(seen, person.selfie_dlib),
        "dlib_portrait": distance(seen, person.portrait_dlib),
        "nearest": bench.nearest(face.embedding) == person.id,
        "cosine_selfie": float(face.embedding @ person.identity.embedding),
        "cosine_portrait": float(face.embedding @ person.portrait_embedding),
        "lightness": cheek_lightness(picture, face.landmarks),
    }
