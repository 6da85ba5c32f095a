"""The whole job with the big engines, tiny and random: running out of memory anywhere, cancelling, switching."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from pipelines import studio as studio_module
from pipelines.engine_spec import EngineSpec
from pipelines.engine_table import ENGINES
from pipelines.engines.engine import Engine
from pipelines.errors import Cancelled, UserError
from pipelines.faces.alignment import Sampling
from pipelines.faces.identity import Face, FaceAnalyser
from pipelines.picture import Picture
from pipelines.progress import Progress
from pipelines.request import Request
from pipelines.runtime.memory import OutOfMemory
from pipelines.studio import Studio
from tests.conftest import Person
from tests.support.random_faces import take_any_face
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
        """The faces in a picture; in one without any the last face, a third of the picture's height, in the middle."""
        if found := self._analyse(image):
            self._seen = found
            return found
        (face,) = self._seen[:1]
        scale = image.shape[0] / 3 / float(face.box[3] - face.box[1])
        centre, middle = face.box.reshape(2, 2).mean(0), np.array(image.shape[1::-1]) * (0.5, 0.4)
        box = ((face.box.reshape(2, 2) - centre) * scale + middle).reshape(4)
        landmarks = (face.landmarks - centre) * scale + middle
        return [replace(face, box=box.astype(np.float32), landmarks=landmarks.astype(np.float32))]


@pytest.fixture
def studio(tiny_engines: Callable[[str], Engine], analyser: FaceAnalyser, monkeypatch: pytest.MonkeyPatch) -> Studio:
    """A studio whose engines are tiny."""
    judge = Judge(analyser)
    monkeypatch.setattr(studio_module, "FaceAnalyser", lambda *_, **__: judge)  # stands for w600k_r50 as well
    monkeypatch.setattr(studio_module, "load_engine", tiny_engines)
    monkeypatch.setattr(studio_module, "fetch_missing", lambda *_: None)
    take_any_face(monkeypatch)
    return Studio(tiny_engines("sd15"))


@pytest.fixture
def ask(studio: Studio, people: list[Person], tmp_path: Path) -> Callable[..., list[Picture]]:
    """One picture of one person, in four steps."""
    Image.fromarray(people[0].selfie).save(tmp_path / "selfie.png")

    def ask(engine: str, asked: Mapping[str, Any] = MappingProxyType({}), **how: Any) -> list[Picture]:
        photos, out = [tmp_path / "selfie.png"], tmp_path / "out"
        request = Request(
            **{"photos": photos, "engine": engine, "count": 1, "seed": 7, "steps": 4, "out": out, **asked}
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


@pytest.mark.scorecard("R12", cases=0)
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
        if stage == "safety_checker" and engine_id != "sd15":
            continue  # the others have none

        def fail(*_: Any, kind: type[BaseException] = kind, words: str = words) -> None:
            raise kind(words)

        with before_each_call(_part(tiny_engines(engine_id).pipeline, stage), fail), pytest.raises(OutOfMemory) as told:
            ask(engine_id)
        assert str(told.value) == (
            f"There was not enough memory for this. Choose the engine {smaller}, which needs less, and try again."
        )
        assert told.value.__context__ is None
        assert len(list((tmp_path / "out").iterdir())) == 1  # the first picture
        (again,) = ask(engine_id)
        assert np.array_equal(usual.image, again.image), stage
        again.path.unlink()


def _part(pipeline: Any, name: str) -> torch.nn.Module:
    part, _, inner = name.partition(".")
    module = getattr(pipeline, part)
    return module.get_submodule(inner) if inner else module


@pytest.mark.scorecard("R8", cases=0)
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
        ask(engine_id, {"steps": 8}, cancel=cancel)
    assert len(calls) == 2
    (again,) = ask(engine_id)
    assert np.array_equal(usual.image, again.image)


@pytest.mark.skipif(torch.cuda.is_available(), reason="about machines without a CUDA GPU")
def test_where_an_engine_runs_is_said_with_every_picture(ask: Callable[..., list[Picture]]) -> None:
    (picture,) = ask("sd15")
    assert "There is no GPU here: Stable Diffusion 1.5 drew on the CPU, which takes minutes." in picture.warnings


@pytest.mark.parametrize("sampling", ["area", "direct"])
def test_the_embedding_is_made_as_the_row_says_and_likeness_is_judged_in_one_way(
    studio: Studio,
    ask: Callable[..., list[Picture]],
    tiny_rows: Callable[[str], EngineSpec],
    analyser: FaceAnalyser,
    monkeypatch: pytest.MonkeyPatch,
    sampling: Sampling,
) -> None:
    judge = Judge(analyser)
    made: list[tuple[str, str]] = []

    def analyser_of(recogniser: str, *, sampling: Sampling) -> Judge:
        made.append((recogniser, sampling))
        return judge

    monkeypatch.setattr(studio_module, "FaceAnalyser", analyser_of)
    row = replace(tiny_rows("sd15"), embedding_sampling=sampling)
    studio._analysers.clear()
    studio._engine, studio.spec = load(row), row
    ask("", {"engine": None})
    assert ("w600k_r50", sampling) in made and (ENGINES["sd15"].judge, "area") in made


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
        ask(engine_id, {"steps": 51})
    assert studio._engine is not None and studio._engine.spec.id == "sd15"


def test_whoever_gives_negative_words_to_an_engine_without_guidance_is_told(
    ask: Callable[..., list[Picture]],
) -> None:
    sentence = "Negative words need guidance: raise it above 1, or they do nothing."
    for engine_id, words, told in (("sd15-lcm", "hats", True), ("sd15-lcm", "", False), ("sd15", "hats", False)):
        (picture,) = ask(engine_id, {"negative_words": words})
        assert (sentence in picture.warnings) == told


def test_lcm_draws_in_the_most_steps_that_its_row_allows(ask: Callable[..., list[Picture]]) -> None:
    assert len(ask("sd15-lcm", {"steps": 50})) == 1


# What becomes of the drawn pictures


@contextmanager
def withheld(engine: Engine, calls: set[int]) -> Iterator[None]:
    """The safety checker withholds the pictures of these calls, counted from 0."""
    checker, count = engine.pipeline.safety_checker, iter(range(99))

    def check(clip_input: torch.Tensor, images: torch.Tensor) -> tuple[torch.Tensor, list[bool]]:
        flag = next(count) in calls
        return torch.zeros_like(images) if flag else images, [flag] * len(images)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checker, "forward", check)
        yield


