"""Re-encoding around a drawn face: what nobody has goes, and the face stays as it was."""

import numpy as np
import pytest
import torch

from pipelines.engines.builtin.latent_grid import FACE
from pipelines.engines.builtin.reencode import SHARE, reencode_around_face, with_dull_clothes
from pipelines.engines.engine import Condition, Engine
from pipelines.faces.detection import Detector
from pipelines.faces.identity import FaceAnalyser, Shot, choose, fuse
from pipelines.looks.prompts import Prompt
from tests.conftest import Person

pytestmark = pytest.mark.slow

WORDS = Prompt(positive="facing smiling plain-backdrop dark-clothes", negative="", understood=(), ignored=())


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine.load("builtin")


@pytest.fixture(scope="module")
def condition(engine: Engine, analyser: FaceAnalyser, people: list[Person]) -> Condition:
    selfie = people[0].selfie
    return engine.condition(fuse([Shot(image=selfie, face=choose(analyser.analyse(selfie)))], analyser.recogniser))


@pytest.fixture(scope="module")
def find() -> Detector:
    return Detector(threads=1)


@pytest.fixture(scope="module")
def drawn(engine: Engine, condition: Condition) -> torch.Tensor:
    """Latents (1, 64, 8, 8) of somebody, as the encoder sees them: nothing in them needs mending."""
    return condition.structures[0].person


def around(latents: torch.Tensor) -> torch.Tensor:
    """Latents around the face (B, 64, 8, 8), the face set to 0."""
    kept = latents.clone()
    kept[..., FACE[0], FACE[1]] = 0
    return kept


def test_the_face_stays_and_only_what_is_around_it_changes(engine: Engine, drawn: torch.Tensor, find: Detector) -> None:
    seen = reencode_around_face(engine.pipeline, drawn, find.detect_portrait)
    assert seen.shape == drawn.shape and seen.dtype == drawn.dtype
    assert torch.equal(seen[..., FACE[0], FACE[1]], drawn[..., FACE[0], FACE[1]])
    assert around(seen - drawn).abs().max() > 0.05


def test_what_nobody_has_is_less_there_afterwards(engine: Engine, drawn: torch.Tensor, find: Detector) -> None:
    clean = reencode_around_face(engine.pipeline, drawn, find.detect_portrait)
    torn = drawn.clone()
    torn[..., 5:, 6:] += 1.5 * torch.randn(torn[..., 5:, 6:].shape, generator=torch.Generator().manual_seed(0))
    mended = reencode_around_face(engine.pipeline, torn, find.detect_portrait)
    # With what is kept of it alone, the damage would be 1 - SHARE of what it was; the encoder must not see it again.
    left = around(mended - clean).norm() / around(torn - drawn).norm()
    assert left < 1 - SHARE + 0.25


def test_without_a_face_latents_stay_and_each_picture_is_looked_at_by_itself(
    engine: Engine, drawn: torch.Tensor, find: Detector
) -> None:
    nobody = torch.zeros_like(drawn)
    assert torch.equal(reencode_around_face(engine.pipeline, drawn, lambda _: None), drawn)
    found = [True, False]
    both = reencode_around_face(
        engine.pipeline,
        torch.cat([drawn, nobody]),
        lambda picture: find.detect_portrait(picture) if found.pop(0) else None,
    )
    alone = reencode_around_face(engine.pipeline, drawn, find.detect_portrait)
    assert torch.allclose(both[:1], alone, atol=1e-3)
    assert torch.equal(both[1:], nobody)


def test_clothes_lose_their_colour_and_nothing_else_does() -> None:
    red = np.full((256, 256, 3), (180, 30, 40), np.uint8)
    dull = with_dull_clothes(red).astype(int)
    colour = dull.max(2) - dull.min(2)
    for corner in (colour[-20:, :40], colour[-20:, -40:]):
        assert corner.min() > 15 and corner.max() < 30
    assert (dull[:170] == red[:170]).all()
    assert (dull[:, 96:160] == red[:, 96:160]).all()  # neck and chin
    assert np.array_equal(with_dull_clothes(red)[:, ::-1], with_dull_clothes(red[:, ::-1].copy()))


def test_the_engine_looks_again_once_per_picture_as_part_of_the_last_step(
    engine: Engine, condition: Condition, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[int] = []
    steps: list[int] = []

    def look(pipeline: object, latents: torch.Tensor, find: object) -> torch.Tensor:
        looks.append(len(steps))
        return reencode_around_face(pipeline, latents, find)  # type: ignore[arg-type]

    monkeypatch.setattr(engine, "_reencode", look)
    seen = engine.generate(condition, WORDS, engine.spec.defaults, 7, on_step=lambda step: steps.append(step.number))
    assert len(steps) == engine.spec.defaults.steps
    assert looks == [len(steps) - 1]  # before the last one is reported
    monkeypatch.setattr(engine, "_reencode", None)
    unseen = engine.generate(condition, WORDS, engine.spec.defaults, 7)
    away = np.abs(seen.astype(int) - unseen).mean(2)
    assert away[384:768, 384:640].mean() < away[:, :128].mean()  # the middle of the face, and beside the head


def test_one_look_finds_the_face_of_a_drawn_picture_where_all_looks_do(
    engine: Engine, condition: Condition, find: Detector
) -> None:
    picture = engine.generate(condition, WORDS, engine.spec.defaults, 7)
    face = find.detect_portrait(picture)
    assert face is not None
    assert np.abs(face.landmarks - max(find(picture), key=lambda one: one.area).landmarks).max() < 12
    assert find.detect_portrait(np.full((256, 256, 3), 128, np.uint8)) is None
