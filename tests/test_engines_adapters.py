"""SD 1.5 and SDXL with FaceID Plus v2, on tiny random checkpoints in the published layouts, by the engines' code."""

import dataclasses
import io
import json
import logging
import math
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import (
    AutoencoderKL,
    DPMSolverMultistepScheduler,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)
from insightface.utils.face_align import norm_crop
from safetensors.torch import load_file
from transformers import CLIPImageProcessorPil

from pipelines.alignment import TEMPLATE
from pipelines.conditioning import clip_crop
from pipelines.devices import Placement, place
from pipelines.engine_table import ENGINES, EngineSpec, Settings
from pipelines.engines import Condition, Draw, Engine
from pipelines.errors import Cancelled, UserError
from pipelines.faces import Face, Identity, Shot
from pipelines.loading import load_pipeline
from pipelines.prompts import Prompt
from pipelines.quality import Quality
from pipelines.quiet import quiet
from tests import faceid_reference as reference
from tests import tiny_checkpoints as tiny
from tests.traces import in_memory, tensors_beside_weights

WORDS = Prompt(positive="a person in a suit", negative="blurry", understood=(), ignored=())
SETTINGS = Settings(identity_strength=1.0, structure=1.0, guidance_scale=5.0, steps=2)

# What the hub says of h94's files: bytes of the adapter (a pickle: some bytes more than its tensors) and of its LoRA.
PUBLISHED = {"sd15": (156_558_503, 51_059_544), "sdxl": (1_487_555_181, 371_842_896)}
FULL_SIZE: dict[str, dict[str, Any]] = {
    "sd15": tiny.UNET_SD15 | {"block_out_channels": (320, 640, 1280, 1280), "cross_attention_dim": 768},
    "sdxl": tiny.UNET_SDXL
    | {
        "block_out_channels": (320, 640, 1280),
        "attention_head_dim": [5, 10, 20],
        "cross_attention_dim": 2048,
        "addition_time_embed_dim": 256,
        "projection_class_embeddings_input_dim": 2816,
    },
}


sd15_only = pytest.mark.parametrize("row", ["sd15"], indirect=True)
"""For what is the same code in both and takes long."""


