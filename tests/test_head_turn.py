"""A head turns about its own axis: the nose goes ahead, the person stays the same, and what is around them stays put."""

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest

from pipelines.engine_table import ENGINES
from pipelines.engines import Engine
from pipelines.face_frames import ffhq_align
from pipelines.faces import Face, FaceAnalyser, Shot, choose, fuse
from pipelines.head_turn import turned
from pipelines.prompts import Prompt
from tests.conftest import Person

SIDE = 512


@pytest.fixture(scope="module")
def framed(analyser: FaceAnalyser, people: list[Person]) -> np.ndarray:
    """A portrait in FFHQ's frame, uint8 RGB (SIDE, SIDE, 3)."""
    portrait = people[0].portrait
    return ffhq_align(portrait, choose(analyser.analyse(portrait)).landmarks, SIDE)[0]


def nose(face: Face) -> float:
    """From the middle of the eyes to the nose, along their line, in eye distances, right positive."""
    left, right, tip = face.landmarks[:3]
    return float((tip - (left + right) / 2) @ (right - left) / ((right - left) @ (right - left)))


@pytest.mark.parametrize("degrees", [-8.0, 8.0])
def test_the_nose_goes_the_asked_way_and_the_person_stays(
    framed: np.ndarray, analyser: FaceAnalyser, degrees: float
) -> None:
    before = choose(analyser.analyse(framed))
    picture = turned(framed, degrees)
    after = choose(analyser.analyse(picture))
    assert picture.shape == framed.shape and picture.dtype == np.uint8
    assert 0.03 < np.sign(degrees) * (nose(after) - nose(before)) < 0.12
    assert float(after.embedding @ before.embedding) > 0.85


def test_without_degrees_and_around_the_head_nothing_moves(framed: np.ndarray) -> None:
    assert np.array_equal(turned(framed, 0.0), framed)
    picture = turned(framed, 8.0)
    edge = SIDE // 32
    for row in (slice(0, edge), slice(SIDE - edge, SIDE)):
        for column in (slice(0, edge), slice(SIDE - edge, SIDE)):
            assert np.abs(picture[row, column].astype(int) - framed[row, column]).max() <= 1


def test_there_and_back_is_where_it_was(framed: np.ndarray) -> None:
    back = turned(turned(framed, 8.0), -8.0)
    there = turned(framed, 8.0)
    assert np.abs(back.astype(int) - framed).mean() < np.abs(there.astype(int) - framed).mean() / 4


def test_any_size_turns_alike(framed: np.ndarray) -> None:
    half = framed.reshape(SIDE // 2, 2, SIDE // 2, 2, 3).mean((1, 3)).round().astype(np.uint8)
    whole = turned(framed, 8.0).reshape(SIDE // 2, 2, SIDE // 2, 2, 3).mean((1, 3))
    assert np.abs(turned(half, 8.0) - whole).mean() < 1.5


@pytest.fixture(scope="module")
def draw(analyser: FaceAnalyser, people: list[Person]) -> Callable[..., np.ndarray]:
    """The built-in engine's picture of somebody as these words say; `head_turn` replaces the row's own."""
    engine = Engine.load("builtin")
    selfie = people[0].selfie
    condition = engine.condition(
        fuse([Shot(image=selfie, face=choose(analyser.analyse(selfie)))], analyser.recogniser)
    )

    def drawn(words: str, **changes: object) -> np.ndarray:
        engine.spec = dataclasses.replace(ENGINES["builtin"], **changes)  # type: ignore[arg-type]
        prompt = Prompt(positive=words, negative="", understood=(), ignored=())
        return engine.generate(condition, prompt, engine.spec.defaults, 7)

    return drawn


@pytest.mark.parametrize(("word", "degrees", "way"), [("turned-left", -8.0, -1), ("turned-right", 8.0, 1)])
def test_the_built_in_engine_turns_heads_as_its_words_say(
    draw: Callable[..., np.ndarray], analyser: FaceAnalyser, word: str, degrees: float, way: int
) -> None:
    picture = draw(f"{word} smiling")
    alone = draw(f"{word} smiling", head_turn={})
    assert np.array_equal(picture, turned(alone, degrees))
    assert way * nose(choose(analyser.analyse(picture))) > 0.16  # the rule of training.attributes
    assert way * (nose(choose(analyser.analyse(picture))) - nose(choose(analyser.analyse(alone)))) > 0.03


def test_words_that_turn_nothing_leave_the_picture_alone(draw: Callable[..., np.ndarray]) -> None:
    assert np.array_equal(draw("facing smiling"), draw("facing smiling", head_turn={}))
