"""Key points: the picture that InstantID's ControlNet reads, and where it puts a face."""

import numpy as np
import pytest

from pipelines.engines.instantid.keypoints import COLOURS, draw_key_points, middle_place, place_landmarks
from pipelines.faces.alignment import TEMPLATE
from pipelines.faces.measurements import FaceMeasurements
from pipelines.finishing.framing import ffhq_side
from pipelines.looks.shoot import HeadPlace

CROSS = np.array([[20.9, 60], [100, 60], [60, 60], [60, 20], [60, 100]])
"""Landmarks on a cross, whose numbers are easily written down."""


def test_the_picture_is_the_published_one_pixel_by_pixel() -> None:
    """Discs of radius 10 in full colour, ellipses from the nose half as long as the way, 4 pixels wide, at 0.6."""
    picture = draw_key_points(CROSS, (130, 120))
    assert picture.shape == (120, 130, 3) and picture.dtype == np.uint8
    red, green, blue, yellow, magenta = COLOURS
    expected = {
        (60, 20): red,  # row, column; coordinates are cut, not rounded: 20.9 is 20
        (60, 10): red,
        (60, 9): (0, 0, 0),
        (50, 20): red,
        (49, 20): (0, 0, 0),
        (60, 31): (153, 0, 0),  # beyond the disc: its ellipse, from 40 by 19 to both sides
        (57, 40): (153, 0, 0),
        (56, 40): (153, 0, 0),
        (55, 40): (0, 0, 0),
        (64, 40): (153, 0, 0),
        (65, 40): (0, 0, 0),
        (60, 100): green,
        (60, 85): (0, 153, 0),
        (60, 60): blue,
        (60, 70): blue,
        (60, 71): (0, 153, 0),
        (20, 60): yellow,
        (40, 60): (153, 153, 0),
        (40, 64): (153, 153, 0),
        (40, 65): (0, 0, 0),
        (100, 60): magenta,
        (80, 60): (153, 0, 153),
        (0, 0): (0, 0, 0),
    }
    assert {place: tuple(picture[place].tolist()) for place in expected} == expected
    assert set(map(tuple, picture.reshape(-1, 3).tolist())) == {
        (0, 0, 0),
        *COLOURS,
        (153, 0, 0),
        (0, 153, 0),
        (153, 153, 0),
        (153, 0, 153),
    }


def measured(landmarks: np.ndarray) -> FaceMeasurements:
    return FaceMeasurements(
        shape=(1024, 1024, 3), landmarks=landmarks.astype(np.float32), confidence=1.0, crop=np.zeros((112, 112, 3))
    )


@pytest.mark.parametrize("photo_turn", [-30, 0, 20])
@pytest.mark.parametrize(("turn", "tilt"), [(0, 0), (8, 0), (-6, 2)])
def test_size_place_turn_and_tilt_are_those_asked_for_whatever_the_photo_shows(
    photo_turn: float, turn: float, tilt: float
) -> None:
    middle = TEMPLATE - TEMPLATE[:2].mean(0)
    middle[:, 0] -= middle[:, 0].mean()
    photo = place_landmarks(middle, HeadPlace(eyes=(300, 200), side=90, turn=photo_turn, tilt=-25))
    place = HeadPlace(eyes=(512, 440), side=660, turn=turn, tilt=tilt)
    placed = place_landmarks(photo, place)
    face = measured(placed)
    assert placed[:2].mean(0) == pytest.approx((512, 440), abs=4)
    assert face.turn == pytest.approx(turn, abs=1.0) and face.tilt == pytest.approx(tilt, abs=0.5)
    assert ffhq_side(placed) == pytest.approx(660, rel=0.02)


def test_a_face_keeps_its_proportions() -> None:
    face = TEMPLATE.astype(float) * (1.15, 1.0)  # a wide one
    placed = place_landmarks(face, middle_place((1024, 1024)))

    def proportion(landmarks: np.ndarray) -> float:
        return float((landmarks[1, 0] - landmarks[0, 0]) / (landmarks[3:, 1].mean() - landmarks[:2, 1].mean()))

    assert proportion(placed) == pytest.approx(proportion(face), rel=0.03)
