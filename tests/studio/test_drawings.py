"""Drawings of a run, finished again without the engine; finished pictures outlive a cancelled run."""

import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipelines.drawings.drawing import Drawing
from pipelines.errors import Cancelled, PictureLost, Skipped, UserError
from pipelines.finishing import headshot
from pipelines.picture import Picture
from pipelines.progress import Progress
from pipelines.request import Request
from pipelines.runtime.early_end import why_early
from pipelines.studio import Studio
from tests.support.fake_engine import FakeEngine
from tests.support.studio_kit import SELFIE, files, use

pytestmark = pytest.mark.slow


def stopped(
    studio: Studio, out: Path, event: str, at: int, *, keep: bool = True, count: int = 3, stage: str = "drawing"
) -> list[Picture]:
    """Pictures of a run whose `event`, "cancel" or "skip", is set at this stage of picture `at`."""
    use(studio, FakeEngine())
    events = {"cancel": threading.Event(), "skip": threading.Event()}

    def hear(progress: Progress) -> None:
        if progress.stage == stage and progress.picture == at:
            events[event].set()

    request = Request(photos=[SELFIE], seed=7, count=count, out=out)
    drawings: list[Drawing] = []
    return studio.headshots(
        request,
        on_progress=hear,
        cancel=events["cancel"],
        skip=events["skip"],
        on_drawing=drawings.append if keep else None,
    )


def drawn(studio: Studio, out: Path, **asked: object) -> tuple[list[Picture], list[Drawing]]:
    use(studio, FakeEngine())
    drawings: list[Drawing] = []
    request = Request(photos=[SELFIE], **{"seed": 7, "count": 1, "out": out, **asked})  # type: ignore[arg-type]
    return studio.headshots(request, on_drawing=drawings.append), drawings


def test_a_cancelled_run_gives_what_it_has_finished(studio: Studio, tmp_path: Path):
    pictures = stopped(studio, tmp_path / "kept", "cancel", 3)
    assert sorted(picture.seed for picture in pictures) == [7, 8]
    assert len(files(tmp_path / "kept")) == 2
    assert not [warning for picture in pictures for warning in picture.warnings if "left out" in warning]


def test_only_who_asks_for_drawings_keeps_what_is_finished(studio: Studio, tmp_path: Path):
    with pytest.raises(Cancelled):
        stopped(studio, tmp_path / "none", "cancel", 3, keep=False)
    assert not (tmp_path / "none").exists()


def test_a_run_that_is_cancelled_in_its_first_picture_leaves_nothing(studio: Studio, tmp_path: Path):
    with pytest.raises(Cancelled):
        stopped(studio, tmp_path / "none", "cancel", 1)
    assert not (tmp_path / "none").exists()


EARLY_ENDS = {
    "Free some space": UserError("Free some space."),
    "not enough memory for this. Ask for 1 at a time": MemoryError(),
    "report incident": ValueError("a bug"),
}


@pytest.mark.parametrize("told", EARLY_ENDS)
def test_what_is_finished_outlives_an_error(
    studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: str, caplog: pytest.LogCaptureFixture
):
    finish, left = studio._finisher.finish, iter(range(2))

    def failing(*given: Any, **more: Any) -> np.ndarray:
        if next(left, None) is None:
            raise EARLY_ENDS[told]
        return finish(*given, **more)

    monkeypatch.setattr(studio._finisher, "finish", failing)
    pictures, drawings = drawn(studio, tmp_path / "kept", count=3)
    assert sorted(picture.seed for picture in pictures) == [7, 8] == [drawing.drawn.seed for drawing in drawings]
    assert len(files(tmp_path / "kept")) == 2
    assert all(told in why_early(picture.warnings) for picture in pictures)
    assert "a bug" not in caplog.text
    left = iter(range(2))
    with pytest.raises(Exception, match=r".") as error:
        studio.headshots(Request(photos=[SELFIE], seed=7, count=3, out=tmp_path / "none"))
    assert (error.value is EARLY_ENDS[told]) is (told != "not enough memory for this. Ask for 1 at a time")
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("stage", ["drawing", "finishing"])
def test_a_skipped_picture_is_not_made_and_the_others_are(studio: Studio, tmp_path: Path, stage: str):
    pictures = stopped(studio, tmp_path / "skipped", "skip", 2, stage=stage)
    assert sorted(picture.seed for picture in pictures) == [7, 9]
    assert not [warning for picture in pictures for warning in picture.warnings if "left out" in warning]
    with pytest.raises(Skipped):
        stopped(studio, tmp_path / "only", "skip", 1, count=1, stage=stage)
    assert not (tmp_path / "only").exists()


def test_a_drawing_finished_again_is_the_picture_that_its_recipe_draws(studio: Studio, tmp_path: Path):
    _, (drawing,) = drawn(studio, tmp_path / "1")
    again = studio.finish_again(drawing, Request(photos=[SELFIE], out=tmp_path / "2"), backdrop="brick", crop="square")
    assert (again.recipe.backdrop, again.recipe.crop, again.recipe.seed) == ("brick", "square", 7)
    (same,), _ = drawn(studio, tmp_path / "3", backdrop="brick", crop="square")
    assert again.path.read_bytes() == same.path.read_bytes()
    assert again.likeness == same.likeness and again.warnings == ()


