"""The dial "How much it is you", on the built-in engine: `benchmarks.likeness` measures it on all ten people."""

from dataclasses import replace

import numpy as np
import pytest

from pipelines.engines.engine import Engine
from pipelines.faces.identity import FaceAnalyser, Shot, choose, fuse
from pipelines.looks.preset import load_look
from pipelines.looks.prompts import compose
from pipelines.settings import Settings
from tests.conftest import Person

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine.load("builtin")


@pytest.mark.parametrize("number", [1, 4])
def test_likeness_rises_from_a_strangers(
    engine: Engine, analyser: FaceAnalyser, people: list[Person], number: int
) -> None:
    selfie = people[number].selfie
    person = fuse([Shot(image=selfie, face=choose(analyser.analyse(selfie)))], analyser.recogniser)
    condition, prompt = engine.condition(person), compose(load_look("corporate"), family="builtin")

    def draw(resemblance: float) -> np.ndarray:
        return engine.generate(condition, prompt, replace(engine.spec.defaults, resemblance=resemblance), 7)

    likeness = [float(choose(analyser.analyse(draw(dial))).embedding @ person.embedding) for dial in (0, 0.5, 1)]
    assert likeness[0] < 0.2 < likeness[0] + 0.2 < likeness[1] < likeness[2]


def test_the_dial_scales_embedding_and_structure_together_and_once() -> None:
    settings = Settings(resemblance=0.5, identity_strength=1.2, structure=0.8, guidance_scale=1.5, steps=4)
    applied = settings.applied
    assert (applied.identity_strength, applied.structure, applied.resemblance) == (0.6, 0.4, 1.0)
    assert (applied.guidance_scale, applied.steps) == (1.5, 4) and applied.applied == applied
