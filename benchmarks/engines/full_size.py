"""Large engines at full size with random weights: time and memory do not depend on what the weights say.

No hub is needed. The checkpoints have the published layouts (tests/engines/test_layouts.py counts their bytes), and the
engines' own code loads them.
"""

import dataclasses
import inspect
import time
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import torch

from benchmarks.common.noise_person import noise_person
from benchmarks.common.random_checkpoints.klein import FULL_KLEIN, write_klein
from benchmarks.common.random_checkpoints.rows import relocated, write_row
from benchmarks.common.random_checkpoints.sizes import FULL
from pipelines.engine_spec import import_by_path
from pipelines.engine_table import ENGINES
from pipelines.engines.adapters import Call, FaceIDAdapter
from pipelines.engines.engine import Condition, Draw, Engine
from pipelines.looks.prompts import Prompt
from pipelines.runtime.log_filter import quiet_libraries
from pipelines.settings import Settings

WORDS = Prompt(positive="a studio portrait of a person in a suit", negative="blurry", understood=(), ignored=())
SEED = 7
SPACE_STEPS = 30  # DDIM with guidance, as h94's model card and Space do


def rows_of(base: str) -> list[str]:
    """Engines that share a base model: the ids that begin with it."""
    return [engine_id for engine_id in ENGINES if base_of(engine_id) == base]


def base_of(engine_id: str) -> str:
    """Base model of an engine: "sd15", "sdxl" or "flux2"."""
    return engine_id.partition("-")[0]


def has_few_step_row(engine_id: str) -> bool:
    """True for FaceID's engines of many steps, which are compared with how FaceID's own Space draws."""
    few = ENGINES.get(f"{engine_id}-lcm")
    return few is not None and few.adapter_lora is not None


def write(engine_ids: Collection[str], folder: Path) -> None:
    """Write the checkpoints that engines of one base name; those of few steps name all that the others do."""
    with quiet_libraries():
        for engine_id in engine_ids:
            if f"{engine_id}-lcm" in engine_ids:
                continue
            torch.manual_seed(0)
            if ENGINES[engine_id].adapter is None:
                write_klein(folder / ENGINES[engine_id].base.repo, FULL_KLEIN)
            else:
                write_row(engine_id, folder, FULL[base_of(engine_id)])


def load(engine_id: str, folder: Path, dtype: torch.dtype) -> Engine:
    """Load the engine of a row from what `write` wrote."""
    row = ENGINES[engine_id]
    size = FULL.get(base_of(engine_id))
    row = relocated(row, folder, size.side if size else None)
    # The safety checker looks at the finished picture once, whoever draws it: left out.
    parts = {name: part for name, part in row.components.items() if name not in ("safety_checker", "feature_extractor")}
    options = {**row.options, **({"safety_checker": None} if "safety_checker" in row.components else {})}
    second = ENGINES[engine_id].second_pass
    row = dataclasses.replace(row, components=parts, options=options, safety_checker=None, second_pass=second)
    return Engine.load(engine_id, table={engine_id: row}, dtype=dtype)


def one_pass(engine: Engine) -> Settings:
    """The row's settings without its second pass, which bare diffusers does not have."""
    return dataclasses.replace(engine.spec.defaults, second_pass=0.0)


def number_format(engine_id: str) -> torch.dtype:
    """Number format of an engine on a GPU."""
    result: torch.dtype = getattr(torch, ENGINES[engine_id].number_format)
    return result


def people(engine: Engine, count: int) -> list[Draw]:
    """Make so many pictures to draw, of two people in turn who are made of noise."""
    conditions = [engine.condition(noise_person(seed, engine.spec.recogniser)) for seed in range(min(count, 2))]
    return [Draw(condition=conditions[k % 2], prompt=WORDS, seed=SEED + k) for k in range(count)]


def bare_diffusers(engine: Engine, condition: Condition, settings: Settings) -> Callable[[], Any]:
    """Prepare a call that draws the same picture with diffusers' own pipeline and the parts of our engine.

    The call returns it, float32 RGB (H, W, 3), 0 to 1.
    """
    pipeline, spec = stock_pipeline(engine), engine.spec
    adapter: FaceIDAdapter = import_by_path(spec.adapter_class)()
    structure = condition.structures[0]
    width, height = spec.sizes["portrait"]
    call = Call(
        embeddings=condition.embedding,
        structures=(structure,),
        places=(None,),
        size=(width, height),
        settings=settings,
        guided=settings.guidance_scale > 1,
    )
    arguments = adapter.call_arguments(pipeline, call)
    if call.guided:
        arguments["negative_prompt"] = WORDS.negative
    if photos := getattr(structure, "photos", None):
        arguments["image"] = list(photos)

    def run() -> Any:
        with adapter.applied(pipeline, spec, call):
            result = pipeline(
                prompt=WORDS.positive,
                height=height,
                width=width,
                num_inference_steps=settings.steps,
                guidance_scale=settings.guidance_scale,
                generator=torch.Generator().manual_seed(SEED),
                output_type="np",
                **arguments,
            )
        return result.images[0]

    return run


def stock_pipeline(engine: Engine) -> Any:
    """Make diffusers' own pipeline, of which the engine's is a subclass, of the engine's parts."""
    stock = next(kind for kind in type(engine.pipeline).__mro__ if kind.__module__.startswith("diffusers."))
    parts, config = engine.pipeline.components, engine.pipeline.config
    names = inspect.signature(stock).parameters
    flags = {name: config[name] for name in names if name in config and name not in parts}
    with quiet_libraries():
        pipeline = stock(**{**flags, **engine.spec.options, **parts})
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def as_the_space_draws(engine: Engine, condition: Condition, steps: int | None = None) -> Callable[[], Any]:
    """Prepare a call that draws with DDIM and guidance in plain diffusers, in `steps` or SPACE_STEPS steps.

    The engine is changed for it and cannot be used for anything else afterwards.
    """
    from diffusers import DDIMScheduler

    for part in (engine.pipeline.unet, engine.pipeline.vae):
        part.to(memory_format=torch.contiguous_format)  # as diffusers has them
    engine.pipeline.scheduler = DDIMScheduler.from_config(engine.pipeline.scheduler.config)
    return bare_diffusers(engine, condition, dataclasses.replace(engine.spec.defaults, steps=steps or SPACE_STEPS))


def clock(run: Callable[[], Any]) -> float:
    """Time a call, in seconds."""
    start = time.monotonic()
    run()
    return time.monotonic() - start
