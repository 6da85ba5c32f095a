"""Heads that the built-in engine drew, for the tests that dress them."""

from dataclasses import dataclass

import numpy as np
import pytest

from pipelines.engines.engine import Engine
from pipelines.faces.identity import Face, FaceAnalyser, Shot, choose, fuse
from pipelines.looks.preset import load_look
from pipelines.looks.prompts import compose
from pipelines.matting.head_parser import HeadParser
from tests.conftest import Person

DRAWN = (0, 1, 3, 4, 6, 8)
"""Places among the people of those that are drawn: of all tones of skin, with short and long hair."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Head:
    """A head as the engine drew it of somebody's selfie, and the face in it."""

    image: np.ndarray  # uint8 RGB (1024, 1024, 3)
    face: Face


@pytest.fixture(scope="package")
def heads(analyser: FaceAnalyser, people: list[Person]) -> list[Head]:
    """Drawn once, by the engine that people get. No test changes their arrays."""
    engine, prompt = Engine.load("builtin"), compose(load_look("corporate"), family="builtin")
    drawn = []
    for selfie in (people[k].selfie for k in DRAWN):
        identity = fuse([Shot(image=selfie, face=choose(analyser.analyse(selfie)))], analyser.recogniser)
        image = engine.generate(engine.condition(identity), prompt, engine.spec.defaults, 7)
        image.flags.writeable = False
        drawn.append(Head(image=image, face=choose(analyser.analyse(image))))
    return drawn


@pytest.fixture(scope="package")
def parser() -> HeadParser:
    return HeadParser()
