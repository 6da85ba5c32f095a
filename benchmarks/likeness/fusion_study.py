"""Comparison of fused embeddings with several side by side: `python -m benchmarks.likeness.fusion_study`.

Run it before changing how several photos reach an adapter. Ten people with three photos each, two seeds, the built-in
model: it has the layout of plain FaceID, and needs no hub. For one photo, for three fused and for three embeddings side
by side: the cosine to a portrait that nobody has seen, and dlib's distance to it. About four minutes on two cores.
"""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from benchmarks.common.command import conclude, parser
from benchmarks.common.judges import DlibJudge, distance
from benchmarks.common.report import Outcome
from benchmarks.likeness.people import SHOTS, selfies
from pipelines.engines.engine import Condition, Engine
from pipelines.faces.identity import FaceAnalyser, Shot, fuse
from pipelines.faces.photos import largest_face
from pipelines.faces.recognisers import RECOGNISERS
from pipelines.images.decode import open_photo
from pipelines.looks.preset import load_look
from pipelines.looks.prompts import compose
from pipelines.request import Request

FURTHER = ("amateur_posture.jpg", "emotions_sheet.jpg")
"""File names of each person's further photos."""
SEEDS = (7, 8)
STRUCTURES = (0.0, 1.0)
"""Structures to draw with: without it the embedding alone has to do; 1 is the photo's as it is."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw everybody in every way and print the means."""
    given = parser(__doc__).parse_args(arguments)
    analyser, judge, engine = FaceAnalyser("w600k_mbf"), DlibJudge(), Engine.load("builtin")
    prompt = compose(load_look(Request.look), words="", family=engine.spec.family)
    found: dict[tuple[float, str], list[tuple[float, float]]] = {}
    for selfie in tqdm(selfies(), disable=None, leave=False):
        portrait = open_photo(selfie.with_name(SHOTS[1]))
        face, described = largest_face(analyser.analyse(portrait)), judge.describe(portrait)
        if face is None:
            raise SystemExit(f"No face in {selfie.parent.parent.name}'s portrait.")
        for structure in STRUCTURES:
            settings = replace(engine.spec.defaults, structure=structure)
            for way, condition in ways(engine, photos_of(selfie, analyser)):
                for seed in SEEDS:
                    image = engine.generate(condition, prompt, settings, seed)
                    drawn = largest_face(analyser.analyse(image))
                    cosine = 0.0 if drawn is None else float(drawn.embedding @ face.embedding)
                    far = distance(judge.describe(image), described)
                    found.setdefault((structure, way), []).append((cosine, far))
    means: dict[str, float] = {}
    print("structure  photos         cosine  dlib")
    for (structure, way), pairs in found.items():
        cosine, far = (float(value) for value in np.array(pairs).mean(0))
        print(f"{structure:<9g}  {way:<13}  {cosine:.3f}   {far:.3f}")
        name = f"structure_{structure:g}_{way.replace(', ', '_')}"
        means |= {f"{name}_cosine": cosine, f"{name}_dlib_distance": far}
    outcomes = {"fusion_study": Outcome(bars=[], figures=means)}
    return conclude(outcomes, given, command="python -m benchmarks.likeness.fusion_study", about={"seeds": SEEDS})


def photos_of(selfie: Path, analyser: FaceAnalyser) -> list[Shot]:
    """Collect a person's selfie, and the clearest of their faces in each further picture."""
    shots: list[Shot] = []
    for file in (selfie, *(selfie.with_name(name) for name in FURTHER)):
        image = open_photo(file)
        faces = analyser.analyse(image)
        if shots:
            own = shots[0].face.embedding
            faces = [face for face in faces if float(face.embedding @ own) > RECOGNISERS["w600k_mbf"].stranger]
        shots.append(Shot(image=image, face=max(faces, key=lambda face: face.quality.score)))
    return shots


def ways(engine: Engine, shots: list[Shot]) -> Iterator[tuple[str, Condition]]:
    """Condition the engine on the same person in three ways; the structure is the selfie's in all of them."""
    one, fused = (fuse(of, engine.spec.recogniser) for of in (shots[:1], shots))
    condition = engine.condition(one)
    yield "one", condition
    yield "three, fused", replace(condition, embedding=torch.from_numpy(fused.embedding)[None, None])
    several = np.stack([shot.face.embedding for shot in shots])
    yield "three, apart", replace(condition, embedding=torch.from_numpy(several)[None])


if __name__ == "__main__":
    sys.exit(main())
