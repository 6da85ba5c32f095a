"""The built-in engine: what people get from seeds, sliders and faces, and what is left behind of them."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import StableDiffusionPipeline
from diffusers.models.attention_processor import IPAdapterAttnProcessor2_0

from pipelines.engine_spec import import_by_path
from pipelines.engine_table import ENGINES
from pipelines.engines.builtin.adapter import IDENTITY_FACTORS
from pipelines.engines.builtin.latent_grid import FACE, face_and_around
from pipelines.engines.engine import Condition, Draw, Engine, Step
from pipelines.errors import Cancelled, UserError
from pipelines.faces.identity import FaceAnalyser, Identity, Shot, choose, fuse
from pipelines.looks.prompts import Prompt
from pipelines.settings import Settings
from tests.conftest import Person
from tests.support.tiny_engines import draw_together
from tests.support.traces import in_memory, tensors_beside_weights

pytestmark = pytest.mark.slow

WORDS = Prompt(positive="facing smiling plain-backdrop", negative="", understood=(), ignored=())
SHORT = dataclasses.replace(ENGINES["builtin"].defaults, steps=3)
"""The defaults, but with few steps."""


@pytest.fixture(scope="module")
def identities(analyser: FaceAnalyser, people: list[Person]) -> list[Identity]:
    """Two people, from a selfie each."""
    shots = [Shot(image=person.selfie, face=choose(analyser.analyse(person.selfie))) for person in people[:2]]
    return [fuse([shot], analyser.recogniser) for shot in shots]


@pytest.fixture(scope="module")
def full() -> Engine:
    """The engine as people get it."""
    return Engine.load("builtin")


@pytest.fixture(scope="module")
def engine(full: Engine) -> Iterator[Engine]:
    """The same engine, decoding with its preview head (128 px): a tenth of the time where only the latents matter."""
    vae = full.pipeline.vae
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vae, "decode", lambda latents, **_: (vae.preview(latents),))
        yield full


@pytest.fixture(scope="module")
def conditions(full: Engine, identities: list[Identity]) -> list[Condition]:
    return [full.condition(identity) for identity in identities]


def gap(a: np.ndarray, b: np.ndarray) -> int:
    """Largest difference of two pictures, 0 to 255."""
    return int(np.abs(a.astype(int) - b).max())


def only(**sliders: Any) -> Settings:
    return dataclasses.replace(SHORT, **sliders)


def stop_at(number: int) -> Any:
    def on_step(step: Step) -> None:
        if step.number == number:
            raise Cancelled

    return on_step


# What one picture is


def test_a_picture_has_1024_px_and_shows_one_face(
    full: Engine, identities: list[Identity], analyser: FaceAnalyser
) -> None:
    picture = full.generate(full.condition(identities[0]), WORDS, full.spec.defaults, 7)
    assert picture.shape == (1024, 1024, 3) and picture.dtype == np.uint8
    faces = analyser.analyse(picture)
    assert len(faces) == 1
    assert float(faces[0].embedding @ identities[0].embedding) > float(faces[0].embedding @ identities[1].embedding)


def test_the_same_seed_gives_the_same_picture_and_another_seed_another(
    engine: Engine, conditions: list[Condition]
) -> None:
    first, again, other = (engine.generate(conditions[0], WORDS, SHORT, seed) for seed in (7, 7, 8))
    assert np.array_equal(first, again)
    assert np.abs(first.astype(int) - other).mean() > 1


def test_with_both_sliders_at_zero_it_does_not_matter_who_is_in_the_photo(
    engine: Engine, conditions: list[Condition]
) -> None:
    nobody = only(identity_strength=0.0, structure=0.0)
    one, other = (engine.generate(condition, WORDS, nobody, 7) for condition in conditions)
    assert np.array_equal(one, other)


@pytest.mark.parametrize("slider", ["identity_strength", "structure"])
def test_each_slider_alone_brings_the_person_in(engine: Engine, conditions: list[Condition], slider: str) -> None:
    alone = only(**{"identity_strength": 0.0, "structure": 0.0, slider: 1.0})
    assert gap(*(engine.generate(condition, WORDS, alone, 7) for condition in conditions)) > 8


def test_without_guidance_it_draws_too(engine: Engine, conditions: list[Condition]) -> None:
    plain = engine.generate(conditions[0], WORDS, only(guidance_scale=1.0), 7)
    assert gap(plain, engine.generate(conditions[0], WORDS, SHORT, 7)) > 0
    assert gap(plain, engine.generate(conditions[1], WORDS, only(guidance_scale=1.0), 7)) > 8


# Seeds


def with_full_identity(condition: Condition) -> Condition:
    """The same person for every seed, with the first structure and no factor."""
    structure = dataclasses.replace(condition.structures[0], identity_factor=1.0)
    return dataclasses.replace(condition, structures=(structure,))


def test_seeds_in_turn_go_by_the_embedding_as_the_table_says(engine: Engine, conditions: list[Condition]) -> None:
    first = with_full_identity(conditions[0])
    for seed in range(4, 8):
        factor = IDENTITY_FACTORS[seed % len(IDENTITY_FACTORS)]
        by_hand = only(identity_strength=factor * SHORT.identity_strength)
        picture = engine.generate(conditions[0], WORDS, SHORT, seed)
        assert gap(picture, engine.generate(first, WORDS, by_hand, seed)) <= 1
        assert gap(picture, engine.generate(first, WORDS, SHORT, seed)) > 8


def test_without_the_photo_every_seed_takes_the_embedding_as_asked(engine: Engine, conditions: list[Condition]) -> None:
    assert conditions[0].structures[0].identity_factor != 1.0
    asked = with_full_identity(conditions[0])
    blind = only(structure=0.0)
    for seed in range(len(IDENTITY_FACTORS)):
        assert gap(engine.generate(conditions[0], WORDS, blind, seed), engine.generate(asked, WORDS, blind, seed)) <= 1


def test_seeds_differ_in_the_face_and_not_in_what_is_around_it(engine: Engine) -> None:
    noise = engine.pipeline.prepare_latents(
        2, 4, 1024, 1024, torch.float32, torch.device("cpu"), torch.Generator().manual_seed(7)
    )
    assert noise.shape == (2, 64, 8, 8)
    assert noise[:, :, *FACE].std() == pytest.approx(1, abs=0.05)
    around = face_and_around(0.0, 1.0).bool()
    assert noise[:, :, around].abs().max() == 0


# Two people at once


def test_two_people_in_one_call_are_drawn_as_they_are_alone(engine: Engine, conditions: list[Condition]) -> None:
    draws = [
        Draw(condition=condition, prompt=WORDS, seed=seed) for condition, seed in zip(conditions, (7, 8), strict=True)
    ]
    for guidance_scale in (1.0, 2.0):
        settings = only(guidance_scale=guidance_scale)
        together = draw_together(engine, draws, settings)
        alone = [engine.generate(draw.condition, WORDS, settings, draw.seed) for draw in draws]
        assert [gap(a, b) <= 1 for a, b in zip(together, alone, strict=True)] == [True, True]
        assert gap(*together) > 8


def test_diffusers_own_way_would_blend_the_two(
    engine: Engine, conditions: list[Condition], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: without our override both get one and the same face, silently. If this fails, drop the override."""
    stock = StableDiffusionPipeline.prepare_ip_adapter_image_embeds
    monkeypatch.setattr(type(engine.pipeline), "prepare_ip_adapter_image_embeds", stock)
    draws = [Draw(condition=condition, prompt=WORDS, seed=7) for condition in conditions]
    assert gap(*draw_together(engine, draws, only(structure=0.0))) <= 1


