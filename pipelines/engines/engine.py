"""One class around a diffusers pipeline with an IP-Adapter; the rows of `pipelines.engine_table` make the engines."""

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import torch

from pipelines.engine_table import ENGINES, EngineSpec, import_by_path, smaller_engine
from pipelines.engines.head_turn import turned_to
from pipelines.engines.loading import load_pipeline, set_lora_scale, unload_identity
from pipelines.engines.placement import Placement, move_pipeline, placement_for
from pipelines.engines.previews import clean_latents
from pipelines.engines.structure import Structure, View
from pipelines.errors import UserError
from pipelines.faces.detection import Detector
from pipelines.looks.prompts import Prompt
from pipelines.runtime.log_filter import quiet_libraries
from pipelines.runtime.memory import clear_frames_on_error
from pipelines.settings import Settings

if TYPE_CHECKING:
    from pipelines.faces.identity import Identity


@dataclass(frozen=True, kw_only=True, eq=False)
class Condition:
    """What an engine knows of one person. It is their face: drop it when the run ends."""

    embedding: torch.Tensor
    """(1, 1, 512) float32: the unit embedding in the adapter's space.

    Several photos are one fused embedding. FaceID takes several side by side, too, but Plus v2 was trained on one and
    its demo averages them, a blurred photo would count as much as a sharp one, and it does not keep likeness better:
    `benchmarks/likeness/fusion_study.py`, three photos each of ten people, the second generation: cosine to
    an unseen portrait .48 in either way (one photo: .45); without structure .27 fused, .28 side by side (one: .21)."""
    views: tuple[View, ...]
    """Of the best photo, which seeds see in turn."""


@dataclass(frozen=True, kw_only=True)
class Draw:
    """One picture to draw."""

    condition: Condition
    prompt: Prompt
    seed: int

    @property
    def view(self) -> View:
        """How this seed sees the photo."""
        return self.condition.views[self.seed % len(self.condition.views)]


class Step:
    """One denoising step, as a callback sees it."""

    def __init__(self, number: int, count: int, preview: Callable[[], np.ndarray]):
        self.number, self.count, self.preview = number, count, preview
        """1-based number, how many there are, and a function giving uint8 RGB (h, w, 3) of the first picture so far."""


OnStep = Callable[[Step], None]
"""Called after each step; an exception it raises (Cancelled) ends the drawing at once."""


def _smaller(_: Any, engine_id: str, *, table: Mapping[str, EngineSpec] = ENGINES, **__: Any) -> str:
    """What to do where an engine does not fit."""
    return (engine_id in table and smaller_engine(table[engine_id])) or "Close other programs, and try again."


