"""Engines of tiny random checkpoints, and how to draw with them: shared by several files."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from diffusers import (
    AutoencoderKL,
    DPMSolverMultistepScheduler,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
)

from benchmarks.common.noise_person import noise_person as noise_person
from benchmarks.common.random_checkpoints.sizes import SIDE
from pipelines.engine_spec import EngineSpec
from pipelines.engines.engine import Condition, Draw, Engine
from pipelines.looks.prompts import Prompt
from pipelines.settings import Settings

WORDS = Prompt(positive="a person in a suit", negative="blurry", understood=(), ignored=())
SETTINGS = Settings(identity_strength=1.0, structure=1.0, guidance_scale=5.0, steps=2)


def load(row: EngineSpec, dtype: torch.dtype = torch.float32) -> Engine:
    """A fresh engine of this row, however little memory there is: its weights are tiny."""
    with patch("pipelines.engines.placement.free_ram_gb", return_value=99.0):
        return Engine.load(row.id, table={row.id: row}, dtype=dtype)


def draw(engine: Engine, condition: Condition, seed: int = 7, **changes: Any) -> np.ndarray:
    """One picture in few steps; `changes` are settings."""
    return engine.generate(condition, WORDS, dataclasses.replace(SETTINGS, **changes), seed)


def draw_together(engine: Engine, draws: Sequence[Draw], settings: Settings = SETTINGS) -> list[np.ndarray]:
    """The pictures of a batch of which none is lost."""
    pictures = [picture for picture in engine.generate_batch(draws, settings) if isinstance(picture, np.ndarray)]
    assert len(pictures) == len(draws)
    return pictures


def gap(a: np.ndarray, b: np.ndarray) -> int:
    """Largest difference of two pictures, 0 to 255."""
    return int(np.abs(a.astype(int) - b).max())


def adapter_file(row: EngineSpec) -> Path:
    """The identity adapter of a row."""
    return Path(row.adapter_source.repo) / str(row.adapter_source.weight_name)


def base_file(row: EngineSpec, part: str, name: str = "diffusion_pytorch_model") -> Path:
    """The weights of a part of a row's base model."""
    variant = f".{row.base.variant}" if row.base.variant else ""
    return Path(row.base.repo) / part / f"{name}{variant}.safetensors"


def stock_pipeline(row: EngineSpec) -> Any:
    """The base as diffusers loads it, with the VAE and the sampler that the row names; no adapter has been near it."""
    parts: dict[str, Any] = {}
    if row.id == "sd15":
        parts = {"vae": AutoencoderKL.from_pretrained(row.components["vae"].source.repo), "safety_checker": None}
    family = StableDiffusionPipeline if row.id == "sd15" else StableDiffusionXLPipeline
    stock = family.from_pretrained(row.base.repo, variant=row.base.variant, **parts)
    stock.scheduler = DPMSolverMultistepScheduler.from_config(
        stock.scheduler.config, algorithm_type="sde-dpmsolver++", use_karras_sigmas=True
    )
    stock.set_progress_bar_config(disable=True)
    for part in (stock.unet, stock.vae):
        part.to(memory_format=torch.channels_last)  # as the engines have it on a CPU, for the sake of the last bit
    return stock


def stock_picture(pipeline: Any) -> np.ndarray:
    """Picture of a pipeline without an adapter with the settings of `draw`: uint8 RGB (S, S, 3)."""
    result = pipeline(
        prompt=WORDS.positive,
        negative_prompt=WORDS.negative,
        num_inference_steps=SETTINGS.steps,
        guidance_scale=SETTINGS.guidance_scale,
        height=SIDE,
        width=SIDE,
        generator=torch.Generator().manual_seed(7),
        output_type="np",
    )
    return (result.images[0] * 255).round().astype(np.uint8)
