"""Finished headshots of each person, four each, at the product's defaults: likeness by all judges, and tones."""

from statistics import fmean
from typing import Any

import numpy as np

from benchmarks.common.judges import SAME_PERSON, cheek_colour, distance, hue_difference
from benchmarks.common.report import Bar, Outcome
from benchmarks.likeness.bench import SEEDS, Bench
from benchmarks.likeness.people import Person
from pipelines.faces.identity import Face
from pipelines.faces.photos import largest_face
from pipelines.matting.head_parser import HeadParser
from pipelines.matting.head_view import HeadView
from pipelines.matting.person_mask import PersonMask

HEAD_HEIGHTS = (0.38, 0.48)
"""Least and most height of the head in a portrait, as a share of the picture's: how photographers frame one."""
CHIN_BELOW_MOUTH = 0.95
"""Distance from the mouth's corners to the chin, in distances from eyes to mouth, of people who smile a little."""
HAIR, ENOUGH = 0.8, 150
"""Share of a place that is hair, and places, from which on hair is measured."""
NOBODY = {
    "face": False,
    "dlib_selfie": np.inf,
    "dlib_portrait": np.inf,
    "nearest": False,
    "cosine_selfie": 0.0,
    "cosine_portrait": 0.0,
    "cheeks": None,
    "hair": None,
    "head_height": 0.0,
}
"""Verdict on a picture without a face."""


def likeness(bench: Bench) -> Outcome:
    """Measure how far people are recognised in their headshots, and how far their cheeks and their hair are off."""
    pictures: list[dict[str, Any]] = []
    lightness: dict[str, float] = {}
    hue: dict[str, float] = {}
    hair: dict[str, float] = {}
    parser = HeadParser()
    best: dict[str, float] = {}
    for person in bench.each("likeness"):
        finished = bench.headshots(person.file)
        caption = f"{person.id}: selfie, unseen portrait, headshots"
        bench.sheet.add(caption, [person.selfie, person.portrait, *(finished[seed] for seed in sorted(finished))])
        seen = [judge(bench, person, finished.get(seed), parser) for seed in SEEDS]
        pictures += [{"person": person.id, "seed": seed, **one} for seed, one in zip(SEEDS, seen, strict=True)]
        tones = [one["cheeks"] for one in seen if one["face"]]
        tone = np.mean(tones, axis=0) if tones else np.full(3, np.inf)
        lightness[person.id] = float(tone[0] - person.cheeks[0])
        hue[person.id] = hue_difference(tone, person.cheeks)
        own = hair_lightness(person.selfie, person.identity.best.face, parser)
        drawn = [one["hair"] for one in seen if one["hair"] is not None]
        if own is not None and drawn:  # of who has none nothing can be told
            hair[person.id] = fmean(drawn) - own
        cosines = [one["cosine_selfie"] for one in seen]
        best[person.id] = max(cosines) - fmean(cosines)

    def column(name: str) -> list[float]:
        return [picture[name] for picture in pictures]

    same = {name: [d < SAME_PERSON for d in column(name)] for name in ("dlib_selfie", "dlib_portrait")}
    two_shots = [float(person.identity.embedding @ person.portrait_embedding) for person in bench.people]
    figures = {
        "people": len(bench.people),
        "pictures": len(pictures),
        "face": sum(column("face")),
        "dlib_same_as_selfie": sum(same["dlib_selfie"]),
        "dlib_same_as_portrait": sum(same["dlib_portrait"]),
        "nearest_portrait_right": sum(column("nearest")),
        "cosine_to_selfie": fmean(column("cosine_selfie")),
        "cosine_to_portrait": fmean(column("cosine_portrait")),
        "two_shots_cosine_lowest": min(two_shots),
        "two_shots_cosine_highest": max(two_shots),
        "best_of_four_gain_in_cosine": fmean(best.values()),
        "cheeks_worst_lightness_difference": max(map(abs, lightness.values())),
        "cheeks_worst_hue_difference_degrees": max(map(abs, hue.values())),
        "people_with_hair": len(hair),
        "hair_mean_lightness_difference": fmean(map(abs, hair.values())),
        "hair_worst_lightness_difference": max(map(abs, hair.values())),
        "head_height_lowest": min(column("head_height")),
        "head_height_highest": max(column("head_height")),
        "head_height_right": sum(HEAD_HEIGHTS[0] <= height <= HEAD_HEIGHTS[1] for height in column("head_height")),
    }

    def share(name: str) -> float:
        return figures[name] / figures["pictures"]

    off, hue_off = figures["cheeks_worst_lightness_difference"], figures["cheeks_worst_hue_difference_degrees"]
    same_selfie, same_portrait = share("dlib_same_as_selfie"), share("dlib_same_as_portrait")
    gain = figures["best_of_four_gain_in_cosine"]
    bars = [
        Bar(name="a face in the picture", figure=share("face"), rule=">=", limit=39 / 40, share=True),
        Bar(name="dlib: same person as the selfie", figure=same_selfie, rule=">=", limit=0.97, share=True),
        Bar(name="dlib: same person as the portrait", figure=same_portrait, rule=">=", limit=0.95, share=True),
        Bar(
            name="nearest of ten portraits right",
            figure=share("nearest_portrait_right"),
            rule=">=",
            limit=0.85,
            share=True,
        ),
        Bar(name="mean cosine to the selfie", figure=figures["cosine_to_selfie"], rule=">=", limit=0.60),
        Bar(name="mean cosine to the portrait", figure=figures["cosine_to_portrait"], rule=">=", limit=0.44),
        Bar(
            name="head height within 38 to 48 % of the picture's",
            figure=share("head_height_right"),
            rule=">=",
            limit=1.0,
            share=True,
        ),
        Bar(name="best of four by likeness: gain in cosine", figure=gain, rule=">=", limit=0.03),
        Bar(name="cheeks' L* off by, worst of the people", figure=off, rule="<=", limit=5.0),
        Bar(name="cheeks' hue off by, worst of the people", figure=hue_off, rule="<=", limit=5.0),
        Bar(name="hair's L* off by, mean", figure=figures["hair_mean_lightness_difference"], rule="<=", limit=4.0),
    ]
    details = {
        "lightness_difference": lightness,
        "hue_difference": hue,
        "hair_lightness_difference": hair,
        "best_of_four": best,
        "pictures": pictures,
    }
    return Outcome(bars=bars, figures=figures, details=details)


