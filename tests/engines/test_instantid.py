"""InstantID on tiny random weights: it is the published method, and sets the head where the picture wants it."""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import ControlNetModel, DPMSolverMultistepScheduler, UNet2DConditionModel

from benchmarks.common.checkpoint_sizes import SIDE
from benchmarks.common.noise_person import NORM
from pipelines.engine_spec import EngineSpec
from pipelines.engine_table import ENGINES
from pipelines.engines.engine import Condition, Draw, Engine
from pipelines.engines.instantid import KEY_POINTS
from pipelines.engines.keypoints import draw_key_points, middle_place, place_landmarks
from pipelines.errors import UserError
from pipelines.looks.shoot import HeadPlace
from tests.support import instantid_reference as reference
from tests.support.tiny_engines import SETTINGS, WORDS, adapter_file, draw, gap, noise_person

pytestmark = pytest.mark.slow

PLACES = (HeadPlace(eyes=(24, 30), side=40, turn=8, tilt=2), HeadPlace(eyes=(40, 26), side=30))
STRENGTH, STRUCTURE = 0.6, 0.7


@pytest.fixture(scope="module")
def row(tiny_rows: Callable[[str], EngineSpec]) -> EngineSpec:
    return tiny_rows("sdxl-instantid")


@pytest.fixture(scope="module")
def engine(tiny_engines: Callable[[str], Engine]) -> Engine:
    return tiny_engines("sdxl-instantid")


@pytest.fixture
def conditions(engine: Engine) -> list[Condition]:
    return [engine.condition(noise_person(seed, "glintr100")) for seed in (1, 2)]


def latents_of(engine: Engine, draws: list[Draw]) -> torch.Tensor:
    """Finished latents of a batch."""
    last: list[torch.Tensor] = []
    settings = dataclasses.replace(SETTINGS, identity_strength=STRENGTH, structure=STRUCTURE)
    decode = engine.pipeline.vae.decode

    def remember(latents: torch.Tensor, *args: Any, **kwargs: Any) -> Any:
        last.append(latents * engine.pipeline.vae.config.scaling_factor)
        return decode(latents, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine.pipeline.vae, "decode", remember)
        engine.generate_batch(draws, settings)
    return last[0]


