"""The few-step rows: LCM's LoRA and FaceID's, on tiny random checkpoints, by the engines' code."""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from diffusers import LCMScheduler

from pipelines.engine_spec import EngineSpec
from pipelines.engine_table import ENGINES
from pipelines.engines.engine import Draw, Engine
from pipelines.engines.lora import FACEID_LORA
from pipelines.engines.previews import linear_sd15
from pipelines.runtime.log_filter import quiet_libraries
from tests.support.tiny_engines import WORDS, draw_together, gap, load, noise_person

pytestmark = pytest.mark.slow

ROWS = ("sd15-lcm", "sdxl-lcm")
Engines = Callable[[str], Engine]


def draw(engine: Engine, person: int = 1, **changes: float) -> np.ndarray:
    settings = dataclasses.replace(engine.spec.defaults, **{"steps": 4, **changes})  # type: ignore[arg-type]
    return engine.generate(engine.condition(noise_person(person)), WORDS, settings, 7)


@pytest.mark.parametrize("engine_id", ROWS)
def test_face_ids_lora_is_active_at_full_weight_and_lcms_is_part_of_the_unet(
    engine_id: str, tiny_engines: Engines
) -> None:
    engine = tiny_engines(engine_id)
    assert engine.pipeline.get_active_adapters() == [FACEID_LORA]
    assert weights(engine) == {(1.0, FACEID_LORA)}
    assert isinstance(engine.pipeline.scheduler, LCMScheduler)


def weights(engine: Engine) -> set[tuple[float, str]]:
    """Scales of all LoRAs in the UNet, with their names."""
    scalings = [getattr(module, "scaling", {}) for module in engine.pipeline.unet.modules()]
    return {(weight, name) for scaling in scalings for name, weight in scaling.items()}


@pytest.mark.parametrize("engine_id", ROWS)
def test_it_is_diffusers_with_both_loras_active(
    engine_id: str, tiny_rows: Callable[[str], EngineSpec], tiny_engines: Engines
) -> None:
    """Computed the other way, as diffusers' guides do it: the distillation as a LoRA beside FaceID's."""
    engine, row = tiny_engines(engine_id), tiny_rows(engine_id)
    beside = load(dataclasses.replace(row, few_step_lora=None))
    assert row.few_step_lora is not None
    with quiet_libraries():
        beside.pipeline.load_lora_weights(
            row.few_step_lora.repo, weight_name=row.few_step_lora.weight_name, adapter_name="lcm"
        )
        beside.pipeline.set_adapters([FACEID_LORA, "lcm"], [1.0, 1.0])
    assert gap(draw(engine), draw(beside)) <= 1
    beside.pipeline.set_adapters([FACEID_LORA], [1.0])
    assert gap(draw(engine), draw(beside)) > 2


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
    together = draw_together(engine, draws, engine.spec.defaults)
    for picture, one in zip(together, draws, strict=True):
        assert gap(picture, engine.generate(one.condition, WORDS, engine.spec.defaults, one.seed)) <= 1
    assert gap(*together) > 2


def test_the_weight_of_face_ids_lora_leaves_the_distillation_alone(tiny_engines: Engines) -> None:
    engine = tiny_engines("sd15-lcm")
    usual, half = draw(engine), draw(engine, lora_scale=0.5)
    assert weights(engine) == {(0.5, FACEID_LORA)}
    assert not np.array_equal(usual, half)
    assert np.array_equal(usual, draw(engine))


def test_previews_are_of_what_is_believed_and_not_of_the_noise_added_to_it(
    tiny_engines: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = tiny_engines("sd15-lcm")
    scheduler, estimated, previews = type(engine.pipeline.scheduler), [], []
    original = scheduler.step

    def step(self: Any, *args: Any, generator: Any = None, return_dict: bool = True) -> Any:
        both = original(self, *args, generator=generator, return_dict=return_dict)
        estimated.append(linear_sd15(None, both[1]))
        return both

    monkeypatch.setattr(scheduler, "step", step)
    condition, settings = engine.condition(noise_person(1)), engine.spec.defaults
    engine.generate(condition, WORDS, settings, 7, on_step=lambda step: previews.append(step.preview()))
    assert len(previews) == len(estimated) == settings.steps
    assert all(np.array_equal(one, other) for one, other in zip(previews, estimated, strict=True))


@pytest.mark.parametrize("engine_id", ROWS)
def test_only_sampler_lora_and_defaults_differ_from_the_row_of_many_steps(engine_id: str) -> None:
    few, many = ENGINES[engine_id], ENGINES[engine_id.removesuffix("-lcm")]
    differing = {
        field.name for field in dataclasses.fields(few) if getattr(few, field.name) != getattr(many, field.name)
    }
    assert differing == {"id", "title", "about", "few_step_lora", "scheduler", "most_steps", "defaults", "usable"}
