"""Large engines at full size with random weights: time and memory do not depend on what the weights say.

No hub is needed. The checkpoints have the published layouts (tests/engines/test_layouts.py counts their bytes), and the
engines' own code loads them.
"""

import dataclasses
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from benchmarks.common import random_checkpoints as checkpoints
from benchmarks.common.checkpoint_sizes import FULL
from benchmarks.common.noise_person import noise_person
from pipelines.engine_table import ENGINES
from pipelines.engines.engine import Condition, Draw, Engine
from pipelines.looks.prompts import Prompt
from pipelines.runtime.log_filter import quiet_libraries
from pipelines.settings import Settings

WORDS = Prompt(positive="a studio portrait of a person in a suit", negative="blurry", understood=(), ignored=())
SEED = 7
SPACE_STEPS = 30  # DDIM with guidance, as h94's model card and Space do


def write(base: str, folder: Path) -> None:
    """Write the checkpoints of a base, "sd15" or "sdxl", with all that its two rows name."""
    torch.manual_seed(0)
    with quiet_libraries():
        checkpoints.tiny_row(f"{base}-lcm", folder, FULL[base])


def load(engine_id: str, folder: Path, dtype: torch.dtype) -> Engine:
    """Load the engine of a row from what `write` wrote."""
    row = checkpoints.relocated(ENGINES[engine_id], folder, FULL[engine_id.partition("-")[0]].side)
    # The safety checker looks at the finished picture once, whoever draws it: left out.
    parts = {name: row.components[name] for name in row.components if name in ("vae", "image_encoder")}
    options = {**row.options, **({"safety_checker": None} if "safety_checker" in row.components else {})}
    row = dataclasses.replace(row, components=parts, options=options)
    return Engine.load(engine_id, table={engine_id: row}, dtype=dtype)


def people(engine: Engine, count: int) -> list[Draw]:
    """Make so many pictures to draw, of two people in turn who are made of noise."""
    conditions = [engine.condition(noise_person(seed)) for seed in range(min(count, 2))]
    return [Draw(condition=conditions[k % 2], prompt=WORDS, seed=SEED + k) for k in range(count)]


def bare_diffusers(engine: Engine, condition: Condition, settings: Settings) -> Callable[[], Any]:
    """Prepare a call that draws the same picture with diffusers' own pipeline and the parts of our engine."""
    from diffusers import StableDiffusionPipeline, StableDiffusionXLPipeline

    parts = engine.pipeline.components
    if "text_encoder_2" in parts:
        pipeline: Any = StableDiffusionXLPipeline(**parts, add_watermarker=False)
    else:
        pipeline = StableDiffusionPipeline(**parts, requires_safety_checker=False)
    pipeline.set_progress_bar_config(disable=True)
    layer = pipeline.unet.encoder_hid_proj.image_projection_layers[0]
    embeds = torch.cat([torch.zeros_like(condition.embedding), condition.embedding]).to(pipeline.unet.dtype)

    structure = condition.structures[0]

    width, height = engine.spec.sizes["portrait"]

    def run() -> None:
        pipeline.set_ip_adapter_scale(settings.identity_strength)
        layer.clip_embeds = torch.cat([structure.unconditional, structure.person]).to(pipeline.unet.dtype)
        layer.shortcut, layer.shortcut_scale = True, settings.structure
        pipeline(
            WORDS.positive,
            negative_prompt=WORDS.negative,
            height=height,
            width=width,
            num_inference_steps=settings.steps,
            guidance_scale=settings.guidance_scale,
            generator=torch.Generator().manual_seed(SEED),
            ip_adapter_image_embeds=[embeds],
            output_type="np",
        )
        layer.clip_embeds = None

    return run


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
