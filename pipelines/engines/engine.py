"""Engine: one class around a diffusers pipeline, made by a row of `pipelines.engine_table`."""

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import torch

from pipelines.engine_spec import EngineSpec, import_by_path
from pipelines.engine_table import ENGINES, engine_row, smaller_engine
from pipelines.engines.adapters import Call, FaceIDAdapter, Structure
from pipelines.engines.loading import load_pipeline, load_safety_checker
from pipelines.engines.passes import Drawn, enlarged_picture, refining_pipeline, shown, to_bytes
from pipelines.engines.placement import Placement, move_pipeline, placement_for
from pipelines.engines.previews import clean_latents
from pipelines.errors import PictureLost, UserError
from pipelines.faces.detection import Detector
from pipelines.images.head_turn import turned_to
from pipelines.language.sentence import Sentence
from pipelines.looks.prompts import Prompt
from pipelines.looks.shoot import HeadPlace
from pipelines.runtime.log_filter import quiet_libraries
from pipelines.runtime.memory import clear_frames_on_error
from pipelines.settings import Settings

if TYPE_CHECKING:
    from pipelines.engines.safety_checker import SafetyChecker
    from pipelines.faces.identity import Identity


@dataclass(frozen=True, kw_only=True, eq=False)
class Condition:
    """A person, as an engine needs them. It is their face: drop it when the run ends."""

    embedding: torch.Tensor
    """(1, 1, D) float32: the embedding in the adapter's space and of the length it was trained on, of several photos
    fused into one."""
    structures: tuple[Structure, ...]
    """Structures of the best photo, which seeds take in turn."""


@dataclass(frozen=True, kw_only=True)
class Draw:
    """A picture to draw."""

    condition: Condition
    prompt: Prompt
    seed: int
    place: HeadPlace | None = None
    """Place of the head; most engines cannot be told."""

    @property
    def structure(self) -> Structure:
        """The structure whose turn it is with this seed."""
        return self.condition.structures[self.seed % len(self.condition.structures)]


CLOSE_PROGRAMS = Sentence("Close other programs, and try again.")
OTHER_RECOGNISER = Sentence(
    "{engine} needs embeddings of {recogniser}, these are of {other}. Check the photos again with this engine."
)


class Step:
    """A denoising step, as a callback sees it."""

    def __init__(self, number: int, count: int, preview: Callable[[], np.ndarray]):
        self.number, self.count, self.preview = number, count, preview
        """1-based number, how many there are, and a function giving uint8 RGB (h, w, 3) of the first picture so far."""


OnStep = Callable[[Step], None]
"""Called after each step; an exception it raises (Cancelled) ends the drawing at once."""


def _smaller(_: Any, engine_id: str, *, table: Mapping[str, EngineSpec] = ENGINES, **__: Any) -> str:
    """Advice for where an engine does not fit into memory."""
    return (engine_id in table and smaller_engine(table[engine_id])) or CLOSE_PROGRAMS


