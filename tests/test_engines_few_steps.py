"""The few-step rows: LCM's LoRA beside FaceID's, on tiny random checkpoints, by the engines' code."""

import dataclasses
from collections.abc import Callable
from functools import cache

import numpy as np
import pytest
import torch
from diffusers import LCMScheduler

from pipelines.engine_table import ENGINES, EngineSpec
from pipelines.engines import Engine
from pipelines.loading import FACEID_LORA, FEW_STEP_LORA
from pipelines.quiet import quiet
from tests import tiny_checkpoints as tiny
from tests.test_engines_adapters import WORDS, noise_person

ROWS = ("sd15-lcm", "sdxl-lcm")


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Engine]:
    @cache
    def load(engine_id: str) -> Engine:
        with quiet():
            row = tiny.tiny_row(engine_id, tmp_path_factory.mktemp("hub"))
        return fresh(row)

    return load


def fresh(row: EngineSpec) -> Engine:
    return Engine.load(row.id, table={row.id: row}, dtype=torch.float32)


def draw(engine: Engine, person: int = 1, **changes: float) -> np.ndarray:
    settings = dataclasses.replace(engine.spec.defaults, **{"steps": 4, **changes})  # type: ignore[arg-type]
    return engine.generate(engine.condition(noise_person(person)), WORDS, settings, 7)


@pytest.mark.parametrize("engine_id", ROWS)
def test_both_loras_are_active_at_full_weight(engine_id: str, loaded: Callable[[str], Engine]) -> None:
    engine = loaded(engine_id)
    assert engine.pipeline.get_active_adapters() == [FACEID_LORA, FEW_STEP_LORA]
    layer = next(module for module in engine.pipeline.unet.modules() if FEW_STEP_LORA in getattr(module, "scaling", {}))
    assert {FACEID_LORA: layer.scaling[FACEID_LORA], FEW_STEP_LORA: layer.scaling[FEW_STEP_LORA]} == {
        FACEID_LORA: 1.0,
        FEW_STEP_LORA: 1.0,
    }
    assert isinstance(engine.pipeline.scheduler, LCMScheduler)


@pytest.mark.parametrize("engine_id", ROWS)
def test_without_guidance_the_person_and_both_sliders_still_count(
    engine_id: str, loaded: Callable[[str], Engine]
) -> None:
    engine = loaded(engine_id)
    assert engine.spec.defaults.guidance_scale == 1.0 and engine.spec.defaults.steps <= 8
    usual = draw(engine)
    assert np.array_equal(usual, draw(engine))
    for change in ({"identity_strength": 0.0}, {"structure": 0.0}, {"person": 2}):
        assert not np.array_equal(usual, draw(engine, **change))


def test_the_weight_of_face_ids_lora_leaves_the_distillation_alone(loaded: Callable[[str], Engine]) -> None:
    engine = loaded("sd15-lcm")
    usual, half = draw(engine), draw(engine, lora_scale=0.5)
    layer = next(module for module in engine.pipeline.unet.modules() if FEW_STEP_LORA in getattr(module, "scaling", {}))
    assert (layer.scaling[FACEID_LORA], layer.scaling[FEW_STEP_LORA]) == (0.5, 1.0)
    assert not np.array_equal(usual, half)
    assert np.array_equal(usual, draw(engine))


@pytest.mark.parametrize("lora", [FACEID_LORA, FEW_STEP_LORA])
def test_each_lora_has_its_part_in_the_picture(lora: str, loaded: Callable[[str], Engine]) -> None:
    engine = loaded("sd15-lcm")
    usual = draw(engine)
    both = [FACEID_LORA, FEW_STEP_LORA]
    engine.pipeline.set_adapters(both, [0.0 if name == lora else 1.0 for name in both])
    without = draw(engine)
    engine.pipeline.set_adapters(both, [1.0, 1.0])
    assert not np.array_equal(usual, without)
    assert np.array_equal(usual, draw(engine))


def test_one_engine_after_another_and_the_first_again_draws_as_at_first(loaded: Callable[[str], Engine]) -> None:
    row = loaded("sd15-lcm").spec
    first = draw(fresh(row))
    draw(loaded("sdxl-lcm"))
    assert np.array_equal(first, draw(fresh(row)))


@pytest.mark.parametrize("engine_id", ROWS)
def test_only_sampler_lora_and_defaults_differ_from_the_row_of_many_steps(engine_id: str) -> None:
    few, many = ENGINES[engine_id], ENGINES[engine_id.removesuffix("-lcm")]
    differing = {
        field.name for field in dataclasses.fields(few) if getattr(few, field.name) != getattr(many, field.name)
    }
    assert differing == {"id", "title", "about", "few_step_lora", "scheduler", "defaults"}
