"""The whole job with the built-in model: photos of people it never saw go in, headshots of them come out."""

from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from pipelines import Picture, Request, Studio
from pipelines.faces.photos import largest_face
from pipelines.looks.preset import load_look
from pipelines.looks.shoot import pose
from pipelines.provenance.save import is_marked
from tests.conftest import Person, folder_of

pytestmark = pytest.mark.slow

WHO = {f"P{number:03}": number for number in (1, 4, 8)}
RELATED = 0.3  # cosine; strangers have 0.1


@pytest.fixture(scope="module")
def studio() -> Iterator[Studio]:
    studio = Studio.load("builtin")
    yield studio
    assert len(studio.jobs) == 0


def photo_of(who: str) -> Path:
    """A synthetic person's selfie, or the portrait of a real one, a NASA astronaut."""
    if who == "astronaut":
        return folder_of("skimage") / "data" / "astronaut.png"
    return folder_of("openpeople") / "data" / "curated" / who / "assets" / "amateur_selfie.jpg"


@pytest.fixture(scope="module")
def drawn(studio: Studio, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Picture]:
    """One headshot of each person, default settings."""
    folder = tmp_path_factory.mktemp("drawn")
    return {
        who: studio.headshots(Request(photos=[photo_of(who)], seed=7, count=1, out=folder / who))[0]
        for who in [*WHO, "astronaut"]
    }


@pytest.mark.parametrize("who", [*WHO, "astronaut"])
def test_a_headshot_shows_the_person_and_nobody_else(who: str, drawn: dict[str, Picture], studio: Studio) -> None:
    face = largest_face(studio.likeness_analyser.analyse(drawn[who].image))
    assert face is not None
    alike = {}
    for name in drawn:
        own = largest_face(studio.likeness_analyser.analyse(np.asarray(Image.open(photo_of(name)).convert("RGB"))))
        assert own is not None
        alike[name] = float(face.embedding @ own.embedding)
    assert max(alike, key=alike.__getitem__) == who
    assert alike[who] > RELATED
    assert drawn[who].likeness.cosine == pytest.approx(alike[who], abs=0.05)


def test_the_unseen_portrait_is_of_the_same_person(
    drawn: dict[str, Picture], studio: Studio, people: list[Person]
) -> None:
    portraits = {}
    for who, number in WHO.items():
        portrait = largest_face(studio.likeness_analyser.analyse(people[number - 1].portrait))
        assert portrait is not None
        portraits[who] = portrait.embedding
    for who in WHO:
        face = largest_face(studio.likeness_analyser.analyse(drawn[who].image))
        assert face is not None
        assert max(WHO, key=lambda name: float(face.embedding @ portraits[name])) == who


@pytest.mark.parametrize("who", [*WHO, "astronaut"])
def test_a_headshot_is_a_marked_portrait_file_before_the_looks_backdrop(who: str, drawn: dict[str, Picture]) -> None:
    picture = drawn[who]
    assert is_marked(picture.path)
    with Image.open(picture.path) as file:
        assert (file.format, file.width / file.height) == ("PNG", 4 / 5)
        assert file.height >= 800
        corner = np.asarray(file.convert("RGB"))[:40, -40:].astype(int)
    grey = corner.mean((0, 1))
    assert np.ptp(grey) < 12 and 30 < grey.mean() < 140  # seamless grey paper


def test_a_recipe_and_the_same_photo_make_the_same_file(
    studio: Studio, drawn: dict[str, Picture], tmp_path: Path
) -> None:
    recipe = studio.recipe(drawn["P004"].path)
    again = studio.headshots(Request.from_recipe(recipe, [photo_of("P004")], out=tmp_path))[0]
    assert again.path.read_bytes() == drawn["P004"].path.read_bytes()


def test_another_seed_and_another_word_make_another_picture(
    studio: Studio, drawn: dict[str, Picture], tmp_path: Path
) -> None:
    recipe = studio.recipe(drawn["P008"].path)
    for change in ({"seed": 8}, {"words": "turned left, serious"}):
        other = studio.headshots(Request.from_recipe(recipe, [photo_of("P008")], out=tmp_path, **change))[0]
        assert other.image.shape != drawn["P008"].image.shape or (other.image != drawn["P008"].image).mean() > 0.3


