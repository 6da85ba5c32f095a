"""Part one: the product as it is. Default settings, default look, after finishing, four pictures of each person."""

from typing import Any

import numpy as np

from benchmarks.common.judges import SAME_PERSON, cheek_colour, distance, hue_difference
from benchmarks.common.report import Bar, Outcome
from benchmarks.likeness.bench import SEEDS, Bench, mean
from benchmarks.likeness.people import Person
from pipelines.faces.photos import largest_face
from pipelines.finishing.finish import finish
from pipelines.finishing.skin_tone import median_skin_tone


def likeness(bench: Bench) -> Outcome:
    """Whether people recognise themselves, and whether their skin keeps its tone."""
    pictures: list[dict[str, Any]] = []
    lightness: dict[str, float] = {}
    hue: dict[str, float] = {}
    best: dict[str, float] = {}
    for person in bench.each("likeness"):
        finished = [_headshot(bench, person, seed) for seed in SEEDS]
        bench.sheet.add(f"{person.id}: selfie, unseen portrait, headshots", [person.selfie, person.portrait, *finished])
        seen = [judge(bench, person, picture) for picture in finished]
        pictures += [{"person": person.id, "seed": seed, **one} for seed, one in zip(SEEDS, seen, strict=True)]
        tones = [one["cheeks"] for one in seen if one["face"]]
        tone = np.mean(tones, axis=0) if tones else np.full(3, np.inf)
        lightness[person.id] = float(tone[0] - person.cheeks[0])
        hue[person.id] = hue_difference(tone, person.cheeks)
        cosines = [one["cosine_selfie"] for one in seen]
        best[person.id] = max(cosines) - mean(cosines)

    def column(name: str) -> list[float]:
        return [picture[name] for picture in pictures]

    same = {name: mean([d < SAME_PERSON for d in column(name)]) for name in ("dlib_selfie", "dlib_portrait")}
    off = max(map(abs, lightness.values()))
    hue_off = max(map(abs, hue.values()))
    bars = [
        Bar(name="a face in the picture", figure=mean(column("face")), rule=">=", limit=39 / 40, share=True),
        Bar(name="dlib: same person as the selfie", figure=same["dlib_selfie"], rule=">=", limit=0.97, share=True),
        Bar(name="dlib: same person as the portrait", figure=same["dlib_portrait"], rule=">=", limit=0.93, share=True),
        Bar(name="nearest of ten portraits right", figure=mean(column("nearest")), rule=">=", limit=0.85, share=True),
        Bar(name="mean cosine to the selfie", figure=mean(column("cosine_selfie")), rule=">=", limit=0.57),
        Bar(name="mean cosine to the portrait", figure=mean(column("cosine_portrait")), rule=">=", limit=0.43),
        Bar(name="best of four by likeness: gain in cosine", figure=mean(list(best.values())), rule=">=", limit=0.03),
        Bar(name="cheeks' L* off by, worst of the people", figure=off, rule="<=", limit=5.0),
        Bar(name="cheeks' hue off by, worst of the people", figure=hue_off, rule="<=", limit=5.0),
    ]
    details = {"lightness_difference": lightness, "hue_difference": hue, "best_of_four": best, "pictures": pictures}
    return Outcome(bars=bars, details=details)


def _headshot(bench: Bench, person: Person, seed: int) -> np.ndarray:
    drawn = bench.draw(person, seed)
    skin = median_skin_tone(person.identity.shots)
    return finish(drawn.image, drawn.face, bench.look, mask=bench.mask, skin=skin)


def judge(bench: Bench, person: Person, picture: np.ndarray) -> dict[str, Any]:
    """What all judges say of one finished picture. Without a face it is nobody: cosine 0, and not verified."""
    face = largest_face(bench.analyser.analyse(picture))
    if face is None:
        nobody = {"cosine_selfie": 0.0, "cosine_portrait": 0.0, "cheeks": None}
        return {"face": False, "dlib_selfie": np.inf, "dlib_portrait": np.inf, "nearest": False, **nobody}
    seen = bench.judge.describe(picture)
    return {
        "face": True,
        "dlib_selfie": distance(seen, person.selfie_dlib),
        "dlib_portrait": distance(seen, person.portrait_dlib),
        "nearest": bench.nearest(face.embedding) == person.id,
        "cosine_selfie": float(face.embedding @ person.identity.embedding),
        "cosine_portrait": float(face.embedding @ person.portrait_embedding),
        "cheeks": cheek_colour(picture, face.landmarks).tolist(),
    }
