"""The whole job with the big engines, tiny and random: running out of memory anywhere, cancelling, switching."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from pipelines import studio as studio_module
from pipelines.engine_spec import EngineSpec
from pipelines.engines.engine import Engine
from pipelines.errors import Cancelled, UserError
from pipelines.faces.identity import Face, FaceAnalyser
from pipelines.finishing.finisher import Finisher
from pipelines.picture import Picture
from pipelines.progress import Progress
from pipelines.request import Request
from pipelines.runtime.memory import OutOfMemory
from pipelines.studio import Studio
from tests.conftest import Person
from tests.support.tiny_engines import load

pytestmark = pytest.mark.slow

CUDA = "CUDA out of memory. Tried to allocate 20.00 MiB. GPU 0 has a total capacity of ..."
CUBLAS = "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"
STAGES: dict[str, tuple[type[BaseException], str]] = {
    "image_encoder": (RuntimeError, CUBLAS),
    "text_encoder": (MemoryError, ""),
    "unet": (torch.OutOfMemoryError, CUDA),
    "vae.decoder": (torch.OutOfMemoryError, CUDA),
    "safety_checker": (RuntimeError, "MPS backend out of memory (MPS allocated: 9.05 GB, max allowed: 9.07 GB)"),
}
"""Parts of a pipeline in the order they are used, and what one may raise. An error that was raised holds faces by its
traceback: each is made anew."""
ENGINE_IDS = ("sd15", "sd15-lcm", "sdxl")


class Judge:
    """The judge of likeness, only that it sees the photo's face in what random weights draw, too."""

    def __init__(self, analyser: FaceAnalyser):
        self.recogniser, self._analyse = analyser.recogniser, analyser.analyse
        self.embed_with_norm = analyser.embed_with_norm
        self._seen: list[Face] = []

    def analyse(self, image: np.ndarray) -> list[Face]:
        """The faces in a picture."""
        self._seen = self._analyse(image) or self._seen
        return self._seen


@pytest.fixture
def studio(tiny_engines: Callable[[str], Engine], analyser: FaceAnalyser, monkeypatch: pytest.MonkeyPatch) -> Studio:
    """A studio whose engines are tiny; pictures are saved as they are drawn."""
    judge = Judge(analyser)
    monkeypatch.setattr(studio_module, "FaceAnalyser", lambda *_, **__: judge)  # stands for w600k_r50 as well
    monkeypatch.setattr(Finisher, "finish", lambda _, __, image, *___, **____: image)
    monkeypatch.setattr(studio_module, "load_engine", tiny_engines)
    monkeypatch.setattr(studio_module, "fetch_missing", lambda *_: None)
    return Studio(tiny_engines("sd15"))


@pytest.fixture
def ask(studio: Studio, people: list[Person], tmp_path: Path) -> Callable[..., list[Picture]]:
    """One picture of one person, in four steps."""
    Image.fromarray(people[0].selfie).save(tmp_path / "selfie.png")

    def ask(engine: str, steps: int = 4, negative_words: str = "", **how: Any) -> list[Picture]:
        photos, out = [tmp_path / "selfie.png"], tmp_path / "out"
        request = Request(
            photos=photos, engine=engine, count=1, seed=7, steps=steps, negative_words=negative_words, out=out
        )
        return studio.headshots(request, **how)

    return ask


@contextmanager
def before_each_call(module: torch.nn.Module, hook: Callable[..., None]) -> Iterator[None]:
    registered = module.register_forward_pre_hook(hook)
    try:
        yield
    finally:
        registered.remove()


@pytest.mark.parametrize(("engine_id", "smaller"), [("sd15", "Built-in"), ("sdxl", "Stable Diffusion 1.5")])
def test_out_of_memory_anywhere_names_the_next_smaller_engine_and_the_next_request_works(
    engine_id: str,
    smaller: str,
    ask: Callable[..., list[Picture]],
    tiny_engines: Callable[[str], Engine],
    tmp_path: Path,
) -> None:
    (usual,) = ask(engine_id)
    for stage, (kind, words) in STAGES.items():

        def fail(*_: Any, kind: type[BaseException] = kind, words: str = words) -> None:
            raise kind(words)

        with before_each_call(_part(tiny_engines(engine_id), stage), fail), pytest.raises(OutOfMemory) as told:
            ask(engine_id)
        assert str(told.value) == (
            f"There was not enough memory for this. Choose the engine {smaller}, which needs less, and try again."
        )
        assert told.value.__context__ is None
        assert len(list((tmp_path / "out").iterdir())) == 1  # the first picture
        (again,) = ask(engine_id)
        assert np.array_equal(usual.image, again.image), stage
        again.path.unlink()


