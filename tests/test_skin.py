"""Skin stays as light as in the photos."""

import cv2
import numpy as np
import pytest

from pipelines.faces import FaceAnalyser, Shot
from pipelines.photos import largest
from pipelines.skin import FURTHEST, keep, lightness, usual_lightness
from tests.conftest import Person


def lab(grey: float) -> float:
    """L* of an sRGB grey, by OpenCV."""
    return float(cv2.cvtColor(np.full((1, 1, 3), grey, np.float32), cv2.COLOR_RGB2Lab)[0, 0, 0])


@pytest.mark.parametrize(("now", "wanted"), [(40.0, 48.0), (60.0, 52.0), (30.0, 30.0), (70.0, 75.0)])
def test_a_grey_of_the_lightness_that_was_drawn_gets_the_one_that_is_wanted(now: float, wanted: float):
    greys = np.linspace(0, 1, 1001, dtype=np.float32)
    grey = greys[np.argmin([abs(lab(float(v)) - now) for v in greys])]
    kept = keep(np.full((1, 1, 3), grey, np.float32), now, wanted)
    assert lab(float(kept[0, 0, 0])) == pytest.approx(wanted, abs=0.3)


def test_black_and_white_stay_and_nothing_leaves_the_range():
    ramp = np.repeat(np.linspace(0, 1, 256, dtype=np.float32)[None, :, None], 3, 2)
    for wanted in (1.0, 35.0, 99.0):
        kept = keep(ramp, 45.0, wanted)[0, :, 0]
        assert kept[0] == 0 and kept[-1] == pytest.approx(1, abs=1e-6)
        assert (np.diff(kept) > 0).all()


def test_no_more_is_changed_than_an_engine_may_get_wrong():
    mid = np.full((1, 1, 3), 0.4, np.float32)
    assert np.array_equal(keep(mid, 45.0, 90.0), keep(mid, 45.0, 45.0 + FURTHEST))


def test_without_a_lightness_nothing_is_changed():
    mid = np.full((1, 1, 3), 0.4, np.float32)
    assert keep(mid, None, 50.0) is mid
    assert keep(mid, 50.0, None) is mid


def test_a_darkened_photo_comes_back_to_the_lightness_of_the_photo(analyser: FaceAnalyser, people: list[Person]):
    image = people[0].selfie
    face = largest(analyser.analyse(image))
    assert face is not None
    wanted = usual_lightness([Shot(image=image, face=face)])
    dark = (image * 0.8).astype(np.uint8)
    now = lightness(dark, face)
    assert wanted is not None and now is not None and wanted - now > 5
    kept = (keep(dark.astype(np.float32) / 255, now, wanted) * 255).astype(np.uint8)
    assert lightness(kept, face) == pytest.approx(wanted, abs=2)


def test_of_several_photos_the_median_counts(analyser: FaceAnalyser, people: list[Person]):
    image = people[0].selfie
    face = largest(analyser.analyse(image))
    assert face is not None
    shots = [Shot(image=(image * light).astype(np.uint8), face=face) for light in (0.5, 0.9, 1.0)]
    assert usual_lightness(shots) == lightness(shots[1].image, face)
    assert usual_lightness([]) is None