# While it draws


def test_every_step_is_told_with_a_preview_that_becomes_the_picture(
    engine: Engine, conditions: list[Condition], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "_reencode", None)  # it comes after the last step, and no preview shows it
    numbers, previews = [], []

    def on_step(step: Step) -> None:
        numbers.append((step.number, step.count))
        previews.append(step.preview())

    picture = engine.generate(conditions[0], WORDS, only(steps=5), 7, on_step=on_step)
    assert numbers == [(k, 5) for k in range(1, 6)]
    assert {(preview.shape, preview.dtype) for preview in previews} == {((128, 128, 3), np.dtype(np.uint8))}
    assert gap(previews[-1], picture) <= 1  # this fixture's picture is the preview head's of the finished latents
    distances = [np.abs(preview.astype(int) - picture).mean() for preview in previews]
    assert distances[0] > distances[2] > distances[4]


def test_cancelling_stops_at_once_and_the_next_picture_is_as_if_nothing_had_been(
    engine: Engine, conditions: list[Condition]
) -> None:
    steps = []
    before = engine.generate(conditions[0], WORDS, SHORT, 7)

    def on_step(step: Step) -> None:
        steps.append(step.number)
        if step.number == 2:
            raise Cancelled

    with pytest.raises(Cancelled, match="Cancelled"):
        engine.generate(conditions[1], WORDS, SHORT, 9, on_step=on_step)
    assert steps == [1, 2]
    assert np.array_equal(before, engine.generate(conditions[0], WORDS, SHORT, 7))


# What is left behind


def end_well(engine: Engine, condition: Condition) -> None:
    engine.generate(condition, WORDS, SHORT, 7)


def end_by_cancelling(engine: Engine, condition: Condition) -> None:
    with pytest.raises(Cancelled):
        engine.generate(condition, WORDS, SHORT, 7, on_step=stop_at(2))


