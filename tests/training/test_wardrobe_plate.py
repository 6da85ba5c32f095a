"""Plates of the wardrobe: read from the documented format, and lit, coloured, flipped and widened as it says."""

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from training.wardrobe.plate import GAMMA, GROUPS, Plate, flipped, linear, lit, read_plate, widened

SIZE = (64, 80)
WHITE = {"main": "#ffffff", "tie": "#ffffff"}


def webp(*bands: np.ndarray) -> bytes:
    out = io.BytesIO()
    stacked = np.concatenate([(np.clip(band, 0, 1) * 255).round().astype(np.uint8) for band in bands])
    Image.fromarray(stacked).convert("RGB").save(out, "WEBP", lossless=True)
    return out.getvalue()


@pytest.fixture(scope="module")
def plate(tmp_path_factory: pytest.TempPathFactory) -> Plate:
    """A square of cloth with a tie down its middle, brighter to the right, lit by the left lamp on the left."""
    height, width = 40, 48
    across = np.tile(np.linspace(0, 1, width, dtype=np.float32), (height, 1))
    half = across[::2, ::2]
    tie = np.zeros_like(across)
    tie[:, 20:28] = 1
    alpha = np.zeros_like(across)
    alpha[4:36, 4:44] = 1
    pictures = {
        "shade": webp((0.2 + 0.3 * across) ** (1 / GAMMA)),
        "shares": webp(0.6 * (1 - half), 0.3 * half, 0.1 * np.ones_like(half), np.zeros_like(half)),
        "masks": webp(alpha, tie),
    }
    layer = {"box": [8, 20, 8 + width, 20 + height], "range": 2.0, "materials": ["tie"]}
    table = {
        "format": 2,
        "size": SIZE,
        "head": 30,
        "front": layer,
        "back": layer,
        "albedo": {"main": 0.2, "tie": 0.2},
        "colours": WHITE,
        "anchors": {"throat": [30, 22], "neck_left": [24, 21], "neck_right": [36, 21], "shoulder_left": [9, 30]},
    }
    path: Path = tmp_path_factory.mktemp("plates") / "one.plate"
    with zipfile.ZipFile(path, "w") as pack:
        for side in ("front", "back"):
            for name, data in pictures.items():
                pack.writestr(f"{side}_{name}.webp", data)
        pack.writestr("plate.json", json.dumps(table))
    return read_plate(path)


def test_light_is_the_sum_of_its_lamps(plate: Plate) -> None:
    apart = [lit(plate, plate.front, {group: 0.7}, WHITE)[..., :3] for group in GROUPS]
    together = lit(plate, plate.front, dict.fromkeys(GROUPS, 0.7), WHITE)
    assert np.allclose(sum(apart), together[..., :3], atol=1e-5)
    assert np.allclose(plate.front.shares.sum(0), 1, atol=1e-5)
    left, right = apart[0][20], apart[1][20]
    assert left[6].sum() > left[40].sum() and right[6].sum() < right[40].sum()


def test_all_lamps_on_white_cloth_give_the_shade(plate: Plate) -> None:
    picture = lit(plate, plate.front, dict.fromkeys(GROUPS, 1.0), WHITE)
    inside = plate.front.alpha > 0.99
    assert np.allclose(picture[inside, 0], plate.front.shade[inside], atol=0.02)
    assert plate.front.shade[20, 40] == pytest.approx(2 * (0.2 + 0.3 * 40 / 47), rel=0.02)
    assert not picture[~inside].any()


def test_a_colour_changes_its_material_alone(plate: Plate) -> None:
    usual = lit(plate, plate.front, {"front": 1.0}, WHITE)
    red = lit(plate, plate.front, {"front": 1.0}, {**WHITE, "tie": "#c02030"})
    tie = plate.front.masks["tie"] > 0.5
    assert np.array_equal(usual[~tie], red[~tie])
    shown = tie & (plate.front.alpha > 0.99)
    assert np.allclose(red[shown][:, :3], usual[shown][:, :3] * linear("#c02030"), atol=1e-4)
    only = lit(plate, plate.front, {"front": 1.0}, WHITE, only=("tie",))
    assert not only[~tie].any() and only[shown].any()


def test_a_plate_flipped_twice_is_the_plate(plate: Plate) -> None:
    once = flipped(plate)
    assert once.front.box == (SIZE[0] - 56, 20, SIZE[0] - 8, 60)
    assert once.anchors["shoulder_right"] == (SIZE[0] - 9, 30)
    assert np.array_equal(once.front.shares[0], plate.front.shares[1][:, ::-1])  # the lamps change sides
    twice = flipped(once)
    assert twice.front.box == plate.front.box and twice.anchors == plate.anchors
    assert np.array_equal(twice.front.shares, plate.front.shares)


def test_a_widened_plate_is_as_much_wider(plate: Plate) -> None:
    def extent(one: Plate) -> float:
        columns = np.flatnonzero(one.front.alpha.max(0) > 0.5)
        return float(columns[-1] - columns[0])

    same, broad = widened(plate, 1.0, 1.0), widened(plate, 1.1, 1.2)
    assert extent(same) == pytest.approx(extent(plate), abs=1)
    assert extent(broad) == pytest.approx(1.17 * extent(plate), abs=2)
    neck = [one.anchors["neck_right"][0] - one.anchors["neck_left"][0] for one in (plate, broad)]
    assert neck[1] == pytest.approx(1.1 * neck[0], rel=0.01)
