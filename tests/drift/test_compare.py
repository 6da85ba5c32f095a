"""Pictures that lost something besides the face have a sentence that names it, and others have none."""

from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np
import pytest

from pipelines.drift import texts
from pipelines.drift.compare import DRIFTS, drifts, with_drift
from pipelines.drift.traits import HeadTraits, measure_traits
from pipelines.faces.identity import Face, FaceAnalyser, choose
from pipelines.faces.likeness import OWN_PHOTOS, Likeness
from pipelines.matting.head_parser import HeadParser
from pipelines.matting.head_view import HeadView
from tests.conftest import Person
from tests.support.headscarf import with_scarf

pytestmark = pytest.mark.slow

GREY = (150, 150, 150)
SHORT, LONG, BEARDED, CURLY = 0, 8, 4, 6  # among the ten


@pytest.fixture(scope="module")
def parser() -> HeadParser:
    return HeadParser()


class Head:
    """A person's selfie in FFHQ's frame with some room, 512 x 512, so that places in it are known."""

    def __init__(self, person: Person, analyser: FaceAnalyser, parser: HeadParser):
        face = choose(analyser.analyse(person.selfie))
        self.image = cv2.resize(HeadView.of(person.selfie, face.landmarks, down=0.1).picture, (512, 512))
        self.face: Face = choose(analyser.analyse(self.image))
        self.parser = parser

    def traits(self, image: np.ndarray | None = None) -> HeadTraits:
        return measure_traits(self.image if image is None else image, self.face, self.parser)

    def noticed(self, photo: np.ndarray, picture: np.ndarray) -> list[str]:
        return [row.sentence for row in drifts([self.traits(photo)], self.traits(picture))]

    @property
    def hair(self) -> np.ndarray:
        """Share of each pixel that is hair, (512, 512, 1)."""
        return cv2.GaussianBlur(self.parser.parse(self.image).hair, (0, 0), 3)[..., None]


def lighter(image: np.ndarray, share: np.ndarray | float, by: float) -> np.ndarray:
    """The image with so much more L* where `share` says."""
    lab = cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    lab[..., :1] = lab[..., :1] + np.float32(by) * np.asarray(share, np.float32)
    return (cv2.cvtColor(lab, cv2.COLOR_LAB2RGB).clip(0, 1) * 255).astype(np.uint8)


def hair_cut_off(head: Head) -> tuple[np.ndarray, np.ndarray]:
    below = (np.mgrid[:512, :512][0] > head.face.landmarks[3:, 1].mean() - 20)[..., None]
    share = head.hair * below
    return head.image, (head.image * (1 - share) + np.array(GREY) * share).astype(np.uint8)


def curls_cut_off(head: Head) -> tuple[np.ndarray, np.ndarray]:
    far = cv2.GaussianBlur(1 - cv2.dilate(head.parser.parse(head.image).face, np.ones((35, 35))), (0, 0), 3)[..., None]
    share = head.hair * far.clip(0, 1)
    return head.image, (head.image * (1 - share) + np.array(GREY) * share).astype(np.uint8)


def hair_gone_grey(head: Head) -> tuple[np.ndarray, np.ndarray]:
    return head.image, lighter(head.image, head.hair, 18)


def glasses_taken_off(head: Head) -> tuple[np.ndarray, np.ndarray]:
    worn = head.image.copy()
    left, right = head.face.landmarks[:2]
    gap = float(right[0] - left[0])
    for x, y in (left, right):
        cv2.ellipse(worn, (round(x), round(y)), (round(0.4 * gap), round(0.3 * gap)), 0, 0, 360, (20, 20, 20), 5)
    inner = [
        (round(float(x)), round(float((left[1] + right[1]) / 2))) for x in (left[0] + 0.38 * gap, right[0] - 0.38 * gap)
    ]
    cv2.line(worn, *inner, (20, 20, 20), 6)  # type: ignore[call-overload]
    return worn, head.image


def beard_bleached(head: Head) -> tuple[np.ndarray, np.ndarray]:
    (x, nose), mouth = head.face.landmarks[2].round().astype(int), round(float(head.face.landmarks[3:, 1].mean()))
    share = np.zeros((512, 512), np.float32)
    share[nose + 12 :, x - 40 : x + 40] = share[mouth:, 120:392] = 1
    return head.image, lighter(head.image, cv2.GaussianBlur(share, (0, 0), 5)[..., None], 20)


def skin_bleached(head: Head) -> tuple[np.ndarray, np.ndarray]:
    return head.image, lighter(head.image, head.parser.parse(head.image).face[..., None], 8)


def scarf_taken_off(head: Head) -> tuple[np.ndarray, np.ndarray]:
    return with_scarf(head.image, head.face.landmarks, (30, 100, 110)), head.image