@pytest.fixture(scope="module")
def printed() -> Iterator[io.StringIO]:
    """What diffusers and transformers print through their loggers."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    loggers = [logging.getLogger(name) for name in ("diffusers", "transformers")]
    for logger in loggers:
        logger.addHandler(handler)
    yield stream
    for logger in loggers:
        logger.removeHandler(handler)


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], EngineSpec]:
    @cache
    def row(engine_id: str) -> EngineSpec:
        with quiet():  # saving says as much as loading
            return tiny.tiny_row(engine_id, tmp_path_factory.mktemp("hub"))

    return row


@pytest.fixture(scope="module")
def engines(rows: Callable[[str], EngineSpec], printed: io.StringIO) -> Callable[[str], Engine]:
    return cache(lambda engine_id: load(rows(engine_id)))


@pytest.fixture(params=["sd15", "sdxl"])
def row(request: pytest.FixtureRequest, rows: Callable[[str], EngineSpec]) -> EngineSpec:
    return rows(request.param)


@pytest.fixture
def engine(row: EngineSpec, engines: Callable[[str], Engine]) -> Engine:
    return engines(row.id)


@pytest.fixture(scope="module")
def people() -> list[Identity]:
    """Two made of noise: these weights could not tell a real face from it."""
    return [noise_person(seed) for seed in (1, 2)]


@pytest.fixture
def conditions(engine: Engine, people: list[Identity]) -> list[Condition]:
    return [engine.condition(person) for person in people]


def noise_person(seed: int) -> Identity:
    random = np.random.default_rng(seed)
    image = random.integers(0, 256, (320, 300, 3), np.uint8)
    embedding = random.standard_normal(512).astype(np.float32)
    face = Face(
        box=np.array([40, 40, 260, 280], np.float32),
        landmarks=(TEMPLATE * 2 + random.normal(20, 3, (5, 2))).astype(np.float32),
        confidence=0.9,
        embedding=embedding / np.linalg.norm(embedding),
        quality=Quality(score=1.0, findings=()),
    )
    shot = Shot(image=image, face=face)
    return Identity(recogniser="w600k_r50", embedding=face.embedding, shots=(shot,), weights=(1.0,), strangers=())


def load(row: EngineSpec) -> Engine:
    return Engine.load(row.id, table={row.id: row}, dtype=torch.float32)


def draw(engine: Engine, condition: Condition, seed: int = 7, **changes: Any) -> np.ndarray:
    return engine.generate(condition, WORDS, dataclasses.replace(SETTINGS, **changes), seed)


def gap(a: np.ndarray, b: np.ndarray) -> int:
    """Largest difference of two pictures, 0 to 255."""
    return int(np.abs(a.astype(int) - b).max())


def adapter_file(row: EngineSpec) -> Path:
    return Path(row.adapter.repo) / str(row.adapter.weight_name)


def base_file(row: EngineSpec, part: str, name: str = "diffusion_pytorch_model") -> Path:
    variant = f".{row.base.variant}" if row.base.variant else ""
    return Path(row.base.repo) / part / f"{name}{variant}.safetensors"


# The layouts are the published ones


@pytest.mark.parametrize("engine_id", ["sd15", "sdxl"])
def test_at_full_size_the_layouts_have_the_published_files_bytes(engine_id: str) -> None:
    with torch.device("meta"):
        unet: Any = UNet2DConditionModel(**FULL_SIZE[engine_id])
        adapter = {key: torch.empty(shape) for key, shape in tiny.faceid_shapes(unet, rank=128).items()}
        lora = tiny.lora_file(unet, adapter, alpha=engine_id == "sdxl")
    shapes = tiny.faceid_shapes(unet, rank=128) | tiny.plus_projection(unet.config["cross_attention_dim"], 1280)
    half_bytes = 2 * sum(math.prod(shape) for shape in shapes.values())
    pickle_bytes, lora_bytes = PUBLISHED[engine_id]
    assert 0 < pickle_bytes - half_bytes < 150 * len(shapes)
    assert safetensors_bytes(lora) == lora_bytes


def safetensors_bytes(tensors: dict[str, torch.Tensor]) -> int:
    """Size of the file in fp16 (https://github.com/huggingface/safetensors#format); integers stay int64."""
    header, offset = {}, 0
    for key, tensor in sorted(tensors.items(), key=lambda item: (item[1].is_floating_point(), item[0])):
        kind, width = ("F16", 2) if tensor.is_floating_point() else ("I64", 8)
        end = offset + width * tensor.numel()
        header[key] = {"dtype": kind, "shape": list(tensor.shape), "data_offsets": [offset, end]}
        offset = end
    length = len(json.dumps(header, separators=(",", ":")))
    return 8 + math.ceil(length / 8) * 8 + offset


def test_every_part_has_the_weights_of_its_file(row: EngineSpec, engine: Engine) -> None:
    """Transformers draws at random, without a word, what it does not find under today's names."""
    pipeline = engine.pipeline
    files = {"text_encoder": base_file(row, "text_encoder", "model"), "unet": base_file(row, "unet")}
    if row.id == "sdxl":
        files |= {"text_encoder_2": base_file(row, "text_encoder_2", "model"), "vae": base_file(row, "vae")}
    for name, component in row.components.items():
        folder = Path(component.source.repo) / (component.source.subfolder or "")
        if name != "feature_extractor":  # the only one without weights
            files[name] = next(folder.glob("*model.*"))
    assert set(files) >= {"text_encoder", "unet", "vae", "image_encoder"}
    for part, file in files.items():
        weights = load_file(file) if file.suffix == ".safetensors" else torch.load(file, weights_only=True)
        added = ("lora_", "encoder_hid_proj", "_ip.")  # by the adapter
        loaded = [w for k, w in getattr(pipeline, part).state_dict().items() if not any(a in k for a in added)]
        assert checksums(loaded) == checksums(weights.values()), part


def checksums(tensors: Any) -> list[float]:
    return sorted(round(float(t.double().abs().sum()), 4) for t in tensors if t.is_floating_point())


# What a person gets


def test_the_same_seed_gives_the_same_picture_and_each_slider_changes_it(
    engine: Engine, conditions: list[Condition]
) -> None:
    picture = draw(engine, conditions[0])
    assert picture.shape == (tiny.SIDE, tiny.SIDE, 3) and picture.dtype == np.uint8
    assert np.array_equal(picture, draw(engine, conditions[0]))
    for other in (
        draw(engine, conditions[1], seed=8),
        draw(engine, conditions[0], identity_strength=0.4),
        draw(engine, conditions[0], structure=0.4),
        draw(engine, conditions[0], guidance_scale=1.0),
    ):
        assert gap(picture, other) > 2


def test_at_structure_zero_only_the_embedding_counts(engine: Engine, people: list[Identity]) -> None:
    swapped = dataclasses.replace(people[0], shots=people[1].shots)
    one, other = (draw(engine, engine.condition(person), structure=0.0) for person in (people[0], swapped))
    assert np.array_equal(one, other)


def test_two_people_in_one_call_are_drawn_as_they_are_alone(engine: Engine, conditions: list[Condition]) -> None:
    draws = [Draw(condition=conditions[k], prompt=WORDS, seed=7 + k) for k in (0, 1)]
    together = engine.generate_batch(draws, SETTINGS)
    for picture, one in zip(together, draws, strict=True):
        assert gap(picture, draw(engine, one.condition, one.seed)) <= 1
    assert gap(*together) > 2


def test_every_step_is_told_with_a_preview(engine: Engine, conditions: list[Condition]) -> None:
    seen = []
    engine.generate(conditions[0], WORDS, SETTINGS, 7, on_step=lambda step: seen.append((step.number, step.preview())))
    assert [number for number, _ in seen] == [1, 2]
    assert {(preview.shape, preview.dtype) for _, preview in seen} == {((8, 8, 3), np.dtype(np.uint8))}


@sd15_only
def test_a_withheld_picture_is_a_sentence(engine: Engine, conditions: list[Condition]) -> None:
    """Diffusers has a safety checker for SD 1.5 only."""
    strict = torch.full((17,), -10.0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine.pipeline.safety_checker.concept_embeds_weights, "data", strict)
        with pytest.raises(UserError, match=r"The safety checker withheld this picture\. Try other words or"):
            draw(engine, conditions[0])
    draw(engine, conditions[0])


# The adapter, its LoRA and the base


def test_the_lora_of_the_adapters_own_file_is_active_at_full_weight(engine: Engine) -> None:
    assert engine.pipeline.get_active_adapters() == ["faceid_0"]
    layer = engine.pipeline.unet.get_submodule(next(tiny.attentions(engine.pipeline.unet))[1]).to_q
    assert layer.scaling == {"faceid_0": 1.0}


@pytest.mark.parametrize(("row", "lora_weight"), [("sd15", 1.0), ("sd15", 0.0), ("sdxl", 1.0)], indirect=["row"])
def test_at_identity_strength_zero_it_is_the_base_with_the_lora(
    row: EngineSpec, engine: Engine, conditions: list[Condition], lora_weight: float
) -> None:
    """And with the LoRA's weight at 0 as well, the bare base."""
    usual = draw(engine, conditions[0])
    ours = draw(engine, conditions[0], identity_strength=0.0, lora_scale=lora_weight)
    with quiet():
        stock = stock_pipeline(row)
        if lora_weight:
            stock.load_lora_weights(row.adapter.repo, weight_name=row.adapter_lora.weight_name)  # type: ignore[union-attr]
        result = stock(
            prompt=WORDS.positive,
            negative_prompt=WORDS.negative,
            num_inference_steps=SETTINGS.steps,
            guidance_scale=SETTINGS.guidance_scale,
            height=tiny.SIDE,
            width=tiny.SIDE,
            generator=torch.Generator().manual_seed(7),
            output_type="np",
        )
    assert gap(ours, (result.images[0] * 255).round().astype(np.uint8)) <= 1
    assert gap(ours, usual) > 2
    assert np.array_equal(usual, draw(engine, conditions[0]))  # nothing of it stays


def test_layers_that_take_turns_draw_the_same_picture(
    row: EngineSpec, engine: Engine, people: list[Identity], conditions: list[Condition]
) -> None:
    usual = draw(engine, conditions[0], lora_scale=0.5)
    with quiet():
        pipeline = load_pipeline(row, torch.float32)
        placement = Placement(device="cpu", dtype=torch.float32, offload="layers")
        place(pipeline, placement)
        in_turn = Engine(row, pipeline, placement)
    again = draw(in_turn, in_turn.condition(people[0]), lora_scale=0.5)
    assert np.array_equal(usual, again)


def stock_pipeline(row: EngineSpec) -> Any:
    """The base as diffusers loads it, with the VAE and the sampler that the row names."""
    parts: dict[str, Any] = {}
    if row.id == "sd15":
        parts = {"vae": AutoencoderKL.from_pretrained(row.components["vae"].source.repo), "safety_checker": None}
    family = StableDiffusionPipeline if row.id == "sd15" else StableDiffusionXLPipeline
    stock = family.from_pretrained(row.base.repo, variant=row.base.variant, **parts)
    stock.scheduler = DPMSolverMultistepScheduler.from_config(
        stock.scheduler.config, algorithm_type="sde-dpmsolver++", use_karras_sigmas=True
    )
    stock.set_progress_bar_config(disable=True)
    return stock


@pytest.mark.parametrize(
    ("row", "name", "with_lora"),
    [("sd15", "flat.safetensors", True), ("sd15", "bare.bin", False), ("sdxl", "bare.safetensors", False)],
    indirect=["row"],
)
def test_the_same_adapter_as_safetensors_or_with_its_lora_apart_draws_the_same(
    row: EngineSpec, engine: Engine, conditions: list[Condition], name: str, with_lora: bool, tmp_path: Path
) -> None:
    weights = torch.load(adapter_file(row), weights_only=True)
    ip_adapter = {key: weight for key, weight in weights["ip_adapter"].items() if with_lora or "lora" not in key}
    tiny.save_adapter(tmp_path / name, weights["image_proj"], ip_adapter)
    source = dataclasses.replace(row.adapter, repo=str(tmp_path), weight_name=name)
    other = load(dataclasses.replace(row, adapter=source))
    assert other.pipeline.get_active_adapters() == ["faceid_0"]
    assert np.array_equal(draw(engine, conditions[0]), draw(other, conditions[0]))


@sd15_only
def test_an_adapter_that_would_run_code_is_refused(row: EngineSpec, tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple[Any, ...]:
            return (tmp_path.joinpath("ran").touch, ())

    torch.save({"image_proj": Evil(), "ip_adapter": {}}, tmp_path / "evil.bin")
    source = dataclasses.replace(row.adapter, repo=str(tmp_path), weight_name="evil.bin")
    with pytest.raises(UserError, match="missing or damaged"):
        load(dataclasses.replace(row, adapter=source))
    assert not (tmp_path / "ran").exists()


# Against the published method, computed once more


def test_clip_sees_the_face_as_the_published_method_crops_it(engine: Engine, people: list[Identity]) -> None:
    shot = people[0].best
    published = norm_crop(shot.image[..., ::-1], shot.face.landmarks, image_size=224)
    assert np.abs(clip_crop(shot.image, shot.face.landmarks).astype(int) - published).mean() < 0.5
    processed = CLIPImageProcessorPil()(clip_crop(shot.image, shot.face.landmarks), return_tensors="pt").pixel_values
    encoder = engine.pipeline.image_encoder
    with torch.no_grad():
        views = [encoder(pixels, output_hidden_states=True).hidden_states[-2] for pixels in (processed * 0, processed)]
    for ours, published_view in zip(engine.condition(people[0]).structure, views, strict=True):
        assert torch.allclose(ours[0], published_view, atol=1e-5)


def crossed(engine: Engine, condition: Condition) -> dict[str, Any]:
    """What goes into and comes out of every cross-attention in the first step of a picture, and of the projection."""
    seen: dict[str, Any] = {}

    def remember(name: str) -> Any:
        def hook(_module: Any, args: Any, kwargs: Any, output: Any) -> None:
            seen.setdefault(name, (args, kwargs, output))

        return hook

    unet = engine.pipeline.unet
    modules = {name: module for _, name, module in tiny.attentions(unet) if name.endswith("attn2")}
    modules["projection"] = unet.encoder_hid_proj
    hooks = [module.register_forward_hook(remember(name), with_kwargs=True) for name, module in modules.items()]
    draw(engine, condition, identity_strength=0.6, structure=0.7)
    for hook in hooks:
        hook.remove()
    return seen


def reference_tokens(row: EngineSpec, condition: Condition, structure: float) -> torch.Tensor:
    weights = torch.load(adapter_file(row), weights_only=True)["image_proj"]
    embeddings = torch.cat([torch.zeros(1, 512), condition.embedding[0]])  # nobody's first, for guidance
    return reference.plus_tokens(weights, embeddings, torch.cat(condition.structure)[:, 0], structure)


def test_projection_and_every_cross_attention_agree_with_the_published_method(
    row: EngineSpec, engine: Engine, conditions: list[Condition]
) -> None:
    seen = crossed(engine, conditions[0])
    _, _, (tokens,) = seen.pop("projection")
    face = reference_tokens(row, conditions[0], structure=0.7)
    assert face.shape == (2, 4, engine.pipeline.unet.config.cross_attention_dim)
    assert torch.allclose(tokens.flatten(0, -3), face, atol=1e-4)

    base = load_file(base_file(row, "unet"))
    adapter = torch.load(adapter_file(row), weights_only=True)["ip_adapter"]
    for number, name, attention in tiny.attentions(engine.pipeline.unet):
        if not name.endswith("attn2"):
            continue
        (states,), kwargs, output = seen.pop(name)
        own = {key.removeprefix(f"{name}."): weight for key, weight in base.items() if key.startswith(f"{name}.")}
        given = (own, adapter, number, states, kwargs["encoder_hidden_states"][0], face)
        expected, without = (
            reference.decoupled_attention(*given, heads=attention.heads, strength=strength) for strength in (0.6, 0.0)
        )
        assert torch.allclose(output, expected, atol=1e-4), name
        assert not torch.allclose(output, without, atol=1e-2), name  # so that the face does count in this test
    assert not seen


# What is left behind, and what is printed


@pytest.mark.parametrize(
    ("row", "ending"),
    [("sd15", "well"), ("sd15", "cancelled"), ("sd15", "with an error"), ("sdxl", "cancelled")],
    indirect=["row"],
)
def test_no_face_is_left_however_a_run_ends(
    engine: Engine, conditions: list[Condition], ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    condition = engine.condition(noise_person(seed=len(ending)))
    embedding, view = condition.embedding.clone(), condition.structure[1].clone()
    before = draw(engine, conditions[0])
    places: list[str] = []

    def on_step(step: Any) -> None:
        places.extend(tensors_beside_weights(engine.pipeline))
        if ending == "cancelled":
            raise Cancelled

    if ending == "with an error":
        monkeypatch.setattr(engine.pipeline.vae, "decode", lambda *_, **__: 1 / 0)
    with pytest.raises((Cancelled, ZeroDivisionError)) if ending != "well" else nullcontext():
        engine.generate(condition, WORDS, SETTINGS, 7, on_step=on_step)
    assert "unet.encoder_hid_proj.image_projection_layers.0.clip_embeds" in places
    del condition
    assert in_memory(embedding, view) == [False, False]
    assert tensors_beside_weights(engine.pipeline) == []
    monkeypatch.undo()
    assert np.array_equal(before, draw(engine, conditions[0]))


def test_loading_and_drawing_print_nothing_that_is_expected(
    engine: Engine, conditions: list[Condition], printed: io.StringIO
) -> None:
    engine.generate(conditions[0], dataclasses.replace(WORDS, positive="a very secret word " * 20), SETTINGS, 7)
    assert printed.getvalue() == ""
    with quiet():
        logging.getLogger("diffusers").warning("what nobody expects")
    assert printed.getvalue() == "what nobody expects\n"
    printed.seek(0)
    printed.truncate()


@sd15_only
def test_plain_face_id_is_read_too(row: EngineSpec, tmp_path: Path) -> None:
    """The layout without CLIP's view, which the built-in model has; here with its LoRA."""
    unet = UNet2DConditionModel.from_pretrained(row.base.repo, subfolder="unet", variant=row.base.variant)
    projection = tiny.random_weights(tiny.face_id_projection(unet.config["cross_attention_dim"]), seed=3)
    tiny.save_adapter(tmp_path / "plain.bin", projection, tiny.random_weights(tiny.faceid_shapes(unet, 4), seed=4))
    source = dataclasses.replace(row.adapter, repo=str(tmp_path), weight_name="plain.bin")
    with quiet():
        pipeline = load(dataclasses.replace(row, adapter=source)).pipeline
    layer = pipeline.unet.encoder_hid_proj.image_projection_layers[0]
    assert type(layer).__name__ == "IPAdapterFaceIDImageProjection"
    assert pipeline.get_active_adapters() == ["faceid_0"]


# From the hub's cache, as the table has it


def test_the_rows_name_only_pinned_sources() -> None:
    rows = [row for row in ENGINES.values() if row.id != "builtin"]
    assert len(rows) == 4
    assert all(len(source.revision or "") == 40 for row in rows for source in tiny.sources(row))


ALONE = """
from pipelines.engines import Engine
from pipelines.errors import UserError
assert Engine.load("sd15").pipeline.get_active_adapters() == ["faceid_0"]
try:
    Engine.load("sdxl")
except UserError as error:
    print(error)
Engine.load("builtin")
"""


def test_without_a_network_what_is_cached_loads_silently_and_what_is_not_is_one_sentence(
    rows: Callable[[str], EngineSpec], tmp_path: Path
) -> None:
    tiny.fill_hub_cache(ENGINES["sd15"], rows("sd15"), tmp_path / "hub")
    closed = {"HF_ENDPOINT": "http://127.0.0.1:9", "HF_HOME": str(tmp_path)}
    ran = subprocess.run(
        [sys.executable, "-W", "default", "-W", "ignore::DeprecationWarning", "-c", ALONE],
        env=os.environ | closed,
        cwd=Path(__file__).parent.parent,
        capture_output=True,
        text=True,
    )
    assert ran.stderr == ""
    assert ran.stdout == (
        "Stable Diffusion XL needs weights that are not on this machine, and the model hub does not answer. "
        "Connect to the internet once, or choose the built-in engine, which needs nothing.\n"
    )
