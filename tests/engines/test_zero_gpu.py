"""Runs on a borrowed GPU, with a stand-in for `spaces` that forks for each call as the real package does."""

import dataclasses
import importlib
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from pipelines import studio as studio_module
from pipelines.engine_table import ENGINES
from pipelines.engines import background_load, drawing, zero_gpu
from pipelines.engines.engine import Engine, Step
from pipelines.engines.placement import placement_for
from pipelines.errors import Cancelled, UserError
from pipelines.picture import Picture
from pipelines.progress import Progress
from pipelines.request import Request
from pipelines.runtime import space
from pipelines.runtime.memory import OutOfMemory
from pipelines.studio import Studio
from tests.support.fake_engine import SPEC, FakeEngine
from tests.support.studio_kit import SELFIE, use
from tests.support.tiny_engines import SETTINGS, WORDS, noise_person

pytestmark = pytest.mark.slow

STAND_IN = Path(__file__).parents[1] / "support" / "zero_gpu"
LARGE = dataclasses.replace(SPEC, memory_gb=6, part_gb=5)


@pytest.fixture
def spaces(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The stand-in, on what looks like a ZeroGPU Space."""
    with monkeypatch.context() as patch:
        patch.syspath_prepend(STAND_IN)
        patch.setenv("SPACES_ZERO_GPU", "true")
        patch.delitem(sys.modules, "spaces", raising=False)
        if "gradio" in sys.modules:
            patch.setattr("gradio.Blocks.launch", sys.modules["gradio"].Blocks.launch)  # put back afterwards
        importlib.reload(space)
        importlib.reload(zero_gpu)
        yield sys.modules["spaces"]
        del sys.modules["spaces"]
    importlib.reload(space)
    importlib.reload(zero_gpu)


@pytest.fixture(scope="module")
def _loaded() -> Studio:
    return Studio(FakeEngine())  # type: ignore[arg-type]


@pytest.fixture
def studio(_loaded: Studio, spaces: Any, monkeypatch: pytest.MonkeyPatch) -> Studio:
    monkeypatch.setattr(studio_module, "fetch_missing", lambda *_: None)
    return _loaded


def put(studio: Studio, **how: Any) -> FakeEngine:
    engine = FakeEngine(**{"spec": LARGE, **how})
    use(studio, engine)
    zero_gpu.place(engine)  # type: ignore[arg-type]
    return engine


def ask(studio: Studio, folder: Path, **how: Any) -> list[Picture]:
    return studio.headshots(Request(photos=[SELFIE], seed=7, out=folder, **{"count": 2, **how}))


def test_a_run_is_one_call_and_its_pictures_are_those_of_the_engine_itself(
    studio: Studio, spaces: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = put(studio)
    told: list[Progress] = []
    request = Request(photos=[SELFIE], seed=7, count=3, out=tmp_path)
    pictures = studio.headshots(request, on_progress=told.append)
    assert len(spaces.processes) == 1 and engine.drawn == []  # drawn in a process of its own
    assert spaces.durations == [10 + 3 * (3 + 4 * 0.04 * 5) // 1]
    assert {p.preview.shape for p in told if p.stage == "drawing" and p.preview is not None} == {(96, 96, 3)}
    monkeypatch.setattr(space, "ON_ZERO_GPU", False)
    here = studio.headshots(Request(photos=[SELFIE], seed=7, count=3, out=tmp_path / "here"))
    assert engine.drawn == [7, 8, 9]
    assert [p.seed for p in pictures] == [p.seed for p in here]
    assert all(np.array_equal(a.image, b.image) for a, b in zip(pictures, here, strict=True))


def test_time_is_asked_for_by_engine_count_steps_and_second_pass(studio: Studio) -> None:
    put(studio, spec=dataclasses.replace(LARGE, second_pass=ENGINES["sd15"].second_pass))
    person, settings = noise_person(1), dataclasses.replace(SETTINGS, steps=25)

    def asked(count: int = 1, **changes: Any) -> int:
        changed = dataclasses.replace(settings, **changes)
        return zero_gpu.seconds(LARGE.id, person, None, changed, dict.fromkeys(range(count)))

    assert asked() < asked(steps=50) < asked(steps=50, second_pass=0.35)
    assert asked() < asked(count=4)
    put(studio, spec=dataclasses.replace(LARGE, part_gb=10))
    assert asked() > 10 + 3 + 25 * 0.04 * 9


def test_a_picture_without_a_face_is_drawn_again_in_a_call_of_its_own(
    studio: Studio, spaces: Any, tmp_path: Path
) -> None:
    put(studio, faceless=(7,))
    pictures = ask(studio, tmp_path, count=3)
    assert {picture.seed for picture in pictures} == {8, 9, 10}
    assert len(spaces.durations) == 2 and spaces.durations[1] < spaces.durations[0]


def test_cancel_gives_the_gpu_back_within_a_step(studio: Studio, spaces: Any, tmp_path: Path) -> None:
    put(studio, step_seconds=0.1)
    cancel = threading.Event()

    def stop(progress: Progress) -> None:
        if progress.stage == "drawing" and progress.done > 0.1:
            cancel.set()

    began = time.monotonic()
    with pytest.raises(Cancelled):
        studio.headshots(
            Request(photos=[SELFIE], seed=7, count=8, steps=60, out=tmp_path), on_progress=stop, cancel=cancel
        )
    assert time.monotonic() - began < 15  # all of it would take 48 s
    assert not spaces.processes[0].is_alive()
    assert list(tmp_path.iterdir()) == []
    put(studio)
    assert len(ask(studio, tmp_path)) == 2


class Withheld(UserError):
    """An error with more arguments than its message, which pickle alone cannot put together again."""

    def __init__(self, message: str, reason: str):
        super().__init__(message)
        self.reason = reason


@pytest.mark.parametrize(
    ("raised", "met"),
    [
        (Withheld("It was withheld.", "safety"), (Withheld, "It was withheld.")),
        (torch.OutOfMemoryError("CUDA out of memory."), (OutOfMemory, "There was not enough memory for this.")),
    ],
)
def test_errors_come_back_as_they_are(
    raised: Exception, met: tuple[type[Exception], str], studio: Studio, tmp_path: Path, monkeypatch: Any
) -> None:
    engine = put(studio)

    def fail(*_: Any, **__: Any) -> None:
        raise raised

    monkeypatch.setattr(engine, "generate", fail)
    kind, words = met
    with pytest.raises(kind, match=words) as told:
        ask(studio, tmp_path)
    assert vars(told.value) == vars(raised) or kind is OutOfMemory


def test_a_bug_stays_one(studio: Studio, spaces: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = put(studio)
    monkeypatch.setattr(engine, "condition", lambda *_: 1 / 0)
    with pytest.raises(spaces.Error, match="ZeroDivisionError"):
        ask(studio, tmp_path)


@pytest.mark.parametrize(
    ("title", "message", "sentence"),
    [
        (
            "ZeroGPU quota exceeded",
            "It is used up. <a href='x'>Sign up</a> or wait.",
            "It is used up. Sign up or wait.",
        ),
        ("ZeroGPU worker error", "GPU task aborted", zero_gpu.TAKEN_BACK),
    ],
)
def test_whoever_gets_no_gpu_reads_why(
    title: str, message: str, sentence: str, studio: Studio, spaces: Any, tmp_path: Path
) -> None:
    put(studio)
    spaces.refusal = (title, message)
    with pytest.raises(UserError) as told:
        ask(studio, tmp_path)
    assert str(told.value) == sentence


def test_an_engine_that_was_not_placed_at_the_start_is_refused_before_anything_is_fetched(
    studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(studio)
    monkeypatch.setattr(studio_module, "fetch_missing", lambda *_: pytest.fail("fetched"))
    with pytest.raises(UserError, match=r"Stable Diffusion XL was not loaded when .* Choose Fake or the built-in eng"):
        ask(studio, tmp_path, engine="sdxl")


def test_a_placed_engine_stays_when_another_one_has_drawn(monkeypatch: pytest.MonkeyPatch, spaces: Any) -> None:
    engine = FakeEngine(spec=LARGE)
    monkeypatch.setattr("pipelines.engines.engine.Engine.load", lambda _: engine)
    monkeypatch.setattr(background_load, "engine_row", lambda _: ENGINES["builtin"])
    assert background_load.load_engine("fake") is engine
    monkeypatch.setattr("pipelines.engines.engine.Engine.load", lambda _: pytest.fail("loaded again"))
    assert background_load.load_engine("fake") is engine


def test_the_built_in_engine_asks_for_no_gpu(studio: Studio, spaces: Any, tmp_path: Path, monkeypatch: Any) -> None:
    engine = put(studio, spec=SPEC)
    assert len(ask(studio, tmp_path)) == 2
    assert spaces.durations == [] and engine.drawn == [7, 8]
    # As `spaces` has it while no GPU is there.
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    lent = SimpleNamespace(total_memory=48 * 2**30)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda _: lent)
    assert placement_for(ENGINES["builtin"]).device == "cpu"
    large = placement_for(ENGINES["sdxl"])
    assert (large.device, large.dtype, large.offload, large.warning) == ("cuda", torch.float16, "none", "")


def test_a_large_engine_draws_the_same_bit_for_bit_in_a_forked_process(
    spaces: Any, tiny_engines: Callable[[str], Engine]
) -> None:
    engine, person = tiny_engines("sd15"), noise_person(1)
    prepared = engine._adapter.prepare(person, engine.spec)
    steps: list[tuple[int, tuple[int, ...]]] = []

    def on_step(step: Step) -> None:
        steps.append((step.number, step.preview().shape))

    pictures = []
    for lend in (True, False):
        space.ON_ZERO_GPU = lend  # reloading puts it back
        zero_gpu.place(engine)
        with drawing.drawing(engine, person, prepared, SETTINGS, lambda _: {"prompt": WORDS}, [7, 8]) as draw:
            pictures.append([draw(seed, on_step=on_step) for seed in (7, 8)])
    assert len(spaces.processes) == 1
    assert np.array_equal(pictures[0], pictures[1])
    assert steps == [(number, (8, 8, 3)) for number in (1, 2) * 4]
