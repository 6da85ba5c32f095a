"""The frame of a headshot: its shape is exact, the face is in it, and the eyes are where eyes belong."""

from dataclasses import replace

import numpy as np
import pytest

from pipelines.engine_table import ENGINES
from pipelines.faces.identity import Face, Quality
from pipelines.finishing.framing import CROPS, EDGE, EYES, HEADROOM, SIDEROOM, Frame, ffhq_side, frame, head_place
from pipelines.looks.fields import FIELDS
from pipelines.looks.preset import load_look
from pipelines.looks.shoot import pose

SHAPE = np.array([[-31, 0], [31, 0], [0, 35], [-26, 66], [26, 66]], np.float32)
"""Landmarks of a face whose eyes are 62 pixels apart, around the middle between them."""


def face(x: float, y: float, size: float = 1.0) -> Face:
    """A face whose eyes are around (x, y)."""
    box = np.array([x - 62 * size, y - 70 * size, x + 62 * size, y + 100 * size], np.float32)
    return Face(
        box=box,
        landmarks=size * SHAPE + np.array([x, y], np.float32),
        confidence=0.8,
        embedding=np.zeros(512, np.float32),
        norm=22.0,
        quality=Quality(score=1.0, findings=()),
    )


PLACES = [(500, 430, 1.5), (500, 430, 4.0), (120, 300, 1.5), (900, 300, 1.5), (500, 120, 1.5), (500, 950, 2.0)]
"""Faces in the middle, too near, at the left, at the right, at the top and at the bottom of 1024 x 1024."""


def test_every_crop_on_offer_has_a_frame() -> None:
    assert set(CROPS) == set(FIELDS["crop"])


@pytest.mark.parametrize("crop", CROPS)
@pytest.mark.parametrize(("x", "y", "size"), PLACES)
@pytest.mark.parametrize("hair", [None, 20])
def test_the_shape_is_exact_and_inside_the_picture(crop: str, x: int, y: int, size: float, hair: int | None) -> None:
    part = frame((1024, 1024), face(x, y, size), CROPS[crop], hair=hair)
    assert part.width * CROPS[crop].down == part.height * CROPS[crop].across > 0
    assert part.left >= 0 and part.left + part.width <= 1024 and part.top + part.height <= 1024
    assert part.top >= 0 or hair is not None


@pytest.mark.parametrize("crop", CROPS)
@pytest.mark.parametrize(("x", "y", "size"), [place for place in PLACES if place[2] < 4])
def test_what_the_picture_shows_of_the_face_is_in_the_frame(crop: str, x: int, y: int, size: float) -> None:
    one = face(x, y, size)
    part = frame((1024, 1024), one, CROPS[crop])
    x0, y0, x1, y1 = np.clip(one.box, 0, 1024)
    assert part.left <= x0 + 1 and x1 - 1 <= part.left + part.width
    assert part.top <= y0 + 1 and y1 - 1 <= part.top + part.height


@pytest.mark.parametrize("crop", CROPS)
@pytest.mark.parametrize(
    "box", [(900, 800, 1400, 1000), (600, 800, 1050, 1000), (950, 400, 1050, 950), (950, 850, 1050, 1500)]
)
def test_a_face_box_far_off_its_eyes_is_in_the_frame_too(crop: str, box: tuple[int, int, int, int]) -> None:
    one = replace(face(1000, 900), box=np.array(box, np.float32))
    part = frame((2000, 2000), one, CROPS[crop])
    step = CROPS[crop].down  # the frame's sides are whole multiples of this
    assert part.left <= box[0] + step and box[2] - step <= part.left + part.width
    assert part.top <= box[1] + step and box[3] - step <= part.top + part.height


@pytest.mark.parametrize("crop", CROPS)
def test_eyes_and_head_have_their_place_where_there_is_room(crop: str) -> None:
    one = face(1000, 900)
    part = frame((2000, 2000), one, CROPS[crop])
    assert (900 - part.top) / part.height == pytest.approx(EYES[0], abs=0.01)
    assert part.left + part.width / 2 == pytest.approx(1000, abs=2)
    assert part.height == pytest.approx(CROPS[crop].height * ffhq_side(one.landmarks), abs=CROPS[crop].down)


def test_tight_is_closer_than_square_and_portrait_shows_most() -> None:
    heights = {name: frame((2000, 2000), face(1000, 900), crop).height for name, crop in CROPS.items()}
    assert heights["tight"] < heights["square"] < heights["portrait"]


