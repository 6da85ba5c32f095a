"""Every backdrop is drawn, always the same, at any size, and each is a place of its own."""

from itertools import combinations

import cv2
import numpy as np
import pytest

from pipelines.errors import UserError
from pipelines.finishing.backdrops.backdrops import BACKDROPS, backdrop
from pipelines.looks.fields import FIELDS

PLAIN = [name for name in BACKDROPS if name.split("-")[0] in ("seamless", "gradient", "black")]


@pytest.fixture(scope="module")
def drawn() -> dict[str, np.ndarray]:
    return {name: backdrop(name, 160, 200) for name in BACKDROPS}


def test_whatever_can_be_chosen_is_drawn_and_nothing_else() -> None:
    assert set(FIELDS["backdrop"]) == set(BACKDROPS)


@pytest.mark.parametrize("name", BACKDROPS)
def test_a_backdrop_is_a_picture_of_the_size_asked_for(drawn: dict[str, np.ndarray], name: str) -> None:
    picture = drawn[name]
    assert picture.shape == (200, 160, 3) and picture.dtype == np.float32
    assert picture.min() >= 0 and picture.max() <= 1
    assert len(np.unique((picture * 255).astype(np.uint8).reshape(-1, 3), axis=0)) > 20


@pytest.mark.parametrize("name", BACKDROPS)
def test_the_same_arguments_draw_the_same_picture(drawn: dict[str, np.ndarray], name: str) -> None:
    assert np.array_equal(backdrop(name, 160, 200), drawn[name])
    assert not np.array_equal(backdrop(name, 160, 200, seed=1), drawn[name])


def test_no_two_backdrops_are_alike(drawn: dict[str, np.ndarray]) -> None:
    for (_, one), (_, other) in combinations(drawn.items(), 2):
        assert np.abs(one - other).mean() > 0.04


@pytest.mark.parametrize("name", BACKDROPS)
def test_a_larger_one_shows_the_same(drawn: dict[str, np.ndarray], name: str) -> None:
    large = cv2.resize(backdrop(name, 640, 800), (160, 200), interpolation=cv2.INTER_AREA)
    assert np.abs(cv2.blur(large, (5, 5)) - cv2.blur(drawn[name], (5, 5))).mean() < 0.02


@pytest.mark.parametrize(("name", "tone"), [("seamless-light", 0.9), ("seamless-grey", 0.54), ("black", 0.05)])
def test_paper_has_the_tone_of_its_name_and_no_colour(drawn: dict[str, np.ndarray], name: str, tone: float) -> None:
    red, green, blue = drawn[name].mean((0, 1))
    assert green == pytest.approx(tone, abs=0.04)
    assert abs(red - green) < 0.02 and abs(blue - green) < 0.02


def test_blue_is_blue_warm_is_warm_and_outdoors_is_green(drawn: dict[str, np.ndarray]) -> None:
    means = {name: picture.mean((0, 1)) for name, picture in drawn.items()}
    assert means["gradient-blue"].argmax() == 2 and means["gradient-warm"].argmax() == 0
    assert means["outdoor"].argmax() == 1


@pytest.mark.parametrize("name", PLAIN)
def test_the_lamp_on_a_plain_backdrop_shines_from_its_side(name: str) -> None:
    def lean(light: float) -> float:
        picture = backdrop(name, 160, 200, light=light)
        return float(picture[:, :50].mean() - picture[:, -50:].mean())

    assert lean(-1) > 0.02 > abs(lean(0)) and lean(1) < -0.02


@pytest.mark.parametrize("name", PLAIN)
def test_no_bands_show_in_a_gradient(name: str) -> None:
    rows = np.rint(backdrop(name, 200, 250) * 255)[..., 1]
    assert max(len(set(row)) == 1 for row in rows.tolist()) is False
    assert 0.5 < (rows - cv2.blur(rows, (7, 7))).std() < 4


def test_an_unknown_name_is_a_sentence_with_those_there_are() -> None:
    with pytest.raises(UserError) as refused:
        backdrop("beach", 100, 100)
    assert str(refused.value).startswith("There is no backdrop called beach. Choose one of: seamless-light, ")
    assert all(name in str(refused.value) for name in BACKDROPS)
