"""A head that the photo's upper edge cuts is continued in the person's own hair before anything is drawn from it."""

from unittest.mock import Mock

import cv2
import numpy as np
import pytest

from pipelines.engines.builtin.alignment import ffhq_align
from pipelines.engines.builtin.crown import beyond_upper_edge, with_crown
from pipelines.engines.builtin.reference import PLAIN, on_plain_backdrop, reference_picture
from pipelines.faces.identity import FaceAnalyser, choose
from pipelines.matting.head_parser import HeadParser, HeadParts
from pipelines.matting.person_mask import PersonMask
from tests.conftest import Person

SIDE = 256
EYES = np.array([128.0, 122.0])
HAIR, SKIN = (60, 40, 30), (210, 160, 130)


@pytest.fixture(scope="module")
def parser() -> HeadParser:
    return HeadParser()


def cut(photo: np.ndarray, landmarks: np.ndarray, above: float) -> tuple[np.ndarray, np.ndarray]:
    """The photo without what lies so many eye distances above the eyes, and the landmarks in it."""
    rows = round(float(landmarks[:2, 1].mean() - above * np.hypot(*(landmarks[1] - landmarks[0]))))
    return np.ascontiguousarray(photo[rows:]), landmarks - np.array([0, rows], np.float32)


@pytest.mark.slow
@pytest.mark.parametrize("above", [1.5, 1.0])
def test_what_is_continued_is_nearer_to_the_whole_photo_than_its_mirror_image(
    above: float, mask: PersonMask, parser: HeadParser, analyser: FaceAnalyser, people: list[Person]
) -> None:
    better = []
    for person in people:
        landmarks = choose(analyser.analyse(person.selfie)).landmarks
        whole, points = reference_picture(person.selfie, landmarks, mask, lambda: parser)
        photo, moved = cut(person.selfie, landmarks, above)
        mirrored, _ = ffhq_align(*on_plain_backdrop(photo, moved, mask))
        continued, _ = reference_picture(photo, moved, mask, lambda: parser)
        rows = round(float(points[:2, 1].mean()) - above * SIDE / 4) - 4
        errors = [
            np.linalg.norm(lab(picture)[:rows] - lab(whole)[:rows], axis=-1).mean() for picture in (mirrored, continued)
        ]
        better.append(errors[1] < 0.75 * errors[0])
    assert sum(better) >= 9


def lab(picture: np.ndarray) -> np.ndarray:
    """CIELAB, softly: the place of single strands is a guess."""
    smooth = cv2.GaussianBlur(picture, (0, 0), 4).astype(np.float32) / 255
    return cv2.cvtColor(smooth, cv2.COLOR_RGB2LAB)


@pytest.mark.slow
def test_a_photo_with_room_above_the_head_is_taken_as_it_is(
    mask: PersonMask, analyser: FaceAnalyser, people: list[Person]
) -> None:
    for person in people[::3]:
        landmarks = choose(analyser.analyse(person.selfie)).landmarks
        no_parser = Mock(side_effect=AssertionError("nothing has to be parsed"))
        aligned, _ = reference_picture(person.selfie, landmarks, mask, no_parser)
        assert np.array_equal(aligned, ffhq_align(*on_plain_backdrop(person.selfie, landmarks, mask))[0])


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_the_edge_above_the_head_counts_however_the_photo_lies(turns: int) -> None:
    """A frame of 256 pixels whose head is upright, over a photo turned by quarters that ends 60 rows below its top."""
    degrees = 90.0 * turns
    matrix = cv2.getRotationMatrix2D((128, 128), degrees, 1.0)
    matrix[:, 2] += np.array([0, 60])
    expected = np.zeros((SIDE, SIDE), bool)
    expected[:60] = True
    assert (beyond_upper_edge(matrix, (257, 257, 3), SIDE) == expected).mean() > 0.99


def head(edge: int, *, forehead: bool, bald: bool = False) -> tuple[np.ndarray, np.ndarray, HeadParts]:
    """A plain head in the frame, the photo's edge at that row: the picture, what is beyond, and its parts."""
    y, x = np.mgrid[0:SIDE, 0:SIDE]
    skull = ((x - 128) / 76) ** 2 + ((y - 130) / 120) ** 2 < 1
    face = ((x - 128) / 58) ** 2 + ((y - 130) / (95 if forehead else 60)) ** 2 < 1
    face = skull if bald else face & skull
    hair = skull & ~face
    picture = np.full((SIDE, SIDE, 3), (PLAIN * 255).round(), np.uint8)
    picture[hair], picture[face] = HAIR, SKIN
    beyond = y < edge
    picture[beyond] = SKIN  # a forehead in the mirror
    shares = {"hair": hair & ~beyond, "face": face & ~beyond}
    rest = np.zeros_like(skull)
    backdrop = ~(shares["hair"] | shares["face"])
    parts = {**shares, "neck": rest, "clothes": rest, "backdrop": backdrop}
    return picture, beyond, HeadParts(**{name: part.astype(np.float32) for name, part in parts.items()})


def continued(edge: int, **kind: bool) -> tuple[np.ndarray, np.ndarray]:
    picture, beyond, parts = head(edge, **kind)
    result = with_crown(picture, EYES, beyond, PLAIN, Mock(parse=Mock(return_value=parts)))
    assert np.array_equal(result[~beyond], picture[~beyond])
    return result.astype(int), beyond


def near(picture: np.ndarray, colour: tuple[int, ...]) -> np.ndarray:
    return np.abs(picture - np.array(colour)).max(-1) < 12


def test_cut_hair_becomes_a_round_crown_in_its_own_tone() -> None:
    result, _ = continued(60, forehead=False)
    crown = near(result, HAIR)[:60]
    widths = crown.sum(1)
    assert crown[12:, 128].all() and (np.diff(widths[12:]) >= 0).all()
    assert widths[56] > 100 and widths[14] < 70
    assert not near(result, SKIN)[:60].any()
    corner = near(result, tuple((PLAIN * 255).round().astype(int)))
    assert corner[:40, :40].all() and corner[:40, -40:].all()


def test_above_a_cut_forehead_there_is_a_hairline_and_hair_above_it() -> None:
    result, _ = continued(62, forehead=True)
    column = result[:62, 128]
    assert near(column[55:], SKIN).all() and near(column[12:34], HAIR).all()


def test_a_bald_head_stays_bald() -> None:
    result, _ = continued(60, forehead=True, bald=True)
    assert near(result[12:60, 128], SKIN).all() and not near(result, HAIR).any()


def test_above_an_edge_that_cuts_nobody_is_the_backdrop() -> None:
    result, beyond = continued(3, forehead=False)
    assert near(result, tuple((PLAIN * 255).round().astype(int)))[beyond].all()
