"""A head turns about its own axis: the nose goes ahead, and what is around the person stays put."""

import dataclasses
from collections.abc import Callable

import cv2
import numpy as np
import pytest

from pipelines.engine_table import ENGINES
from pipelines.engines.engine import Engine
from pipelines.faces.identity import Face, FaceAnalyser, Shot, choose, fuse
from pipelines.images.head_turn import MOST, turn_of, turned, turned_landmarks, turned_to
from pipelines.looks.prompts import Prompt
from tests.conftest import Person

pytestmark = pytest.mark.slow

Framed = tuple[np.ndarray, Face]

ACROSS = np.array([[-10, 0], [10, 0], [0, 12], [-8, 20], [8, 20]], np.float32)
"""Landmarks of a face from the front, pixels from the middle of its eyes."""


@pytest.fixture(scope="module")
def framed(analyser: FaceAnalyser, people: list[Person]) -> Framed:
    """A portrait in a frame about four faces wide, uint8 RGB, and its face."""
    portrait = people[0].portrait
    x0, y0, x1, y1 = choose(analyser.analyse(portrait)).box.astype(int)
    width, height = x1 - x0, y1 - y0
    cut = portrait[max(0, y0 - height // 2) : y1 + height // 2, max(0, x0 - width) : x1 + width]
    small = cv2.resize(cut, None, fx=180 / width, fy=180 / width, interpolation=cv2.INTER_AREA)
    return small, choose(analyser.analyse(small))


@pytest.mark.parametrize("angle", [0, 30, -120])
def test_the_turn_is_measured_along_the_eyes_however_the_head_is_tilted(angle: int) -> None:
    a = np.radians(angle)
    tilt = np.array([[np.cos(a), np.sin(a)], [-np.sin(a), np.cos(a)]], np.float32)
    to_the_right = ACROSS.copy()
    to_the_right[2, 0] = 4
    assert turn_of(ACROSS @ tilt) == pytest.approx(0, abs=1e-6)
    assert turn_of(to_the_right @ tilt + 50) == pytest.approx(0.2, abs=1e-6)


@pytest.mark.parametrize("degrees", [-8.0, 8.0])
def test_the_nose_goes_the_asked_way_and_the_person_stays(
    framed: Framed, analyser: FaceAnalyser, degrees: float
) -> None:
    image, face = framed
    picture = turned(image, face.landmarks, degrees)
    after = choose(analyser.analyse(picture))
    assert picture.shape == image.shape and picture.dtype == np.uint8
    assert 0.03 < np.sign(degrees) * (turn_of(after.landmarks) - turn_of(face.landmarks)) < 0.1
    assert float(after.embedding @ face.embedding) > 0.85


@pytest.mark.parametrize("degrees", [-8.0, 8.0])
def test_the_landmarks_go_with_the_head(framed: Framed, analyser: FaceAnalyser, degrees: float) -> None:
    image, face = framed
    found = choose(analyser.analyse(turned(image, face.landmarks, degrees))).landmarks
    width = float(face.box[2] - face.box[0])
    foretold = turned_landmarks(face.landmarks, degrees)
    assert np.abs(foretold - face.landmarks).max() > 0.02 * width
    assert np.abs(foretold - found).max() < 0.035 * width


def test_a_tilted_head_turns_about_its_own_axis(framed: Framed, analyser: FaceAnalyser) -> None:
    image, face = framed
    on_its_side = np.ascontiguousarray(np.rot90(image))
    x, y = face.landmarks.T
    landmarks = np.stack([y, image.shape[1] - 1 - x], 1)
    picture = np.rot90(turned(on_its_side, landmarks, 8.0), -1)
    assert np.abs(picture.astype(int) - turned(image, face.landmarks, 8.0)).mean() < 1


def test_what_is_around_the_person_stays(framed: Framed) -> None:
    image, face = framed
    picture = turned(image, face.landmarks, 8.0)
    assert np.array_equal(turned(image, face.landmarks, 0.0), image)
    for column in (slice(0, 8), slice(-8, None)):
        assert np.abs(picture[:40, column].astype(int) - image[:40, column]).max() <= 2


def test_a_head_is_turned_as_far_as_it_is_short(framed: Framed, analyser: FaceAnalyser) -> None:
    image, face = framed
    now = turn_of(face.landmarks)
    for way in (-1, 1):
        asked = now + way * 0.07
        if asked * way > 0:
            picture = turned_to(image, face.landmarks, asked)
            assert turn_of(choose(analyser.analyse(picture)).landmarks) == pytest.approx(asked, abs=0.03)


def test_a_head_that_is_turned_enough_stays_as_it_is_and_no_head_is_stretched(framed: Framed) -> None:
    image, face = framed
    landmarks = face.landmarks.copy()
    across = landmarks[1] - landmarks[0]
    landmarks[2] = landmarks[:2].mean(0) + 0.3 * across
    assert turned_to(image, landmarks, 0.21) is image
    assert np.array_equal(turned_to(image, landmarks, -0.21), turned(image, landmarks, -MOST))


@pytest.fixture(scope="module")
def draw(analyser: FaceAnalyser, people: list[Person]) -> Callable[..., np.ndarray]:
    """The built-in engine's picture of somebody as these words say; `head_turn` replaces the row's own."""
    engine = Engine.load("builtin")
    selfie = people[0].selfie
    condition = engine.condition(fuse([Shot(image=selfie, face=choose(analyser.analyse(selfie)))], analyser.recogniser))

    def drawn(words: str, **changes: object) -> np.ndarray:
        engine.spec = dataclasses.replace(ENGINES["builtin"], **changes)  # type: ignore[arg-type]
        prompt = Prompt(positive=words, negative="", understood=(), ignored=())
        return engine.generate(condition, prompt, engine.spec.defaults, 7)

    return drawn


@pytest.mark.parametrize(("word", "way"), [("turned-left", -1), ("turned-right", 1)])
def test_the_built_in_engine_turns_heads_as_its_words_say(
    draw: Callable[..., np.ndarray], analyser: FaceAnalyser, word: str, way: int
) -> None:
    def turn(**changes: object) -> float:
        return turn_of(choose(analyser.analyse(draw(f"{word} smiling", **changes))).landmarks)

    assert way * turn() > 0.16  # the rule of training.data.attributes
    alone = turn(head_turn={})
    assert way * (turn(head_turn={word: alone + way * 0.06}) - alone) > 0.03  # where the model stops short of it


def test_words_that_turn_nothing_leave_the_picture_alone(draw: Callable[..., np.ndarray]) -> None:
    assert np.array_equal(draw("facing smiling"), draw("facing smiling", head_turn={}))


def test_a_picture_without_a_face_is_nobodys_to_turn(analyser: FaceAnalyser) -> None:
    engine = Engine.load("builtin")
    prompt = Prompt(positive="turned-left", negative="", understood=(), ignored=())
    nothing = np.full((256, 256, 3), 128, np.uint8)
    assert engine._head_turned(nothing, prompt) is nothing
