"""Hair that the picture's edge cuts is carried on: rounded above, and downwards behind the shoulders."""

import cv2
import numpy as np
import pytest

from pipelines.finishing.hair.completion import LENGTH, complete
from pipelines.finishing.head import HeadMeasures

SIDE = 512
HEAD = HeadMeasures(eyes=(256.0, 240.0), chin=(256.0, 445.0), skull=425.0, top=0.0, width=235.0, roll=0.0, neck=200.0)


def drawn(
    centre: tuple[int, int], axes: tuple[int, int], long: bool = False
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A head of brown hair with a face in it: colour, alpha, hair."""
    alpha, face = np.zeros((SIDE, SIDE), np.float32), np.zeros((SIDE, SIDE), np.float32)
    cv2.ellipse(alpha, centre, axes, 0, 0, 360, 1.0, -1)
    if long:
        alpha[240:, 256 - axes[0] : 256 + axes[0]] = 1
    cv2.ellipse(face, (256, 300), (110, 150), 0, 0, 360, 1.0, -1)
    hair = np.clip(alpha - face, 0, 1)
    colour = np.zeros((SIDE, SIDE, 3), np.uint8)
    colour[:] = (90, 60, 40)
    colour[face > 0] = (210, 160, 140)
    return colour, np.maximum(alpha, face), hair


def test_a_cut_crown_is_rounded():
    whole = complete(*drawn((256, 210), (180, 240)), HEAD)
    left, above = whole.origin
    assert whole.alpha[above + 5 : above + SIDE, left : left + SIDE].max() == 255
    column = np.flatnonzero(whole.alpha[:above, left + 256] > 128)
    assert column.size
    top = above - column[0]
    assert 5 < top < 60  # the ellipse rises 30 above the picture
    rows = [np.flatnonzero(whole.alpha[above - k] > 128) for k in (2, int(0.8 * top))]
    assert np.ptp(rows[1]) < np.ptp(rows[0])  # a dome
    assert np.abs(whole.colour[above - 3, left + 256].astype(int) - (90, 60, 40)).max() < 30  # strands


def test_an_uncut_head_stays_as_it_is():
    colour, alpha, hair = drawn((256, 290), (150, 200))
    whole = complete(colour, alpha, hair, HEAD)
    left, above = whole.origin
    assert whole.alpha.sum() == whole.alpha[above : above + SIDE, left : left + SIDE].sum()
    assert (whole.colour[above : above + SIDE, left : left + SIDE] == colour).all()


@pytest.mark.parametrize("side", [-1, 1])
def test_hair_cut_at_a_side_goes_on_there_alone(side: int):
    colour, alpha, hair = drawn((256 + side * 150, 260), (180, 200))
    whole = complete(colour, alpha, hair, HEAD)
    left, above = whole.origin
    beyond = {
        -1: whole.alpha[above : above + SIDE, :left],
        1: whole.alpha[above : above + SIDE, left + SIDE :],
    }
    assert beyond[side].max() == 255
    assert beyond[-side].max() == 0


def test_long_hair_goes_on_downwards_and_ends():
    whole = complete(*drawn((256, 240), (150, 200), long=True), HEAD)
    left, above = whole.origin
    below = whole.alpha[above + SIDE :, left : left + SIDE]
    assert below[10, 256 - 140] > 200
    assert below[int(LENGTH[1] * HEAD.skull) + 2 :].max(initial=0) == 0
    assert below[150, 256 - 148] < 50  # it goes inwards


def test_hair_cut_at_a_side_below_the_ears_ends_in_no_straight_line():
    colour, alpha, hair = drawn((256, 240), (150, 200))
    colour[:, ::4] //= 2
    colour[::6] //= 2
    alpha[300:, :120] = hair[300:, :120] = 1
    whole = complete(colour, alpha, hair, HEAD)
    left, above = whole.origin
    firsts = [int(np.flatnonzero(row > 128)[0]) for row in whole.alpha[above + 440 : above + 500]]
    assert np.std(firsts) > 1
    assert min(firsts) >= left


@pytest.mark.parametrize(("parting", "locks"), [(4, 10), (3, 40)])
def test_partings_do_not_end_long_hair_and_a_stray_lock_does(parting: int, locks: int):
    colour, alpha, hair = drawn((256, 240), (150, 200), long=True)
    for first in range(106 + locks, 200, locks + parting):
        alpha[430:, first : first + parting] = hair[430:, first : first + parting] = 0
    alpha[430:, 60:66] = hair[430:, 60:66] = 1  # far beside
    whole = complete(colour, alpha, hair, HEAD)
    left, above = whole.origin
    below = whole.alpha[above + SIDE + 20, left : left + SIDE] > 128
    assert below[120:200].mean() > 0.6
    assert not below[40:85].any()
