"""Measurements of a face, before anything is said about it: size, turn, tilt, light, and what is outside."""

import cv2
import numpy as np
import pytest

from pipelines.faces.identity import FaceAnalyser
from pipelines.faces.measurements import FACING, FaceMeasurements, smiles
from tests.conftest import Person


def views(analyser: FaceAnalyser, image: np.ndarray) -> list[FaceMeasurements]:
    return [FaceMeasurements.of(image, face.landmarks, face.confidence) for face in analyser.analyse(image)]


def test_size_is_the_distance_between_the_eyes_in_pixels(analyser: FaceAnalyser, astronaut: np.ndarray) -> None:
    (view,) = views(analyser, astronaut)
    assert view.size == pytest.approx(43, abs=2)
    (larger,) = views(analyser, cv2.resize(astronaut, None, fx=2, fy=2))
    assert larger.size == pytest.approx(2 * view.size, rel=0.05)


def test_a_head_seen_from_the_side_is_not_smaller(analyser: FaceAnalyser, people: list[Person]) -> None:
    front, side = (views(analyser, people[3].angles[k])[0] for k in (0, 1))
    assert np.hypot(*(side.landmarks[1] - side.landmarks[0])) < 0.5 * front.size
    assert side.size == pytest.approx(front.size, rel=0.2)


def test_turn_is_positive_towards_the_viewers_right(analyser: FaceAnalyser, people: list[Person]) -> None:
    front, right, left = (views(analyser, people[3].angles[k])[0] for k in (0, 1, 3))
    assert abs(front.turn) < 10
    assert right.turn > 60 and left.turn < -60


def test_who_smiles_is_seen(analyser: FaceAnalyser, people: list[Person]) -> None:
    def seen(number: int) -> bool:
        faces = analyser.analyse(people[number - 1].selfie)
        return smiles(max(faces, key=lambda face: face.confidence).landmarks)

    assert all(map(seen, (1, 2, 4, 9, 10))) and not any(map(seen, (3, 5)))


@pytest.mark.parametrize("degrees", [-50, -20, 20, 50])
def test_tilt_is_positive_clockwise(analyser: FaceAnalyser, people: list[Person], degrees: int) -> None:
    photo = people[0].portrait
    (upright,) = views(analyser, photo)
    matrix = cv2.getRotationMatrix2D((512, 480), -degrees, 1)  # OpenCV counts the other way
    (leaning,) = views(analyser, cv2.warpAffine(photo, matrix, (1024, 1024), borderMode=cv2.BORDER_REPLICATE))
    assert leaning.tilt - upright.tilt == pytest.approx(degrees, abs=6)
    assert leaning.turn == pytest.approx(upright.turn, abs=12)


def test_a_photo_upside_down_is_tilted_by_half_a_turn(analyser: FaceAnalyser, people: list[Person]) -> None:
    (view,) = views(analyser, np.rot90(people[0].portrait, 2))
    assert abs(view.tilt) > 170


def test_what_lies_outside_is_a_share_of_the_face(analyser: FaceAnalyser, people: list[Person]) -> None:
    (whole,) = views(analyser, people[0].portrait)
    assert whole.outside == 0
    nose = round(float(whole.landmarks[2, 0]))
    halved = FaceMeasurements.of(people[0].portrait[:, :nose], whole.landmarks, 0.8)
    assert halved.outside == pytest.approx(0.5, abs=0.03)


@pytest.mark.parametrize(("grey", "lightness"), [(0, 0), (119, 50), (255, 100)])
def test_lightness_is_cielab_s(grey: int, lightness: float) -> None:
    landmarks = np.array([[40, 40], [80, 40], [60, 60], [44, 80], [76, 80]], np.float32)
    view = FaceMeasurements.of(np.full((120, 120, 3), grey, np.uint8), landmarks, 0.8)
    assert view.cheeks == pytest.approx((lightness, lightness), abs=0.3)
    assert view.luma.mean() == pytest.approx(grey, abs=1)


def test_cheeks_are_left_and_right_as_the_viewer_sees_them(analyser: FaceAnalyser, people: list[Person]) -> None:
    (view,) = views(analyser, people[0].portrait)
    photo = people[0].portrait.copy()
    nose = round(float(view.landmarks[2, 0]))
    photo[:, nose:] //= 3
    left, right = FaceMeasurements.of(photo, view.landmarks, 0.8).cheeks or (0, 0)
    assert left > right + 25


def test_cheeks_are_not_compared_in_a_head_turned_away(analyser: FaceAnalyser, people: list[Person]) -> None:
    (view,) = views(analyser, people[3].angles[1])
    assert abs(view.turn) > FACING and view.cheeks is None


def test_of_a_turned_head_the_cheek_that_faces_the_camera_tells_the_tone(
    analyser: FaceAnalyser, six_people: np.ndarray, people: list[Person]
) -> None:
    """The second and the fifth friend, turned by 36 and 57 degrees; a profile tells none."""
    for number in (1, 4):
        face = analyser.analyse(six_people)[number]
        view = FaceMeasurements.of(six_people, face.landmarks, face.confidence)
        assert view.cheeks is None and view.skin is not None
        red, green, blue = view.skin
        assert red > green > blue and red > 0.5
    for side in (1, 3):
        face = analyser.analyse(people[3].angles[side])[0]
        assert FaceMeasurements.of(people[3].angles[side], face.landmarks, face.confidence).skin is None
