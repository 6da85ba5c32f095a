"""Offloading: parts or layers of the big engines take turns; and no run leaves a face or another state."""

import dataclasses
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import numpy as np
import pytest
import torch

from benchmarks.common.random_checkpoints.sizes import SIDE
from pipelines.engine_spec import EngineSpec
from pipelines.engines.adapters import FaceIDPlusV2Adapter
from pipelines.engines.engine import Condition, Engine
from pipelines.engines.loading import load_pipeline
from pipelines.engines.placement import Placement, move_pipeline
from pipelines.errors import Cancelled
from pipelines.faces.identity import Identity
from pipelines.runtime.log_filter import quiet_libraries
from pipelines.runtime.memory import OutOfMemory
from tests.support.tiny_engines import SETTINGS, WORDS, draw, load, noise_person
from tests.support.traces import in_memory, tensors_beside_weights

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def person() -> Identity:
    return noise_person(1)


def placed(row: EngineSpec, **how: Any) -> Engine:
    """The engine with its parts where a machine of little memory would have them, only that the GPU is the CPU."""
    placement = Placement(device="cpu", dtype=torch.float32, **how)
    with quiet_libraries():
        adapter = FaceIDPlusV2Adapter()
        pipeline = load_pipeline(row, torch.float32, adapter)
        move_pipeline(pipeline, placement)
    return Engine(row, pipeline, placement, adapter)


# Taking turns


@pytest.mark.parametrize("how", [{"offload": "parts"}, {"offload": "layers", "tile": SIDE // 2}], ids=str)
def test_parts_or_layers_that_take_turns_draw_the_same_picture(
    row: EngineSpec, person: Identity, how: dict[str, Any]
) -> None:
    whole, in_turn = placed(row, tile=how.get("tile")), placed(row, **how)
    pictures = [draw(engine, engine.condition(person), lora_scale=0.5) for engine in (whole, in_turn, in_turn)]
    assert np.array_equal(pictures[0], pictures[1]) and np.array_equal(pictures[1], pictures[2])


def test_tiles_are_smaller_than_the_picture(row: EngineSpec, engine: Engine, person: Identity) -> None:
    in_tiles = placed(row, tile=SIDE // 2)
    sides = {}
    for one in (engine, in_tiles):
        with seen(one.pipeline.vae.decoder) as inputs:
            draw(one, one.condition(person))
        sides[one] = {latents.shape[-1] * one.pipeline.vae_scale_factor for latents in inputs}
    assert sides[engine] == {SIDE}
    assert max(sides[in_tiles]) == SIDE // 2


@contextmanager
def seen(module: torch.nn.Module) -> Iterator[list[torch.Tensor]]:
    """The first argument of every call."""
    inputs: list[torch.Tensor] = []
    hook = module.register_forward_pre_hook(lambda _, args: inputs.append(args[0]))
    try:
        yield inputs
    finally:
        hook.remove()


def test_where_parts_take_turns_unet_and_vae_are_alone_on_the_gpu(engine: Engine, person: Identity) -> None:
    """Each part sends the one before it in the pipeline's order away: replayed here, as it needs a GPU."""
    pipeline, order = engine.pipeline, engine.pipeline.model_cpu_offload_seq.split("->")
    there: set[str] = set()
    beside: dict[str, set[str]] = {}

    def called(part: str) -> Callable[..., None]:
        def hook(*_: Any) -> None:
            there.difference_update(order[: order.index(part)][-1:])
            there.add(part)
            beside[part] = there - {part}

        return hook

    modules = {part: getattr(pipeline, part) for part in order} | {"vae": pipeline.vae.decoder}
    hooks = [module.register_forward_pre_hook(called(part)) for part, module in modules.items()]
    draw(engine, engine.condition(person))
    for hook in hooks:
        hook.remove()
    assert beside.keys() == set(order) >= {"image_encoder", "text_encoder", "unet", "vae"}
    assert beside["unet"] == beside["vae"] == set()


# What a run leaves behind


@pytest.mark.parametrize("row", ["sdxl"], indirect=True)
def test_a_vae_that_ran_out_of_memory_in_float32_decodes_the_next_picture_too(
    row: EngineSpec, person: Identity
) -> None:
    """Diffusers turns SDXL's float16 VAE into float32 for a picture, and back only if all goes well."""
    engine = load(row, torch.float16)
    condition = engine.condition(person)
    before = draw(engine, condition)
    assert before.std() > 0
    with seen(engine.pipeline.vae.decoder) as inputs, pytest.raises(torch.OutOfMemoryError):
        hook = engine.pipeline.vae.decoder.register_forward_hook(failing)
        try:
            draw(engine, condition)
        finally:
            hook.remove()
    assert [latents.dtype for latents in inputs] == [torch.float32]
    assert engine.pipeline.vae.dtype == torch.float16
    assert np.array_equal(before, draw(engine, condition))


def failing(*_: Any) -> None:
    raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB")


@pytest.mark.parametrize("row", ["sd15"], indirect=True)
def test_an_engine_that_does_not_fit_is_a_sentence_and_loads_the_next_time(
    row: EngineSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as full:
        full.setattr("pipelines.engines.engine.move_pipeline", failing)
        with pytest.raises(OutOfMemory) as refused:
            load(row)
        assert refused.value.__context__ is None
    assert str(refused.value) == (
        "There was not enough memory for this. Choose the engine Built-in, which needs less, and try again."
    )
    load(row)


ENDINGS = [("sd15", "well"), ("sd15", "cancelled"), ("sd15", "with an error"), ("sdxl", "cancelled")]


@pytest.mark.parametrize(("engine_id", "ending"), [*ENDINGS, ("sd15-lcm", "well"), ("sd15-lcm", "cancelled")])
def test_no_face_is_left_however_a_run_ends(
    engine_id: str,
    ending: str,
    tiny_engines: Callable[[str], Engine],
    person: Identity,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    engine = tiny_engines(engine_id)
    somebody = noise_person(seed=len(ending) + len(engine_id))
    condition: Condition = engine.condition(somebody)
    embedding, view = condition.embedding.clone(), condition.structures[0].person.clone()
    before = draw(engine, engine.condition(person))
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
    assert np.array_equal(before, draw(engine, engine.condition(person)))


@pytest.mark.parametrize("engine_id", ["sd15", "sdxl", "sd15-lcm", "sdxl-lcm"])
def test_a_cancelled_picture_takes_no_further_step_and_is_not_decoded(
    engine_id: str, tiny_engines: Callable[[str], Engine], person: Identity
) -> None:
    engine = tiny_engines(engine_id)
    settings = dataclasses.replace(engine.spec.defaults, steps=6)

    def on_step(step: Any) -> None:
        if step.number == 2:
            raise Cancelled

    with seen(engine.pipeline.unet) as steps, seen(engine.pipeline.vae.decoder) as pictures, pytest.raises(Cancelled):
        engine.generate(engine.condition(person), WORDS, settings, 7, on_step=on_step)
    assert (len(steps), len(pictures)) == (2, 0)
