"""A headscarf is seen in the photo, and hair of any usual colour is none."""

import cv2
import numpy as np
import pytest

from pipelines.faces.identity import FaceAnalyser, Shot, choose
from pipelines.matting.covering import covering_notes
from pipelines.matting.head_parser import HeadParser
from tests.conftest import Person

pytestmark = pytest.mark.slow

CLOTHS = {"teal": (30, 100, 110), "red": (150, 30, 40), "white": (235, 233, 228), "black": (22, 22, 26)}


@pytest.fixture(scope="module")
def parser() -> HeadParser:
    return HeadParser()


def with_scarf(photo: np.ndarray, landmarks: np.ndarray, colour: tuple[int, int, int]) -> np.ndarray:
    """The photo with a plain cloth around the face, softly folded."""
    eyes, mouth = landmarks[:2].mean(0), landmarks[3:].mean(0)
    length = float(np.hypot(*(mouth - eyes)))
    middle = tuple(int(v) for v in eyes + 0.35 * (mouth - eyes))
    cloth, face = np.zeros(photo.shape[:2], np.uint8), np.zeros(photo.shape[:2], np.uint8)
    cv2.ellipse(cloth, middle, (int(1.9 * length), int(2.35 * length)), 0, 0, 360, 1, -1)
    cv2.ellipse(face, middle, (int(1.05 * length), int(1.4 * length)), 0, 0, 360, 1, -1)
    y, x = np.mgrid[: photo.shape[0], : photo.shape[1]]
    folds = 1 + 0.12 * np.sin(np.hypot(x - middle[0], y - middle[1]) / length * 14)
    scarf = np.clip(np.array(colour) * folds[..., None], 0, 255).astype(np.uint8)
    return np.where((cloth & ~face)[..., None].astype(bool), scarf, photo)


@pytest.mark.parametrize("colour", CLOTHS)
def test_a_headscarf_is_said(colour: str, people: list[Person], analyser: FaceAnalyser, parser: HeadParser):
    for person in people[:4]:
        face = choose(analyser.analyse(person.selfie))
        covered = with_scarf(person.selfie, face.landmarks, CLOTHS[colour])
        (note,) = covering_notes(Shot(image=covered, face=face), parser)
        assert "headscarf" in note


def test_hair_and_bare_heads_are_no_covering(people: list[Person], analyser: FaceAnalyser, parser: HeadParser):
    for person in people:
        for photo in (person.selfie, person.portrait):
            face = choose(analyser.analyse(photo))
            assert not covering_notes(Shot(image=photo, face=face), parser)
