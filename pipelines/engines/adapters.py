"""Identity adapters: how a person is handed to a diffusers pipeline. One class per family, named by an engine's row.

A new family (PuLID, FLUX.2 with reference pictures) is one subclass of `FaceIDAdapter` in a module of its own, as
InstantID's is (`pipelines.engines.instantid`), or a class with its methods.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import torch

from pipelines.engine_spec import EngineSpec
from pipelines.engines.lora import FACEID_LORA, load_lora, set_lora_scale
from pipelines.faces import alignment
from pipelines.looks.shoot import HeadPlace
from pipelines.settings import Settings
from pipelines.weights.verify import safe_copy

if TYPE_CHECKING:
    from pipelines.faces.identity import Identity

CLIP_CROP_SIDE = 224
"""Side of the face crop that IP-Adapter FaceID Plus shows to CLIP, pixels (model card of h94/IP-Adapter-FaceID)."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Structure:
    """Pose and face shape that one picture takes from a person's photo, batch 1. It is their face."""

    unconditional: torch.Tensor
    """For the unconditional half of a batch."""
    person: torch.Tensor
    """For this person's half."""
    identity_factor: float = 1.0
    """Multiplies the identity strength where the structure counts in full (`Engine.generate_batch`)."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Call:
    """One call of a pipeline: everything about its batch that an adapter may need."""

    embeddings: torch.Tensor
    """(B, 1, D) float32, of the length that the row asks for."""
    structures: tuple[Structure, ...]
    """One per picture."""
    places: tuple[HeadPlace | None, ...]
    """Place of each picture's head; None where nobody asks."""
    size: tuple[int, int]
    """Width and height of the pictures, pixels."""
    settings: Settings
    guided: bool
    """With classifier-free guidance: the batch has an unconditional half, which comes first."""


class FaceIDAdapter:
    """Plain IP-Adapter FaceID: the embedding becomes tokens with keys and values of their own in cross-attention.

    The base of the others. `pipeline` is the engine's everywhere; what `applied` sets on it is gone afterwards.
    """

    denoiser = "unet"
    """Name of the pipeline's component that removes the noise."""

    def __init__(self) -> None:
        self._lora_scale = 1.0  # weight of the adapter's LoRA on the pipeline

    def prepare(self, identity: "Identity", spec: EngineSpec) -> Any:
        """Do to a person's photos what takes no engine, which may be busy with somebody else. Here: nothing."""
        return None

    def cutout_words(self, prepared: Any) -> tuple[str, ...]:
        """Words for the backdrop and clothes that a drawn head is best cut out of. Here: none, nothing is cut out."""
        return ()

    def notes(self, identity: "Identity") -> tuple[str, ...]:
        """Sentences on photos that it makes nothing of. Here: none, all of them are in the embedding."""
        return ()

    def load(self, pipeline: Any, spec: EngineSpec) -> None:
        """Put a row's adapter and its LoRA on a pipeline. The files must be here."""
        if spec.adapter is None:
            return
        pipeline.load_ip_adapter(
            spec.adapter.repo,
            subfolder=spec.adapter.subfolder,
            weight_name=safe_copy(spec.adapter) or spec.adapter.weight_name,
            image_encoder_folder=None,
            local_files_only=True,
            **spec.adapter.arguments("revision"),
        )
        if spec.adapter_lora is not None:
            if FACEID_LORA not in pipeline.get_list_adapters().get(self.denoiser, []):  # its own file did not hold it
                load_lora(pipeline, spec.adapter_lora, FACEID_LORA)
            set_lora_scale(pipeline, 1.0)

    def encode(self, pipeline: Any, prepared: Any) -> tuple[Structure, ...]:
        """Turn what `prepare` returned into structures, which seeds take in turn. Here: an empty one."""
        return (Structure(unconditional=torch.zeros(1, 1, 0), person=torch.zeros(1, 1, 0)),)

    def call_arguments(self, pipeline: Any, call: Call) -> dict[str, Any]:
        """Arguments of the pipeline's call.

        FaceID's embeddings: (2B, 1, 512) with guidance, zeros first; else (B, 1, 512).
        """
        return {"ip_adapter_image_embeds": [self._embeds(pipeline, call)]}

    @contextmanager
    def applied(self, pipeline: Any, spec: EngineSpec, call: Call) -> Iterator[None]:
        """Set scales and the structure of every picture of a batch for the call inside."""
        pipeline.set_ip_adapter_scale(call.settings.identity_strength)
        if spec.adapter_lora is not None and call.settings.lora_scale != self._lora_scale:
            set_lora_scale(pipeline, call.settings.lora_scale)
            self._lora_scale = call.settings.lora_scale
        yield

    def _embeds(self, pipeline: Any, call: Call) -> torch.Tensor:
        people = call.embeddings.to(getattr(pipeline, self.denoiser).dtype)
        return torch.cat([torch.zeros_like(people), people]) if call.guided else people

    def preview_latents(self, pipeline: Any, latents: torch.Tensor) -> torch.Tensor:
        """Latents as the row's preview takes them, (1, C, h, w). Here: as the scheduler has them."""
        return latents


class FaceIDPlusV2Adapter(FaceIDAdapter):
    """FaceID Plus v2: CLIP's view of the aligned face is added to the identity tokens by a scaled shortcut."""

    def prepare(self, identity: "Identity", spec: EngineSpec) -> np.ndarray:
        """Cut the best photo's face out: uint8 (224, 224, 3) in the row's colour order."""
        crop = clip_crop(identity.best.image, identity.best.face.landmarks)
        return crop[..., ::-1] if spec.clip_colours == "bgr" else crop

    @torch.no_grad()
    def encode(self, pipeline: Any, prepared: np.ndarray) -> tuple[Structure, ...]:
        """CLIP's last but one hidden states of nothing and of the crop: (1, 1, 257, 1280) each.

        Nothing is a picture of zeros after CLIP's normalisation: a grey one, not a black one.
        """
        hidden = pipeline.prepare_ip_adapter_image_embeds([[prepared]], None, pipeline._execution_device, 1, True)
        nobody, person = hidden[0].chunk(2)
        return (Structure(unconditional=nobody, person=person),)

    @contextmanager
    def applied(self, pipeline: Any, spec: EngineSpec, call: Call) -> Iterator[None]:
        """Set CLIP's view of every picture; the unconditional half has CLIP's view of nothing."""
        denoiser = getattr(pipeline, self.denoiser)
        layer = denoiser.encoder_hid_proj.image_projection_layers[0]
        layer.clip_embeds = batch(call.structures, call.guided).to(denoiser.dtype)
        layer.shortcut, layer.shortcut_scale = True, call.settings.structure
        try:
            with super().applied(pipeline, spec, call):
                yield
        finally:
            layer.clip_embeds = None


def batch(structures: Sequence[Structure], guided: bool) -> torch.Tensor:
    """Stack structures: (2B, ...) with guidance, the unconditional half first; else (B, ...)."""
    people = [structure.person for structure in structures]
    return torch.cat([*(structure.unconditional for structure in structures), *people] if guided else people)


def clip_crop(image: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
    """Cut the face out for CLIP, as FaceID Plus does: uint8 (224, 224, 3), same colour order, black outside."""
    matrix = alignment.similarity_transform(landmarks, alignment.TEMPLATE * (CLIP_CROP_SIDE / alignment.CROP_SIDE))
    return cv2.warpAffine(image, matrix, (CLIP_CROP_SIDE, CLIP_CROP_SIDE))
