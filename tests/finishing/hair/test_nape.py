"""Hair behind the neck: only where there is hair beside it, narrowing to the nape where it ends above the shoulders."""

import numpy as np
import pytest

from pipelines.finishing.hair.completion import Whole
from pipelines.finishing.hair.nape import hair_behind_neck
from pipelines.finishing.head import HeadMeasures

SIDE = 400
HEAD = HeadMeasures(eyes=(200, 150), chin=(200, 300), skull=300, top=20, width=160, roll=0.0, neck=80.0)


def behind(left_end: int, right_end: int) -> tuple[np.ndarray, np.ndarray]:
    """Alpha and colour behind the neck for hair of 70 columns beside a face, down to these rows."""
    hair, face = np.zeros((2, SIDE, SIDE), np.float32)
    hair[40:left_end, 50:120] = hair[40:right_end, 280:350] = hair[40:90, 120:280] = 1
    face[90:300, 120:280] = 1
    colour = np.full((SIDE, SIDE, 3), (120, 90, 60), np.uint8)
    whole = Whole(colour=colour, alpha=((hair + face) * 255).astype(np.uint8), origin=(0, 0))
    return hair_behind_neck(whole, hair, HEAD)


def test_hair_that_ends_at_the_jaw_narrows_to_the_nape_on_its_own_side() -> None:
    alpha, shade = behind(280, 150)
    widths = [np.count_nonzero(alpha[row, :200] > 128) for row in (230, 260, 290, 310)]
    assert widths[0] > 130 and all(np.diff(widths) < 0) and 30 < widths[-1] < 90
    assert alpha[:, 201:].max() < 128 and alpha[:200].max() == 0 and alpha[330:].max() == 0
    assert 0.1 < shade[0] < 0.25  # in the neck's shadow


def test_short_hair_has_nothing_behind_the_neck_and_long_hair_all_between_its_sides() -> None:
    assert behind(200, 200)[0].max() == 0
    alpha, _ = behind(SIDE, SIDE)
    assert alpha[260:, 110:290].min() > 160 and alpha[:, :45].max() == 0


@pytest.mark.parametrize("ends", [(SIDE, 280), (280, SIDE)])
def test_hair_that_is_long_on_one_side_alone_does_not_hang_between(ends: tuple[int, int]) -> None:
    alpha, _ = behind(*ends)
    assert alpha[340:].max() == 0 and alpha[240].max() == 255
