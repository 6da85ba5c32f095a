"""InstantID on tiny random weights: it is the published method, and sets the head where the picture wants it."""

import dataclasses
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import ControlNetModel, DPMSolverMultistepScheduler, LCMScheduler, UNet2DConditionModel
from insightface.model_zoo.arcface_onnx import ArcFaceONNX
from insightface.utils.face_align import norm_crop
from PIL import Image

from benchmarks.common.noise_person import NORM
from benchmarks.common.random_checkpoints.sizes import SIDE
from pipelines import studio as studio_module
from pipelines.engine_spec import EngineSpec
from pipelines.engine_table import ENGINES
from pipelines.engines.adapters import Call
from pipelines.engines.engine import Condition, Draw, Engine
from pipelines.engines.instantid import adapter as instantid
from pipelines.engines.instantid.adapter import InstantIDAdapter
from pipelines.engines.instantid.keypoints import draw_key_points, middle_place, place_landmarks
from pipelines.engines.loading import load_pipeline
from pipelines.engines.placement import Placement, move_pipeline
from pipelines.errors import Cancelled, UserError
from pipelines.faces import models
from pipelines.faces.identity import Face, FaceAnalyser
from pipelines.looks.shoot import HeadPlace
from pipelines.request import Request
from pipelines.runtime.log_filter import quiet_libraries
from pipelines.studio import Studio
from tests.conftest import Person
from tests.support import instantid_reference as reference
from tests.support.random_faces import take_any_face
from tests.support.tiny_engines import SETTINGS, WORDS, adapter_file, draw, draw_together, gap, load, noise_person
from tests.support.traces import in_memory, tensors_beside_weights

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
        "control": 0.8 * STRUCTURE,  # the published scale at structure 1
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
    for one, picture in zip(draws, draw_together(engine, draws, settings), strict=True):
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


def test_few_steps_are_diffusers_with_lcms_lora_beside_the_adapter(
    tiny_rows: Callable[[str], EngineSpec], tiny_engines: Callable[[str], Engine]
) -> None:
    engine, row = tiny_engines("sdxl-instantid-lcm"), tiny_rows("sdxl-instantid-lcm")
    assert isinstance(engine.pipeline.scheduler, LCMScheduler) and row.few_step_lora is not None
    beside = load(dataclasses.replace(row, few_step_lora=None))
    condition = engine.condition(noise_person(1, "glintr100"))
    without = draw(beside, condition, guidance_scale=1.0)
    with quiet_libraries():
        beside.pipeline.load_lora_weights(
            row.few_step_lora.repo, weight_name=row.few_step_lora.weight_name, adapter_name="lcm"
        )
    picture = draw(engine, condition, guidance_scale=1.0)
    assert gap(picture, draw(beside, condition, guidance_scale=1.0)) <= 1
    assert gap(picture, without) > 2


def test_an_embedding_of_faceids_recogniser_is_refused(engine: Engine) -> None:
    with pytest.raises(UserError, match="needs embeddings of glintr100, these are of w600k_r50"):
        engine.condition(noise_person(1))


