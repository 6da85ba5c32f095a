"""Memory after a run, however it ended."""

import gc
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from pipelines import studio as studio_module
from pipelines.drawings import files as drawings_files
from pipelines.engines.builtin.adapter import ReferenceLatentsAdapter
from pipelines.errors import Cancelled, UserError
from pipelines.faces.identity import Face, Identity, Shot, fuse
from pipelines.finishing.finisher import Finisher
from pipelines.progress import Progress
from pipelines.request import Request
from pipelines.runtime.memory import OutOfMemory
from pipelines.studio import Studio
from tests.support.fake_engine import FakeEngine
from tests.support.scorecard import Cases
from tests.support.studio_kit import SELFIE

pytestmark = pytest.mark.slow


def faces_in_memory() -> int:
    gc.collect()
    gc.unfreeze()  # after it, so that a face set aside with an import (`pipelines.runtime.fast_imports`) is seen here
    return sum(isinstance(thing, Identity | Shot | Face) for thing in gc.get_objects())


STAGES = dict.fromkeys(("open_photos", "choose_faces", "fuse"), studio_module) | {
    "save": drawings_files,
    "prepare": ReferenceLatentsAdapter,
    "finish": Finisher,
}
"""Steps that can fail in a run, and where they are looked up."""


def fail(monkeypatch: pytest.MonkeyPatch, stage: str, error: BaseException) -> None:
    def failing(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(STAGES[stage], stage, failing)


@pytest.mark.scorecard("R12")
@pytest.mark.scorecard("R23")
@pytest.mark.parametrize("stage", [*STAGES, "draw"])
def test_out_of_memory_is_a_sentence_and_the_next_run_works(
    studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stage: str, scorecard: Cases
):
    same = {"photos": [SELFIE], "seed": 7}  # other seeds wear other garments, of which the last few stay in memory
    studio.headshots(Request(**same, count=1, out=tmp_path / "before"))  # type: ignore[arg-type]
    memory = psutil.Process().memory_info().rss
    for attempt in range(scorecard.share(9)):
        with monkeypatch.context() as broken:
            if stage == "draw":
                broken.setattr(FakeEngine, "_picture", lambda *_: np.zeros((2**40, 2**20), np.uint8))
            else:
                fail(broken, stage, MemoryError())
            with pytest.raises(OutOfMemory, match=r"not enough memory for this\. Ask for 2 at a time") as kept:
                studio.headshots(Request(**same, count=4, out=tmp_path / "new"))  # type: ignore[arg-type]
            assert faces_in_memory() == 0
            assert kept.value.__context__ is None
        assert not (tmp_path / "new").exists()
        assert psutil.Process().memory_info().rss - memory < 50 * 2**20
        again = Request(**same, count=1, out=tmp_path / str(attempt))  # type: ignore[arg-type]
        assert len(studio.headshots(again)) == 1


def test_the_advice_is_always_the_next_smaller_setting(studio: Studio, monkeypatch: pytest.MonkeyPatch):
    fail(monkeypatch, "open_photos", MemoryError())
    monkeypatch.setattr(Studio, "_analyser", lambda *_: None)  # the large engines' recognisers are not here
    for wanted, advice in [
        ({"photos": [SELFIE], "engine": "sdxl"}, "Choose the engine Stable Diffusion 1.5"),
        ({"photos": [SELFIE], "engine": "sd15"}, "Choose the engine Built-in"),
        ({"photos": [SELFIE] * 2}, "Use fewer photos"),
        ({"photos": [SELFIE], "count": 5}, "Ask for 2 at a time"),
        ({"photos": [SELFIE], "count": 1}, "Close other programs"),
    ]:
        with pytest.raises(OutOfMemory, match=advice):
            studio.headshots(Request(**wanted))  # type: ignore[arg-type]


@pytest.mark.scorecard("R23")
@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("error", [UserError("a sentence"), ValueError("a bug"), Cancelled()], ids=repr)
def test_no_face_stays_in_memory_after_an_error_even_if_it_is_kept(
    studio: Studio,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    stage: str,
    error: Exception,
    scorecard: Cases,
):
    fail(monkeypatch, stage, error)
    for _ in range(scorecard.share(3)):
        with pytest.raises(type(error)) as kept:
            studio.headshots(Request(photos=[SELFIE], count=1, out=tmp_path / "new"))
        assert faces_in_memory() == 0
        assert kept.value is error
        assert list(tmp_path.iterdir()) == []


@pytest.mark.scorecard("R23")
def test_no_face_stays_in_memory_after_a_good_run(studio: Studio, tmp_path: Path, scorecard: Cases):
    for attempt in range(scorecard.share(25)):
        assert len(studio.headshots(Request(photos=[SELFIE], count=1, out=tmp_path / str(attempt)))) == 1
        assert faces_in_memory() == 0


@pytest.mark.scorecard("R23", cases=0)
def test_a_face_that_somebody_keeps_is_found(studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    kept: list[Identity] = []

    def keeping(*arguments: Any) -> Identity:
        kept.append(fuse(*arguments))
        return kept[-1]

    monkeypatch.setattr(studio_module, "fuse", keeping)
    studio.headshots(Request(photos=[SELFIE], count=1, out=tmp_path))
    assert faces_in_memory() >= 1
    kept.clear()
    assert faces_in_memory() == 0


def test_a_reader_of_progress_that_fails_ends_the_run_cleanly(studio: Studio, tmp_path: Path):
    def tell(progress: Progress) -> None:
        if progress.stage == "saving":
            raise ValueError("the page is gone")

    with pytest.raises(ValueError, match="the page is gone"):
        studio.headshots(Request(photos=[SELFIE], count=2, out=tmp_path / "new"), on_progress=tell)
    assert list(tmp_path.iterdir()) == []