CHANGES: dict[str, tuple[int, Callable[[Head], tuple[np.ndarray, np.ndarray]]]] = {
    texts.HAIR_SHORTER: (LONG, hair_cut_off),
    texts.HAIR_LESS: (CURLY, curls_cut_off),
    texts.HAIR_LIGHTER: (SHORT, hair_gone_grey),
    texts.BEARD_LESS: (BEARDED, beard_bleached),
    texts.GLASSES_LOST: (SHORT, glasses_taken_off),
    texts.SKIN_LIGHTER: (LONG, skin_bleached),
    texts.COVERING_LOST: (SHORT, scarf_taken_off),
}
"""A person who shows it, and a photo and a picture by what is noticed between them."""


@pytest.mark.parametrize("sentence", CHANGES)
def test_what_is_lost_is_noticed(
    sentence: str, people: list[Person], analyser: FaceAnalyser, parser: HeadParser
) -> None:
    who, change = CHANGES[sentence]
    head = Head(people[who], analyser, parser)
    photo, picture = change(head)
    assert sentence in head.noticed(photo, picture)
    assert head.noticed(photo, photo) == [] and sentence not in head.noticed(picture, picture)
    if sentence == texts.GLASSES_LOST:
        assert texts.GLASSES_ADDED in head.noticed(picture, photo)
    if sentence == texts.SKIN_LIGHTER:
        assert texts.SKIN_DARKER in head.noticed(picture, photo)


def test_another_camera_is_no_drift(people: list[Person], analyser: FaceAnalyser, parser: HeadParser) -> None:
    for person in people[:4]:
        head = Head(person, analyser, parser)
        softer = cv2.GaussianBlur(lighter(head.image, 1.0, 3), (0, 0), 1.5)
        assert head.noticed(head.image, softer) == []


TRAITS = HeadTraits(
    covered=0.1,
    hair_beside_jaw=0.6,
    hair_amount=0.7,
    hair_height=0.5,
    hair_light=10.0,
    beard=40.0,
    glasses=1.0,
    skin_light=60.0,
)


def test_what_one_photo_shows_is_the_person_s() -> None:
    short = replace(TRAITS, hair_beside_jaw=0.05)
    assert [row.sentence for row in drifts([TRAITS], short)] == [texts.HAIR_SHORTER]
    assert drifts([TRAITS, short], short) == () and drifts([], short) == ()


def test_what_cannot_be_measured_is_no_drift() -> None:
    nothing = replace(
        TRAITS, hair_beside_jaw=None, hair_height=None, hair_light=None, beard=None, glasses=None, skin_light=None
    )
    assert drifts([TRAITS], nothing) == () and drifts([nothing], TRAITS) == ()
    assert len({row.name for row in DRIFTS}) == len({row.sentence for row in DRIFTS}) == len(DRIFTS)


def test_the_best_word_is_not_given_to_a_picture_that_lost_something(
    people: list[Person], analyser: FaceAnalyser, parser: HeadParser
) -> None:
    head = Head(people[BEARDED], analyser, parser)
    photo, picture = beard_bleached(head)
    alike = Likeness(cosine=0.7, low=0.5, high=0.7, basis=OWN_PHOTOS)
    lost = with_drift(alike, picture, head.face, [head.traits(photo)], parser)
    same = with_drift(alike, photo, head.face, [head.traits(photo)], parser)
    assert same.verdict == "As alike as your photos." and same.drift == ()
    assert texts.BEARD_LESS in lost.drift and lost.verdict == "The face is as alike as your photos; the rest is not."


def test_skin_of_an_overexposed_photo_may_come_out_darker() -> None:
    plain = replace(TRAITS, skin_light=74.0)
    assert not drifts([replace(TRAITS, skin_light=83.0)], plain)
    assert drifts([replace(TRAITS, skin_light=83.0)], replace(TRAITS, skin_light=66.0))
    assert drifts([replace(TRAITS, skin_light=65.0)], replace(TRAITS, skin_light=57.0))


def test_a_bearded_mans_hair_that_shines_under_the_sky_is_as_dark_as_his_beard(
    people: list[Person], analyser: FaceAnalyser, parser: HeadParser
) -> None:
    selfie = people[BEARDED].selfie
    face = choose(analyser.analyse(selfie))
    lab = cv2.cvtColor(selfie.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    lab[..., 2] += 12
    warm = (cv2.cvtColor(lab, cv2.COLOR_LAB2RGB).clip(0, 1) * 255).astype(np.uint8)  # grey hair, by a lamp's light
    shining, grey = (measure_traits(image, face, parser).hair_light for image in (selfie, warm))
    assert shining is not None and grey is not None and shining < 26 and grey > 30
