"""The few-step rows: LCM's LoRA beside FaceID's, on tiny random checkpoints, by the engines' code."""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from diffusers import LCMScheduler

from pipelines.engine_table import ENGINES
from pipelines.engines import Draw, Engine
from pipelines.loading import FACEID_LORA, FEW_STEP_LORA
from pipelines.previews import linear_sd15
from tests.tiny_engines import WORDS, gap, noise_person

ROWS = ("sd15-lcm", "sdxl-lcm")
Engines = Callable[[str], Engine]


def draw(engine: Engine, person: int = 1, **changes: float) -> np.ndarray:
    settings = dataclasses.replace(engine.spec.defaults, **{"steps": 4, **changes})  # type: ignore[arg-type]
    return engine.generate(engine.condition(noise_person(person)), WORDS, settings, 7)


def weights_of(engine: Engine) -> dict[str, float]:
    """Of the LoRAs, where both are."""
    unet = engine.pipeline.unet
    layer = next(module for module in unet.modules() if len(getattr(module, "scaling", {})) == 2)
    return dict(layer.scaling)


@pytest.mark.parametrize("engine_id", ROWS)
def test_both_loras_are_active_at_full_weight(engine_id: str, tiny_engines: Engines) -> None:
    engine = tiny_engines(engine_id)
    assert engine.pipeline.get_active_adapters() == [FACEID_LORA, FEW_STEP_LORA]
    assert weights_of(engine) == {FACEID_LORA: 1.0, FEW_STEP_LORA: 1.0}
    assert isinstance(engine.pipeline.scheduler, LCMScheduler)


@pytest.mark.parametrize("engine_id", ROWS)
def test_without_guidance_the_person_and_both_sliders_still_count(engine_id: str, tiny_engines: Engines) -> None:
    engine = tiny_engines(engine_id)
    assert engine.spec.defaults.guidance_scale == 1.0 and engine.spec.defaults.steps <= 8
    usual = draw(engine)
    assert np.array_equal(usual, draw(engine))
    for change in ({"identity_strength": 0.0}, {"structure": 0.0}, {"person": 2}):
        assert not np.array_equal(usual, draw(engine, **change))


def test_two_people_in_one_call_are_drawn_as_they_are_alone(tiny_engines: Engines) -> None:
    engine = tiny_engines("sd15-lcm")
    draws = [Draw(condition=engine.condition(noise_person(k)), prompt=WORDS, seed=7 + k) for k in (1, 2)]
    together = engine.generate_batch(draws, engine.spec.defaults)
    for picture, one in zip(together, draws, strict=True):
        assert gap(picture, engine.generate(one.condition, WORDS, engine.spec.defaults, one.seed)) <= 1
    assert gap(*together) > 2


def test_the_weight_of_face_ids_lora_leaves_the_distillation_alone(tiny_engines: Engines) -> None:
    engine = tiny_engines("sd15-lcm")
    usual, half = draw(engine), draw(engine, lora_scale=0.5)
    assert weights_of(engine) == {FACEID_LORA: 0.5, FEW_STEP_LORA: 1.0}
    assert not np.array_equal(usual, half)
    assert np.array_equal(usual, draw(engine))


@pytest.mark.parametrize("lora", [FACEID_LORA, FEW_STEP_LORA])
def test_each_lora_has_its_part_in_the_picture(lora: str, tiny_engines: Engines) -> None:
    engine = tiny_engines("sd15-lcm")
    usual = draw(engine)
    both = [FACEID_LORA, FEW_STEP_LORA]
    engine.pipeline.set_adapters(both, [0.0 if name == lora else 1.0 for name in both])
    without = draw(engine)
    engine.pipeline.set_adapters(both, [1.0, 1.0])
    assert not np.array_equal(usual, without)
    assert np.array_equal(usual, draw(engine))


def test_previews_are_of_what_is_believed_and_not_of_the_noise_added_to_it(
    tiny_engines: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = tiny_engines("sd15-lcm")
    sampler, believed, previews = type(engine.pipeline.scheduler), [], []
    original = sampler.step

    def step(self: Any, *args: Any, generator: Any = None, return_dict: bool = True) -> Any:
        both = original(self, *args, generator=generator, return_dict=return_dict)
        believed.append(linear_sd15(None, both[1]))
        return both

    monkeypatch.setattr(sampler, "step", step)
    condition, settings = engine.condition(noise_person(1)), engine.spec.defaults
    engine.generate(condition, WORDS, settings, 7, on_step=lambda step: previews.append(step.preview()))
    assert len(previews) == len(believed) == settings.steps
    assert all(np.array_equal(one, other) for one, other in zip(previews, believed, strict=True))


@pytest.mark.parametrize("engine_id", ROWS)
def test_only_sampler_lora_and_defaults_differ_from_the_row_of_many_steps(engine_id: str) -> None:
    few, many = ENGINES[engine_id], ENGINES[engine_id.removesuffix("-lcm")]
    differing = {
        field.name for field in dataclasses.fields(few) if getattr(few, field.name) != getattr(many, field.name)
    }
    assert differing == {"id", "title", "about", "few_step_lora", "scheduler", "most_steps", "defaults"}
