"""The main job: photos in, headshots out; what a person can rely on while and after it runs."""

import gc
import io
import itertools
import random
import threading
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pipelines import studio as studio_module
from pipelines.errors import Cancelled, PhotoError, UserError
from pipelines.faces import Face, Identity, Shot
from pipelines.jobs import Busy
from pipelines.memory import OutOfMemory
from pipelines.progress import Progress
from pipelines.provenance import is_marked, read_recipe
from pipelines.request import Picture, Request
from pipelines.studio import Studio
from tests.fake_engine import FakeEngine

PATIENCE = 60.0  # seconds


def package_file(package: str, path: str) -> Path:
    spec = find_spec(package)
    assert spec is not None and spec.origin is not None
    return Path(spec.origin).parent / path


def small(path: Path, side: int = 640) -> bytes:
    """A photo as a small JPEG, so that the tests are quick."""
    image = Image.open(path).convert("RGB")
    image.thumbnail((side, side))
    file = io.BytesIO()
    image.save(file, "JPEG", quality=92)
    return file.getvalue()


def person(number: int, picture: str = "amateur_selfie.jpg") -> bytes:
    return small(package_file("openpeople", f"data/curated/P{number:03}/assets/{picture}"))


SELFIE = person(1)
SIX_PEOPLE = package_file("insightface", "data/images/t1.jpg")


@pytest.fixture(scope="module")
def _loaded() -> Studio:
    return Studio(FakeEngine())  # type: ignore[arg-type]


@pytest.fixture
def studio(_loaded: Studio) -> Iterator[Studio]:
    """A studio with a fresh fake engine; the face models are loaded once for all tests."""
    use(_loaded, FakeEngine())
    yield _loaded
    assert len(_loaded.jobs) == 0, "a run stayed in the line"


def use(studio: Studio, engine: FakeEngine) -> FakeEngine:
    studio._engine, studio.spec = engine, engine.spec  # type: ignore[assignment]
    return engine


def files(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted(folder.iterdir())}


def faces_in_memory() -> int:
    gc.collect()
    return sum(isinstance(thing, Identity | Shot | Face) for thing in gc.get_objects())


# What one gets


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
    shots = studio_module.choose_faces(
        [studio_module.open_photos(identity.photos, lambda *_: None)[0]], (), studio.judge
    )
    fused = studio_module.fuse(shots, studio.judge.recogniser)
    assert studio_module.measure(picture.image, fused, studio.judge).cosine == picture.likeness.cosine


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
    assert any("2 of 3 pictures showed no face, even after 4 redraws" in said for said in pictures[0].warnings)


def test_no_face_at_all_is_a_sentence_and_leaves_nothing(studio: Studio, tmp_path: Path):
    use(studio, FakeEngine(faceless=range(100)))
    with pytest.raises(UserError, match="The engine drew no face"):
        studio.headshots(Request(photos=[SELFIE], seed=7, count=2, out=tmp_path / "new"))
    assert list(tmp_path.iterdir()) == []


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
    assert not np.array_equal(several.image, studio_module.open_photos([SIX_PEOPLE], lambda *_: None)[0])
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


# While it runs


def test_progress_is_told_in_order_with_previews(studio: Studio, tmp_path: Path):
    use(studio, FakeEngine(step_seconds=0.05))
    told: list[Progress] = []
    studio.headshots(Request(photos=[SELFIE], count=2, steps=12, out=tmp_path), on_progress=told.append)
    assert [stage for stage, _ in itertools.groupby(told, lambda progress: progress.stage)] == [
        "photos",
        *["drawing", "finishing", "saving"] * 2,
    ]
    done = [progress.done for progress in told]
    assert done == sorted(done) and done[0] == 0 and done[-1] == pytest.approx(1)
    drawing = [progress for progress in told if progress.stage == "drawing" and progress.preview is not None]
    assert len(drawing) >= 2
    assert told[-2].seconds_left is not None


