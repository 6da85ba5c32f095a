"""A drawn head on a torso: what was drawn below the face goes, the face stays, and there is no seam between them."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import cv2
import numpy as np
import pytest

from pipelines.faces.identity import FaceAnalyser, choose
from pipelines.finishing.dress import Setting, dress
from pipelines.finishing.head import HeadMeasures, measure_head
from pipelines.finishing.headshot import finish_headshot
from pipelines.finishing.neck import fit_neck, torso_skin, tuck_into_collar
from pipelines.finishing.tones import UNKNOWN, neck_tone
from pipelines.looks.preset import Grade, load_look, with_fields
from pipelines.looks.shoot import pose
from pipelines.matting.head_parser import HeadParser, HeadParts
from pipelines.matting.person_mask import PersonMask
from pipelines.matting.strands import HeadMatte, head_matte
from pipelines.wardrobe.cloth import Cloth
from pipelines.wardrobe.outfit import outfit
from pipelines.wardrobe.plates import load_plate
from tests.finishing.conftest import Head

pytestmark = pytest.mark.slow

PLAIN = replace(load_look("corporate"), grade=Grade(), torso="straight", tilt="none", cut="mens")
"""A look that grades nothing; the person stands straight."""
SMALL = (640, 800)
GREEN = np.array([20, 220, 40], np.float32)
LUMA = np.array([0.299, 0.587, 0.114], np.float32)
LAMPS = {"left": 0.43, "right": 0.43, "front": 0.4, "rim": 0.3}


@dataclass(frozen=True, kw_only=True, eq=False)
class Parsed:
    """A drawn head and what the nets see in it."""

    colour: np.ndarray  # float32 (H, W, 3) 0..1
    matte: HeadMatte
    parts: HeadParts
    measures: HeadMeasures


@pytest.fixture(scope="module")
def parsed(heads: list[Head], mask: PersonMask, parser: HeadParser) -> list[Parsed]:
    seen = []
    for head in heads:
        picture, parts = head.image.astype(np.float32) / 255, parser.parse(head.image)
        person = mask.silhouette(picture, head.face.landmarks)
        matte = head_matte(picture, person, parts)
        seen.append(
            Parsed(colour=matte.colour, matte=matte, parts=parts, measures=measure_head(head.face, parts, person))
        )
    return seen


@pytest.fixture(scope="module")
def finish(mask: PersonMask, parser: HeadParser) -> Callable[..., np.ndarray]:
    def finish(head: Head, **fields: str) -> np.ndarray:
        look = with_fields(PLAIN, **fields)
        posed = pose(look, 8)
        worn = outfit(look.fields, posed)
        made = partial(finish_headshot, head.image, head.face, look, posed, worn, tones=UNKNOWN)
        return made(mask=mask, parser=parser, largest=SMALL)

    return finish


def dressed(
    one: Parsed, garment: str = "t-shirt", scale: float = 0.5, tilt: float = 0.0, **factors: float
) -> tuple[np.ndarray, np.ndarray]:
    """The person in a grey garment, in the middle of 640 x 800 pixels."""
    setting = Setting(
        size=SMALL, chin=(320.0, 440.0), scale=scale, tilt=tilt, lamps=LAMPS, side=0.0, light=np.ones(3, np.float32)
    )
    plate = load_plate(garment, "male", "straight")
    return dress(one.colour, one.matte, one.parts, one.measures, plate, {"main": "#808080"}, setting, **factors)  # type: ignore[arg-type]


def lab(picture: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(picture.astype(np.float32) / 255, cv2.COLOR_RGB2Lab)


def greens(picture: np.ndarray) -> int:
    """Number of pixels that are as green as no skin, hair or grey cloth is."""
    colours = lab(picture)
    return int(np.count_nonzero((colours[..., 1] < -12) & (np.hypot(colours[..., 1], colours[..., 2]) > 18)))


def median(colours: np.ndarray, x: float, y: float, across: float, along: float) -> np.ndarray:
    """Median colour (3,) of a box around a place."""
    box = colours[int(y - along) : int(y + along) + 1, int(x - across) : int(x + across) + 1]
    middle: np.ndarray = np.median(box.reshape(-1, 3), axis=0)
    return middle


@pytest.mark.parametrize("wardrobe", ["dark-suit", "dark-tshirt"])
def test_what_the_person_was_drawn_in_is_gone(
    heads: list[Head], parsed: list[Parsed], finish: Callable[..., np.ndarray], wardrobe: str
):
    for head, one in zip(heads, parsed, strict=True):
        share = one.parts.clothes[..., None]
        folds = 0.8 + 0.4 * head.image.mean(2, keepdims=True) / 255
        painted = (head.image + share * (GREEN * folds - head.image)).clip(0, 255).astype(np.uint8)
        area = np.count_nonzero(one.parts.clothes > 0.9)
        assert greens(painted) > 0.8 * area
        if area:
            assert greens(finish(replace(head, image=painted), wardrobe=wardrobe, colour="charcoal")) < 20


def test_the_neck_has_the_colour_of_the_jaw(
    heads: list[Head], finish: Callable[..., np.ndarray], analyser: FaceAnalyser
):
    away = []
    for head in heads:
        picture = finish(head, wardrobe="dark-tshirt")
        face, colours = choose(analyser.analyse(picture)), lab(picture)
        left, right = face.landmarks[3:]
        down = face.landmarks[3:].mean(0) - face.landmarks[:2].mean(0)
        height, wide = float(np.hypot(*down)), float(right[0] - left[0])
        chin = float(face.box[3])

        beside = [(left[0] - 0.3 * wide, left[1]), (right[0] + 0.3 * wide, right[1])]
        jaw = np.mean([median(colours, x, y, 0.1 * height, 0.1 * height) for x, y in beside], axis=0)
        neck = [
            median(colours, (left[0] + right[0]) / 2, chin + share * height, 0.3 * height, 0.05 * height)
            for share in (0.05, 0.15)
        ]
        away += [float(np.hypot(*(place - jaw)[1:])) for place in neck]
    assert np.mean(away) < 6
    assert max(away) < 15


def test_a_beard_makes_no_neck_dark(parsed: list[Parsed]):
    """The lower face of a shaven person, darkened, is a beard; the neck stays as it was."""
    one = parsed[0]
    rows = np.arange(len(one.colour))[:, None]
    low = 0.45 * one.measures.eyes[1] + 0.55 * one.measures.chin[1]
    beard = (one.parts.face * (rows > low))[..., None]
    bearded = (one.colour * (1 - 0.75 * beard)).astype(np.float32)
    tone, with_beard = (neck_tone(colour, one.parts, one.measures) for colour in (one.colour, bearded))
    assert with_beard == pytest.approx(tone, rel=0.35)


def test_the_chin_is_measured_where_the_detector_s_box_ends(heads: list[Head], parsed: list[Parsed]):
    for head, one in zip(heads, parsed, strict=True):
        length = float(head.face.box[3] - head.face.box[1])
        assert one.measures.chin[1] == pytest.approx(head.face.box[3], abs=0.06 * length)


def test_the_face_is_the_drawn_one_to_the_pixel(parsed: list[Parsed]):
    for one in parsed[:3]:
        measures = one.measures
        shift = np.array([[1, 0, 320 - measures.chin[0]], [0, 1, 440 - measures.chin[1]]])
        drawn = cv2.warpAffine(one.colour, shift, SMALL)
        inner = cv2.warpAffine(cv2.erode(one.matte.face, np.ones((15, 15))), shift, SMALL) > 0.99
        assert np.count_nonzero(inner) > 30_000
        colour, alpha = dressed(one, scale=1.0)
        assert alpha[inner].min() > 0.98
        assert np.abs(colour - drawn)[inner].max() < 0.02


@pytest.mark.parametrize("garment", ["suit-tie", "suit-open", "t-shirt"])
def test_nobody_can_be_seen_through(parsed: list[Parsed], garment: str):
    for one in parsed:
        colour, alpha = dressed(one, garment)
        assert colour.shape == (800, 640, 3) and colour.dtype == alpha.dtype == np.float32
        assert colour.min() >= 0 and alpha.max() <= 1.001
        eyes = 440 - round(0.5 * (one.measures.chin[1] - one.measures.eyes[1]))
        assert alpha[eyes:, 310:330].min() > 0.98  # from the eyes over the neck into the garment
        assert alpha[-40:, 160:480].min() > 0.98
        outside = (alpha < 0.5).astype(np.uint8)
        cv2.floodFill(outside, None, (0, 0), 2)
        cv2.floodFill(outside, None, (639, 0), 2)
        assert np.count_nonzero((outside == 1)[460:]) < 30  # holes; above, hair may have some


def test_neck_and_shoulders_get_wider_and_the_head_does_not(parsed: list[Parsed]):
    slim, usual, broad = (
        dressed(parsed[0], neck=neck, shoulders=shoulders)[1]
        for neck, shoulders in ((0.95, 0.9), (1.0, 1.0), (1.06, 1.1))
    )
    beside = (usual.sum(1) < 0.8 * usual.shape[1]) & (np.arange(len(usual)) > 470)  # the shoulders end in the picture
    assert np.count_nonzero(beside) > 3
    assert slim[beside].sum() < 0.98 * usual[beside].sum() < 0.97 * broad[beside].sum()
    above = np.s_[: 440 - round(0.5 * (parsed[0].measures.chin[1] - parsed[0].measures.eyes[1]))]
    assert np.abs(slim[above] - broad[above]).max() < 0.01


def test_a_tilt_turns_the_head_about_the_chin_and_leaves_the_torso(parsed: list[Parsed]):
    upright, tilted = (dressed(parsed[0], tilt=degrees)[1] for degrees in (0.0, 10.0))
    assert (upright[560:] == tilted[560:]).all()

    def middle(alpha: np.ndarray) -> float:
        crown = alpha[100:250].sum(0)
        return float((crown * np.arange(len(crown))).sum() / crown.sum())

    assert middle(tilted) > middle(upright) + 20  # clockwise: the crown goes to the right


def test_a_collar_lies_before_the_neck_and_the_chin_before_the_collar(parsed: list[Parsed]):
    one = parsed[0]
    colour, _ = dressed(one, "suit-tie")
    below = colour[540:, 318:322].reshape(-1, 3)
    assert np.ptp(below, axis=1).max() < 0.75
    bare, _ = dressed(one, "t-shirt")
    assert np.abs(colour[:430, 310:330] - bare[:430, 310:330]).max() < 0.02
    assert np.abs(colour[480:560, 310:330] - bare[480:560, 310:330]).mean() > 0.1


def test_the_drawn_neck_is_kept_below_the_jaw(parsed: list[Parsed]):
    seen = 0
    for one in parsed:
        measures = one.measures
        shift = np.array([[1, 0, 320 - measures.chin[0]], [0, 1, 440 - measures.chin[1]]])
        drawn = cv2.warpAffine(one.colour, shift, SMALL)
        reach = 2 * round(0.075 * measures.skull) + 1
        skin = cv2.copyMakeBorder(one.parts.neck + one.parts.face, 0, reach, 0, 0, cv2.BORDER_CONSTANT)
        throat = cv2.erode(skin, np.ones((reach, reach)))[:-reach] * (one.parts.neck > 0.95)
        inner = cv2.warpAffine(throat, shift, SMALL) > 0.99
        inner &= drawn @ LUMA > 0.5 * float(np.median(drawn[440 - round(0.25 * measures.skull), 280:360] @ LUMA))
        if np.count_nonzero(inner) < 300:
            continue
        seen += 1
        colour, _ = dressed(one, scale=1.0)
        assert np.abs(colour - drawn)[inner].mean() < 0.02
    assert seen >= 3


def test_a_neck_is_as_narrow_as_it_was_drawn_and_wide_again_below():
    skin, alpha = np.full((200, 120, 3), 0.5, np.float32), np.zeros((200, 120), np.float32)
    alpha[:, 10:110] = 1
    free = np.zeros((300, 200), np.float32)
    free[:90, :75] = free[:90, 135:] = 1  # the drawn neck's columns: 75 to 134; below row 90, clothes were drawn
    fit_neck(skin, alpha, free, (45, 20), 105.0, 200.0)
    widths = (alpha > 0.5).sum(1)
    assert np.abs(widths[:60] - 60).max() <= 4
    assert np.abs(np.diff(widths.astype(int))).max() <= 4  # no step
    assert np.abs(widths[-70:] - 100).max() <= 2


def test_a_collar_stays_as_close_to_the_neck_as_it_was_made():
    skin, alpha = np.full((200, 120, 3), 0.5, np.float32), np.zeros((200, 120), np.float32)
    alpha[:, 10:110] = 1
    free = np.zeros((300, 260), np.float32)
    free[:90, :75] = free[:90, 135:] = 1
    cloth = np.ones((260, 260), np.float32)  # begins where the neck ends, at columns 55 and 155
    cloth[:, 55:155] = 0
    colour = np.repeat(np.arange(260, dtype=np.float32)[None, :, None] / 260, 260, 0).repeat(3, 2)
    garment = Cloth(left=0, top=10, colour=colour, alpha=cloth, skin=cloth, skin_alpha=cloth * 0)
    fit_neck(skin, alpha, free, (45, 20), 105.0, 200.0, [garment])
    neck, opening = (alpha > 0.5).sum(1), (garment.alpha < 0.5).sum(1)[10:210]
    assert np.abs(neck - opening).max() <= 3  # the control: 40 where the collar is not narrowed
    assert np.abs(opening[:60] - 60).max() <= 4 and np.abs(opening[-70:] - 100).max() <= 2
    assert garment.colour[:, 235:, 0] == pytest.approx(np.array([np.arange(235, 260) / 260] * 260), abs=1e-4)  # far off


def test_a_neck_comes_out_of_its_collar():
    alpha = np.zeros((200, 120), np.float32)
    alpha[:, 10:110] = 1  # columns 55 to 154 of the picture
    cloth = np.zeros((260, 260), np.float32)
    cloth[90:, :62] = cloth[90:, 148:] = 1  # a collar that ends in row 100 of the picture, before the neck's edges
    plane = np.zeros((260, 260, 3), np.float32)
    garment = Cloth(left=0, top=10, colour=plane, alpha=cloth, skin=cloth, skin_alpha=cloth * 0)
    tuck_into_collar(alpha, (45, 20), 105.0, garment, 200.0)
    widths = (alpha > 0.5).sum(1)
    assert np.abs(widths[:78] - 90).max() <= 3  # 86 columns between the collar's ends, and a little below each
    assert (widths[92:] == 100).all()


def test_a_garment_that_begins_below_the_neck_stays_as_it_was():
    skin, alpha = np.full((200, 120, 3), 0.5, np.float32), np.zeros((200, 120), np.float32)
    alpha[:, 10:110] = 1
    free = np.zeros((300, 260), np.float32)
    free[:90, :75] = free[:90, 135:] = 1
    plane = np.random.default_rng(0).random((100, 260)).astype(np.float32)
    garment = Cloth(
        left=0, top=190, colour=np.dstack([plane] * 3), alpha=plane.copy(), skin=plane, skin_alpha=plane * 0
    )
    fit_neck(skin, alpha, free, (45, 20), 105.0, 200.0, [garment])
    assert np.array_equal(garment.alpha, plane) and (alpha[0] > 0.5).sum() < 70


def test_a_beard_that_the_picture_s_edge_cuts_ends_in_jags(parsed: list[Parsed]):
    one = parsed[0]
    x = round(one.measures.chin[0])
    beard = np.s_[round(one.measures.chin[1]) - 60 :, x - 90 : x + 90]
    colour, face, rest = one.colour.copy(), one.parts.face.copy(), one.parts.neck.copy()
    colour[beard], face[beard], rest[beard] = (0.0, 1.0, 0.0), 1, 0
    parts = replace(one.parts, face=face, neck=rest, hair=one.parts.hair * (1 - face), clothes=one.parts.clothes * 0)
    matte = replace(
        one.matte, face=np.maximum(one.matte.face, face), hair=one.matte.hair * (1 - face), person=np.ones_like(face)
    )
    picture, _ = dressed(replace(one, colour=colour, parts=parts, matte=matte), scale=1.0)
    green = (picture[..., 1] > 0.7) & (picture[..., 0] < 0.4)
    columns = green[:, 250:390]
    ends = len(columns) - 1 - columns[::-1].argmax(0)
    assert columns.any(0).all()
    assert ends.std() > 1.5


def test_a_fold_in_the_plate_is_no_upright_line_on_the_neck_above_it():
    light, alpha = np.full((200, 120), 0.8, np.float32), np.ones((200, 120), np.float32)
    light[:60, 90:93] = 0.4  # on the neck's first rows
    front = Cloth(left=0, top=150, colour=np.dstack([light] * 3), alpha=alpha * 0, skin=light, skin_alpha=alpha)
    colour, _, _ = torso_skin(front, np.array([0.5, 0.35, 0.3]), hidden=60)
    grey = cv2.GaussianBlur(colour.mean(2), (0, 0), 1.5)  # without its pores
    above, where_it_is = (float(np.ptp(grey[rows, 20:100].mean(0))) for rows in (np.s_[5:40], np.s_[85:110]))
    assert above < 0.6 * where_it_is