def test_a_drawing_takes_another_look_and_says_where_its_recipe_would_draw_it_anew(studio: Studio, tmp_path: Path):
    (first,), (drawing,) = drawn(studio, tmp_path / "1", look="corporate")
    lit = studio.finish_again(drawing, Request(photos=[SELFIE], out=tmp_path / "2"), light="from-left")
    assert any("another light" in warning for warning in lit.warnings)
    assert not [warning for warning in lit.warnings if "The skin" in warning]  # it is lit from one side
    other = studio.finish_again(drawing, Request(photos=[SELFIE], look="outdoor", out=tmp_path / "3"))
    assert other.recipe.look == "outdoor" and other.recipe.backdrop == "outdoor"
    assert np.abs(other.image.astype(int) - first.image).mean() > 10


def test_nothing_without_a_face_is_saved_when_it_is_finished_again(
    studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    _, (drawing,) = drawn(studio, tmp_path / "1")
    finish = studio._finisher.finish
    monkeypatch.setattr(studio._finisher, "finish", lambda *given, **more: 0 * finish(*given, **more))
    with pytest.raises(PictureLost):
        studio.finish_again(drawing, Request(photos=[SELFIE], out=tmp_path / "2"), backdrop="brick")
    assert not (tmp_path / "2").exists()


def test_a_drawing_holds_no_pixel_of_the_photo(studio: Studio, tmp_path: Path):
    _, (drawing,) = drawn(studio, tmp_path)
    assert all(shot.image.size == 0 for shot in drawing.identity.shots)


def test_an_expression_is_drawn_and_cannot_be_finished(studio: Studio, tmp_path: Path):
    (first,), (drawing,) = drawn(studio, tmp_path / "1")
    request = Request(photos=[SELFIE], out=tmp_path / "2")
    assert "expression" not in drawing.fields
    again = studio.finish_again(drawing, request, expression="serious")
    assert again.recipe == replace(first.recipe)


CHANGES: list[dict[str, str]] = [
    {"backdrop": "brick"},
    {"backdrop": "black"},
    {"light": "from-left"},
    {"wardrobe": "blazer"},
    {"crop": "square"},
    {"backdrop": "brick"},
]


def test_what_is_taken_over_from_the_last_finishing_changes_no_pixel(studio: Studio, tmp_path: Path):
    _, (drawing,) = drawn(studio, tmp_path / "1")
    finisher = studio._finisher

    def finish(k: int, changes: dict[str, str]) -> np.ndarray:
        return studio.finish_again(drawing, Request(photos=[SELFIE], out=tmp_path / f"{k}"), **changes).image

    taken_over = [finish(k, changes) for k, changes in enumerate(CHANGES, 10)]
    parts = finisher.memory.parts_of(drawing.drawn)
    assert set(parts._parts) == {"cut out", "dressed"}
    for k, changes in enumerate(CHANGES):
        parts._parts.clear()
        assert np.array_equal(finish(20 + k, changes), taken_over[k]), changes


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the parts that are made anew, as they are made."""
    names: list[str] = []
    for name in ("head_matte", "dress"):
        real = getattr(headshot, name)

        def noted(*given: Any, _name: str = name, _real: Any = real, **named: Any) -> Any:
            names.append(_name)
            return _real(*given, **named)

        monkeypatch.setattr(headshot, name, noted)
    return names


def test_what_was_prepared_or_is_being_prepared_is_taken_over(studio: Studio, tmp_path: Path, made: list[str]):
    for k, wait in enumerate((True, False)):
        _, (drawing,) = drawn(studio, tmp_path / f"{k}", seed=k)
        made.clear()
        preparing = threading.Thread(target=studio.prepare_again, args=(drawing,))
        preparing.start()
        while not made:
            time.sleep(0.001)
        if wait:
            preparing.join()
        studio.finish_again(drawing, Request(photos=[SELFIE], out=tmp_path / f"again-{k}"), backdrop="brick")
        preparing.join()
        assert made == ["head_matte", "dress"]


def test_only_what_a_change_needs_is_made_again(studio: Studio, tmp_path: Path, made: list[str]):
    _, (drawing,) = drawn(studio, tmp_path / "1")
    for k, (changes, needed) in enumerate(
        [
            ({"backdrop": "brick"}, ["head_matte", "dress"]),
            ({"backdrop": "black"}, []),
            ({"wardrobe": "blazer"}, ["dress"]),
            ({"wardrobe": "blazer", "backdrop": "brick"}, []),
            ({"light": "from-left", "backdrop": "brick"}, ["dress"]),
        ]
    ):
        made.clear()
        studio.finish_again(drawing, Request(photos=[SELFIE], out=tmp_path / f"again-{k}"), **changes)
        assert made == needed, changes


def test_what_was_kept_of_a_head_goes_with_its_drawing(studio: Studio, tmp_path: Path):
    memory = studio._finisher.memory
    drawings = [drawn(studio, tmp_path / f"{k}", seed=k)[1][0] for k in range(3)]
    for k, drawing in enumerate(drawings):
        studio.finish_again(drawing, Request(photos=[SELFIE], out=tmp_path / f"again-{k}"), backdrop="brick")
    assert len(memory) == 2  # those that were finished last
    del drawing
    drawings.clear()
    assert len(memory) == 0
