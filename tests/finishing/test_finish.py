"""Finishing of drawn pictures: the look's backdrop, crop and grade, and the sizes they need."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
import pytest

from pipelines.errors import UserError
from pipelines.faces.identity import Face, FaceAnalyser, choose
from pipelines.finishing.backdrops.backdrops import backdrop
from pipelines.finishing.export import AT_MOST, EXPORTS, export, size_note
from pipelines.finishing.finish import LIGHT, finish, highest, sides
from pipelines.finishing.framing import CROPS
from pipelines.finishing.tones import cheek_tone
from pipelines.looks.fields import FIELDS
from pipelines.looks.preset import Grade, Look, load_look, load_looks, with_fields
from pipelines.matting.person_mask import PersonMask
from tests.conftest import Person

pytestmark = pytest.mark.slow


@dataclass(frozen=True, kw_only=True, eq=False)
class Drawn:
    """Stand-in for an engine's picture: a studio portrait, 512 x 512, and the face in it."""

    image: np.ndarray
    face: Face


@pytest.fixture(scope="module")
def drawn(analyser: FaceAnalyser, people: list[Person]) -> list[Drawn]:
    """A light-skinned and a dark-skinned person among them."""
    images = [cv2.resize(people[k].portrait, (512, 512), interpolation=cv2.INTER_AREA) for k in (0, 2, 4)]
    return [Drawn(image=image, face=choose(analyser.analyse(image))) for image in images]


PLAIN = replace(load_look("corporate"), grade=Grade())
"""A look that grades nothing."""


def look(**fields: str) -> Look:
    return with_fields(PLAIN, **fields)


def cheeks(image: np.ndarray, face: Face) -> np.ndarray:
    """L*, a*, b* of the skin between eyes and mouth corners, on both sides of the nose."""
    lab = cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_RGB2Lab)
    reach = int(np.hypot(*(face.landmarks[1] - face.landmarks[0])) / 10)
    sides = [(face.landmarks[k] + face.landmarks[k + 3]) / 2 for k in (0, 1)]
    patches = [lab[int(y) - reach : int(y) + reach, int(x) - reach : int(x) + reach] for x, y in sides]
    return np.concatenate([patch.reshape(-1, 3) for patch in patches]).mean(0)


# Crops


@pytest.mark.parametrize("crop", FIELDS["crop"])
def test_a_crop_has_its_shape_to_the_pixel_and_the_whole_face(
    drawn: list[Drawn], mask: PersonMask, analyser: FaceAnalyser, crop: str
) -> None:
    for one in drawn[:2]:
        picture = finish(one.image, one.face, look(crop=crop), mask=mask)
        height, width = picture.shape[:2]
        assert picture.dtype == np.uint8 and picture.shape[2] == 3
        assert width * CROPS[crop].down == height * CROPS[crop].across
        (face,) = analyser.analyse(picture)
        assert (face.box[:2] > -4).all() and (face.box[2:] < (width + 4, height + 4)).all()
        assert float(face.embedding @ one.face.embedding) > 0.9


@pytest.mark.parametrize("crop", FIELDS["crop"])
def test_nothing_is_enlarged(drawn: list[Drawn], mask: PersonMask, analyser: FaceAnalyser, crop: str) -> None:
    (face,) = analyser.analyse(finish(drawn[0].image, drawn[0].face, look(crop=crop), mask=mask))
    before, after = (np.ptp(one.landmarks[[0, 1]], axis=0)[0] for one in (drawn[0].face, face))
    assert after == pytest.approx(before, rel=0.06)
    pixels = finish(drawn[0].image, drawn[0].face, look(crop=crop), mask=mask, cut_out=False)
    assert pixels.shape[0] <= 512 and pixels.shape[1] <= 512


def test_without_a_face_the_whole_picture_is_used(drawn: list[Drawn], mask: PersonMask) -> None:
    assert finish(drawn[0].image, None, look(crop="square"), mask=mask).shape == (512, 512, 3)


# Backdrops


