"""Section on how it works: frames, scale and grid are of the own run, and every small picture of them is marked."""

from base64 import b64decode
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from pipelines.engine_table import ENGINES
from pipelines.errors import Cancelled
from pipelines.faces.likeness import OWN_PHOTOS, TWO_SHOTS, Likeness
from pipelines.page.explain import texts
from pipelines.page.explain.grid import Tried, rows, start_grid, wanted
from pipelines.page.explain.markup import caption, explained, glossary, grid
from pipelines.page.explain.scale import Strangers, places
from pipelines.page.film import FRAMES, FilmMaker, first_noise
from pipelines.page.private_folder import PrivateFolder
from pipelines.page.sessions import Sessions
from pipelines.progress import Progress
from pipelines.provenance.recipe import Recipe

BUILTIN = ENGINES["builtin"]
GREY = np.full((64, 48, 3), 120, np.uint8)


def drawing(seed: int = 7) -> Any:
    drawn = SimpleNamespace(seed=seed, image=GREY)
    return SimpleNamespace(drawn=drawn, plan=SimpleNamespace(spec=BUILTIN))


def recipe() -> Recipe:
    return Recipe(look="cv", engine="builtin", seed=7, versions={}, **vars(BUILTIN.defaults))


def see(film: FilmMaker, stage: str, step: int = 0, preview: np.ndarray | None = GREY) -> None:
    film.see(Progress(stage=stage, done=0.5, picture=1, count=1, step=step, step_count=4, preview=preview))


def is_marked(uri: str) -> bool:
    with Image.open(BytesIO(b64decode(uri.partition(",")[2]))) as picture:
        return b"trainedAlgorithmicMedia" in picture.info.get("xmp", b"")


def test_a_film_goes_from_noise_to_the_finished_picture_and_its_frames_are_marked() -> None:
    film = FilmMaker()
    see(film, "drawing", 0, None)
    for step in range(1, 5):
        see(film, "drawing", step)
    see(film, "finishing")
    see(film, "saving")
    film.finish(drawing())
    frames = film.film(7)
    assert [frame.kind for frame in frames] == ["noise", *["step"] * 4, "drawn", "finished"]
    assert [caption(frame) for frame in frames[:2]] == ["Noise of seed 7", "Step 1 of 4"]
    assert all(is_marked(frame.uri) for frame in frames) and film.film(8) == ()


def test_a_film_is_short_and_of_the_drawing_that_was_kept() -> None:
    film = FilmMaker()
    for _ in range(2):  # the first is lost, and drawn again
        for step in range(1, 41):
            see(film, "drawing", step)
    film.finish(drawing())
    steps = [frame.step for frame in film.film(7)[1:]]
    assert len(film.film(7)) == FRAMES and steps == sorted(steps) and steps[-1] == 40 and steps[0] < 10


def test_the_noise_is_that_of_the_seed() -> None:
    noise = torch.randn((1, 64, 8, 8), generator=torch.Generator().manual_seed(7))[0, 0].numpy()
    shown = first_noise(drawing())[12::25, 12::25, 0].astype(int) - 128
    assert np.corrcoef(noise.ravel(), shown.ravel())[0, 1] > 0.98
    assert not np.array_equal(first_noise(drawing()), first_noise(drawing(8)))


def likeness(cosine: float | None, basis: str = TWO_SHOTS) -> Likeness:
    return Likeness(cosine=cosine, low=0.53, high=0.68, basis=basis)


