"""Drawings of a run, finished again without the engine; finished pictures outlive a cancelled run."""

import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipelines.drawings.drawing import Drawing
from pipelines.errors import Cancelled, Skipped
from pipelines.picture import Picture
from pipelines.progress import Progress
from pipelines.request import Request
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


def test_a_drawing_holds_no_pixel_of_the_photo(studio: Studio, tmp_path: Path):
    _, (drawing,) = drawn(studio, tmp_path)
    assert all(shot.image.size == 0 for shot in drawing.identity.shots)


def test_an_expression_is_drawn_and_cannot_be_finished(studio: Studio, tmp_path: Path):
    (first,), (drawing,) = drawn(studio, tmp_path / "1")
    request = Request(photos=[SELFIE], out=tmp_path / "2")
    assert "expression" not in drawing.fields
    again = studio.finish_again(drawing, request, expression="serious")
    assert again.recipe == replace(first.recipe)
