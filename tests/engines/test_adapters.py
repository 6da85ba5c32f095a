"""SD 1.5 and SDXL with FaceID Plus v2, tiny and random: what people get, what it is without LoRA and adapter."""

import dataclasses
import io
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from benchmarks.common.random_checkpoints.adapters import attentions
from benchmarks.common.random_checkpoints.sizes import SIDE
from pipelines.engine_spec import EngineSpec
from pipelines.engines.engine import Condition, Draw, Engine
from pipelines.errors import UserError
from pipelines.faces import models
from pipelines.faces.identity import FaceAnalyser, Identity
from pipelines.faces.models import FACE_MODELS, locate
from pipelines.runtime.log_filter import quiet_libraries
from tests.support.tiny_engines import (
    SETTINGS,
    WORDS,
    draw,
    draw_together,
    gap,
    load,
    noise_person,
    stock_picture,
    stock_pipeline,
)

pytestmark = pytest.mark.slow

sd15_only = pytest.mark.parametrize("row", ["sd15"], indirect=True)
"""For what is the same code in both and takes long."""


@pytest.fixture(scope="module")
def people() -> list[Identity]:
    return [noise_person(seed) for seed in (1, 2)]


@pytest.fixture
def conditions(engine: Engine, people: list[Identity]) -> list[Condition]:
    return [engine.condition(person) for person in people]


# What a person gets


def test_the_same_seed_gives_the_same_picture_and_each_slider_changes_it(
    engine: Engine, conditions: list[Condition]
) -> None:
    picture = draw(engine, conditions[0])
    assert picture.shape == (SIDE, SIDE, 3) and picture.dtype == np.uint8
    assert np.array_equal(picture, draw(engine, conditions[0]))
    for other in (
        draw(engine, conditions[1], seed=8),
        draw(engine, conditions[0], identity_strength=0.4),
        draw(engine, conditions[0], structure=0.4),
        draw(engine, conditions[0], lora_scale=0.4),
        draw(engine, conditions[0], guidance_scale=1.0),
    ):
        assert gap(picture, other) > 2


def test_at_structure_zero_only_the_embedding_counts(engine: Engine, people: list[Identity]) -> None:
    swapped = dataclasses.replace(people[0], shots=people[1].shots)
    one, other = (draw(engine, engine.condition(person), structure=0.0) for person in (people[0], swapped))
    assert np.array_equal(one, other)


@pytest.mark.parametrize("guidance_scale", [5.0, 1.0])
def test_two_people_in_one_call_are_drawn_as_they_are_alone(
    engine: Engine, conditions: list[Condition], guidance_scale: float
) -> None:
    draws = [Draw(condition=conditions[k], prompt=WORDS, seed=7 + k) for k in (0, 1)]
    together = draw_together(engine, draws, dataclasses.replace(SETTINGS, guidance_scale=guidance_scale))
    for picture, one in zip(together, draws, strict=True):
        assert gap(picture, draw(engine, one.condition, one.seed, guidance_scale=guidance_scale)) <= 1
    assert gap(*together) > 2


def test_every_step_is_told_with_a_preview_that_does_without_the_vae(
    engine: Engine, conditions: list[Condition], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[int, np.ndarray]] = []
    decode, decoded_after = engine.pipeline.vae.decode, []

    def counted(*args: Any, **kwargs: Any) -> Any:
        decoded_after.append(len(seen))
        return decode(*args, **kwargs)

    monkeypatch.setattr(engine.pipeline.vae, "decode", counted)
    engine.generate(conditions[0], WORDS, SETTINGS, 7, on_step=lambda step: seen.append((step.number, step.preview())))
    assert [number for number, _ in seen] == [1, 2]
    assert {(preview.shape, preview.dtype) for _, preview in seen} == {((8, 8, 3), np.dtype(np.uint8))}
    assert decoded_after == [2]


def test_a_withheld_picture_is_a_sentence(engine: Engine, conditions: list[Condition]) -> None:
    """Diffusers' pipelines of SDXL have no place for a safety checker: there it is the engine's."""
    checker = engine.safety_checker.model if engine.safety_checker else engine.pipeline.safety_checker
    strict = torch.full((17,), -10.0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checker.concept_embeds_weights, "data", strict)
        with pytest.raises(UserError, match=r"The safety checker withheld this picture\. Try other words or"):
            draw(engine, conditions[0])
    draw(engine, conditions[0])