class Run:
    """A run on its own thread, as the page starts it."""

    def __init__(self, studio: Studio, request: Request, session: str | None = None, hook: Callable | None = None):
        self.cancel = threading.Event()
        self.told: list[Progress] = []
        self.pictures: list[Picture] = []
        self.error: BaseException | None = None
        self._hook = hook
        self.thread = threading.Thread(target=self._run, args=(studio, request, session), daemon=True)
        self.thread.start()

    def _run(self, studio: Studio, request: Request, session: str | None) -> None:
        try:
            self.pictures = studio.headshots(request, on_progress=self._tell, cancel=self.cancel, session=session)
        except (UserError, ValueError) as error:
            self.error = error

    def _tell(self, progress: Progress) -> None:
        self.told.append(progress)
        if self._hook is not None:
            self._hook(self, progress)

    def until(self, stage: str) -> None:
        end = time.monotonic() + PATIENCE
        while not any(progress.stage == stage for progress in self.told):
            assert time.monotonic() < end and self.thread.is_alive(), f"never {stage}: {self.error}"
            time.sleep(0.002)

    def join(self) -> "Run":
        self.thread.join(PATIENCE)
        assert not self.thread.is_alive(), "the run hangs"
        return self


def test_a_cancelled_run_frees_the_engine_within_a_step_and_leaves_nothing(studio: Studio, tmp_path: Path):
    request = {"photos": [SELFIE], "seed": 7, "steps": 6}
    solo = studio.headshots(Request(**request, count=1, out=tmp_path / "solo"))[0].path.read_bytes()  # type: ignore
    engine = use(studio, FakeEngine(step_seconds=0.05))
    for attempt in range(5):
        stop_at = random.Random(attempt).randint(1, 12)
        engine.steps = 0
        cancelled_at: list[float] = []

        def stop(run: Run, progress: Progress, stop_at: int = stop_at, when: list[float] = cancelled_at) -> None:
            if engine.steps == stop_at and not when:
                when.append(time.monotonic())
                run.cancel.set()

        run = Run(studio, Request(**request, count=3, out=tmp_path / "new"), hook=stop)  # type: ignore[arg-type]
        run.join()
        assert isinstance(run.error, Cancelled)
        assert time.monotonic() - cancelled_at[0] < 0.05 + 0.5
        assert engine.steps == stop_at and engine.person is None
        assert not (tmp_path / "new").exists()
        again = studio.headshots(Request(**request, count=1, out=tmp_path / "again"))[0]  # type: ignore[arg-type]
        assert again.path.read_bytes() == solo


def test_a_run_that_waits_hears_its_place_and_can_be_cancelled(studio: Studio, tmp_path: Path):
    use(studio, FakeEngine(step_seconds=0.1))
    first = Run(studio, Request(photos=[SELFIE], count=1, steps=20, out=tmp_path / "1"))
    first.until("drawing")
    second = Run(studio, Request(photos=[SELFIE], count=1, out=tmp_path / "2"))
    second.until("waiting")
    assert second.told[-1].place == 1
    second.cancel.set()
    second.join()
    assert isinstance(second.error, Cancelled) and first.thread.is_alive()
    first.cancel.set()
    first.join()
    assert list(tmp_path.iterdir()) == []


def test_a_flooder_gets_a_sentence_and_others_their_turn(studio: Studio, tmp_path: Path):
    use(studio, FakeEngine(step_seconds=0.02))
    flood = [Run(studio, Request(photos=[SELFIE], count=1, out=tmp_path), "flooder") for _ in range(6)]
    other = Run(studio, Request(photos=[person(2)], count=1, out=tmp_path), "other")
    for run in (*flood, other):
        run.join()
    refused = [run for run in flood if isinstance(run.error, Busy)]
    assert len(refused) == 4 and len(other.pictures) == 1
    assert "one run going and another waiting" in str(refused[0].error)


def test_users_at_once_get_their_own_faces_bit_for_bit(studio: Studio, tmp_path: Path):
    users = {
        number: Request(photos=[person(number)], seed=number, count=1, out=tmp_path / f"{number}")
        for number in range(1, 6)
    }
    solo = {number: studio.headshots(request)[0].path.read_bytes() for number, request in users.items()}
    use(studio, FakeEngine(step_seconds=0.003))
    for _ in range(2):
        runs = {number: Run(studio, request, str(number)) for number, request in users.items()}
        for number, run in runs.items():
            run.join()
            assert run.error is None
            assert run.pictures[0].path.read_bytes() == solo[number]


