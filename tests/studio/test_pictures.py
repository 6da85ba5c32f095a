"""The main job: photos in, headshots out; which pictures one gets, and what is refused."""

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pipelines.errors import PhotoError, UserError
from pipelines.faces.identity import fuse
from pipelines.faces.likeness import measure_likeness
from pipelines.faces.photos import choose_faces, open_photos
from pipelines.progress import Progress
from pipelines.provenance.save import is_marked, read_recipe
from pipelines.request import Request
from pipelines.studio import Studio
from tests.support.fake_engine import SPEC, FakeEngine
from tests.support.headscarf import with_scarf
from tests.support.studio_kit import SELFIE, SIX_PEOPLE, files, person, small, use

pytestmark = pytest.mark.slow


def test_every_picture_has_its_own_seed_mark_and_recipe(studio: Studio, tmp_path: Path):
    pictures = studio.headshots(Request(photos=[SELFIE], seed=7, count=3, out=tmp_path))
    assert sorted(picture.seed for picture in pictures) == [7, 8, 9]
    assert sorted(files(tmp_path)) == [f"headshot-corporate-{seed}.png" for seed in (7, 8, 9)]
    for picture in pictures:
        assert picture.path == tmp_path / f"headshot-corporate-{picture.seed}.png"
        assert is_marked(picture.path)
        assert read_recipe(picture.path) == picture.recipe == studio.recipe(picture.path)
        assert picture.recipe.seed == picture.seed
        assert np.array_equal(np.asarray(Image.open(picture.path)), picture.image)


def test_the_best_likeness_comes_first(studio: Studio, tmp_path: Path):
    pictures = studio.headshots(Request(photos=[SELFIE], seed=1, count=4, out=tmp_path))
    cosines = [picture.likeness.cosine or 0.0 for picture in pictures]
    assert cosines == sorted(cosines, reverse=True)
    assert cosines[0] > 0.5


def test_the_likeness_is_that_of_the_finished_picture(studio: Studio, tmp_path: Path):
    picture = studio.headshots(Request(photos=[SELFIE], seed=1, count=1, out=tmp_path))[0]
    identity = Request(photos=[SELFIE])
    shots = choose_faces([open_photos(identity.photos, lambda *_: None)[0]], (), studio.likeness_analyser)
    fused = fuse(shots, studio.likeness_analyser.recogniser)
    assert measure_likeness(picture.image, fused, studio.likeness_analyser).cosine == picture.likeness.cosine


def test_without_a_seed_one_is_drawn_and_shown(studio: Studio, tmp_path: Path):
    seeds = {studio.headshots(Request(photos=[SELFIE], count=1, out=tmp_path))[0].seed for _ in range(3)}
    assert len(seeds) == 3
    assert all(0 <= seed < 1_000_000 for seed in seeds)


def test_the_seed_after_the_last_is_nought(studio: Studio, tmp_path: Path):
    pictures = studio.headshots(Request(photos=[SELFIE], seed=2**32 - 1, count=2, out=tmp_path))
    assert {picture.seed for picture in pictures} == {2**32 - 1, 0}


def test_the_same_request_gives_the_same_files_bit_for_bit(studio: Studio, tmp_path: Path):
    for folder in ("a", "between", "b"):
        photo = person(2) if folder == "between" else SELFIE
        studio.headshots(Request(photos=[photo], look="startup", seed=3, count=2, out=tmp_path / folder))
    assert files(tmp_path / "a") == files(tmp_path / "b") != files(tmp_path / "between")


def test_a_recipe_draws_the_same_picture_again(studio: Studio, tmp_path: Path):
    wanted = {"look": "speaker", "crop": "tight", "words": "smiling", "steps": 5, "structure": 0.5}
    first = studio.headshots(Request(photos=[SELFIE], seed=5, count=2, out=tmp_path / "a", **wanted))[1]  # type: ignore
    recipe = studio.recipe(first.path)
    again = studio.headshots(Request.from_recipe(recipe, [SELFIE], out=tmp_path / "b", engine=None))
    assert [picture.path.read_bytes() for picture in again] == [first.path.read_bytes()]


def test_jpeg_and_further_sizes(studio: Studio, tmp_path: Path):
    request = Request(photos=[SELFIE], seed=7, count=1, format="jpeg", sizes=["linkedin"], out=tmp_path)
    picture = studio.headshots(request)[0]
    assert sorted(files(tmp_path)) == ["headshot-corporate-7-linkedin.jpg", "headshot-corporate-7.jpg"]
    assert picture.sizes == {"linkedin": tmp_path / "headshot-corporate-7-linkedin.jpg"}
    assert is_marked(picture.path) and is_marked(picture.sizes["linkedin"])


