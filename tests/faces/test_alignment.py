"""A face arrives upright and in its place, whatever the photo's size and turn; only the photo's own pixels count."""

import cv2
import numpy as np
import pytest
from insightface.utils.face_align import norm_crop
from PIL import Image

from pipelines.faces.alignment import CROP_SIDE, TEMPLATE, align, similarity_transform, visible
from pipelines.faces.identity import FaceAnalyser
from tests.conftest import Person

DOT = np.array([255, 0, 0], np.uint8)


def placed(scale: float, turn: float = 0.0, shift: tuple[float, float] = (0, 0)) -> np.ndarray:
    """Landmarks (5, 2) of a face so many times as large as ArcFace's, turned by degrees."""
    a = np.radians(turn)
    rotation = np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])
    return (scale * TEMPLATE @ rotation.T + shift).astype(np.float32)


def dotted(landmarks: np.ndarray, side: int, radius: float) -> np.ndarray:
    """A black picture with a soft round dot at each landmark, drawn at fractions of a pixel."""
    down, across = np.mgrid[:side, :side]
    light = sum(np.exp(-(((across - x) ** 2 + (down - y) ** 2) / radius**2)) for x, y in landmarks)
    return np.repeat((255 * np.clip(light, 0, 1))[..., None], 3, 2).astype(np.uint8)


def centres(crop: np.ndarray, reach: int = 7) -> np.ndarray:
    """Positions of the dots: the centre of the light around each place of the template."""
    down, across = np.mgrid[:CROP_SIDE, :CROP_SIDE]
    found = []
    for x, y in TEMPLATE:
        light = crop[..., 0] * (np.hypot(across - x, down - y) < reach)
        found.append(((across * light).sum() / light.sum(), (down * light).sum() / light.sum()))
    return np.array(found)


@pytest.mark.parametrize("scale", [0.5, 1.0, 2.5, 6.0])
@pytest.mark.parametrize("turn", [0, 30, 180])
def test_each_landmark_comes_to_its_place_to_a_quarter_of_a_pixel(scale: float, turn: float) -> None:
    landmarks = placed(scale, turn)
    landmarks += 40 - landmarks.min(0)
    crop = align(dotted(landmarks, int(landmarks.max()) + 40, 2 * scale), landmarks)
    assert crop.shape == (CROP_SIDE, CROP_SIDE, 3) and crop.dtype == np.uint8
    assert np.abs(centres(crop) - TEMPLATE).max() < 0.25


def test_rotation_scale_and_shift_are_found_exactly() -> None:
    matrix = similarity_transform(TEMPLATE, placed(3, 25, (40, -7)))
    assert matrix.shape == (2, 3) and matrix.dtype == np.float32
    assert np.hypot(matrix[0, 0], matrix[1, 0]) == pytest.approx(3, abs=1e-4)
    assert np.degrees(np.arctan2(matrix[1, 0], matrix[0, 0])) == pytest.approx(25, abs=1e-3)
    assert np.allclose(matrix[:, 2], (40, -7), atol=1e-3)


def test_landmarks_that_fit_no_face_exactly_are_met_as_closely_as_can_be() -> None:
    target = TEMPLATE + np.random.default_rng(0).normal(0, 3, TEMPLATE.shape).astype(np.float32)
    matrix = similarity_transform(TEMPLATE, target)
    error = lambda m: float(((TEMPLATE @ m[:, :2].T + m[:, 2] - target) ** 2).sum())  # noqa: E731
    for change in ([[0.01, 0, 0], [0, 0.01, 0]], [[0, -0.01, 0], [0.01, 0, 0]], [[0, 0, 0.5], [0, 0, 0]]):
        assert error(matrix) < min(error(matrix + np.array(change)), error(matrix - np.array(change)))


def test_a_large_face_is_averaged_not_sampled() -> None:
    stripes = np.zeros((900, 900, 3), np.uint8)
    stripes[:, ::2] = 255
    crop = align(stripes, placed(7, shift=(50, 50)))[8:-8, 8:-8]
    assert crop.std() < 8 and abs(crop.mean() - 127.5) < 4


def test_the_person_is_the_same_in_a_large_and_in_a_small_copy(analyser: FaceAnalyser, astronaut: np.ndarray) -> None:
    (face,) = analyser.analyse(astronaut)
    large = cv2.resize(astronaut, None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC)
    moved = (face.landmarks + 0.5) * 4 - 0.5
    assert float(analyser.embed(large, moved) @ face.embedding) > 0.99


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_the_crop_is_upright_however_the_photo_lies(
    analyser: FaceAnalyser, astronaut: np.ndarray, quarters: int
) -> None:
    (face,) = analyser.analyse(astronaut)
    x, y = face.landmarks.T
    last = len(astronaut) - 1
    turned = np.stack({1: (y, last - x), 2: (last - x, last - y), 3: (last - y, x)}[quarters], 1)
    upright, other = (
        align(*pair).astype(int) for pair in ((astronaut, face.landmarks), (np.rot90(astronaut, quarters), turned))
    )
    assert np.abs(upright - other).mean() < 2


def test_colours_stay_in_their_order() -> None:
    crop = align(np.full((200, 200, 3), DOT), placed(1, shift=(30, 30)))
    assert (crop == DOT).all()


def test_beyond_the_photo_there_is_black() -> None:
    white = np.full((112, 112, 3), 255, np.uint8)
    for scale in (1.0, 3.0):
        shifted = placed(scale, shift=(-56 * scale, 0))
        photo = cv2.resize(white, None, fx=scale, fy=scale)
        crop = align(photo, shifted)
        assert crop[2:110, :54].max() == 0 and crop[2:110, 58:110].min() == 255
        assert abs(visible(photo.shape, shifted).mean() - 0.5) < 0.02


@pytest.mark.parametrize("scale", [1.0, 4.0])
def test_a_face_wholly_outside_the_photo_is_black(scale: float) -> None:
    away = placed(scale, shift=(5000, 5000))
    assert align(np.full((300, 300, 3), 200, np.uint8), away).max() == 0
    assert not visible((300, 300, 3), away).any()


def test_a_face_in_the_middle_of_the_photo_is_all_there() -> None:
    assert visible((400, 400, 3), placed(2, 20, (120, 60))).all()


def test_sampled_directly_it_is_insightfaces_own_crop(analyser: FaceAnalyser, people: list[Person]) -> None:
    """Adapters of others were trained on such crops; the one that is shrunk by area differs where the face is large."""
    photo = np.asarray(Image.fromarray(people[0].selfie).resize((2048, 2048)))
    landmarks = analyser.analyse(people[0].selfie)[0].landmarks * 2048 / np.array(people[0].selfie.shape[1::-1])
    published = norm_crop(photo, landmarks.astype(np.float32), 112).astype(int)
    direct, area = align(photo, landmarks, sampling="direct"), align(photo, landmarks, sampling="area")
    assert np.abs(direct - published).max() <= 2
    assert np.abs(area - published).mean() > 2