# What stays in memory


STAGES = ["open_photos", "choose_faces", "fuse", "finish", "save"]


def fail(monkeypatch: pytest.MonkeyPatch, stage: str, error: BaseException) -> None:
    def failing(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(studio_module, stage, failing)


@pytest.mark.parametrize("stage", [*STAGES, "draw"])
def test_out_of_memory_is_a_sentence_and_the_next_run_works(
    studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stage: str
):
    with monkeypatch.context() as broken:
        if stage == "draw":
            broken.setattr(FakeEngine, "_picture", lambda *_: np.zeros((2**40, 2**20), np.uint8))
        else:
            fail(broken, stage, MemoryError())
        with pytest.raises(OutOfMemory, match=r"not enough memory for this\. Ask for 2 at a time") as kept:
            studio.headshots(Request(photos=[SELFIE], count=4, out=tmp_path / "new"))
        assert faces_in_memory() == 0
        assert kept.value.__context__ is None
    assert list(tmp_path.iterdir()) == []
    assert len(studio.headshots(Request(photos=[SELFIE], count=1, out=tmp_path))) == 1


def test_the_advice_is_always_the_next_smaller_setting(studio: Studio, monkeypatch: pytest.MonkeyPatch):
    fail(monkeypatch, "open_photos", MemoryError())
    for wanted, advice in [
        ({"photos": [SELFIE], "engine": "sdxl"}, "Choose the engine Stable Diffusion 1.5"),
        ({"photos": [SELFIE], "engine": "sd15"}, "Choose the engine Built-in"),
        ({"photos": [SELFIE] * 2}, "Use fewer photos"),
        ({"photos": [SELFIE], "count": 5}, "Ask for 2 at a time"),
        ({"photos": [SELFIE], "count": 1}, "Close other programs"),
    ]:
        with pytest.raises(OutOfMemory, match=advice):
            studio.headshots(Request(**wanted))  # type: ignore[arg-type]


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("error", [UserError("a sentence"), ValueError("a bug"), Cancelled()], ids=repr)
def test_no_face_stays_in_memory_after_an_error_even_if_it_is_kept(
    studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stage: str, error: Exception
):
    fail(monkeypatch, stage, error)
    with pytest.raises(type(error)) as kept:
        studio.headshots(Request(photos=[SELFIE], count=1, out=tmp_path / "new"))
    assert faces_in_memory() == 0
    assert kept.value is error
    assert list(tmp_path.iterdir()) == []


def test_no_face_stays_in_memory_after_a_good_run(studio: Studio, tmp_path: Path):
    pictures = studio.headshots(Request(photos=[SELFIE], count=1, out=tmp_path))
    assert len(pictures) == 1
    assert faces_in_memory() == 0


def test_a_reader_of_progress_that_fails_ends_the_run_cleanly(studio: Studio, tmp_path: Path):
    def tell(progress: Progress) -> None:
        if progress.stage == "saving":
            raise ValueError("the page is gone")

    with pytest.raises(ValueError, match="the page is gone"):
        studio.headshots(Request(photos=[SELFIE], count=2, out=tmp_path / "new"), on_progress=tell)
    assert list(tmp_path.iterdir()) == []


# Engines


def test_another_engine_is_loaded_in_its_turn_and_the_old_one_leaves_first(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
):
    loaded: list[tuple[str, bool]] = []

    def load(engine_id: str) -> FakeEngine:
        loaded.append((engine_id, studio._engine is None and len(studio.jobs) == 1))
        if engine_id == "sdxl":
            raise UserError("Its weights are not here.")
        return FakeEngine()

    monkeypatch.setattr(studio_module.Engine, "load", load)
    studio.use("builtin")
    assert (studio.spec.id, loaded) == ("builtin", [("builtin", True)])
    with pytest.raises(UserError, match="weights are not here"):
        studio.use("sdxl")
    assert studio.spec.id == "builtin"
    with pytest.raises(UserError, match="no such engine"):
        studio.use("midjourney")


def test_importing_the_package_loads_nothing():
    import subprocess
    import sys

    code = "import sys, pipelines; pipelines.UserError; print(sorted({'torch', 'numpy', 'PIL'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