def test_a_cv_says_its_millimetres_and_a_round_avatar_is_a_circle(studio: Studio, tmp_path: Path):
    request = Request(photos=[SELFIE], seed=7, count=1, format="jpeg", sizes=["cv", "avatar-round"], out=tmp_path)
    sizes = studio.headshots(request)[0].sizes
    with Image.open(sizes["cv"]) as cv:
        assert [round(25.4 * pixels / dpi) for pixels, dpi in zip(cv.size, cv.info["dpi"], strict=True)] == [35, 45]
    with Image.open(sizes["avatar-round"]) as avatar:
        alpha = np.asarray(avatar.getchannel("A"))
        side = avatar.width
        assert (avatar.format, avatar.size) == ("PNG", (side, side))
    inside = np.hypot(*np.mgrid[:side, :side] - (side - 1) / 2) < side / 2
    assert (alpha[inside] > 0).all() and alpha[0, 0] == 0 and alpha[side // 2, side // 2] == 255
    assert abs((alpha == 255).mean() - np.pi / 4) < 0.01
    assert all(is_marked(file) for file in sizes.values())


def test_a_picture_is_never_written_over_another(studio: Studio, tmp_path: Path):
    for _ in range(2):
        studio.headshots(Request(photos=[SELFIE], seed=7, count=1, out=tmp_path))
    assert sorted(files(tmp_path)) == ["headshot-corporate-7-2.png", "headshot-corporate-7.png"]


def test_without_a_folder_the_files_are_private(studio: Studio):
    picture = studio.headshots(Request(photos=[SELFIE], count=1))[0]
    assert picture.path.parent.stat().st_mode & 0o777 == 0o700
    picture.path.unlink()
    picture.path.parent.rmdir()


# Pictures without a face


def test_a_picture_without_a_face_is_drawn_again_with_the_next_unused_seed(studio: Studio, tmp_path: Path):
    engine = use(studio, FakeEngine(faceless={8, 10}))
    pictures = studio.headshots(Request(photos=[SELFIE], seed=7, count=3, out=tmp_path))
    assert engine.drawn == [7, 8, 10, 11, 9]
    assert sorted(picture.seed for picture in pictures) == [7, 9, 11]
    assert len(files(tmp_path)) == 3


def test_redraws_end_and_the_person_is_told(studio: Studio, tmp_path: Path):
    use(studio, FakeEngine(faceless=set(range(100)) - {7}))
    pictures = studio.headshots(Request(photos=[SELFIE], seed=7, count=3, out=tmp_path))
    assert [picture.seed for picture in pictures] == [7]
    assert any(
        "2 of 3 pictures were left out, even after 4 redraws: they showed no face" in said
        for said in pictures[0].warnings
    )


def test_no_face_at_all_is_a_sentence_and_leaves_nothing(studio: Studio, tmp_path: Path):
    use(studio, FakeEngine(faceless=range(100)))
    with pytest.raises(UserError, match="The engine drew no face"):
        studio.headshots(Request(photos=[SELFIE], seed=7, count=2, out=tmp_path / "new"))
    assert list(tmp_path.iterdir()) == []


def test_a_picture_whose_face_is_no_persons_is_drawn_again_and_never_saved(studio: Studio, tmp_path: Path):
    engine = use(studio, FakeEngine(monstrous={8, 10}))
    pictures = studio.headshots(Request(photos=[SELFIE], seed=7, count=3, out=tmp_path))
    assert engine.drawn == [7, 8, 10, 11, 9]
    assert sorted(files(tmp_path)) == [f"headshot-corporate-{seed}.png" for seed in (11, 7, 9)]
    assert sorted(picture.seed for picture in pictures) == [7, 9, 11]


def test_monsters_alone_are_a_sentence_and_leave_nothing(studio: Studio, tmp_path: Path):
    use(studio, FakeEngine(monstrous=range(100)))
    with pytest.raises(UserError, match="not a person's face"):
        studio.headshots(Request(photos=[SELFIE], seed=7, count=2, out=tmp_path / "new"))
    assert list(tmp_path.iterdir()) == []


def test_a_face_that_finishing_spoils_is_drawn_again_too(
    studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    engine, finish = use(studio, FakeEngine()), studio._finisher.finish

    def spoils_one(draws: Any, image: np.ndarray, *rest: Any, **named: Any) -> np.ndarray:
        picture = finish(draws, image, *rest, **named)
        return 255 - picture if engine.drawn[-1] == 7 else picture

    monkeypatch.setattr(studio._finisher, "finish", spoils_one)
    pictures = studio.headshots(Request(photos=[SELFIE], seed=7, count=1, out=tmp_path))
    assert [picture.seed for picture in pictures] == [8] and list(files(tmp_path)) == ["headshot-corporate-8.png"]


# What is refused


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"look": "coprorate"}, "Choose one of: academic,"),
        ({"look": "../corporate"}, "Choose one of: academic,"),
        ({"backdrop": "beach"}, "There is no backdrop called"),
        ({"crop": "full-body"}, "There is no crop called"),
        ({"engine": "midjourney"}, "Choose one of: builtin"),
        ({"sizes": ["billboard"]}, "There is no such size. Choose among:"),
    ],
    ids=str,
)
def test_unknown_names_are_refused_before_anything_starts(studio: Studio, wrong: dict[str, Any], sentence: str):
    told: list[Progress] = []
    with pytest.raises(UserError, match=sentence):
        studio.headshots(Request(photos=["/nowhere.jpg"], **wrong), on_progress=told.append)
    assert told == []