def test_the_scale_says_only_what_is_known() -> None:
    made = [likeness(0.6), likeness(0.45), likeness(None)]
    found = places(made, "w600k_mbf", False, ("Example 1", 0.04))
    assert [place.label for place in found] == [
        "A stranger: Example 1",
        texts.MADE_HERE,
        texts.USUAL_PAIR,
        texts.SAME_PHOTO,
    ]
    assert [place.value for place in found[:3]] == ["0.04: somebody else", "0.45 to 0.60: nearly you", "0.53 to 0.68"]
    alone = explained((), places([likeness(None)], "w600k_mbf", False, None), one_photo=True)
    assert "stranger" not in alone and texts.MADE_HERE not in alone and "You gave one photo" in alone
    several = explained((), places(made, "w600k_mbf", likeness(0.6, OWN_PHOTOS).from_photos, None), one_photo=False)
    assert texts.YOUR_PHOTOS_AMONG in several and "You gave one photo" not in several


def test_a_person_is_no_stranger_to_themselves(tmp_path: Path) -> None:
    files = [tmp_path / "1.jpg", tmp_path / "2.jpg"]
    for k, file in enumerate(files):
        Image.fromarray(np.full((256, 256, 3), 100 + k, np.uint8)).save(file)
    embedding = np.ones(4, np.float32) / 2
    face = SimpleNamespace(embedding=embedding, box=np.array([0, 0, 9, 9]))
    analyser: Any = SimpleNamespace(recogniser="w600k_mbf", analyse=lambda image: [face])
    strangers = Strangers(files)
    assert strangers.compare(embedding, analyser, [files[0].read_bytes()]) == (2, 1.0)
    assert strangers.compare(embedding, analyser, [file.read_bytes() for file in files]) is None


def test_the_grid_changes_one_setting_at_a_time() -> None:
    tried = rows(BUILTIN, recipe())
    assert [one["resemblance"] for one in tried["resemblance"]] == [0, 0.5, 1]
    assert [one["guidance_scale"] for one in tried["guidance_scale"]] == [1.0, 1.2, 3.0]
    assert {one["guidance_scale"] for one in tried["resemblance"]} == {1.2}
    assert len(wanted(BUILTIN, recipe())) == 5  # the picture as it is stands in both rows
    html = grid(tried, [Tried(settings=tried["resemblance"][2], uri="data:,x")])
    assert html.count("data:,x") == 2 and html.count('class="place"') == 6


class Studio:
    """Draws a grey picture and leaves a file, until it is cancelled."""

    def __init__(self, most: int = 9) -> None:
        self.asked: list[Any] = []
        self.most = most

    def headshots(self, request: Any, on_progress: Any, on_drawing: Any, **_: Any) -> list[Any]:
        if len(self.asked) == self.most:
            raise Cancelled
        self.asked.append(request)
        request.out.mkdir(parents=True)
        (request.out / "face.jpg").write_bytes(b"a face")
        on_progress(Progress(stage="drawing", done=0.5, picture=1, count=1))
        on_drawing(drawing())
        return [SimpleNamespace(image=GREY)]


@pytest.mark.parametrize("most", [9, 2])
def test_grids_leave_no_file_and_their_pictures_are_marked(tmp_path: Path, most: int) -> None:
    studio: Any = Studio(most)
    made: list[Tried] = []
    with PrivateFolder(tmp_path) as folder:
        sessions = Sessions(folder, opens=bool)
        settings = wanted(BUILTIN, recipe())
        with start_grid(studio, sessions, "ann", [b"a photo"], [None], recipe(), settings, made) as run:
            assert sessions.running()
            told = [progress for news in run.news() for progress in news]
            if most == 9:
                run.result()
            else:
                with pytest.raises(Cancelled):
                    run.result()
        assert not list(folder.results.rglob("*.jpg")) and not sessions.running()
    assert len(made) == min(5, most) and all(is_marked(one.uri) for one in made)
    assert [progress.count for progress in told] == [5] * len(made)
    assert {(asked.seed, asked.look, asked.count) for asked in studio.asked} == {(7, "cv", 1)}


def test_every_word_of_the_field_has_two_sentences() -> None:
    html = glossary()
    for word, about in texts.GLOSSARY.items():
        assert f"<dt>{word}</dt>" in html and about.count(". ") == 1 and about.endswith("."), word