def _part(engine: Engine, name: str) -> torch.nn.Module:
    if name == "safety_checker" and engine.safety_checker is not None:
        checker: torch.nn.Module = engine.safety_checker.model
        return checker
    part, _, inner = name.partition(".")
    module = getattr(engine.pipeline, part)
    return module.get_submodule(inner) if inner else module


@pytest.mark.parametrize("engine_id", ["sd15", "sdxl", "sd15-lcm"])
def test_cancel_ends_the_run_within_a_step(
    engine_id: str, ask: Callable[..., list[Picture]], tiny_engines: Callable[[str], Engine], tmp_path: Path
) -> None:
    (usual,) = ask(engine_id)
    cancel = threading.Event()
    calls: list[int] = []

    def step(*_: Any) -> None:
        calls.append(len(calls))
        if len(calls) == 2:
            cancel.set()  # in the midst of a step

    with before_each_call(tiny_engines(engine_id).pipeline.unet, step), pytest.raises(Cancelled):
        ask(engine_id, steps=8, cancel=cancel)
    assert len(calls) == 2
    (again,) = ask(engine_id)
    assert np.array_equal(usual.image, again.image)


@pytest.mark.skipif(torch.cuda.is_available(), reason="about machines without a CUDA GPU")
def test_where_an_engine_runs_is_said_with_every_picture(ask: Callable[..., list[Picture]]) -> None:
    (picture,) = ask("sd15")
    assert "There is no GPU here: Stable Diffusion 1.5 drew on the CPU, which takes minutes." in picture.warnings


def test_progress_shows_previews_of_each_engine(ask: Callable[..., list[Picture]]) -> None:
    for engine_id in ENGINE_IDS:
        told: list[Progress] = []
        ask(engine_id, on_progress=told.append)
        assert (8, 8, 3) in {progress.preview.shape for progress in told if progress.preview is not None}


def test_one_engine_after_another_and_the_first_again_draws_its_picture_bit_for_bit(
    studio: Studio,
    ask: Callable[..., list[Picture]],
    tiny_rows: Callable[[str], EngineSpec],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each is loaded anew, as it is where only one fits; and FaceID's LoRA is active after every switch."""
    monkeypatch.setattr(studio_module, "load_engine", lambda engine_id: load(tiny_rows(engine_id)))
    pictures = []
    for engine_id in ("sd15", "sd15-lcm", "sdxl", "sd15", "sd15-lcm"):
        pictures.append(ask(engine_id)[0].image)
        assert isinstance(studio._engine, Engine) and studio._engine.spec.id == engine_id
        assert studio._engine.pipeline.get_active_adapters() == ["faceid_0"]
    assert np.array_equal(pictures[0], pictures[3]) and np.array_equal(pictures[1], pictures[4])
    assert not np.array_equal(pictures[0], pictures[1])


@pytest.mark.parametrize("engine_id", ["sd15-lcm", "sdxl-lcm"])
def test_more_steps_than_lcm_knows_are_refused_before_anything_starts(
    engine_id: str, ask: Callable[..., list[Picture]], studio: Studio
) -> None:
    with pytest.raises(UserError, match=r"few steps draws in 50 steps at most\. Ask for fewer, and try again\."):
        ask(engine_id, steps=51)
    assert studio._engine is not None and studio._engine.spec.id == "sd15"


def test_whoever_gives_negative_words_to_an_engine_without_guidance_is_told(
    ask: Callable[..., list[Picture]],
) -> None:
    sentence = "Negative words need guidance: raise it above 1, or they do nothing."
    for engine_id, words, told in (("sd15-lcm", "hats", True), ("sd15-lcm", "", False), ("sd15", "hats", False)):
        (picture,) = ask(engine_id, negative_words=words)
        assert (sentence in picture.warnings) == told


def test_lcm_draws_in_the_most_steps_that_its_row_allows(ask: Callable[..., list[Picture]]) -> None:
    assert len(ask("sd15-lcm", steps=50)) == 1