class Engine:
    """A loaded engine. Not thread-safe: one run at a time (`pipelines.jobs`)."""

    def __init__(self, spec: EngineSpec, pipeline: Any, placement: Placement):
        self.spec, self.pipeline, self.placement = spec, pipeline, placement
        self._structure: Structure = import_by_path(spec.structure)()
        self._lora_scale = 1.0
        self._sampler = pipeline.scheduler
        self._preview = import_by_path(spec.preview)
        self._reencode = None if spec.reencode is None else import_by_path(spec.reencode)

    @classmethod
    @clear_frames_on_error(advice=_smaller)
    def load(
        cls, engine_id: str, *, table: Mapping[str, EngineSpec] = ENGINES, dtype: torch.dtype | None = None
    ) -> Self:
        """Load the row of this id: pipeline, identity adapter, its LoRA, sampler.

        Raises:
            UserError: there is no such engine, its weights are neither here nor to be had, or they do not fit.
        """
        if engine_id not in table:
            raise UserError(f"There is no engine called {engine_id!r}. Choose one of: {', '.join(table)}.")
        spec = table[engine_id]
        placement = placement_for(spec, dtype)
        pipeline = load_pipeline(spec, placement.dtype)
        move_pipeline(pipeline, placement)
        return cls(spec, pipeline, placement)

    def unload(self) -> Any:
        """Take adapter and LoRAs off and return the pipeline as if there had been none. This ends the engine."""
        pipeline, self.pipeline = self.pipeline, None
        unload_identity(pipeline)
        return pipeline

    def condition(self, identity: "Identity", seen: Any = None) -> Condition:
        """Read a person's structure once for all pictures of a run.

        `seen` is what the row's `Structure.see` made of the best photo, if somebody called it before.
        """
        if identity.recogniser != self.spec.recogniser:
            raise UserError(
                f"{self.spec.title} needs embeddings of {self.spec.recogniser}, these are of {identity.recogniser}. "
                "Check the photos again with this engine."
            )
        embedding = torch.from_numpy(identity.embedding).float()[None, None]
        seen = self._structure.see(identity.best) if seen is None else seen
        return Condition(embedding=embedding, views=self._structure.read(self.pipeline, seen))

    def generate(
        self, condition: Condition, prompt: Prompt, settings: Settings, seed: int, *, on_step: OnStep | None = None
    ) -> np.ndarray:
        """Draw one picture: uint8 RGB (S, S, 3), S = `spec.native_size`."""
        draw = Draw(condition=condition, prompt=prompt, seed=seed)
        return self.generate_batch([draw], settings, on_step=on_step)[0]

    def generate_batch(
        self, draws: Sequence[Draw], settings: Settings, *, on_step: OnStep | None = None
    ) -> list[np.ndarray]:
        """Draw several pictures, of the same or of different people, together: uint8 RGB (S, S, 3) each.

        The identity adapter has one scale for a whole call of the pipeline: pictures whose views differ in it are drawn
        one group after the other, each with steps of its own.

        Raises:
            Cancelled: or whatever else `on_step` raises.
            UserError: the safety checker withheld a picture, or its numbers overflowed.
        """
        pictures: dict[int, np.ndarray] = {}
        photo = min(settings.structure, 1.0)  # without it there is nothing to be seen differently
        for identity in dict.fromkeys(d.view.identity for d in draws):
            group = [k for k, d in enumerate(draws) if d.view.identity == identity]
            scaled = replace(settings, identity_strength=settings.identity_strength * identity**photo)
            pictures |= zip(group, self._draw([draws[k] for k in group], scaled, on_step), strict=True)
        return [pictures[k] for k in range(len(draws))]

    def _draw(self, draws: Sequence[Draw], settings: Settings, on_step: OnStep | None) -> list[np.ndarray]:
        guided = settings.guidance_scale > 1
        size = self.spec.native_size
        with quiet_libraries(), self._set_up(draws, settings, guided):
            result = self.pipeline(
                prompt=[self.spec.prompt_prefix + d.prompt.positive for d in draws],
                negative_prompt=[d.prompt.negative for d in draws] if guided else None,
                height=size,
                width=size,
                num_inference_steps=settings.steps,
                guidance_scale=settings.guidance_scale,
                generator=[torch.Generator().manual_seed(d.seed) for d in draws],  # on the CPU: the same everywhere
                ip_adapter_image_embeds=[self._embeds(draws, guided)],
                callback_on_step_end=self._callback(on_step),
                callback_on_step_end_tensor_inputs=["latents", "noise_pred"],
                output_type="np",
            )
        if any(getattr(result, "nsfw_content_detected", None) or ()):
            raise UserError("The safety checker withheld this picture. Try other words or another seed.")
        if not np.isfinite(result.images).all():  # half precision overflowed; it would be black
            raise UserError("This picture was lost: its numbers became too large. Try other words or another seed.")
        pictures = [(picture * 255).round().astype(np.uint8) for picture in result.images]
        return [self._head_turned(p, d.prompt) for p, d in zip(pictures, draws, strict=True)]

    def _head_turned(self, picture: np.ndarray, prompt: Prompt) -> np.ndarray:
        """The head turned the rest of the way, where the words ask for it and the engine falls short."""
        asked = [self.spec.head_turn[word] for word in prompt.positive.split() if word in self.spec.head_turn]
        if not asked or not (found := self._detector(picture)):
            return picture
        return turned_to(picture, max(found, key=lambda face: face.area).landmarks, asked[0])

    @cached_property
    def _detector(self) -> Detector:
        return Detector(threads=1)

    def _embeds(self, draws: Sequence[Draw], guided: bool) -> torch.Tensor:
        """(2B, 1, 512) with guidance, zeros first; else (B, 1, 512)."""
        people = torch.cat([d.condition.embedding for d in draws]).to(self.pipeline.unet.dtype)
        return torch.cat([torch.zeros_like(people), people]) if guided else people

    @contextmanager
    def _set_up(self, draws: Sequence[Draw], settings: Settings, guided: bool) -> Iterator[None]:
        """All state that lives on the pipeline, set for one call and taken away after it, whatever happened."""
        # Samplers keep the last latents, which are a picture of the person: each run has one of its own.
        self.pipeline.scheduler = copy.copy(self._sampler)
        self.pipeline.set_ip_adapter_scale(settings.identity_strength)
        if self.spec.adapter_lora is not None and settings.lora_scale != self._lora_scale:
            set_lora_scale(self.pipeline, settings.lora_scale)
            self._lora_scale = settings.lora_scale
        try:
            with self._structure.applied(self.pipeline, [d.view for d in draws], settings.structure, guided):
                yield
        finally:
            self.pipeline.scheduler = self._sampler
            if self.pipeline.vae.dtype != self.placement.dtype:
                # SDXL's VAE overflows in float16: diffusers decodes in float32, and leaves it so if that fails.
                self.pipeline.vae.to(dtype=self.placement.dtype)
            self.pipeline.maybe_free_model_hooks()

    def _callback(self, on_step: OnStep | None) -> Callable[..., dict]:
        def after_step(pipeline: Any, index: int, timestep: Any, tensors: dict) -> dict:
            if on_step is not None:
                latents, prediction = tensors["latents"][:1], tensors["noise_pred"][:1]

                def preview() -> np.ndarray:
                    return self._preview(pipeline, clean_latents(pipeline.scheduler, index, latents, prediction))

                on_step(Step(index + 1, pipeline.num_timesteps, preview))
            if self._reencode is None or index + 1 < pipeline.num_timesteps:
                return {}
            return {"latents": self._reencode(pipeline, tensors["latents"], self._detector.detect_portrait)}

        return after_step
