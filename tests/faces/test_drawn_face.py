"""A drawn picture passes as a face only with a face's confidence, landmarks, pattern and colour."""

from dataclasses import replace

import numpy as np
import pytest

from pipelines.errors import PictureLost
from pipelines.faces.drawn_face import NO_FACE, NOT_A_PERSON, drawn_face
from pipelines.faces.identity import Face, FaceAnalyser
from tests.conftest import SIDE, Person, opened

pytestmark = pytest.mark.slow


def seen(analyser: FaceAnalyser, picture: np.ndarray) -> tuple[np.ndarray, Face]:
    return picture, analyser.analyse(picture)[0]


def test_photos_of_people_pass_in_colour_and_in_grey(analyser: FaceAnalyser, people: list[Person]) -> None:
    for person in people:
        for photo in (person.selfie, person.portrait):
            grey = np.repeat(photo.mean(-1, keepdims=True).astype(np.uint8), 3, -1)
            for picture in (photo, grey):
                drawn_face(picture, analyser.analyse(picture))


def test_nobody_is_no_face() -> None:
    with pytest.raises(PictureLost) as lost:
        drawn_face(np.full((64, 64, 3), 128, np.uint8), [])
    assert str(lost.value) == NO_FACE


def spoilt(analyser: FaceAnalyser, photo: np.ndarray) -> dict[str, tuple[np.ndarray, Face]]:
    """A photo's face with one thing wrong each."""
    picture, face = seen(analyser, photo)
    middle = face.landmarks.mean(0)
    turned = (face.landmarks - middle) @ np.array([[0, 1], [-1, 0]], np.float32) + middle
    wide = (face.landmarks - middle) * (2.2, 1) + middle
    return {
        "hardly seen": (picture, replace(face, confidence=0.55)),
        "negative": seen(analyser, 255 - picture),
        "blue": (np.ascontiguousarray(picture[..., ::-1]), face),
        "black": ((picture * 0.06).astype(np.uint8), face),
        "landmarks turned": (picture, replace(face, landmarks=turned.astype(np.float32))),
        "landmarks apart": (picture, replace(face, landmarks=wide.astype(np.float32))),
        "nothing where the face is said to be": (picture, replace(face, landmarks=face.landmarks + 300)),
    }


@pytest.mark.parametrize("number", [0, 3, 8])
def test_what_is_no_persons_face_is_lost(analyser: FaceAnalyser, people: list[Person], number: int) -> None:
    for fault, (picture, face) in spoilt(analyser, people[number].portrait).items():
        with pytest.raises(PictureLost) as lost:
            drawn_face(picture, [face])
        assert str(lost.value) == NOT_A_PERSON, fault


def test_light_of_any_colour_passes_where_words_may_ask_for_it(analyser: FaceAnalyser, people: list[Person]) -> None:
    picture, face = spoilt(analyser, people[0].portrait)["blue"]
    assert drawn_face(picture, [face], skin=False) is face


def test_the_largest_face_counts(analyser: FaceAnalyser, people: list[Person]) -> None:
    sheet = opened(people[0].folder / "character_sheet.jpg", SIDE)
    faces = analyser.analyse(sheet)
    assert drawn_face(sheet, faces) is max(faces, key=lambda face: float(np.prod(face.box[2:] - face.box[:2])))
