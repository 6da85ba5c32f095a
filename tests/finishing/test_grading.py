"""Light and colour: a grade does what it says, and nobody's skin becomes lighter or darker."""

from dataclasses import replace

import numpy as np
import pytest

from pipelines.finishing.grading import GREY, composite, expose, grade, undo_contrast, vignette
from pipelines.looks.preset import Grade

PLAIN = Grade()


@pytest.fixture
def picture() -> np.ndarray:
    """Random colours from 0.05 to 0.95: float32 (40, 60, 3)."""
    return 0.05 + 0.9 * np.random.default_rng(0).random((40, 60, 3), np.float32)


def test_a_grade_that_says_nothing_changes_nothing(picture: np.ndarray) -> None:
    assert np.array_equal(grade(picture, PLAIN), picture)


@pytest.mark.parametrize(
    "settings",
    [
        Grade(exposure=0.5, contrast=1.3, saturation=1.3, warmth=1.0, vignette=0.5),
        Grade(exposure=-0.5, contrast=0.8, saturation=0.0, warmth=-1.0),
        Grade(monochrome=True, contrast=1.3),
    ],
)
def test_the_strongest_grades_stay_in_range(picture: np.ndarray, settings: Grade) -> None:
    for extreme in (picture, np.rint(picture)):
        graded = grade(extreme, settings)
        assert graded.shape == picture.shape and graded.min() >= -1e-6 and graded.max() <= 1 + 1e-6


def test_black_and_white_has_no_colour(picture: np.ndarray) -> None:
    for settings in (Grade(monochrome=True), Grade(monochrome=True, saturation=1.3, warmth=1.0)):
        graded = grade(picture, settings)
        assert np.ptp(graded, axis=2).max() == 0 and graded.std() > 0.05


def test_saturation_scales_colour_and_keeps_brightness(picture: np.ndarray) -> None:
    pale = grade(picture, Grade(saturation=0.5))
    assert np.allclose(np.ptp(pale, axis=2), 0.5 * np.ptp(picture, axis=2), atol=1e-5)
    assert np.allclose(pale @ GREY, picture @ GREY, atol=1e-5)
    assert np.ptp(grade(picture, Grade(saturation=0.0)), axis=2).max() < 1e-6


@pytest.mark.parametrize("stops", [-0.5, 0.5])
def test_exposure_is_in_stops_of_light_and_keeps_black_and_white(stops: float) -> None:
    dark = np.array([0.0, 0.02, 1.0], np.float32)
    black, shade, white = expose(dark, stops)
    assert (black, white) == (0, 1)
    assert (shade / 0.02) ** 2.2 == pytest.approx(2**stops, rel=0.05)


@pytest.mark.parametrize("warmth", [-1.0, 1.0])
def test_warmth_is_red_against_blue_at_the_same_brightness(warmth: float) -> None:
    grey = np.full((4, 4, 3), 0.5, np.float32)
    red, green, blue = grade(grey, Grade(warmth=warmth))[0, 0]
    assert red / green == pytest.approx(1 + 0.08 * warmth, abs=1e-4)
    assert blue / green == pytest.approx(1 - 0.08 * warmth, abs=1e-4)
    assert np.array([red, green, blue]) @ GREY == pytest.approx(0.5, abs=1e-4)


@pytest.mark.parametrize("contrast", [0.8, 1.05, 1.3])
def test_a_tone_can_be_had_in_spite_of_the_contrast(contrast: float) -> None:
    settings = replace(PLAIN, contrast=contrast)
    tones = np.linspace(0, 1, 60, dtype=np.float32).reshape(1, 20, 3)
    assert grade(undo_contrast(tones, settings), settings) == pytest.approx(tones, abs=0.003)
    assert undo_contrast(tones, PLAIN) == pytest.approx(tones)


def test_contrast_keeps_black_mid_grey_and_white() -> None:
    tones = np.array([0, 0.25, 0.5, 0.75, 1], np.float32)[None, :, None].repeat(3, 2)
    strong, weak = (grade(tones, replace(PLAIN, contrast=contrast))[0, :, 0] for contrast in (1.3, 0.8))
    for graded in (strong, weak):
        assert graded[[0, 2, 4]] == pytest.approx([0, 0.5, 1])
    assert strong[1] < 0.25 < weak[1] and weak[3] < 0.75 < strong[3]


def test_a_vignette_takes_its_share_of_light_in_the_corners_and_none_in_the_middle() -> None:
    share = vignette((301, 201), 0.4)
    assert share.shape == (201, 301)
    assert share[0, 0] ** 2.2 == pytest.approx(0.6, abs=1e-3)
    assert share[100, 150] == 1 and share[100, 200] == 1


# A person before a backdrop


def standing(tone: float = 0.5) -> tuple[np.ndarray, np.ndarray]:
    """A grey person in the middle third: colour (90, 120, 3), alpha (90, 120)."""
    alpha = np.zeros((90, 120), np.float32)
    alpha[:, 40:80] = 1
    return np.full((90, 120, 3), tone, np.float32), alpha


def test_where_nobody_stands_the_backdrop_is_as_it_was() -> None:
    colour, alpha = standing()
    behind = np.random.default_rng(0).random((90, 120, 3), np.float32)
    assert np.array_equal(composite(colour, alpha, behind)[:, :40], behind[:, :40])


@pytest.mark.parametrize("tone", [(0.9, 0.9, 0.9), (0.02, 0.02, 0.02), (0.1, 0.2, 0.6), (0.8, 0.4, 0.2)])
def test_the_person_takes_on_a_touch_of_tint_but_no_brightness(tone: tuple[float, float, float]) -> None:
    colour, alpha = standing()
    behind = np.broadcast_to(np.array(tone, np.float32), (90, 120, 3)).copy()
    inside = composite(colour, alpha, behind)[:, 55:65].mean((0, 1))
    assert inside @ GREY == pytest.approx(0.5, abs=0.005)
    assert np.abs(inside - 0.5).max() < 0.05
    if np.ptp(tone):
        assert inside.argmax() == np.argmax(tone) and np.ptp(inside) > 0.01


def test_bright_light_spills_over_the_edge_and_darkness_does_not() -> None:
    colour, alpha = standing()
    bright, dark = (composite(colour, alpha, np.full((90, 120, 3), tone, np.float32)) for tone in (1.0, 0.0))
    assert bright[45, 40, 0] > bright[45, 60, 0] + 0.02
    assert abs(dark[45, 40, 0] - dark[45, 60, 0]) < 1e-3
