"""Engine spec: what a row of `pipelines.engine_table` says, and how the classes that it names are imported."""

import importlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Self

from pipelines.language.sentence import Sentence, make_sentences
from pipelines.settings import SETTINGS, Range, Settings
from pipelines.weight_table import ORIGINS


@dataclass(frozen=True, kw_only=True)
class Source:
    """A folder in diffusers' layout or a file: in this repo, or on the model hub at a pinned revision."""

    repo: str
    """A path, or a hub id."""
    revision: str | None = None
    """40 hex digits, or None for a local path or where no pin could be learned."""
    subfolder: str | None = None
    weight_name: str | None = None
    variant: str | None = None

    @classmethod
    def hub(cls, origin: str, **where: str) -> Self:
        """Source on the model hub: an origin of `pipelines.weight_table`, and where in it."""
        return cls(repo=ORIGINS[origin].name, revision=ORIGINS[origin].revision, **where)

    def arguments(self, *names: str) -> dict[str, str]:
        """Arguments of a `from_pretrained` or a `load_*`: those of `names` that are set."""
        return {name: value for name in names if (value := getattr(self, name)) is not None}


@dataclass(frozen=True, kw_only=True)
class Component:
    """A part of the pipeline that is loaded separately: from elsewhere, or by a class of ours."""

    class_path: str
    """"module:Class"; the class has `from_pretrained`."""
    source: Source


@dataclass(frozen=True, kw_only=True)
class Scheduler:
    """A diffusers scheduler, and what is changed in the model's own configuration of it."""

    class_path: str
    changes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class SecondPass:
    """A pass of image to image over a drawn picture, enlarged: details that its own pixels could not hold."""

    pipeline: str
    """Class of the diffusers pipeline, which is made of the first one's parts."""
    scale: float
    """Factor of width and height."""
    memory_gb: float
    """Memory it wants beyond the row's to decode its pictures at once; with less they are decoded in tiles."""

    @staticmethod
    def schedule(settings: Settings) -> int:
        """Steps of the schedule that it does the last part of: as dense as the first pass's, at least two.

        With a single one, all of the noise would be guessed away at once.
        """
        return max(settings.steps, math.ceil(2 / settings.second_pass))

    def steps(self, settings: Settings) -> int:
        """Steps that it does; 0 where it is left out."""
        # as diffusers counts them
        return int(self.schedule(settings) * settings.second_pass) if settings.second_pass else 0


