"""Plates of the wardrobe: read as the workshop writes them, and every garment of the table has its own."""

from itertools import product

import cv2
import numpy as np
import pytest

from pipelines.looks.fields import FIELDS
from pipelines.looks.preset import load_look, with_fields
from pipelines.looks.shoot import pose, with_cut_of
from pipelines.runtime.verified_files import locate
from pipelines.wardrobe.outfit import outfit
from pipelines.wardrobe.plates import GAMMA, flipped, load_plate, read_plate
from pipelines.weight_table import PLATES
from training.wardrobe import plate as reference

MEGABYTE = 2**20


def test_every_garment_has_a_plate_for_every_turn():
    for wardrobe, tie, cut, torso in product(*(FIELDS[name] for name in ("wardrobe", "tie", "cut", "torso"))):
        look = with_cut_of(with_fields(load_look("corporate"), wardrobe=wardrobe, tie=tie, cut=cut, torso=torso), 1)
        worn = outfit(look.fields, pose(look, 1))
        turns = ("straight",) if worn.turn == "straight" else ("left", "right")
        assert any(f"{worn.garment}-{worn.cut}-average-{turn}" in PLATES for turn in turns), worn


def test_plates_take_no_more_room_than_was_promised():
    assert sum(row.size for row in PLATES.values()) < 45 * MEGABYTE
    assert max(row.size for row in PLATES.values()) < 9 * MEGABYTE


@pytest.mark.parametrize("name", ["suit-tie-male-average-straight", "suit-tie-female-average-straight"])
def test_a_plate_is_read_as_the_workshop_reads_it(name: str):
    path = locate(PLATES[name])
    mine, theirs = read_plate(path.read_bytes()), reference.read_plate(path)
    assert mine.size == theirs.size
    assert mine.anchors == theirs.anchors
    for own, other in ((mine.front, theirs.front), (mine.back, theirs.back)):
        assert own.box == other.box
        np.testing.assert_allclose(own.brightest * (own.shade / 255) ** GAMMA, other.shade, atol=2e-3)
        np.testing.assert_allclose(own.alpha / 255, other.alpha, atol=1e-3)
        for k, material in enumerate(own.materials):
            off = np.abs(own.masks[..., k] / 255 - other.masks[material]) > 1e-3
            assert (off & (own.alpha > 0)).mean() < 2e-3  # specks that were mended


def test_a_speck_of_jacket_amid_a_shirt_becomes_shirt():
    path = locate(PLATES["suit-tie-male-average-straight"])
    mine, theirs = read_plate(path.read_bytes()).front, reference.read_plate(path).front

    def specks(alpha: np.ndarray, masks: np.ndarray) -> int:
        main = ((alpha > 0.5) & (masks < 0.4)).astype(np.uint8)
        return int(np.count_nonzero(cv2.connectedComponentsWithStats(main)[2][:, cv2.CC_STAT_AREA] < 200))

    before = specks(theirs.alpha, np.sum([theirs.masks[name] for name in mine.materials], axis=0))
    assert specks(mine.alpha / 255, mine.masks.sum(-1) / 255) < before


@pytest.mark.parametrize("name", ["suit-tie-male-average-straight", "t-shirt-male-average-right"])
def test_masks_go_on_beyond_their_edge_and_never_exceed_a_pixel(name: str):
    front = read_plate(locate(PLATES[name]).read_bytes()).front
    total = front.masks.sum(-1, dtype=np.int32)
    assert total.max() <= 280  # 255, and what 16 levels round
    edge = (front.alpha == 0) & (cv2.dilate(front.alpha, np.ones((3, 3), np.uint8)) > 0)
    skin = front.masks[..., front.materials.index("skin")]
    assert skin[edge].max() == 255


def test_a_flipped_plate_is_the_mirror_image():
    plate = load_plate("suit-tie", "male", "straight")
    turned = flipped(plate)
    assert (turned.front.alpha[:, ::-1] == plate.front.alpha).all()
    assert (turned.front.shares[:, ::-1, 0] == plate.front.shares[..., 1]).all()
    x, y = plate.anchors["shoulder_left"]
    assert turned.anchors["shoulder_right"] == (plate.size[0] - x, y)
    assert flipped(turned).front.box == plate.front.box
