"""Skin and hair keep the tones they have in the photos."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from pipelines.drift.traits import beard_of, measure_traits
from pipelines.faces.identity import Face, FaceAnalyser, Shot
from pipelines.faces.photos import largest_face
from pipelines.faces.quality import Quality
from pipelines.finishing.tones import (
    HAIR,
    HUES,
    Tones,
    cheek_tone,
    grey_of,
    in_plain_light,
    match_beard_tone,
    match_hair_tone,
    match_skin_tone,
    median_skin_tone,
)
from pipelines.matting.head_parser import HeadParser, HeadParts
from pipelines.matting.head_view import FRAME, HeadView
from pipelines.matting.strands import HeadMatte
from tests.conftest import Person

SKIN = np.array([0.72, 0.53, 0.44])


def flat(colour: np.ndarray) -> np.ndarray:
    return np.broadcast_to(colour.astype(np.float32), (2, 2, 3))


def lab(colour: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(colour.astype(np.float32).reshape(1, 1, 3), cv2.COLOR_RGB2Lab)[0, 0]


@pytest.mark.parametrize("wanted", [(0.78, 0.6, 0.5), (0.66, 0.45, 0.37), (0.72, 0.56, 0.5), (0.72, 0.53, 0.44)])
def test_the_tone_that_was_drawn_becomes_the_one_that_is_wanted(wanted: tuple[float, ...]):
    assert match_skin_tone(flat(SKIN), SKIN, np.array(wanted))[0, 0] == pytest.approx(wanted, abs=1e-4)


def test_black_and_white_stay_and_nothing_leaves_the_range():
    ramp = np.repeat(np.linspace(0, 1, 256, dtype=np.float32)[None, :, None], 3, 2)
    for wanted in (np.zeros(3), SKIN, np.ones(3)):
        kept = match_skin_tone(ramp, np.full(3, 0.45), wanted)[0]
        assert (kept[0] == 0).all() and kept[-1] == pytest.approx(1, abs=1e-6)
        assert (np.diff(kept, axis=0) > 0).all()


def test_no_more_is_changed_than_an_engine_may_get_wrong():
    for wanted in (np.ones(3), np.zeros(3)):  # a photo against the light, and one at night
        lighter = (
            lab(match_skin_tone(flat(np.full(3, 0.5)), np.full(3, 0.5), wanted)[0, 0])[0] - lab(np.full(3, 0.5))[0]
        )
        assert 8 < abs(lighter) < 14
    lamp = match_skin_tone(flat(SKIN), SKIN, in_plain_light(np.array([0.9, 0.5, 0.02])))  # a photo by candle light
    assert np.linalg.norm(lab(lamp[0, 0])[1:] - lab(SKIN)[1:]) < 25  # the cast itself: 70


def test_without_a_tone_nothing_is_changed():
    picture = flat(SKIN)
    assert match_skin_tone(picture, None, SKIN) is picture
    assert match_skin_tone(picture, SKIN, None) is picture


@pytest.mark.parametrize("cast", [(0.8, 0.8, 0.8), (0.95, 0.9, 1.1)])
def test_a_photo_of_another_light_comes_back_to_the_tone_of_the_photo(
    analyser: FaceAnalyser, people: list[Person], cast: tuple[float, ...]
):
    image = people[0].selfie
    face = largest_face(analyser.analyse(image))
    assert face is not None
    wanted = median_skin_tone([Shot(image=image, face=face)])
    other = np.clip(image * np.array(cast), 0, 255).astype(np.uint8)
    now = cheek_tone(other, face)
    assert wanted is not None and now is not None and np.linalg.norm(lab(wanted) - lab(now)) > 5
    kept = (match_skin_tone(other.astype(np.float32) / 255, now, wanted) * 255).astype(np.uint8)
    assert cheek_tone(kept, face) == pytest.approx(wanted, abs=0.02)


def test_of_several_photos_the_median_counts(analyser: FaceAnalyser, people: list[Person]):
    image = people[0].selfie
    face = largest_face(analyser.analyse(image))
    assert face is not None
    shots = [Shot(image=(image * light).astype(np.uint8), face=face) for light in (0.5, 0.9, 1.0)]
    middle = cheek_tone(shots[1].image, face)
    assert middle is not None
    assert median_skin_tone(shots) == pytest.approx(middle)
    assert median_skin_tone([]) is None


def test_dark_hair_does_not_take_on_the_hue_of_the_skin():
    redder = SKIN * np.array([1.0, 0.9, 0.9])
    hair = np.array([0.08, 0.07, 0.07])
    kept = match_skin_tone(np.stack([flat(hair), flat(redder)]).reshape(1, 8, 3), redder, SKIN)
    before, after = lab(hair), lab(kept[0, 0])
    assert np.abs(after[1:] - before[1:]).max() < 1.5
    assert kept[0, -1] == pytest.approx(SKIN, abs=1e-4)


def test_grey_hair_and_teeth_do_not_take_on_the_hue_of_the_skin():
    redder = SKIN * np.array([1.0, 0.85, 0.85])
    for grey in (np.array([0.4, 0.39, 0.38]), np.array([0.85, 0.84, 0.8])):
        kept = match_skin_tone(np.stack([flat(grey), flat(redder)]).reshape(1, 8, 3), redder, SKIN)
        assert np.abs(lab(kept[0, 0])[1:] - lab(grey)[1:]).max() < 1.5
        assert kept[0, -1] == pytest.approx(SKIN, abs=1e-4)


def test_brown_and_fair_hair_do_not_turn_green_with_skin_that_was_drawn_too_red():
    red = np.array([0.78, 0.5, 0.44])
    wanted = np.array([0.74, 0.58, 0.46])
    for hair in (np.array([0.55, 0.44, 0.3]), np.array([0.8, 0.66, 0.42])):
        kept = match_skin_tone(flat(hair), red, wanted)[0, 0]
        assert abs(hue(kept) - hue(hair)) < 3
    assert hue(match_skin_tone(flat(red), red, wanted)[0, 0]) - hue(red) > 15
    ear = np.array([0.8, 0.42, 0.36])  # redder than the cheeks, and skin
    assert hue(match_skin_tone(flat(ear), red, wanted)[0, 0]) - hue(ear) > 8


def hue(colour: np.ndarray) -> float:
    _, a, b = lab(colour)
    return float(np.degrees(np.arctan2(b, a)))


def test_eyelids_do_not_turn_green_with_skin_that_was_drawn_too_red():
    lids = np.array([[0.62, 0.50, 0.44], [0.50, 0.42, 0.36]])
    red = np.array([0.85, 0.55, 0.45])
    kept = np.array([match_skin_tone(flat(lid), red, np.array([0.80, 0.66, 0.50]))[0, 0] for lid in lids])
    assert (kept[:, 0] - kept[:, 1] > 0.02).all()  # red still leads
    assert (kept[:, 0] - kept[:, 1] < lids[:, 0] - lids[:, 1]).all()  # by less than before


def test_a_photo_in_black_and_white_says_how_light_skin_is_and_nothing_of_its_hue():
    kept = match_skin_tone(flat(SKIN), SKIN, np.full(3, 0.7))[0, 0]
    assert lab(kept)[0] == pytest.approx(lab(np.full(3, 0.7))[0], abs=1.5)
    assert hue(kept) == pytest.approx(hue(SKIN), abs=3)


@pytest.mark.parametrize("lamp", [(0.6, 0.72, 0.5), (0.75, 0.45, 0.62)])
def test_a_coloured_lamp_makes_no_green_or_violet_skin(lamp: tuple[float, ...]):
    assert not HUES[0] <= hue(np.array(lamp)) <= HUES[1]
    assert HUES[0] - 1 <= hue(match_skin_tone(flat(SKIN), SKIN, in_plain_light(np.array(lamp)))[0, 0]) <= HUES[1] + 1


@pytest.mark.parametrize(
    ("photo", "light", "chroma"),
    [
        ((83, 12, 53), (72, 76), (15, 16)),  # washed out: no ghost
        ((82, 29, 60), (72, 75), (28, 31)),
        ((71, 46, 54), (70, 71), (30, 33)),  # raised colours: no orange
        ((51, 38, 51), (51, 51), (38, 38)),  # dark and vivid, as skin is
        ((68, 28, 55), (68, 68), (28, 28)),
        ((30, 16, 50), (30, 30), (16, 16)),
    ],
)
def test_a_photo_that_was_washed_out_or_coloured_makes_skin_as_people_have(
    photo: tuple[float, ...], light: tuple[float, float], chroma: tuple[float, float]
) -> None:
    lightness, a, b = lab(in_plain_light(of_lch(*photo)))
    assert light[0] - 0.5 <= lightness <= light[1] + 0.5
    assert chroma[0] - 0.5 <= np.hypot(a, b) <= chroma[1] + 0.5


def of_lch(lightness: float, chroma: float, angle: float) -> np.ndarray:
    a, b = chroma * np.cos(np.radians(angle)), chroma * np.sin(np.radians(angle))
    return cv2.cvtColor(np.array([[[lightness, a, b]]], np.float32), cv2.COLOR_LAB2RGB)[0, 0]


# Hair


def head_of(light: float, below: float = 0.0) -> tuple[np.ndarray, HeadMatte, HeadParts]:
    """Upper half of a square hair of this L*, with strands of 10 more and less, lower half skin with a veil of hair."""
    picture = np.empty((96, 96, 3), np.float32)
    picture[:48] = [[grey_of(light + away)] for away in np.linspace(-10, 10, 48)]
    picture[48:] = SKIN
    hair, skin = np.zeros((96, 96), np.float32), np.zeros((96, 96), np.float32)
    hair[:48], skin[48:] = 1, 1
    zero = np.zeros_like(hair)
    parts = HeadParts(hair=hair, face=zero, neck=skin, clothes=zero, backdrop=zero)
    veiled = hair + np.float32(below) * skin
    return picture, HeadMatte(hair=veiled, face=zero, person=zero + 1, colour=picture), parts


@pytest.mark.parametrize("wanted", [14.0, 30.0, 42.0])
def test_hair_gets_the_light_it_has_in_the_photos_and_keeps_its_strands(wanted: float):
    picture, matte, parts = head_of(34.0)
    lit = match_hair_tone(picture, matte, parts, grey_of(wanted))
    light = cv2.cvtColor(lit, cv2.COLOR_RGB2LAB)[:48, :, 0]
    assert float(np.quantile(light, 0.25)) == pytest.approx(wanted, abs=1)
    assert np.ptp(light) > 0.4 * 20
    assert lit[48:] == pytest.approx(picture[48:], abs=1e-6)


def test_black_hair_of_a_dull_photo_stays_hair():
    picture, matte, parts = head_of(50.0)
    darkest = match_hair_tone(picture, matte, parts, grey_of(0.0))[:48]
    odds = [np.log(x / (1 - x)) for x in (picture[:48], darkest)]
    assert odds[0] - odds[1] == pytest.approx(np.full_like(darkest, HAIR), rel=0.02)


def test_a_veil_of_hair_over_skin_changes_it_no_more_than_it_covers_it():
    picture, matte, parts = head_of(34.0, below=0.02)
    lit = match_hair_tone(picture, matte, parts, grey_of(10.0))
    assert np.abs(lit[48:] - picture[48:]).max() < 0.01
    assert np.abs(lit[:48] - picture[:48]).max() > 0.1


def test_hair_stays_as_it_was_drawn_where_no_photo_tells_or_little_is_seen():
    picture, matte, parts = head_of(34.0)
    assert match_hair_tone(picture, matte, parts, None) is picture
    bald = replace(matte, hair=matte.hair * 0.5)
    assert match_hair_tone(picture, bald, parts, grey_of(10.0)) is picture


def test_of_several_photos_the_median_light_of_hair_counts(
    analyser: FaceAnalyser, people: list[Person], parser: HeadParser
):
    image = people[0].selfie
    face = largest_face(analyser.analyse(image))
    assert face is not None
    one = measure_traits(image, face, parser)
    traits = [replace(one, hair_light=light) for light in (4.0, 30.0, None, 10.0)]
    shots = [Shot(image=image, face=face)]
    tones = Tones.of(shots, traits)
    assert tones.hair == 10.0 and tones.skin == pytest.approx(median_skin_tone(shots))
    covered = [replace(one, hair_light=80.0, covered=0.9)]  # by a white scarf
    assert Tones.of(shots, covered).hair is None
    assert Tones.of(shots, ()).hair is None and Tones.of([], ()).skin is None
    assert tones.key == Tones.of(shots, traits[:1] + traits[1:]).key != Tones.of(shots, traits[:1]).key


# Beard

LIPS = np.s_[178:192, 113:143]
BEARD = np.s_[159:236, 103:153]


def bearded(beard: float) -> tuple[np.ndarray, Face, HeadParts]:
    """Square face in FFHQ's frame with a beard of so many L* below the skin's, around red lips."""
    picture = np.tile(SKIN.astype(np.float32), (256, 256, 1))
    below = lab(SKIN)[0] - beard
    picture[BEARD] = grey_of(float(below)) if beard else SKIN
    picture[LIPS] = (0.6, 0.35, 0.33)
    face = Face(
        box=np.array([50, 60, 206, 236], np.float32),
        landmarks=FRAME.copy(),
        confidence=0.9,
        embedding=np.zeros(512, np.float32),
        norm=22.0,
        quality=Quality(score=1.0, findings=()),
    )
    one, zero = np.ones((256, 256), np.float32), np.zeros((256, 256), np.float32)
    return picture, face, HeadParts(hair=zero, face=one, neck=zero, clothes=zero, backdrop=zero)


def drop(picture: np.ndarray, face: Face) -> float:
    return beard_of(HeadView.of((picture * 255).round().astype(np.uint8), face.landmarks))


@pytest.mark.parametrize("wanted", [32.0, 38.0])
def test_a_beard_gets_dark_as_in_the_photos_and_the_lips_stay(wanted: float):
    picture, face, parts = bearded(25.0)
    assert drop(picture, face) == pytest.approx(25, abs=1.5)
    lit = match_beard_tone(picture, face, parts, wanted)
    assert 25 + 0.4 * (wanted - 25) < drop(lit, face) < wanted + 1.5  # skin that shines through it stays
    inner = np.s_[LIPS[0].start + 3 : LIPS[0].stop - 3, LIPS[1].start + 3 : LIPS[1].stop - 3]
    assert np.abs(lit[inner] - picture[inner]).max() < 0.02
    assert np.array_equal(lit[:120], picture[:120])  # eyes and brows


@pytest.mark.parametrize(
    ("drawn", "wanted"), [(25.0, None), (25.0, 20.0), (25.0, 10.0), (40.0, 35.0), (0.0, 40.0), (3.0, 40.0)]
)
def test_no_beard_is_made_and_none_is_bleached(drawn: float, wanted: float | None):
    picture, face, parts = bearded(drawn)
    assert match_beard_tone(picture, face, parts, wanted) is picture