def test_the_person_stands_before_the_backdrop_that_was_chosen(drawn: list[Drawn], mask: PersonMask) -> None:
    for name in FIELDS["backdrop"]:
        picture = finish(drawn[0].image, drawn[0].face, look(backdrop=name, crop="square"), mask=mask)
        side = picture.shape[0]
        corner = np.s_[: side // 4, : side // 8]
        assert np.abs(picture[corner] / 255 - backdrop(name, side, side)[corner]).max() < 0.01


@pytest.mark.parametrize("light", FIELDS["light"])
def test_the_lamp_on_the_backdrop_is_where_the_light_comes_from(
    drawn: list[Drawn], mask: PersonMask, light: str
) -> None:
    picture = finish(drawn[0].image, drawn[0].face, look(light=light, crop="square"), mask=mask)
    edge = len(picture) // 10
    left, right = (float(picture[: 2 * edge, part].mean()) for part in (np.s_[:edge], np.s_[-edge:]))
    assert np.sign(round((right - left) / 20)) == LIGHT.get(light, 0)


def test_the_engines_own_backdrop_can_be_kept(drawn: list[Drawn], mask: PersonMask) -> None:
    for one in drawn:
        picture = finish(one.image, one.face, look(backdrop="black", crop="square"), mask=mask, cut_out=False)
        _, _, (left, top), _ = cv2.minMaxLoc(cv2.matchTemplate(one.image, picture, cv2.TM_SQDIFF))
        part = one.image[top : top + len(picture), left : left + picture.shape[1]]
        assert np.array_equal(picture, part)  # every pixel as the engine drew it


# Skin


@pytest.mark.parametrize("name", ["seamless-light", "black", "gradient-warm", "gradient-blue"])
def test_skin_keeps_its_lightness_before_any_backdrop(
    drawn: list[Drawn], mask: PersonMask, analyser: FaceAnalyser, name: str
) -> None:
    for one in drawn:
        picture = finish(one.image, one.face, look(backdrop=name), mask=mask)
        before, after = cheeks(one.image, one.face), cheeks(picture, choose(analyser.analyse(picture)))
        assert abs(after[0] - before[0]) < 2.5
        assert np.abs(after[1:] - before[1:]).max() < 5


@pytest.mark.parametrize("look_id", load_looks())
def test_no_look_makes_skin_much_lighter_or_darker(
    drawn: list[Drawn], mask: PersonMask, analyser: FaceAnalyser, look_id: str
) -> None:
    one = drawn[1]
    picture = finish(one.image, one.face, load_look(look_id), mask=mask)
    after = cheeks(picture, choose(analyser.analyse(picture)))
    assert abs(after[0] - cheeks(one.image, one.face)[0]) < 8


@pytest.mark.parametrize("stops", [-1.5, -2.5])
def test_low_key_light_stays_low_key(
    drawn: list[Drawn], mask: PersonMask, analyser: FaceAnalyser, stops: float
) -> None:
    """The tone is that of a photo in plain light: other light is moved to it, and this one is not."""
    for one in drawn:
        dark = np.clip(one.image * 2 ** (stops / 2.2), 0, 255).astype(np.uint8)
        tone = cheek_tone(one.image, one.face)
        before = cheeks(dark, one.face)[0]
        after = {
            light: cheeks(picture, choose(analyser.analyse(picture)))[0]
            for light in ("dramatic", "soft")
            for picture in [finish(dark, one.face, look(light=light), mask=mask, skin=tone, cut_out=False)]
        }
        assert abs(after["dramatic"] - before) <= 3
        assert after["soft"] - before > 5


# Grades


def test_black_and_white_is_grey_all_over(drawn: list[Drawn], mask: PersonMask) -> None:
    editorial = load_look("editorial")
    assert editorial.grade.monochrome
    for cut_out in (True, False):
        picture = finish(drawn[0].image, drawn[0].face, editorial, mask=mask, cut_out=cut_out)
        assert np.ptp(picture, axis=2).max() == 0 and picture.std() > 20


def test_the_grade_of_the_look_is_applied_in_both_ways(drawn: list[Drawn], mask: PersonMask) -> None:
    one, bright = drawn[0], replace(PLAIN, grade=Grade(exposure=0.5))
    for cut_out in (True, False):
        usual, lighter = (finish(one.image, one.face, given, mask=mask, cut_out=cut_out) for given in (PLAIN, bright))
        assert lighter.astype(int).mean() > usual.astype(int).mean() + 5


def test_the_same_arguments_give_the_same_bytes(drawn: list[Drawn], mask: PersonMask) -> None:
    one, given = drawn[0], load_look("outdoor")
    before = one.image.copy()
    first, again = (finish(one.image, one.face, given, mask=mask) for _ in range(2))
    assert np.array_equal(first, again)
    assert np.array_equal(one.image, before)


# Above the picture


def test_where_hair_begins_is_told_and_whether_the_edge_cuts_it() -> None:
    alpha = np.zeros((400, 300), np.float32)
    assert highest(alpha) is None
    alpha[50:, 100:200] = 1
    assert highest(alpha) == 50
    alpha[20, 150] = 1  # a single hair
    assert highest(alpha) == 50
    assert highest(alpha[60:]) == 0


def test_how_wide_the_person_is_is_told_at_the_height_of_the_face(drawn: list[Drawn]) -> None:
    one = drawn[0]
    alpha = np.zeros((1024, 1024), np.float32)
    assert sides(alpha, one.face) is None
    eyes, nose = one.face.landmarks[:2, 1].min(), one.face.landmarks[2, 1]
    alpha[int(eyes) : int(nose) + 1, 210:701] = 1
    alpha[int(nose) + 40 :, 20:1000] = 1  # shoulders do not count
    assert sides(alpha, one.face) == (210, 700)


def test_a_head_near_the_upper_edge_gets_room_above_it(drawn: list[Drawn], mask: PersonMask) -> None:
    one = drawn[0]
    hair = highest(mask(one.image, one.face.landmarks))
    assert hair is not None and 0 < hair < 8
    picture = finish(one.image, one.face, look(backdrop="seamless-light"), mask=mask)
    begins = int(np.flatnonzero((picture.mean(2) < 100).any(1))[0])  # her hair is black
    assert begins > 0.03 * len(picture)
    assert picture[: begins // 2].min() > 180  # backdrop, not black


# Sizes


@pytest.fixture(scope="module")
def finished(drawn: list[Drawn], mask: PersonMask) -> np.ndarray:
    return finish(drawn[0].image, drawn[0].face, PLAIN, mask=mask)


@pytest.mark.parametrize("size_id", EXPORTS)
def test_a_size_is_exact_and_shows_the_person_upright(
    finished: np.ndarray, analyser: FaceAnalyser, drawn: list[Drawn], size_id: str
) -> None:
    picture = export(finished, size_id)
    wide, tall = EXPORTS[size_id]
    scale = min(1, finished.shape[1] / wide, finished.shape[0] / tall)
    assert picture.shape[:2] == pytest.approx((tall * scale, wide * scale), abs=1)  # never enlarged
    assert bool(size_note(size_id, picture.shape)) == (scale < 1 and size_id not in AT_MOST)
    assert picture.dtype == np.uint8
    (face,) = analyser.analyse(picture)
    eyes, mouth = face.landmarks[:2].mean(0), face.landmarks[3:].mean(0)
    assert eyes[1] < mouth[1]
    assert 0.3 < eyes[1] / len(picture) < 0.55
    assert float(face.embedding @ drawn[0].face.embedding) > 0.9


@pytest.mark.parametrize("size_id", EXPORTS)
def test_a_picture_of_any_width_can_be_exported(size_id: str) -> None:
    for width in (300, 444, 592, 872):  # 800 * (444 / 800) is a little more than 444
        picture = np.zeros((width * 5 // 4, width, 3), np.uint8)
        wide, tall = EXPORTS[size_id]
        scale = min(1, width / wide, width * 1.25 / tall)
        assert export(picture, size_id).shape[:2] == pytest.approx((tall * scale, wide * scale), abs=1)


def test_a_size_that_nothing_is_enlarged_for_has_the_pixels_there_are() -> None:
    for width in (300, 444, 592, 872, 1200):
        made = export(np.zeros((width * 5 // 4, width, 3), np.uint8), "portrait-full")
        assert width - 3 <= made.shape[1] <= width
        assert made.shape[1] / made.shape[0] == pytest.approx(1640 / 2048, abs=0.004)
    assert export(np.zeros((2100, 1700, 3), np.uint8), "portrait-full").shape == (2048, 1640, 3)


def test_a_size_keeps_proportions(finished: np.ndarray, analyser: FaceAnalyser) -> None:
    def shape(picture: np.ndarray) -> float:
        eyes, mouth = (choose(analyser.analyse(picture)).landmarks[part] for part in (np.s_[:2], np.s_[3:]))
        return float(np.hypot(*(eyes[1] - eyes[0])) / np.hypot(*(mouth.mean(0) - eyes.mean(0))))

    for size_id in ("linkedin", "cv"):
        assert shape(export(finished, size_id)) == pytest.approx(shape(finished), rel=0.05)


def test_a_size_is_as_large_a_part_as_fits(finished: np.ndarray) -> None:
    numbered = np.broadcast_to(np.arange(finished.shape[1], dtype=np.float32)[None, :, None], finished.shape)
    columns = export((numbered * 255 / finished.shape[1]).astype(np.uint8), "square")
    assert columns[:, 0].max() <= 2 and columns[:, -1].min() >= 252


def test_an_unknown_size_is_a_sentence_with_those_there_are(finished: np.ndarray) -> None:
    with pytest.raises(UserError) as refused:
        export(finished, "billboard")
    assert str(refused.value) == f"There is no size called billboard. Choose one of: {', '.join(EXPORTS)}."


def test_an_unknown_backdrop_in_a_look_is_a_sentence(drawn: list[Drawn], mask: PersonMask) -> None:
    with pytest.raises(UserError, match=r"^There is no backdrop called beach\. Choose one of: seamless-light, "):
        finish(drawn[0].image, drawn[0].face, replace(PLAIN, backdrop="beach"), mask=mask)