def test_there_is_room_above_the_hair_even_above_the_picture() -> None:
    one, crop = face(500, 330, 2.0), CROPS["portrait"]
    part = frame((1000, 1000), one, crop, hair=10)
    assert part.top < 0
    lowest_eyes = (330 - part.top) / part.height
    assert lowest_eyes <= EYES[1] + 0.01
    assert 10 - part.top >= HEADROOM * part.height - 1 or lowest_eyes >= EYES[1] - 0.01


@pytest.mark.parametrize("crop", CROPS)
@pytest.mark.parametrize("size", [1.5, 2.0, 3.5])
def test_where_the_edge_cuts_the_hair_the_frame_stays_away_from_it_and_in_the_picture(crop: str, size: float) -> None:
    part = frame((1000, 1000), face(500, 330, size), CROPS[crop], hair=0)
    assert part.top >= EDGE * 1000
    assert part.top + part.height <= 1000


def test_a_face_that_reaches_to_the_edge_is_shown_whole_all_the_same() -> None:
    assert frame((1000, 1000), face(500, 100, 1.5), CROPS["portrait"], hair=0).top == 0


@pytest.mark.parametrize(("crop", "expected"), [("portrait", (80, 0, 640, 800)), ("square", (0, 0, 800, 800))])
def test_without_a_face_it_is_the_middle_of_the_picture(crop: str, expected: tuple[int, int, int, int]) -> None:
    left, top, width, height = expected
    assert frame((800, 800), None, CROPS[crop]) == Frame(left=left, top=top, width=width, height=height)


def test_ffhqs_frame_is_four_eye_distances_for_a_usual_face() -> None:
    assert ffhq_side(SHAPE) == pytest.approx(4 * 62, rel=0.03)
    assert ffhq_side(3 * SHAPE) == pytest.approx(3 * ffhq_side(SHAPE))


@pytest.mark.parametrize("head", [(250, 640), (360, 750)])
def test_the_frame_moves_aside_for_a_turned_head(head: tuple[int, int]) -> None:
    one = face(500, 430, 1.9)
    still, moved = (frame((1024, 1024), one, CROPS["portrait"], head=given) for given in (None, head))
    room = SIDEROOM * moved.width - 1  # whole pixels
    assert (moved.width, moved.height, moved.top) == (still.width, still.height, still.top)
    assert moved.left + room <= head[0] and head[1] + room <= moved.left + moved.width
    assert moved.left <= one.box[0] and one.box[2] <= moved.left + moved.width


def test_a_head_that_is_in_the_frame_or_too_wide_for_it_moves_nothing() -> None:
    one = face(500, 430, 1.5)
    still = frame((1024, 1024), one, CROPS["portrait"])
    for head in ((still.left + 40, still.left + still.width - 40), (0, still.width)):
        assert frame((1024, 1024), one, CROPS["portrait"], head=head) == still


@pytest.mark.parametrize("size", [(1024, 1024), (512, 768), (1024, 1280)])
@pytest.mark.parametrize("crop", CROPS)
def test_a_head_that_is_drawn_where_it_is_wanted_fills_the_crop(crop: str, size: tuple[int, int]) -> None:
    """Nothing that was drawn is cut away but what the shape of the frame asks for."""
    posed = pose(replace(load_look("corporate"), crop=crop, framing="normal"), 7)
    place = head_place(size, crop, posed)
    drawn = face(*place.eyes, size=place.side / ffhq_side(SHAPE))
    part = frame(size, drawn, CROPS[crop])
    across, down = CROPS[crop].across, CROPS[crop].down
    largest = min(size[0] // across, size[1] // down) * down
    assert part.height > 0.97 * largest
    assert abs(drawn.landmarks[:2].mean(0)[1] - part.top - EYES[0] * part.height) < 0.03 * part.height


@pytest.mark.parametrize("share", [0.25, 0.33, 0.40])
@pytest.mark.parametrize("engine_id", [spec.id for spec in ENGINES.values() if spec.id != "builtin"])
def test_suits_and_shoulders_survive_the_crop(engine_id: str, share: float) -> None:
    """A face of this share of the drawn height, chin to brow, leaves what was drawn around it in the portrait."""
    spec = ENGINES[engine_id]
    width, height = spec.sizes["portrait"]
    drawn = face(width / 2, 0.36 * height, share * height / 170)
    part = frame((width, height), drawn, CROPS["portrait"], hair=1)
    assert part.width * part.height >= 0.85 * width * height


def test_a_closer_framing_draws_a_larger_head() -> None:
    sides = [
        head_place((1024, 1024), "portrait", pose(replace(load_look("corporate"), framing=framing), 7)).side
        for framing in ("wide", "normal", "close")
    ]
    assert sides == sorted(sides) and len(set(sides)) == 3