def judge(bench: Bench, person: Person, picture: np.ndarray | None, parser: HeadParser) -> dict[str, Any]:
    """Collect what all judges say of one finished picture, uint8 RGB (H, W, 3); NOBODY if there is no face or none."""
    face = None if picture is None else largest_face(bench.analyser.analyse(picture))
    if picture is None or face is None:
        return NOBODY
    seen = bench.judge.describe(picture)
    return {
        "face": True,
        "dlib_selfie": distance(seen, person.selfie_dlib),
        "dlib_portrait": distance(seen, person.portrait_dlib),
        "nearest": bench.nearest(face.embedding) == person.id,
        "cosine_selfie": float(face.embedding @ person.identity.embedding),
        "cosine_portrait": float(face.embedding @ person.portrait_embedding),
        "cheeks": cheek_colour(picture, face.landmarks).tolist(),
        "hair": hair_lightness(picture, face, parser),
        "head_height": head_height(picture, face, bench.mask),
    }


def hair_lightness(picture: np.ndarray, face: Face, parser: HeadParser) -> float | None:
    """Median CIELAB L* of the hair around a face; None where there are too few pixels of it."""
    view = HeadView.of(picture, face.landmarks)
    seen = view.lab[(parser.parse(view.picture).hair > HAIR) & view.inside]
    return float(np.median(seen[:, 0])) if len(seen) > ENOUGH else None


def head_height(picture: np.ndarray, face: Face, mask: PersonMask) -> float:
    """Height of the head, from the chin to the top of its hair, as a share of a finished picture's.

    The hair's top is where the person mask begins above the face, the chin where faces have it on average.
    """
    eyes, mouth = face.landmarks[:2].mean(0), face.landmarks[3:].mean(0)
    chin = float(mouth[1] + CHIN_BELOW_MOUTH * (mouth[1] - eyes[1]))
    left, right = (int(x) for x in sorted(face.landmarks[:2, 0]))
    above = mask(picture, face.landmarks)[:, left : right + 1].mean(1)
    return (chin - int(np.argmax(above > 0.5))) / len(picture)