def test_one_withheld_picture_of_four_is_drawn_again_and_costs_no_other(
    ask: Callable[..., list[Picture]], tiny_engines: Callable[[str], Engine]
) -> None:
    with withheld(tiny_engines("sd15"), {2}):
        pictures = ask("sd15", {"count": 4})
    assert sorted(picture.seed for picture in pictures) == [7, 8, 10, 11]  # 9 was withheld, 11 is the first spare one
    assert all(picture.path.exists() for picture in pictures)
    assert not any("left out" in said for picture in pictures for said in picture.warnings)


def test_what_stays_withheld_is_said_with_the_pictures_that_are_kept(
    ask: Callable[..., list[Picture]], tiny_engines: Callable[[str], Engine]
) -> None:
    with withheld(tiny_engines("sd15"), set(range(1, 99))):
        (picture,) = ask("sd15", {"count": 3})
    said = "2 of 3 pictures were left out, even after 4 redraws: the safety checker withheld them."
    assert any(warning.startswith(said) for warning in picture.warnings)


def test_a_run_without_a_picture_says_why(
    ask: Callable[..., list[Picture]], tiny_engines: Callable[[str], Engine], tmp_path: Path
) -> None:
    with withheld(tiny_engines("sd15"), set(range(99))), pytest.raises(UserError, match="safety checker withheld"):
        ask("sd15")
    assert not list((tmp_path / "out").glob("*"))


@pytest.mark.parametrize("engine_id", ["sd15", "sdxl"])  # the one's checker is in its pipeline
def test_an_overflow_is_drawn_again(
    engine_id: str, ask: Callable[..., list[Picture]], tiny_engines: Callable[[str], Engine]
) -> None:
    vae = tiny_engines(engine_id).pipeline.vae
    decode, count = vae.decode, iter(range(99))

    def overflowing(*args: Any, **kwargs: Any) -> tuple[torch.Tensor, ...]:
        (picture, *_) = decode(*args, **kwargs)
        return (torch.full_like(picture, torch.nan) if next(count) == 0 else picture,)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vae, "decode", overflowing)
        pictures = ask(engine_id, {"count": 2})
    assert sorted(picture.seed for picture in pictures) == [8, 9]


def test_the_drawn_backdrop_stays_unless_the_person_chooses_one_of_ours(
    ask: Callable[..., list[Picture]], tiny_engines: Callable[[str], Engine]
) -> None:
    drawn: list[np.ndarray] = []
    generate = Engine.generate

    def spy(self: Engine, *args: Any, **kwargs: Any) -> np.ndarray:
        drawn.append(generate(self, *args, **kwargs))
        return drawn[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Engine, "generate", spy)
        (kept,) = ask("sd15", {"words": "in a coffee shop", "look": "startup"})
        (chosen,) = ask("sd15", {"backdrop": "black", "look": "startup"})
        (said,) = ask("sd15", {"words": "black background", "look": "startup"})
    height, width = kept.image.shape[:2]
    assert height * width > 0.75 * drawn[0].shape[0] * drawn[0].shape[1] * min(1, width / height)
    corner = np.s_[:3, :3]
    assert chosen.image[corner].max() < 40 and said.image[corner].max() < 40
    assert kept.image[corner].std() > 5 or kept.image[corner].mean() > 40  # what random weights draw is no black paper


def test_a_second_pass_refines_at_twice_the_size_with_the_same_seed_and_ends_when_cancelled(
    studio: Studio, ask: Callable[..., list[Picture]], tiny_rows: Callable[[str], EngineSpec]
) -> None:
    row = replace(tiny_rows("sd15"), second_pass=ENGINES["sd15"].second_pass)
    studio._engine = load(row)
    told: list[Progress] = []
    (first,) = ask("sd15", {"sizes": ["linkedin"]}, on_progress=told.append)
    (again,) = ask("sd15")
    assert np.array_equal(first.image, again.image)
    assert first.image.shape[0] > 100  # the first pass has 64 rows
    assert first.warnings[-1].startswith("The size linkedin (800 × 800) was saved as ")
    with Image.open(first.sizes["linkedin"]) as exported:
        assert exported.size[0] <= first.image.shape[1]

    told.clear()
    (small,) = ask("sd15", {"second_pass": 0}, on_progress=told.append)
    assert small.image.shape[0] <= 64 and small.recipe.second_pass == 0
    assert {one.step_count for one in told if one.step} == {4}
    (other,) = ask("sd15", {"second_pass": 0.5})
    assert other.image.shape == first.image.shape and not np.array_equal(other.image, first.image)

    cancel = threading.Event()
    calls: list[int] = []

    def step(*_: Any) -> None:
        calls.append(len(calls))
        if len(calls) == 5:
            cancel.set()  # in the second pass: the first has four steps

    with before_each_call(studio._engine.pipeline.unet, step), pytest.raises(Cancelled):
        ask("sd15", cancel=cancel)
    assert len(calls) == 5
    assert studio._engine.pipeline.unet.encoder_hid_proj.image_projection_layers[0].clip_embeds is None
