"""A beard's edge before the neck thins out; a shaven jaw's does not."""

import numpy as np
import pytest

from pipelines.finishing.beard import beards_end, grow_beard_on, soften_beard
from pipelines.finishing.head import HeadMeasures

SIDE = 400
HEAD = HeadMeasures(eyes=(200, 150), chin=(200, 300), skull=300, top=20, width=160, roll=0.0, neck=80.0)


def empty() -> np.ndarray:
    return np.zeros((SIDE, SIDE), np.float32)


@pytest.mark.parametrize("light", [0.12, 0.55])
def test_a_beard_thins_out_on_the_neck_and_a_shaven_chin_does_not(light: float) -> None:
    skin, drawn, face = np.full((200, 200, 3), 0.6, np.float32), np.full((SIDE, SIDE, 3), 0.6, np.float32), empty()
    face[100:300, 130:270] = 1
    drawn[250:300, 150:250] = light
    before = skin.copy()
    grow_beard_on(skin, drawn, face, (100, 200), 300.0, 300.0)
    lost = (before - skin).mean(2)
    if light > 0.5:
        assert np.array_equal(skin, before)
        return
    assert lost[102:110, 90:110].min() > 0.1 and lost.max() < 0.35
    assert lost[170:].max() < 0.02 and np.all(np.diff(lost[110:160, 100]) < 1e-3)


@pytest.mark.parametrize("light", [0.1, 0.6])
def test_a_beards_edge_before_the_neck_is_no_line(light: float) -> None:
    rows, columns = np.mgrid[0:SIDE, 0:SIDE]
    face = (((rows - 180) / 120) ** 2 + ((columns - 200) / 80) ** 2 < 1).astype(np.float32)
    colour, before = np.full((SIDE, SIDE, 3), 0.6, np.float32), face.copy()
    colour[230:] = light
    soften_beard(face, colour, HEAD)
    edge = face[270:300, 200]
    if light > 0.5:
        assert np.array_equal(face, before)
        return
    assert np.count_nonzero((edge > 0.1) & (edge < 0.9)) >= 5
    assert (face <= before).all() and face[235:280, 180:220].min() > 0.9
    assert np.array_equal(face[:, :130], before[:, :130])  # before the backdrop


def test_a_beard_that_the_picture_cuts_ends_softly_and_lowest_at_the_chin() -> None:
    share = beards_end(np.arange(SIDE, dtype=np.float32)[:, None], SIDE, HEAD)
    ends = [np.argmax(share[:, column] < 0.5) for column in (150, 175, 200, 225, 250)]
    assert ends[0] < ends[1] < ends[2] > ends[3] > ends[4]
    assert share[-1].max() == 0 and share[: SIDE - 60].min() == 1