def test_one_of_several_photos_that_cannot_be_opened_is_named(studio: Studio, tmp_path: Path):
    with pytest.raises(PhotoError, match=r"^Photo 2: "):
        studio.headshots(Request(photos=[SELFIE, b"no photo"], out=tmp_path / "new"))
    assert list(tmp_path.iterdir()) == []


def test_of_several_faces_none_is_taken_silently(studio: Studio, tmp_path: Path):
    with pytest.raises(PhotoError, match="6"):
        studio.headshots(Request(photos=[SIX_PEOPLE], out=tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_photos_are_looked_at_without_a_run(studio: Studio):
    photos: list[str | Path | bytes] = [SELFIE, SIX_PEOPLE, small(SIX_PEOPLE, 300), b"no photo"]
    good, several, none, broken = studio.check_photos(photos)
    assert (good.faces, good.error) == (1, None)
    assert several.faces == 6 and several.error is not None and several.image is not None
    assert not np.array_equal(several.image, open_photos([SIX_PEOPLE], lambda *_: None)[0])
    assert broken.image is None and broken.error is not None
    assert none.error is not None


def test_a_photo_of_somebody_else_is_named_and_not_averaged_in(studio: Studio, tmp_path: Path):
    photos = [SELFIE, person(1, "studio_portrait.jpg"), person(2)]
    reports = studio.check_photos(photos)
    assert reports[2].weight == 0 and "somebody else" in reports[2].notes[0]
    assert sum(report.weight or 0 for report in reports) == pytest.approx(1)
    picture = studio.headshots(Request(photos=photos, count=1, out=tmp_path))[0]
    assert any("Photo 3 seems to show somebody else" in said for said in picture.warnings)


def test_words_that_mean_nothing_to_the_engine_are_named(studio: Studio, tmp_path: Path):
    picture = studio.headshots(Request(photos=[SELFIE], count=1, words="smiling, with a parrot", out=tmp_path))[0]
    assert any("parrot" in said for said in picture.warnings)


# Coverings of the hair


@pytest.fixture
def covered(studio: Studio) -> bytes:
    """A selfie with a plain red headscarf."""
    (image,) = open_photos([SELFIE], lambda *_: None)
    (face,) = studio.likeness_analyser.analyse(image)
    file = io.BytesIO()
    Image.fromarray(with_scarf(image, face.landmarks, (150, 30, 40))).save(file, "PNG")
    return file.getvalue()


def test_whoever_covers_their_hair_is_told_before_a_run_and_after_it(studio: Studio, covered: bytes, tmp_path: Path):
    with_it, without = studio.check_photos([covered, SELFIE])
    assert sum("headscarf" in note for note in with_it.notes) == 1
    assert not any("headscarf" in note for note in without.notes)
    (picture,) = studio.headshots(Request(photos=[covered, covered], count=1, out=tmp_path))
    assert sum("headscarf" in said for said in picture.warnings) == 1  # once, however many photos show it
    (plain,) = studio.headshots(Request(photos=[SELFIE], count=1, out=tmp_path))
    assert not any("headscarf" in said for said in plain.warnings)


def test_an_engine_that_draws_what_the_photo_shows_has_nothing_to_say(studio: Studio, covered: bytes, tmp_path: Path):
    use(studio, FakeEngine(spec=replace(SPEC, draws="picture")))
    assert not any("headscarf" in note for note in studio.check_photos([covered])[0].notes)
    (picture,) = studio.headshots(Request(photos=[covered], count=1, out=tmp_path))
    assert not any("headscarf" in said for said in picture.warnings)
