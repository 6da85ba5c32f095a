"""The judges know people apart, and measure colour as CIELAB does."""

import math

import numpy as np
import pytest

from benchmarks.common.judges import SAME_PERSON, DlibJudge, cheek_colour, distance, hue_difference
from benchmarks.likeness.people import SHOTS, selfies
from benchmarks.likeness.skin_groups import typology_angle
from pipelines.images.decode import open_photo

pytestmark = pytest.mark.slow

LANDMARKS = np.array([[40, 40], [80, 40], [60, 60], [44, 80], [76, 80]], np.float32)


def test_the_independent_judge_knows_a_person_again_and_strangers_apart() -> None:
    judge = DlibJudge()
    photos = [[judge.describe(open_photo(selfie.with_name(shot))) for shot in SHOTS] for selfie in selfies()[:2]]
    (ann, ann_again), (ben, ben_again) = photos
    assert distance(ann, ann_again) < SAME_PERSON
    assert distance(ben, ben_again) < SAME_PERSON
    assert distance(ann, ben_again) > SAME_PERSON
    assert distance(ann, None) == math.inf


def test_the_independent_judge_sees_nobody_in_an_empty_picture() -> None:
    assert DlibJudge().describe(np.full((64, 64, 3), 128, np.uint8)) is None


@pytest.mark.parametrize(("grey", "expected"), [(0, 0.0), (119, 50.0), (255, 100.0)])
def test_lightness_of_the_cheeks_is_cielab_s(grey: int, expected: float) -> None:
    image = np.full((120, 120, 3), grey, np.uint8)
    assert cheek_colour(image, LANDMARKS)[0] == pytest.approx(expected, abs=0.2)


def test_lightness_of_the_cheeks_looks_at_nothing_but_the_cheeks() -> None:
    image = np.zeros((120, 120, 3), np.uint8)
    image[54:66, 36:48] = image[54:66, 72:84] = 255
    assert cheek_colour(image, LANDMARKS)[0] > 95


@pytest.mark.parametrize(
    ("one", "other", "degrees"),
    [((50, 1, 1), (60, 1, 0), 45), ((50, 1, -1), (50, 1, 1), -90), ((1, 2, 3), (9, 2, 3), 0)],
)
def test_hue_is_an_angle_and_has_no_lightness(one: tuple, other: tuple, degrees: float) -> None:
    assert hue_difference(np.array(one), np.array(other)) == pytest.approx(degrees)


@pytest.mark.parametrize(("colour", "degrees"), [((75, 12, 14), 60.8), ((50, 15, 20), 0), ((30, 12, 20), -45)])
def test_the_typology_angle_is_chardons(colour: tuple[float, ...], degrees: float) -> None:
    """arctan((L* - 50) / b*): very light above 55 degrees, dark below -30."""
    assert typology_angle(np.array(colour)) == pytest.approx(degrees, abs=0.1)