class Engine:
    """A loaded engine. Not thread-safe: one run at a time (`pipelines.jobs`)."""

    def __init__(
        self,
        spec: EngineSpec,
        pipeline: Any,
        placement: Placement,
        adapter: FaceIDAdapter,
        safety_checker: "SafetyChecker | None" = None,
    ):
        self.spec, self.pipeline, self.placement = spec, pipeline, placement
        self.safety_checker = safety_checker
        self._adapter = adapter
        self._scheduler = pipeline.scheduler
        self._preview = import_by_path(spec.preview)
        self._refining = None if spec.second_pass is None else refining_pipeline(pipeline, spec.second_pass)
        self._reencode = None if spec.reencode is None else import_by_path(spec.reencode)

    @classmethod
    @clear_frames_on_error(advice=_smaller)
    def load(
        cls, engine_id: str, *, table: Mapping[str, EngineSpec] = ENGINES, dtype: torch.dtype | None = None
    ) -> Self:
        """Load the row of this id: pipeline, identity adapter, its LoRA, scheduler.

        Raises:
            UserError: there is no such engine, its weights are neither here nor to be had, or they do not fit.
        """
        spec = engine_row(engine_id, table)
        placement = placement_for(spec, dtype)
        adapter: FaceIDAdapter = import_by_path(spec.adapter_class)()
        pipeline = load_pipeline(spec, placement.dtype, adapter)
        move_pipeline(pipeline, placement, adapter.denoiser)
        return cls(spec, pipeline, placement, adapter, load_safety_checker(spec))

    def condition(self, identity: "Identity", prepared: Any = None) -> Condition:
        """Encode a person once for all pictures of a run.

        `prepared` is what the adapter's `prepare` returned for this person, if somebody called it before. Raises
        UserError for an identity of another recogniser.
        """
        if identity.recogniser != self.spec.recogniser:
            raise UserError(
                OTHER_RECOGNISER.format(
                    engine=self.spec.title, recogniser=self.spec.recogniser, other=identity.recogniser
                )
            )
        norm = identity.norm if self.spec.embedding_norm == "raw" else 1.0
        embedding = torch.from_numpy(identity.embedding * np.float32(norm))[None, None]
        prepared = self._adapter.prepare(identity, self.spec) if prepared is None else prepared
        return Condition(embedding=embedding, structures=self._adapter.encode(self.pipeline, prepared))

    def generate(
        self,
        condition: Condition,
        prompt: Prompt,
        settings: Settings,
        seed: int,
        *,
        crop: str = "portrait",
        place: HeadPlace | None = None,
        on_step: OnStep | None = None,
    ) -> np.ndarray:
        """Draw a picture for a crop: uint8 RGB (H, W, 3), of the row's size for it or as the second pass enlarges that.

        Raises:
            PictureLost: the safety checker withheld it, or its numbers overflowed.
            Cancelled: or whatever else `on_step` raises.
        """
        draw = Draw(condition=condition, prompt=prompt, seed=seed, place=place)
        (picture,) = self.generate_batch([draw], settings, crop=crop, on_step=on_step)
        if isinstance(picture, PictureLost):
            raise picture
        return picture

    def generate_batch(
        self, draws: Sequence[Draw], settings: Settings, *, crop: str = "portrait", on_step: OnStep | None = None
    ) -> list[Drawn]:
        """Draw several pictures, of the same or of different people, together, in their order.

        The identity adapter has one scale for a whole call of the pipeline: pictures whose structures differ in their
        identity factor are drawn one group after the other, each with steps of its own.

        Raises:
            Cancelled: or whatever else `on_step` raises.
        """
        pictures: dict[int, Drawn] = {}
        settings = settings.applied
        share = min(settings.structure, 1.0)  # at structure 0 the embedding is all there is, and no factor counts
        for factor in dict.fromkeys(d.structure.identity_factor for d in draws):
            group = [k for k, d in enumerate(draws) if d.structure.identity_factor == factor]
            scaled = replace(settings, identity_strength=settings.identity_strength * factor**share)
            pictures |= zip(group, self._draw([draws[k] for k in group], scaled, crop, on_step), strict=True)
        return [pictures[k] for k in range(len(draws))]

    def _draw(self, draws: Sequence[Draw], settings: Settings, crop: str, on_step: OnStep | None) -> list[Drawn]:
        """Draw in one pass, or in two where the row has a second; what the first one lost has no second."""
        width, height = self.spec.sizes[crop]
        second = self.spec.second_pass if settings.second_pass else None
        noise = [torch.Generator().manual_seed(d.seed) for d in draws]  # on the CPU: the same everywhere
        steps = 0 if second is None else second.steps(settings)
        drawn = self._pass(
            self.pipeline,
            draws,
            settings,
            (width, height),
            noise,
            {"height": height, "width": width, "num_inference_steps": settings.steps},
            self._callback(on_step, after=steps),
        )
        kept = {k: picture for k, picture in enumerate(drawn) if not isinstance(picture, PictureLost)}
        if second is not None and kept:
            enlarged = [enlarged_picture(picture, second.scale) for picture in kept.values()]
            refined = self._pass(
                self._refining,
                [draws[k] for k in kept],
                settings,
                (enlarged[0].shape[1], enlarged[0].shape[0]),
                [noise[k] for k in kept],
                {
                    "image": np.stack(enlarged),
                    "strength": settings.second_pass,
                    "num_inference_steps": second.schedule(settings),
                },
                self._callback(on_step, before=self.pipeline.num_timesteps),
            )
            for k, picture in zip(kept, refined, strict=True):
                drawn[k] = picture
        return [
            picture if isinstance(picture, PictureLost) else self._head_turned(to_bytes(picture), draw.prompt)
            for picture, draw in zip(drawn, draws, strict=True)
        ]

    def _pass(
        self,
        pipeline: Any,
        draws: Sequence[Draw],
        settings: Settings,
        size: tuple[int, int],
        noise: Sequence[torch.Generator],
        arguments: Mapping[str, Any],
        callback: Callable[..., dict[str, Any]],
    ) -> list[Drawn]:
        """Call a pipeline once, with `arguments` of its own: float32 RGB (H, W, 3) 0..1 each, or why it is lost."""
        call = Call(
            embeddings=torch.cat([d.condition.embedding for d in draws]),
            structures=tuple(d.structure for d in draws),
            places=tuple(d.place for d in draws),
            size=size,
            settings=settings,
            guided=settings.guidance_scale > 1,
        )
        # What overflowed is said by `shown`, not by numpy while a pipeline's own safety checker looks at it.
        with quiet_libraries(), np.errstate(invalid="ignore"), self._set_up(pipeline, call):
            result = pipeline(
                prompt=[d.prompt.positive for d in draws],
                negative_prompt=[d.prompt.negative for d in draws] if call.guided else None,
                guidance_scale=settings.guidance_scale,
                generator=list(noise),
                callback_on_step_end=callback,
                callback_on_step_end_tensor_inputs=["latents", "noise_pred"],
                output_type="np",
                **arguments,
                **self._adapter.call_arguments(pipeline, call),
            )
        withheld = getattr(result, "nsfw_content_detected", None) or [False] * len(draws)
        if self.safety_checker is not None:
            withheld = self.safety_checker.withheld(to_bytes(np.nan_to_num(result.images)))
        return [shown(picture, flag) for picture, flag in zip(result.images, withheld, strict=True)]

    def _head_turned(self, picture: np.ndarray, prompt: Prompt) -> np.ndarray:
        """The head turned the rest of the way, where the words ask for it and the engine falls short."""
        asked = [self.spec.head_turn[word] for word in prompt.positive.split() if word in self.spec.head_turn]
        if not asked or not (found := self._detector(picture)):
            return picture
        return turned_to(picture, max(found, key=lambda face: face.area).landmarks, asked[0])

    @cached_property
    def _detector(self) -> Detector:
        return Detector(threads=1)

    @contextmanager
    def _set_up(self, pipeline: Any, call: Call) -> Iterator[None]:
        """Set all state that lives on a pipeline for one call, and take it away after it, whatever happened."""
        # Schedulers keep the last latents, which are a picture of the person: each call has one of its own.
        pipeline.scheduler = copy.copy(self._scheduler)
        try:
            with self._adapter.applied(pipeline, self.spec, call):
                yield
        finally:
            pipeline.scheduler = self._scheduler
            if self.pipeline.vae.dtype != self.placement.dtype:
                # SDXL's VAE overflows in float16: diffusers decodes in float32, and leaves it so if that fails.
                self.pipeline.vae.to(dtype=self.placement.dtype)
            self.pipeline.maybe_free_model_hooks()

    def _callback(self, on_step: OnStep | None, before: int = 0, after: int = 0) -> Callable[..., dict[str, Any]]:
        """A pipeline's callback for a pass with so many steps before and after it."""

        def after_step(pipeline: Any, index: int, _timestep: Any, tensors: dict[str, Any]) -> dict[str, Any]:
            seen_again = {}
            if self._reencode is not None and index + 1 == pipeline.num_timesteps:  # part of the last step
                seen_again["latents"] = self._reencode(pipeline, tensors["latents"], self._detector.detect_portrait)
            if on_step is not None:
                latents, prediction = tensors["latents"][:1], tensors["noise_pred"][:1]

                def preview() -> np.ndarray:
                    clean = clean_latents(pipeline.scheduler, index, latents, prediction)
                    result: np.ndarray = self._preview(pipeline, self._adapter.preview_latents(pipeline, clean))
                    return result

                on_step(Step(before + index + 1, before + pipeline.num_timesteps + after, preview))
            return seen_again

        return after_step