def test_with_two_photos_likeness_is_measured_against_the_persons_own(
    studio: Studio, people: list[Person], tmp_path: Path
) -> None:
    photos = [photo_of("P010"), photo_of("P010").with_name("studio_portrait.jpg")]
    picture = studio.headshots(Request(photos=photos, seed=7, count=1, out=tmp_path))[0]
    assert picture.likeness.basis == "your photos"
    assert 0.5 < picture.likeness.low <= picture.likeness.high < 0.9
    assert picture.likeness.cosine is not None and picture.likeness.cosine > 0.4


# Several pictures


@pytest.fixture(scope="module")
def four(studio: Studio, tmp_path_factory: pytest.TempPathFactory) -> list[Picture]:
    """Four pictures of one run, in the order of their seeds."""
    request = Request(photos=[photo_of("P001")], seed=20, count=4, out=tmp_path_factory.mktemp("four"))
    return sorted(studio.headshots(request), key=lambda picture: picture.seed)


def test_the_pictures_of_a_run_differ_as_a_photographer_s_do(four: list[Picture]) -> None:
    assert [picture.seed for picture in four] == [20, 21, 22, 23]
    poses = [pose(load_look("corporate"), picture.seed) for picture in four]
    assert len({posed.torso for posed in poses}) >= 2
    assert len({posed.head for posed in poses}) >= 2
    assert len({posed.tilt for posed in poses}) == 4
    for (one, first), (other, second) in combinations(zip(poses, four, strict=True), 2):
        assert first.image.shape == second.image.shape == (1500, 1200, 3)
        apart = np.abs(first.image[750:].astype(int) - second.image[750:]).mean()
        assert apart > (1 if one.torso == other.torso else 4)


def test_a_run_has_two_pictures_of_each_cut(four: list[Picture]) -> None:
    assert sorted(str(picture.recipe.cut) for picture in four) == ["mens", "mens", "womens", "womens"]


def test_a_recipe_repeats_one_picture_of_several(four: list[Picture], studio: Studio, tmp_path: Path) -> None:
    recipe = studio.recipe(four[2].path)
    (again,) = studio.headshots(Request.from_recipe(recipe, [photo_of("P001")], out=tmp_path))
    assert again.path.read_bytes() == four[2].path.read_bytes()


def test_the_full_size_has_the_pixels_that_were_drawn(studio: Studio, tmp_path: Path) -> None:
    request = {"photos": [photo_of("P001")], "seed": 7, "count": 1, "framing": "wide", "sizes": ["portrait-full"]}
    (picture,) = studio.headshots(Request(**request, out=tmp_path))  # type: ignore[arg-type]
    with Image.open(picture.sizes["portrait-full"]) as file:
        assert file.size == (1640, 2048)
        full = np.asarray(file.convert("RGB"))
    assert is_marked(picture.sizes["portrait-full"])
    assert picture.image.shape == (1500, 1200, 3)
    before, after = (largest_face(studio.likeness_analyser.analyse(image)) for image in (picture.image, full))
    assert before is not None and after is not None
    assert float(before.embedding @ after.embedding) > 0.95
    apart = [float(np.hypot(*(face.landmarks[1] - face.landmarks[0]))) for face in (before, after)]
    assert apart[1] / apart[0] == pytest.approx(2048 / 1500, rel=0.03)  # the same picture with more pixels
    sharper = cv2.Laplacian(cv2.cvtColor(full, cv2.COLOR_RGB2GRAY), cv2.CV_32F).std()
    enlarged = cv2.resize(picture.image, (1640, 2048), interpolation=cv2.INTER_CUBIC)
    assert sharper > 1.05 * cv2.Laplacian(cv2.cvtColor(enlarged, cv2.COLOR_RGB2GRAY), cv2.CV_32F).std()
