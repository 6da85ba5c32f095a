"""ReferencePhotosAdapter: shows a person's photos to FLUX.2 [klein]."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from PIL import Image

from pipelines.engine_spec import EngineSpec
from pipelines.engines.adapters import Call, FaceIDAdapter, Structure
from pipelines.language.sentence import Sentence

if TYPE_CHECKING:
    from pipelines.faces.identity import Identity

MAX_REFERENCES = 4
"""Most photos that are shown to it, the best of those given; each adds its own tokens to every step."""
REFERENCE_SIDE = 768
"""Side of a reference, pixels, at most: 2304 tokens, where a picture of 1024 x 1024 has 4096."""
AROUND_FACE = 3.2
"""Side of a reference in lengths of the face's box: head, hair and shoulders, and few of the people beside."""
FACE_HEIGHT = 0.45
"""Height of the face's centre in a reference, as a share from the top."""
SMALLEST_SIDE = 64  # pixels; diffusers takes no smaller reference
NOT_ALL_SHOWN = Sentence("This engine sees at most {most} photos: of your {count} it was shown the best.")


@dataclass(frozen=True, kw_only=True, eq=False)
class ReferencePhotos(Structure):
    """Photos that one picture is drawn from. They are the person."""

    photos: tuple[Image.Image, ...]


class ReferencePhotosAdapter(FaceIDAdapter):
    """Hands the photos themselves to the pipeline."""

    denoiser = "transformer"

    def prepare(self, identity: "Identity", spec: EngineSpec) -> tuple[Image.Image, ...]:
        """Cut out all photos, the best first."""
        ordered = sorted(identity.shots, key=lambda shot: -shot.face.quality.score)[:MAX_REFERENCES]
        return tuple(reference(shot.image, shot.face.box) for shot in ordered)

    def notes(self, identity: "Identity") -> tuple[str, ...]:
        """Sentence on photos beyond those that are shown to it."""
        count = len(identity.shots)
        return (NOT_ALL_SHOWN.format(most=MAX_REFERENCES, count=count),) if count > MAX_REFERENCES else ()

    def encode(self, pipeline: Any, prepared: tuple[Image.Image, ...]) -> tuple[Structure, ...]:
        """Keep the photos; the pipeline encodes them for each picture."""
        return (ReferencePhotos(unconditional=torch.zeros(0), person=torch.zeros(0), photos=prepared),)

    def call_arguments(self, pipeline: Any, call: Call) -> dict[str, Any]:
        """No arguments: the embedding is for telling people apart, not for drawing."""
        return {}

    @contextmanager
    def applied(self, pipeline: Any, spec: EngineSpec, call: Call) -> Iterator[None]:
        """Show the photos of every picture to the pipeline."""
        pipeline.references = [one.photos for one in call.structures if isinstance(one, ReferencePhotos)]
        try:
            yield
        finally:
            pipeline.references = ()

    def preview_latents(self, pipeline: Any, latents: torch.Tensor) -> torch.Tensor:
        """Take packed tokens (1, rows x columns, 128) apart: the VAE's latents (1, 32, 2 rows, 2 columns)."""
        rows, columns = pipeline.grid
        tokens = latents.transpose(1, 2).reshape(1, -1, rows, columns).float().cpu()
        norm = pipeline.vae.bn
        mean = norm.running_mean.view(1, -1, 1, 1).float().cpu()
        deviation = (norm.running_var.view(1, -1, 1, 1).float().cpu() + pipeline.vae.config.batch_norm_eps).sqrt()
        result: torch.Tensor = pipeline._unpatchify_latents(tokens * deviation + mean)
        return result


def reference(image: np.ndarray, box: np.ndarray) -> Image.Image:
    """Cut a photo, RGB uint8 (H, W, 3), out around a face's box (x0 y0 x1 y1, pixels): RGB, REFERENCE_SIDE at most."""
    height, width = image.shape[:2]
    side = AROUND_FACE * float((box[2:] - box[:2]).max())
    x, y = (float(value) for value in (box[:2] + box[2:]) / 2)
    x0, y0 = max(0, round(x - side / 2)), max(0, round(y - side * FACE_HEIGHT))
    x1, y1 = min(width, round(x + side / 2)), min(height, round(y + side * (1 - FACE_HEIGHT)))
    photo = Image.fromarray(np.ascontiguousarray(image[y0:y1, x0:x1]))
    photo.thumbnail((REFERENCE_SIDE, REFERENCE_SIDE), Image.Resampling.LANCZOS)
    if min(photo.size) < SMALLEST_SIDE:
        scale = SMALLEST_SIDE / min(photo.size)
        photo = photo.resize((math.ceil(photo.width * scale), math.ceil(photo.height * scale)))
    return photo
