"""What an engine takes from a person beside the embedding: their structure, scaled by the structure slider.

Most leave a face on the pipeline while it runs, so they are context managers that take it away again.
"""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

import cv2
import numpy as np
import torch

from pipelines.engines.builtin.alignment import ffhq_align
from pipelines.engines.builtin.arcface_maps import ArcFaceMaps, shared_mapper
from pipelines.engines.builtin.reference import on_plain_backdrop
from pipelines.faces import alignment
from pipelines.matting.person_mask import PersonMask

if TYPE_CHECKING:
    from pipelines.faces.identity import Shot

CLIP_CROP_SIDE = 224
"""Side of the face crop that IP-Adapter FaceID Plus shows to CLIP, pixels (model card of h94/IP-Adapter-FaceID)."""


UNCONDITIONAL = 0.9
"""How much of the reference the built-in model's unconditional half sees. Guidance strengthens what the halves differ
in. Without any reference there, that is the photo more than the words; with nine tenths it is the words. On eight faces
of real photos, the model's third generation, guidance 2: cosine .56 with .7 and .55 with .9, heads turned by .22 and
.16 with both."""


VIEWS = (0.15, 0.7)
"""How strongly the built-in model's seeds, in turn, go by the embedding: what the identity strength is multiplied by.

Noise alone makes four pictures that are hardly more or less like the person, and no strength is better by all judges:

| strength | .15 | .4 | .6 | .8 | 1 |
|---|---|---|---|---|---|
| cosine to the photo, 33 real faces that are not the benchmark's | .546 | .605 | .633 | .649 | .658 |
| dlib's distance to unseen shots, 16 people of the training kind | .404 | .407 | .413 | .419 | .426 |

With .8 alone the better of two pictures gains .007 in cosine over its mean, with .15 and .8 the best of four .058."""


@dataclass(frozen=True, kw_only=True, eq=False)
class View:
    """What one picture sees of a person's photo, batch 1."""

    unconditional: torch.Tensor
    """What the unconditional half of a batch sees."""
    person: torch.Tensor
    """What this person's half sees."""
    identity: float = 1.0
    """What the identity strength is multiplied by where the photo is seen in full; at structure 0 nothing is."""


class Structure(Protocol):
    """One way to hand over pose and face shape. `pipeline` is the engine's, on which it can be set."""

    def see(self, shot: "Shot") -> Any:
        """What `read` needs of a photo. This takes no engine: it may be loading, or busy with somebody else."""

    def read(self, pipeline: Any, seen: Any) -> tuple[View, ...]:
        """Of what was seen: the views of it that seeds see in turn."""

    def applied(self, pipeline: Any, views: Sequence[View], scale: float, guided: bool) -> AbstractContextManager[None]:
        """Set the views of a batch, one per picture, for the calls inside."""


def _batch(views: Sequence[View], guided: bool) -> torch.Tensor:
    """(2B, ...) with guidance, the unconditional half first; else (B, ...)."""
    people = [view.person for view in views]
    return torch.cat([*(view.unconditional for view in views), *people] if guided else people)