def end_by_an_error(engine: Engine, condition: Condition) -> None:
    def decode(*_: Any, **__: Any) -> None:
        raise MemoryError

    with pytest.MonkeyPatch.context() as patch, pytest.raises(MemoryError):
        patch.setattr(engine.pipeline.vae, "decode", decode)
        engine.generate(condition, WORDS, SHORT, 7)


def test_a_face_is_only_on_the_engine_while_it_draws(engine: Engine, conditions: list[Condition]) -> None:
    seen: list[list[str]] = []
    engine.generate(
        conditions[0], WORDS, SHORT, 7, on_step=lambda _: seen.append(tensors_beside_weights(engine.pipeline))
    )
    assert ["unet..reference"] * SHORT.steps == [place for places in seen for place in places]
    assert tensors_beside_weights(engine.pipeline) == []


@pytest.mark.parametrize("ending", [end_well, end_by_cancelling, end_by_an_error])
def test_no_face_is_left_in_memory_however_a_run_ends(engine: Engine, identities: list[Identity], ending: Any) -> None:
    shot = Shot(image=255 - identities[0].best.image, face=identities[0].best.face)  # nobody else's in these tests
    somebody = dataclasses.replace(identities[0], embedding=-identities[0].embedding[::-1], shots=(shot,))
    condition = engine.condition(somebody)
    embedding, reference = condition.embedding.clone(), condition.structures[0].person.clone()
    assert in_memory(embedding, reference) == [True, True]  # the search finds the condition's own
    ending(engine, condition)
    del condition
    assert in_memory(embedding, reference) == [False, False]
    assert tensors_beside_weights(engine.pipeline) == []


def test_what_was_prepared_without_the_engine_gives_the_same_condition(
    engine: Engine, identities: list[Identity]
) -> None:
    prepared = import_by_path(engine.spec.adapter_class)().prepare(identities[0], engine.spec)
    ours, usual = engine.condition(identities[0], prepared), engine.condition(identities[0])
    for structure, other in zip(ours.structures, usual.structures, strict=True):
        assert torch.equal(structure.person, other.person)
        assert torch.equal(structure.unconditional, other.unconditional)
    assert not torch.equal(engine.condition(identities[1]).structures[0].person, usual.structures[0].person)


# What it refuses


def test_another_recognisers_embedding_is_refused(engine: Engine, identities: list[Identity]) -> None:
    stranger = dataclasses.replace(identities[0], recogniser="w600k_r50")
    with pytest.raises(
        UserError, match=r"Built-in needs embeddings of w600k_mbf, these are of w600k_r50\. Check .* again"
    ):
        engine.condition(stranger)


def test_an_unknown_engine_is_refused_with_the_names_of_those_there_are() -> None:
    names = "builtin, sd15, sd15-lcm, sdxl, sdxl-lcm, sdxl-instantid, sdxl-instantid-lcm, flux2-klein"
    with pytest.raises(UserError, match=rf"no engine called 'sd3'\. Choose one of: {names}\."):
        Engine.load("sd3")


def test_missing_files_are_named_with_what_to_do(tmp_path: Path) -> None:
    row = ENGINES["builtin"]
    gone = {name: _moved(component, tmp_path / "gone") for name, component in row.components.items()}
    without_adapter = dataclasses.replace(row.adapter_source, weight_name="other.safetensors")
    whole = Path(row.adapter_source.repo) / str(row.adapter_source.subfolder) / str(row.adapter_source.weight_name)
    (tmp_path / "half.safetensors").write_bytes(whole.read_bytes()[:2_000_000])
    half_adapter = dataclasses.replace(
        _moved(row.adapter_source, tmp_path), subfolder=None, weight_name="half.safetensors"
    )
    for broken in (
        dataclasses.replace(row, base=_moved(row.base, tmp_path / "gone")),
        dataclasses.replace(row, components=gone),
        dataclasses.replace(row, adapter=without_adapter),
        dataclasses.replace(row, adapter=half_adapter),
    ):
        with pytest.raises(
            UserError, match=r"The files of the engine Built-in are missing or damaged.*get its models folder"
        ):
            Engine.load("builtin", table={"builtin": broken})


def _moved(thing: Any, folder: Path) -> Any:
    """A source, or a component's source, in another folder."""
    if hasattr(thing, "source"):
        return dataclasses.replace(thing, source=_moved(thing.source, folder))
    return dataclasses.replace(thing, repo=str(folder))


# How it is loaded


def test_the_identity_is_loaded_by_diffusers_own_ip_adapter(full: Engine) -> None:
    processors = full.pipeline.unet.attn_processors
    crossed = {name for name, processor in processors.items() if isinstance(processor, IPAdapterAttnProcessor2_0)}
    assert crossed == {name for name in processors if name.endswith("attn2.processor")} != set()
    assert type(full.pipeline.unet.encoder_hid_proj).__name__ == "MultiIPAdapterImageProjection"
    assert full.pipeline.unet.dtype == torch.float32 and not full.placement.warning
