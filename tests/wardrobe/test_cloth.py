"""Cloth in chosen colours and light is what the workshop's reference makes of the same plate."""

from typing import Any

import numpy as np
import pytest

from pipelines.runtime.verified_files import locate
from pipelines.wardrobe.cloth import LAMPS, Cloth, Placement, from_srgb, lay, to_srgb
from pipelines.wardrobe.plates import Plate, load_plate
from pipelines.weight_table import PLATES
from training.wardrobe import plate as reference

LIGHT = np.ones(3, np.float32)
COLOURS = {"main": "#2b4a35", "shirt": "#c8d6e8", "tie": "#6b1420"}
STRENGTHS = {"left": 0.6, "right": 0.2, "front": 0.3, "rim": 0.4}


@pytest.fixture(scope="module")
def plate() -> Plate:
    return load_plate("suit-tie", "male", "straight")


def whole(plate: Plate, **changes: Any) -> Cloth:
    """The front at the plate's own size."""
    values: dict[str, Any] = {"lamps": STRENGTHS, "light": LIGHT, "colours": COLOURS} | changes
    place = values.pop("placement", Placement(chin=plate.anchors["chin"], scale=1.0))
    return lay(plate, plate.front, place, plate.size, **values)


def test_colours_and_light_are_those_of_the_reference(plate: Plate):
    theirs = reference.read_plate(locate(PLATES["suit-tie-male-average-straight"]))
    wanted = reference.lit(theirs, theirs.front, STRENGTHS, COLOURS, only=("main", "shirt", "tie", "button"))
    drawn = whole(plate)
    left, top = plate.front.box[:2]
    assert (drawn.left, drawn.top) == (left, top)
    solid = wanted[..., 3] > 0.99
    mine = from_srgb(drawn.colour[: wanted.shape[0], : wanted.shape[1]].astype(float))
    low = solid & (wanted[..., :3].max(-1) < 0.6)  # highlights are rolled off
    assert low.mean() > 0.4
    assert np.abs(mine[low] - wanted[low][:, :3]).mean() < 0.006
    np.testing.assert_allclose(drawn.alpha[: wanted.shape[0], : wanted.shape[1]][solid], 1, atol=0.01)


def test_a_lamp_on_the_right_lights_the_right(plate: Plate):
    dark = dict.fromkeys(LAMPS, 0.0)
    left, right = (whole(plate, lamps=dark | {side: 1.0}).skin for side in ("left", "right"))
    middle = left.shape[1] // 2
    assert left[:, :middle].mean() > 1.3 * left[:, middle:].mean()
    assert right[:, middle:].mean() > 1.3 * right[:, :middle].mean()


def test_stripes_are_on_the_tie_alone(plate: Plate):
    plain, striped = (whole(plate, stripes=stripes) for stripes in (None, "#ffffff"))
    changed = np.abs(striped.colour - plain.colour).max(-1) > 0.1
    assert 0.002 < changed.mean() < 0.05
    columns = np.flatnonzero(changed.any(0)) + plain.left
    assert np.abs(columns - plate.anchors["throat"][0]).max() < 0.2 * plate.head


def test_a_top_covers_the_chest_below_its_neckline_in_the_shirt_s_colour():
    blouse = load_plate("suit-open", "female", "straight")
    bare, covered = (whole(blouse, neckline=neckline) for neckline in (None, 0.1))
    throat_x, throat_y = (round(place) for place in blouse.anchors["throat"])
    row, column = throat_y - bare.top, throat_x - bare.left
    low = np.s_[row + round(0.16 * blouse.head) : row + round(0.24 * blouse.head), column - 6 : column + 6]
    high = np.s_[: row + round(0.03 * blouse.head)]
    assert bare.skin_alpha[low].min() > 0.9 and covered.skin_alpha[low].max() == 0
    assert covered.alpha[low].min() > 0.9 and covered.colour[low].mean() > 0.3
    assert np.array_equal(bare.skin_alpha[high], covered.skin_alpha[high])
    np.testing.assert_allclose(bare.skin_alpha + bare.alpha, covered.skin_alpha + covered.alpha, atol=1e-3)


def test_a_broader_neck_and_shoulders(plate: Plate):
    chin = plate.anchors["chin"]
    usual, broad = (
        whole(plate, placement=Placement(chin=chin, scale=0.7, neck=factor, shoulders=factor)) for factor in (1.0, 1.1)
    )
    widths = [np.flatnonzero(cloth.alpha[cloth.alpha.shape[0] // 3] > 0.5) for cloth in (usual, broad)]
    assert 1.04 < np.ptp(widths[1]) / np.ptp(widths[0]) < 1.16


def test_light_becomes_srgb():
    light = np.linspace(0.002, 0.65, 200, dtype=np.float32)[None]
    np.testing.assert_allclose(from_srgb(to_srgb(light).astype(float)), light, atol=0.006)
    bright = to_srgb(np.array([[0.7, 1.0, 3.0]], np.float32))
    assert (np.diff(bright) > 0).all()
    assert bright.max() < 1