@pytest.mark.parametrize("row", ["sdxl"], indirect=True)
def test_a_picture_that_overflowed_is_a_sentence(engine: Engine, conditions: list[Condition]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine.pipeline.vae, "decode", lambda *_, **__: (torch.full((1, 3, SIDE, SIDE), torch.nan),))
        with pytest.raises(
            UserError, match=r"This picture was lost: its numbers became too large\. Try other words or"
        ):
            draw(engine, conditions[0])
    draw(engine, conditions[0])


# Whose embedding it takes


def test_an_embedding_of_another_recogniser_is_refused(engine: Engine, people: list[Identity]) -> None:
    other = dataclasses.replace(people[0], recogniser="w600k_mbf")
    with pytest.raises(UserError, match=r"needs embeddings of w600k_r50, these are of w600k_mbf\. Check the photos ag"):
        engine.condition(other)


def test_another_recogniser_under_the_right_name_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its embeddings have the same shape, so nothing else would tell."""
    monkeypatch.setenv("INSIGHTFACE_HOME", str(tmp_path))
    place = locate(FACE_MODELS["w600k_r50"])
    place.parent.mkdir(parents=True)
    place.write_bytes(models.read_verified(FACE_MODELS["w600k_mbf"]))
    with pytest.raises(UserError, match=r"w600k_r50\.onnx at .* is not the file this program was built with"):
        FaceAnalyser("w600k_r50", threads=1)


# The adapter, its LoRA and the base


def test_the_lora_of_the_adapters_own_file_is_active_at_full_weight(engine: Engine) -> None:
    assert engine.pipeline.get_active_adapters() == ["faceid_0"]
    layer = engine.pipeline.unet.get_submodule(next(attentions(engine.pipeline.unet))[1]).to_q
    assert layer.scaling == {"faceid_0": 1.0}


@pytest.mark.parametrize("lora_weight", [1.0, 0.0])
def test_at_identity_strength_zero_it_is_the_base_with_the_lora(
    row: EngineSpec, engine: Engine, conditions: list[Condition], lora_weight: float
) -> None:
    """And with the LoRA's weight at 0 as well, the bare base: a pipeline that never loaded LoRA or adapter."""
    usual = draw(engine, conditions[0])
    ours = draw(engine, conditions[0], identity_strength=0.0, lora_scale=lora_weight)
    with quiet_libraries():
        stock = stock_pipeline(row)
        if lora_weight:
            stock.load_lora_weights(row.adapter_source.repo, weight_name=row.adapter_lora.weight_name)  # type: ignore[union-attr]
        stock.unet.requires_grad_(False)  # as a LoRA leaves it: torch adds up in another order for what is frozen
        assert np.array_equal(ours, stock_picture(stock))
    assert gap(ours, usual) > 2
    assert np.array_equal(usual, draw(engine, conditions[0]))  # nothing of it stays


# What is printed


@pytest.fixture
def printed() -> Iterator[io.StringIO]:
    """Stream of what diffusers and transformers print through their loggers."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    loggers = [logging.getLogger(name) for name in ("diffusers", "transformers")]
    for logger in loggers:
        logger.addHandler(handler)
    yield stream
    for logger in loggers:
        logger.removeHandler(handler)


@pytest.mark.parametrize("engine_id", ["sd15", "sdxl", "sd15-lcm", "sdxl-instantid"])
def test_loading_and_drawing_print_nothing_that_is_expected(
    engine_id: str, tiny_rows: Callable[[str], EngineSpec], people: list[Identity], printed: io.StringIO
) -> None:
    engine = load(tiny_rows(engine_id))
    words = dataclasses.replace(WORDS, positive="a very secret word " * 20)
    for _ in range(2):
        person = dataclasses.replace(people[0], recogniser=engine.spec.recogniser)
        engine.generate(engine.condition(person), words, SETTINGS, 7)
    assert printed.getvalue() == ""
    with quiet_libraries():
        logging.getLogger("diffusers").warning("what nobody expects")
    assert printed.getvalue() == "what nobody expects\n"
