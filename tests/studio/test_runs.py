"""A run is told of, waits, can be cancelled, and does not meet others; engines take turns."""

import itertools
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipelines import studio as studio_module
from pipelines.engine_spec import EngineSpec
from pipelines.engine_table import ENGINES
from pipelines.engines import background_load
from pipelines.engines.builtin.adapter import ReferenceLatentsAdapter
from pipelines.errors import Cancelled, PhotoError, UserError
from pipelines.faces.identity import Identity
from pipelines.jobs import Busy
from pipelines.picture import Picture
from pipelines.progress import Progress
from pipelines.request import Request
from pipelines.studio import Studio
from tests.support.fake_engine import Condition, FakeEngine
from tests.support.scorecard import Cases
from tests.support.studio_kit import SELFIE, person, use
from tests.support.turns import turn

pytestmark = pytest.mark.slow

PATIENCE = 60.0  # seconds


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


@pytest.mark.scorecard("R8")
def test_a_cancelled_run_frees_the_engine_within_a_step_and_leaves_nothing(
    studio: Studio, tmp_path: Path, scorecard: Cases
):
    request = {"photos": [SELFIE], "seed": 7, "steps": 6}
    solo = studio.headshots(Request(**request, count=1, out=tmp_path / "solo"))[0].path.read_bytes()  # type: ignore
    engine = use(studio, FakeEngine(step_seconds=0.05))
    for attempt in range(scorecard.share(100)):
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


@pytest.mark.scorecard("R6", cases=0)
def test_a_flooder_gets_a_sentence_and_others_their_turn(studio: Studio, tmp_path: Path):
    use(studio, FakeEngine(step_seconds=0.02))
    flood = [Run(studio, Request(photos=[SELFIE], count=1, out=tmp_path), "flooder") for _ in range(6)]
    other = Run(studio, Request(photos=[person(2)], count=1, out=tmp_path), "other")
    for run in (*flood, other):
        run.join()
    refused = [run for run in flood if isinstance(run.error, Busy)]
    assert len(refused) == 4 and len(other.pictures) == 1
    assert "one run going and another waiting" in str(refused[0].error)


@pytest.mark.scorecard("R5")
def test_users_at_once_get_their_own_faces_bit_for_bit(studio: Studio, tmp_path: Path, scorecard: Cases):
    users = {
        number: Request(photos=[person(number)], seed=number, count=1, out=tmp_path / f"{number}")
        for number in range(1, 6)
    }
    solo = {number: studio.headshots(request)[0].path.read_bytes() for number, request in users.items()}
    use(studio, FakeEngine(step_seconds=0.003))
    for _ in range(scorecard.share(200) // len(users)):
        runs = {number: Run(studio, request, str(number)) for number, request in users.items()}
        for number, run in runs.items():
            run.join()
            assert run.error is None
            assert run.pictures[0].path.read_bytes() == solo[number]


# Engines


def test_another_engine_is_loaded_in_its_turn_and_the_old_one_leaves_first(
    studio: Studio, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    loaded: list[tuple[str, bool]] = []
    asked = Request(photos=[SELFIE], engine="builtin", count=1, out=tmp_path)

    def load(engine_id: str) -> FakeEngine:
        loaded.append((engine_id, studio._engine is None and len(studio.jobs) == 1))
        if len(loaded) == 1:
            raise UserError("Its weights are not here.")
        return FakeEngine()

    monkeypatch.setattr(studio_module, "load_engine", load)
    with pytest.raises(UserError, match="weights are not here"):
        studio.headshots(asked)
    assert len(studio.headshots(asked)) == 1  # the next run tries again
    assert loaded == [("builtin", True)] * 2
    with pytest.raises(UserError, match="no engine called"):
        studio.headshots(replace(asked, engine="midjourney"))
    assert studio.spec.id == "fake"  # for those who name none


@pytest.fixture
def arrives(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """An engine named without waiting for it is there once this is set."""
    event = threading.Event()

    def load(engine_id: str) -> FakeEngine:
        assert event.wait(PATIENCE)
        return FakeEngine(spec=ENGINES[engine_id])

    monkeypatch.setattr(background_load, "load_engine", load)
    yield event
    event.set()


def test_a_run_looks_at_its_photos_while_its_engine_is_on_its_way(arrives: threading.Event, tmp_path: Path):
    studio = Studio.load("builtin", wait=False)
    with pytest.raises(PhotoError):  # said without the engine
        studio.headshots(Request(photos=[b"no photo"], out=tmp_path))
    run = Run(studio, Request(photos=[SELFIE], seed=7, count=2, out=tmp_path))
    run.until("loading")
    assert not any(progress.stage == "drawing" for progress in run.told)
    arrives.set()
    run.join()
    assert [picture.recipe.engine for picture in run.pictures] == ["builtin", "builtin"]


def test_the_photo_is_prepared_while_others_have_the_engine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    made: list[object] = []
    given: list[object] = []

    def prepare(adapter: ReferenceLatentsAdapter, identity: Identity, spec: EngineSpec) -> object:
        made.append(object())
        return made[0]

    class Sighted(FakeEngine):
        def condition(self, identity: Identity, prepared: Any = None) -> Condition:
            given.append(prepared)
            return super().condition(identity)

    monkeypatch.setattr(ReferenceLatentsAdapter, "prepare", prepare)
    studio = Studio(Sighted())  # type: ignore[arg-type]
    with turn(studio.jobs):
        run = Run(studio, Request(photos=[SELFIE], seed=7, count=2, out=tmp_path))
        run.until("waiting")
        assert len(made) == 1 and given == []
    run.join()
    assert len(run.pictures) == 2 and given == made


def test_cancelling_does_not_wait_for_the_engine_and_the_next_run_takes_it(arrives: threading.Event, tmp_path: Path):
    studio = Studio.load("builtin", wait=False)
    request = Request(photos=[SELFIE], seed=7, count=1, out=tmp_path)
    run = Run(studio, request)
    run.until("loading")
    run.cancel.set()
    run.join()
    assert isinstance(run.error, Cancelled)
    arrives.set()
    assert len(studio.headshots(request)) == 1


def test_what_goes_wrong_with_an_engine_on_its_way_is_told_and_tried_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    def fails(engine_id: str) -> FakeEngine:
        raise UserError("The files are missing.")

    monkeypatch.setattr(background_load, "load_engine", fails)
    monkeypatch.setattr(studio_module, "load_engine", lambda engine_id: FakeEngine(spec=ENGINES[engine_id]))
    studio = Studio.load("builtin", wait=False)
    request = Request(photos=[SELFIE], seed=7, count=1, out=tmp_path)
    with pytest.raises(UserError, match="files are missing"):
        studio.headshots(request)
    assert len(studio.headshots(request)) == 1
    with pytest.raises(UserError, match="no engine called"):
        Studio.load("midjourney", wait=False)


@pytest.mark.parametrize(
    ("imported", "unloaded"),
    [("pipelines; pipelines.UserError", ["torch", "numpy", "PIL"]), ("pipelines.studio", ["torch", "diffusers"])],
    ids=["package", "studio"],
)
def test_importing_loads_nothing_that_is_not_needed_yet(imported: str, unloaded: list[str]):
    code = f"import sys, {imported}; print(sorted({{*{unloaded}}} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