def test_a_batch_of_two_people_is_what_the_published_method_samples(
    row: EngineSpec, engine: Engine, conditions: list[Condition]
) -> None:
    draws = [
        Draw(condition=condition, prompt=WORDS, seed=7 + k, place=place)
        for k, (condition, place) in enumerate(zip(conditions, PLACES, strict=True))
    ]
    ours = latents_of(engine, draws)

    prompt, negative, pooled, negative_pooled = engine.pipeline.encode_prompt(
        [WORDS.positive] * 2, negative_prompt=[WORDS.negative] * 2
    )
    words = {
        "prompt": torch.cat([negative, prompt]),
        "pooled": torch.cat([negative_pooled, pooled]),
        "time_ids": torch.tensor([[SIDE, SIDE, 0, 0, SIDE, SIDE]] * 4, dtype=torch.float32),
    }
    people = [noise_person(seed, "glintr100") for seed in (1, 2)]
    embeddings = torch.from_numpy(np.stack([person.embedding * NORM for person in people]))
    pictures = np.stack(
        [
            draw_key_points(place_landmarks(person.best.face.landmarks, place), (SIDE, SIDE))
            for person, place in zip(people, PLACES, strict=True)
        ]
    )
    key_points = torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 255
    controlnet = f"{row.components['controlnet'].source.repo}/ControlNetModel"
    usual: dict[str, Any] = {
        "embeddings": embeddings,
        "key_points": key_points,
        "strength": STRENGTH,
        "control": KEY_POINTS * STRUCTURE,
    }

    def published(**changes: Any) -> torch.Tensor:
        generators = [torch.Generator().manual_seed(7 + k) for k in range(2)]
        noise = torch.cat([torch.randn(1, 4, SIDE // 8, SIDE // 8, generator=generator) for generator in generators])
        return reference.sample(
            UNet2DConditionModel.from_pretrained(f"{row.base.repo}/unet", variant="fp16"),
            ControlNetModel.from_pretrained(controlnet),
            DPMSolverMultistepScheduler.from_config(engine.pipeline.scheduler.config),
            torch.load(adapter_file(row), weights_only=True),
            words,
            latents=noise,
            guidance=SETTINGS.guidance_scale,
            steps=SETTINGS.steps,
            noise=generators,
            **{**usual, **changes},
        )

    expected = published()
    scale = float(expected.std())
    assert torch.allclose(ours / scale, expected / scale, atol=1e-4)
    unit = torch.nn.functional.normalize(embeddings)
    changes = ({"strength": 0.0}, {"control": 0.0}, {"embeddings": unit}, {"key_points": key_points.flip(3)})
    for change in changes:  # so that each of them does count in this test
        assert float((published(**change) - expected).abs().max()) / scale > 0.01, list(change)


def test_the_tokens_are_those_of_the_published_projection(row: EngineSpec, engine: Engine) -> None:
    weights = torch.load(adapter_file(row), weights_only=True)["image_proj"]
    embeddings = torch.randn(3, 512, generator=torch.Generator().manual_seed(0)) * NORM
    expected = reference.instantid_tokens(weights, embeddings)
    for projection in (engine.pipeline.unet.encoder_hid_proj, engine.pipeline.controlnet.projection):
        (tokens,) = projection([embeddings[:, None, None]])
        assert tokens.shape == (3, 1, 16, 128) and torch.allclose(tokens[:, 0], expected, atol=1e-4)


def test_the_embedding_reaches_it_at_the_length_that_the_recogniser_gave(conditions: list[Condition]) -> None:
    assert float(conditions[0].embedding.norm()) == pytest.approx(NORM, rel=1e-5)


@pytest.mark.parametrize("guidance_scale", [5.0, 1.0])
def test_two_people_in_one_call_are_drawn_as_they_are_alone(
    engine: Engine, conditions: list[Condition], guidance_scale: float
) -> None:
    draws = [Draw(condition=conditions[k], prompt=WORDS, seed=7 + k, place=PLACES[k]) for k in (0, 1)]
    settings = dataclasses.replace(SETTINGS, guidance_scale=guidance_scale)
    for one, picture in zip(draws, engine.generate_batch(draws, settings), strict=True):
        assert gap(picture, engine.generate(one.condition, WORDS, settings, one.seed, place=one.place)) <= 1


def test_every_slider_and_the_place_of_the_head_change_the_picture(engine: Engine, conditions: list[Condition]) -> None:
    usual = draw(engine, conditions[0])
    assert np.array_equal(usual, draw(engine, conditions[0]))
    for other in (
        draw(engine, conditions[1]),
        draw(engine, conditions[0], identity_strength=0.4),
        draw(engine, conditions[0], structure=0.4),
        engine.generate(conditions[0], WORDS, SETTINGS, 7, place=PLACES[1]),
    ):
        assert gap(usual, other) > 2
    middle = engine.generate(conditions[0], WORDS, SETTINGS, 7, place=middle_place((SIDE, SIDE)))
    assert np.array_equal(usual, middle)


def test_nothing_of_a_person_stays_on_the_pipeline(engine: Engine, conditions: list[Condition]) -> None:
    def broken(**_: Any) -> Any:
        raise RuntimeError("broken")

    draw(engine, conditions[0])
    assert engine.pipeline.controlnet.embeds is None
    with pytest.MonkeyPatch.context() as patch, pytest.raises(RuntimeError, match="broken"):
        patch.setattr(engine.pipeline, "prepare_image", broken)
        draw(engine, conditions[0])
    assert engine.pipeline.controlnet.embeds is None


def test_few_steps_draw_without_guidance_and_with_previews(tiny_engines: Callable[[str], Engine]) -> None:
    engine = tiny_engines("sdxl-instantid-lcm")
    condition = engine.condition(noise_person(1, "glintr100"))
    previews: list[tuple[int, ...]] = []
    settings = ENGINES["sdxl-instantid-lcm"].defaults
    engine.generate(condition, WORDS, settings, 7, on_step=lambda step: previews.append(step.preview().shape))
    assert previews == [(SIDE // 8, SIDE // 8, 3)] * settings.steps


def test_an_embedding_of_faceids_recogniser_is_refused(engine: Engine) -> None:
    with pytest.raises(UserError, match="needs embeddings of glintr100, these are of w600k_r50"):
        engine.condition(noise_person(1))