@pytest.mark.parametrize("how", [{"offload": "parts"}, {"offload": "layers", "tile": SIDE // 2}], ids=str)
def test_parts_or_layers_that_take_turns_draw_the_same_picture(row: EngineSpec, how: dict[str, Any]) -> None:
    person, pictures = noise_person(1, "glintr100"), []
    for one in ({"tile": how.get("tile")}, how):
        placement = Placement(device="cpu", dtype=torch.float32, **one)
        adapter = InstantIDAdapter()
        with quiet_libraries():
            pipeline = load_pipeline(row, torch.float32, adapter)
            move_pipeline(pipeline, placement)
        engine = Engine(row, pipeline, placement, adapter)
        pictures += [draw(engine, engine.condition(person)) for _ in range(2)]
    assert all(np.array_equal(pictures[0], picture) for picture in pictures)


def test_in_16_bits_it_draws_nearly_the_same(row: EngineSpec, engine: Engine, conditions: list[Condition]) -> None:
    short = load(row, torch.bfloat16)
    picture = draw(short, short.condition(noise_person(1, "glintr100")))
    assert np.abs(picture.astype(int) - draw(engine, conditions[0])).mean() < 8


@pytest.mark.parametrize("ending", ["well", "cancelled"])
def test_no_face_is_left_however_a_run_ends(engine: Engine, ending: str) -> None:
    condition = engine.condition(noise_person(len(ending), "glintr100"))
    embedding, landmarks = condition.embedding.clone(), condition.structures[0].person.clone()
    places: list[str] = []

    def on_step(_: Any) -> None:
        places.extend(tensors_beside_weights(engine.pipeline))
        if ending == "cancelled":
            raise Cancelled

    with pytest.raises(Cancelled) if ending == "cancelled" else nullcontext():
        engine.generate(condition, WORDS, SETTINGS, 7, on_step=on_step)
    assert "controlnet..embeds" in places
    del condition
    assert in_memory(embedding, landmarks) == [False, False]
    assert tensors_beside_weights(engine.pipeline) == []


# Photo in, file out


@pytest.mark.parametrize("engine_id", ["sdxl-instantid", "sdxl-instantid-lcm"])
def test_a_selfie_becomes_a_file_and_the_key_points_put_the_head_where_the_crop_wants_it(
    engine_id: str,
    tiny_engines: Callable[[str], Engine],
    analyser: FaceAnalyser,
    people: list[Person],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """The whole job with the real recogniser's code, w600k_mbf standing for glintr100, and real finishing.

    Random weights draw no face, so the judge is told that it is where the key points were.
    """
    engine = tiny_engines(engine_id)
    monkeypatch.setattr(models, "FACE_MODELS", {**models.FACE_MODELS, "glintr100": models.FACE_MODELS["w600k_mbf"]})
    monkeypatch.setattr(studio_module, "fetch_missing", lambda *_: None)
    take_any_face(monkeypatch)
    studio = Studio(engine)
    seen: list[np.ndarray] = []
    draw_them = draw_key_points

    def drawn(landmarks: np.ndarray, size: tuple[int, int]) -> np.ndarray:
        seen.append(landmarks)
        return draw_them(landmarks, size)

    usual = analyser.analyse(people[0].selfie)[0]

    def analyse(image: np.ndarray) -> list[Face]:
        if image.shape != (SIDE, SIDE, 3):
            return [usual]  # the finished picture
        low, high = seen[-1].min(0), seen[-1].max(0)
        box = np.array([*(low - 6), *(high + 6)], np.float32)
        return [dataclasses.replace(usual, landmarks=seen[-1].astype(np.float32), box=box)]

    given: list[torch.Tensor] = []
    arguments_of = InstantIDAdapter.call_arguments

    def call_arguments(self: InstantIDAdapter, pipeline: Any, call: Call) -> dict[str, Any]:
        arguments = arguments_of(self, pipeline, call)
        given.append(arguments["ip_adapter_image_embeds"][0][-1].flatten())
        return arguments

    monkeypatch.setattr(InstantIDAdapter, "call_arguments", call_arguments)
    monkeypatch.setattr(instantid, "draw_key_points", drawn)
    monkeypatch.setattr(studio.likeness_analyser, "analyse", analyse)
    Image.fromarray(people[0].selfie).save(tmp_path / "selfie.png")
    request = Request(
        photos=[tmp_path / "selfie.png"], count=3, seed=7, steps=4, framing="normal", out=tmp_path / "out"
    )
    pictures = studio.headshots(request)
    assert {picture.path for picture in pictures} == set((tmp_path / "out").iterdir()) and len(pictures) == 3
    for picture in pictures:
        with Image.open(picture.path) as saved:
            assert saved.size == picture.image.shape[1::-1] and saved.size[1] == 5 * saved.size[0] / 4  # portrait
            assert saved.size[1] > 0.8 * SIDE  # nearly all that fits of what was drawn
    assert len(seen) == 3  # each seed's own pose: torsos turn the head
    turns = [float(points[2, 0] - points[:2, 0].mean()) for points in seen]
    assert len({round(turn, 2) for turn in turns}) == 3

    # What reached the pipeline is the embedding that insightface's own code gives, as long as it is.
    model = models.FACE_MODELS["w600k_mbf"]
    net = ArcFaceONNX(model_file=str(models.locate(model)), session=models.session(model, 1))
    crop = norm_crop(np.ascontiguousarray(people[0].selfie[..., ::-1]), usual.landmarks, image_size=112)
    published = torch.from_numpy(net.get_feat(crop)[0])
    for embedding in given:
        assert float(embedding.norm()) == pytest.approx(float(published.norm()), rel=2e-3)
        assert float(torch.cosine_similarity(embedding, published, dim=0)) > 0.9995