@dataclass(frozen=True, kw_only=True)
class EngineSpec:
    """Row of the table. Classes and functions are named as "module:name" and imported when the engine is loaded."""

    id: str
    title: str
    about: str
    """A sentence for the page."""
    licence: str
    commercial_use: Literal["yes", "no", "ask"]
    """Use of its pictures at work, by the licences of every weight that a run loads."""
    commercial_reason: str
    """Reason for that, as a sentence."""
    family: str
    """Kind of words it reads: "builtin" (a closed vocabulary), "diffusion" (free text) or "edit" (instructions on what
    becomes of the photo)."""
    draws: Literal["head", "picture"] = "picture"
    """Kind of picture: a head that finishing dresses and sets before a backdrop, or a whole picture."""
    pipeline: str
    """Class of the diffusers pipeline."""
    base: Source
    components: Mapping[str, Component]
    adapter: Source | None
    """The FaceID weights that `load_ip_adapter` reads; None for an engine that sees the photos themselves."""
    adapter_lora: Source | None
    """The LoRA that belongs to them, where it is a file of its own."""
    adapter_class: str
    """Class that hands a person to the pipeline (`pipelines.engines.adapters`)."""
    preview: str
    """Function that makes a small picture of latents (`pipelines.engines.previews`)."""
    reencode: str | None = None
    """Function that changes finished latents before they are decoded; None where they stay."""
    safety_checker: Source | None = None
    """Checker of finished pictures (`pipelines.engines.safety_checker`), for a pipeline that has none in itself."""
    recogniser: str
    """The face recogniser whose embeddings the adapter was trained on, or else the one that tells people apart."""
    embedding_norm: Literal["unit", "raw"] = "unit"
    """Length of the embeddings that the adapter was trained on: 1, or as the recogniser gives it, about 22."""
    embedding_sampling: Literal["area", "direct"] = "direct"
    """Way of a large face to the recogniser's crop (`pipelines.faces.alignment.Sampling`); published adapters were
    trained on insightface's own, which is direct."""
    clip_colours: Literal["bgr", "rgb"] = "bgr"
    """Colour order of the face crop that CLIP sees, where the adapter shows it one: the published method's is OpenCV's
    (h94's model card, diffusers' guide), though CLIP learned from RGB and blue hair has been reported for it:
    https://github.com/tencent-ailab/IP-Adapter/issues/430"""
    judge: str = "w600k_mbf"
    """The face recogniser that finds faces in drawn pictures and measures their likeness."""
    unused_settings: Mapping[str, str] = field(default_factory=dict)
    """Settings that do nothing, each with the reason as a sentence; but for those of a LoRA or a second pass that it
    lacks."""
    usable: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """Ranges of settings in which every value gives a usable picture, where they are narrower than SETTINGS'."""
    number_format: Literal["float16", "bfloat16"] = "float16"
    """Format that its weights were published for on a GPU."""
    sizes: Mapping[str, tuple[int, int]]
    """Width and height that it draws by crop, pixels, multiples of 64."""
    second_pass: SecondPass | None = None
    """Refining of what it drew, where these are too few pixels for a headshot."""
    backdrop: Literal["keep", "replace"] = "replace"
    """Backdrop of a whole picture: kept as drawn unless the person chose another than the look's, or always replaced by
    a painted one."""
    scheduler: Scheduler
    defaults: Settings
    memory_gb: float
    """Memory it wants as a whole, of the GPU or, without one, of the CPU: weights and room to work. 0: any will do."""
    weights_gb: float = 0
    """Its weights alone, in 16 bits. They pass through the CPU's memory, and stay there where parts take turns."""
    part_gb: float = 0
    """The same for its UNet alone, where the parts take turns on the GPU."""
    most_steps: int = 60
    """Most steps that its scheduler can take."""
    few_step_lora: Source | None = None
    """A distillation as a LoRA (LCM), which becomes part of the UNet's weights, for a scheduler of few steps."""
    head_turn: Mapping[str, float] = field(default_factory=dict)
    """Words of the prompt for which a drawn head that falls short is turned further, and to where, as
    `pipelines.images.head_turn.turn_of` measures it."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Further arguments of the pipeline's `from_pretrained`."""

    def __post_init__(self) -> None:
        make_sentences(self, "title", "about", "licence", "commercial_reason")
        unused = {name: Sentence(reason) for name, reason in self.unused_settings.items()}
        object.__setattr__(self, "unused_settings", unused)

    def knows(self, setting: Range) -> bool:
        """Say whether it has the part that a setting is about: a LoRA, or a second pass."""
        lora = self.adapter_lora is not None or not setting.of_lora
        return lora and (self.second_pass is not None or not setting.of_second_pass)

    def offered(self, setting: str) -> tuple[float, float]:
        """Lowest and highest number of a setting that the page offers."""
        return self.usable.get(setting, (SETTINGS[setting].low, SETTINGS[setting].high))

    @property
    def checker_gb(self) -> float:
        """The CPU's memory that `safety_checker` takes, in float32, beside everything else."""
        return 1.2 if self.safety_checker else 0.0

    @property
    def adapter_source(self) -> Source:
        """`adapter` of a row that has one."""
        assert self.adapter is not None, f"{self.id} has no adapter"
        return self.adapter


def import_by_path(path: str) -> Any:
    """Import a class or function that a row names as "module:name"."""
    module, _, name = path.partition(":")
    return getattr(importlib.import_module(module), name)
