"""Finished runs: each session has its own, nothing of them is lost before the session ends, and nothing stays then."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from pipelines.engine_table import ENGINES
from pipelines.errors import Cancelled, UserError
from pipelines.page import runs as module
from pipelines.page.private_folder import PrivateFolder
from pipelines.page.runs import RunResult, start_page_run
from pipelines.page.sessions import Sessions
from pipelines.page.visit import kept_runs
from pipelines.page.visit.kept_runs import KeptPicture, KeptRun, KeptRuns
from pipelines.picture import Picture
from pipelines.progress import Progress
from pipelines.runtime.early_end import ended_early


def a_run(drawing: Any = None) -> KeptRun:
    picture: Any = SimpleNamespace(path=Path("a.jpg"))
    kept = KeptPicture(picture=picture, other=None, thumbnail="", drawing=drawing)
    return KeptRun(pictures=(kept,), photos=())


def test_the_newest_run_is_shown_and_the_earlier_ones_stay() -> None:
    kept, first, second = KeptRuns(), a_run(), a_run()
    kept.add("ann", first)
    kept.add("ann", second)
    assert kept.runs("ann") == [second, first] and kept.shown("ann") is second
    kept.show("ann", first.name)
    kept.show("ann", "no such run")
    assert kept.shown("ann") is first and kept.runs("ann") == [second, first]


def test_a_run_of_one_session_is_not_another_s() -> None:
    kept, run = KeptRuns(), a_run()
    kept.add("ann", run)
    kept.show("bob", run.name)
    assert kept.runs("bob") == [] and kept.shown("bob") is None
    assert kept.find("bob", run.pictures[0].name) is None
    assert kept.find("ann", run.pictures[0].name) == (run, run.pictures[0])


def test_of_the_oldest_runs_only_the_finished_pictures_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_runs, "MOST_DRAWINGS", 2)
    kept, runs = KeptRuns(), [a_run(drawing=object()) for _ in range(4)]
    for run, session in zip(runs, ("ann", "bob", "ann", "ann"), strict=True):
        kept.add(session, run)
    found = [
        kept.find(session, run.pictures[0].name)
        for run, session in zip(runs, ("ann", "bob", "ann", "ann"), strict=True)
    ]
    assert [one is not None and one[1].drawing is not None for one in found] == [False, False, True, True]
    assert all(one is not None and one[1].picture.path == Path("a.jpg") for one in found)


def test_a_picture_made_of_another_stands_beside_it() -> None:
    kept, run, other = KeptRuns(), a_run(), a_run().pictures[0]
    kept.add("ann", run)
    kept.add_beside("ann", run.pictures[0].name, other)
    assert [run.pictures for run in kept.runs("ann")] == [(*run.pictures, other)]


def test_a_picture_gets_its_other_files_after_it_is_shown() -> None:
    kept, run = KeptRuns(), a_run()
    unknown: Any = None  # likeness and recipe: nobody asks for them here
    pixels = np.zeros((4, 4, 3), np.uint8)
    picture = Picture(image=pixels, path=Path("a.jpg"), seed=1, likeness=unknown, warnings=(), recipe=unknown)
    shown = KeptPicture.of(picture, None, None)
    kept.add("ann", replace(run, pictures=(shown, *run.pictures)))
    whole = kept.set_files("ann", shown, replace(picture, sizes={"cv": Path("a-cv.jpg")}), Path("a.png"))
    found = kept.find("ann", shown.name)
    assert found is not None and found[1] is whole and whole.name == shown.name
    assert whole.other == Path("a.png") and dict(whole.picture.sizes) == {"cv": Path("a-cv.jpg")}
    assert whole.picture.image.size == 0 and found[0].pictures[1:] == run.pictures


def test_what_a_session_has_made_ends_with_it(tmp_path: Path) -> None:
    with PrivateFolder(tmp_path) as folder:
        sessions, kept = Sessions(folder, opens=bool), KeptRuns()
        sessions.on_forget.append(kept.forget)
        kept.add("ann", a_run())
        kept.add("bob", a_run())
        sessions.forget("ann")
        assert kept.runs("ann") == [] and len(kept.runs("bob")) == 1


def test_time_is_given_anew_up_to_the_host_s_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr("pipelines.page.sessions.time.monotonic", lambda: now[0])
    with PrivateFolder(tmp_path) as folder:
        sessions = Sessions(folder, keep_seconds=60, keep_at_most=100, opens=bool)
        assert sessions.seconds_left("ann") is None
        sessions.add("ann", [b"a photo"])
        sessions._sessions["ann"].began = now[0]
        now[0] += 50
        assert sessions.seconds_left("ann") == 10 and sessions.can_keep("ann")
        sessions.keep("ann")
        assert sessions.seconds_left("ann") == 50 and not sessions.can_keep("ann")
        now[0] += 49
        sessions.keep("ann")
        sessions.sweep()
        assert sessions.seconds_left("ann") == 1
        now[0] += 2
        sessions.sweep()
        assert sessions.seconds_left("ann") is None


# Several looks in one run


class Studio:
    """Makes one picture for each that is asked for; `fails` is the number of the call that raises."""

    spec = ENGINES["builtin"]

    def __init__(
        self, fails: int | None = None, error: type[Exception] = UserError, warnings: tuple[str, ...] = ()
    ) -> None:
        self.asked: list[Any] = []
        self.fails, self.error, self.warnings = fails, error, warnings

    def headshots(self, request: Any, on_progress: Any, on_drawing: Any, **_: Any) -> list[Any]:
        self.asked.append(request)
        if len(self.asked) == self.fails:
            raise self.error() if self.error is Cancelled else self.error("No face.")
        on_progress(Progress(stage="drawing", done=0.5, picture=1, count=request.count, seconds_left=4.0))
        made = []
        for k in range(request.count):
            path = Path(f"{request.look}-{k}.jpg")
            plan = SimpleNamespace(spec=ENGINES["builtin"])
            on_drawing(SimpleNamespace(drawn=SimpleNamespace(seed=k), plan=plan, look=request.look))
            image = np.zeros((8, 8, 3), np.uint8)
            made.append(SimpleNamespace(path=path, seed=k, image=image, recipe=None, warnings=self.warnings))
        return made


def made(tmp_path: Path, studio: Studio, looks: list[str], count: int) -> tuple[RunResult, list[Progress]]:
    with pytest.MonkeyPatch.context() as patch, PrivateFolder(tmp_path) as folder:
        patch.setattr(module, "save_other", lambda picture: picture.path.with_suffix(".png"))
        arguments: Any = (studio, Sessions(folder, opens=bool), "ann", [b"a photo"], looks, None)
        with start_page_run(*arguments, count=count) as run:
            news = [progress for told in run.news() for progress in told]
            return run.result(), news


def test_a_run_in_several_looks_counts_as_one(tmp_path: Path) -> None:
    result, news = made(tmp_path, Studio(), ["cv", "actor"], 2)
    assert [picture.path.stem for picture in result.pictures] == ["cv-0", "cv-1", "actor-0", "actor-1"]
    assert [result.drawings[picture.path].look for picture in result.pictures] == ["cv", "cv", "actor", "actor"]  # type: ignore[attr-defined]
    assert [(told.picture, told.count, told.done) for told in news] == [(1, 4, 0.25), (3, 4, 0.75)]
    assert [told.seconds_left for told in news] == [12.0, 4.0]


def test_nobody_gets_more_pictures_in_a_run_by_more_looks(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="3 looks with 3 pictures each are 9 pictures; a run makes at most 8"):
        made(tmp_path, studio := Studio(), ["cv", "actor", "startup"], 3)
    assert studio.asked == []
    assert len(made(tmp_path, Studio(), ["cv", "actor"], 4)[0].pictures) == 8


@pytest.mark.parametrize(("error", "told"), [(UserError, "No face."), (ValueError, "report incident")])
def test_what_one_look_has_made_outlives_what_happens_in_the_next(
    tmp_path: Path, error: type[Exception], told: str
) -> None:
    result, _ = made(tmp_path, Studio(fails=2, error=error), ["cv", "actor"], 1)
    assert len(result.pictures) == 1 and told in result.trouble
    with pytest.raises(UserError, match="No face"):
        made(tmp_path, Studio(fails=1), ["cv", "actor"], 1)


def test_of_a_run_that_outlives_its_visit_no_file_stays(tmp_path: Path) -> None:
    class Late(Studio):
        def headshots(self, request: Any, **given: Any) -> list[Any]:  # type: ignore[override]
            made = super().headshots(request, **given)
            sessions.forget("ann")
            Path(request.out).mkdir(parents=True)
            (Path(request.out) / "late.jpg").write_bytes(b"a face")
            return made

    with PrivateFolder(tmp_path) as folder:
        sessions = Sessions(folder, opens=bool)
        arguments: Any = (Late(), sessions, "ann", [b"a photo"], ["cv"], None)
        with start_page_run(*arguments, count=1) as run:
            list(run.news())
            run.result()
        assert not [path for path in folder.results.rglob("*") if path.is_file()]


def test_the_face_of_a_photo_is_the_one_that_was_chosen_in_it_wherever_it_stands_now() -> None:
    photos = [b"first", b"second", b"third"]
    run = KeptRun(pictures=(), photos=tuple(map(hash, photos)), faces=(1, 2, None))
    assert run.photos_among([b"third", b"second", b"another"]) == [(b"second", 2), (b"third", None)]
    assert run.photos_among([b"second", b"third", b"first"]) == [(b"first", 1), (b"second", 2), (b"third", None)]


def test_what_is_finished_when_the_disk_is_full_stays_in_one_format(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(picture: Picture) -> Path:
        raise UserError("The disk is full.")

    with PrivateFolder(tmp_path) as folder:
        monkeypatch.setattr(module, "save_other", full)
        arguments: Any = (Studio(), Sessions(folder, opens=bool), "ann", [b"a photo"], ["cv"], None)
        with start_page_run(*arguments, count=2) as run:
            list(run.news())
            result = run.result()
    assert len(result.pictures) == 2 and result.others == {}


def test_a_look_that_ended_early_is_the_last_and_the_person_is_told(tmp_path: Path) -> None:
    (warning,) = ended_early(UserError("The disk is full."), "")
    result, _ = made(tmp_path, studio := Studio(warnings=("Another note.", warning)), ["cv", "actor"], 1)
    assert len(studio.asked) == len(result.pictures) == 1
    assert result.trouble == "The run ended before its other pictures were made. The disk is full."