class ReferenceLatents:
    """The built-in model's: the best photo's latents beside the noisy ones, faded by the scale.

    The person is put before a plain backdrop first: what stands behind them in the photo would be drawn, too.
    """

    @cached_property
    def _mask(self) -> PersonMask:
        return PersonMask()

    @torch.no_grad()
    def see(self, shot: "Shot") -> tuple[torch.Tensor, ArcFaceMaps]:
        """The FFHQ-aligned face, RGB in [-1, 1] (1, 3, 256, 256), and what ArcFace sees in it."""
        aligned, landmarks = ffhq_align(*on_plain_backdrop(shot.image, shot.face.landmarks, self._mask))
        picture = torch.from_numpy(aligned).permute(2, 0, 1)[None].float() / 127.5 - 1
        return picture, shared_mapper()(picture, landmarks)

    @torch.no_grad()
    def read(self, pipeline: Any, seen: tuple[torch.Tensor, ArcFaceMaps]) -> tuple[View, ...]:
        """As VIEWS has them: the face's latents in the UNet's scale, (1, 64, 8, 8)."""
        vae, (picture, (maps, embedding)) = pipeline.vae, seen
        arcface = ArcFaceMaps(tuple(m.to(vae.device) for m in maps), embedding.to(vae.device))
        latents = vae.encode(picture.to(vae.device), arcface) * vae.config.scaling_factor
        return tuple(
            View(unconditional=UNCONDITIONAL * latents, person=latents, identity=identity) for identity in VIEWS
        )

    @contextmanager
    def applied(self, pipeline: Any, views: Sequence[View], scale: float, guided: bool) -> Iterator[None]:
        """Set the reference of every picture; the unconditional half has it faded."""
        unet = pipeline.unet
        unet.reference = _batch(views, guided) * scale
        try:
            yield
        finally:
            unet.reference = None


def clip_crop(image: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
    """Cut the face out for CLIP, as FaceID Plus does: uint8 BGR (224, 224, 3) of an RGB image, black outside.

    BGR, though CLIP learned from RGB: the published method gives CLIP the picture as OpenCV reads it (h94's model card,
    diffusers' guide). Blue hair has been reported for it: https://github.com/tencent-ailab/IP-Adapter/issues/430
    """
    matrix = alignment.similarity_transform(landmarks, alignment.TEMPLATE * (CLIP_CROP_SIDE / alignment.CROP_SIDE))
    return cv2.warpAffine(image, matrix, (CLIP_CROP_SIDE, CLIP_CROP_SIDE))[..., ::-1]


class FaceCrop:
    """FaceID Plus v2's: CLIP's view of the aligned face, added to the identity tokens by a scaled shortcut."""

    shortcut = True

    def see(self, shot: "Shot") -> np.ndarray:
        """The 224 px crop: uint8 BGR (224, 224, 3)."""
        return clip_crop(shot.image, shot.face.landmarks)

    @torch.no_grad()
    def read(self, pipeline: Any, seen: np.ndarray) -> tuple[View, ...]:
        """CLIP's last but one hidden states of nothing and of the crop: (1, 1, 257, 1280) each.

        Nothing is a picture of zeros after CLIP's normalisation: a grey one, not a black one.
        """
        views = pipeline.prepare_ip_adapter_image_embeds([[seen]], None, pipeline._execution_device, 1, True)
        nobody, person = views[0].chunk(2)
        return (View(unconditional=nobody, person=person),)

    @contextmanager
    def applied(self, pipeline: Any, views: Sequence[View], scale: float, guided: bool) -> Iterator[None]:
        """Set CLIP's view of every picture; the unconditional half sees CLIP's view of nothing."""
        layer = pipeline.unet.encoder_hid_proj.image_projection_layers[0]
        layer.clip_embeds = _batch(views, guided).to(pipeline.unet.dtype)
        layer.shortcut, layer.shortcut_scale = self.shortcut, scale
        try:
            yield
        finally:
            layer.clip_embeds = None


class FaceCropAlone(FaceCrop):
    """FaceID Plus's, the first version: the embedding looks at CLIP's view, and nothing can be scaled."""

    shortcut = False


class NoStructure:
    """Plain FaceID's: it takes the embedding and nothing else."""

    def see(self, shot: "Shot") -> tuple[()]:
        """Nothing."""
        return ()

    def read(self, pipeline: Any, seen: tuple[()]) -> tuple[View, ...]:
        """Nothing: (1, 1, 0)."""
        return (View(unconditional=torch.zeros(1, 1, 0), person=torch.zeros(1, 1, 0)),)

    @contextmanager
    def applied(self, pipeline: Any, views: Sequence[View], scale: float, guided: bool) -> Iterator[None]:
        """Set nothing."""
        yield
