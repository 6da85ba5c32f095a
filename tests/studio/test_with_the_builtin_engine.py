"""The whole job with the built-in model: photos of people it never saw go in, headshots of them come out."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipelines import Picture, Request, Studio
from pipelines.faces.photos import largest_face
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
