"""Identity adapter of the built-in model: FaceID, and the best photo's latents as a reference."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

import torch

from pipelines.engine_spec import EngineSpec
from pipelines.engines.adapters import Call, FaceIDAdapter, Structure, batch
from pipelines.engines.builtin.arcface_maps import ArcFaceMaps, shared_mapper
from pipelines.engines.builtin.reference import reference_picture
from pipelines.matting.head_parser import HeadParser
from pipelines.matting.person_mask import PersonMask

if TYPE_CHECKING:
    from pipelines.faces.identity import Identity

UNCONDITIONAL_SHARE = 0.9
"""Share of the reference that the unconditional half sees, 0 to 1. Guidance strengthens what the halves differ in: with
0 that is the photo more than the words, with 1 the words alone."""
IDENTITY_FACTORS = (0.15, 0.7)
"""Factors of the identity strength that seeds take in turn, 0 to 1: noise alone makes four pictures that are hardly
more or less like the person. Low ones follow the photo, high ones the embedding; equal ones waste a choice of four."""


class ReferenceLatentsAdapter(FaceIDAdapter):
    """FaceID with reference latents (`ReferenceUNet`), which the structure fades.

    The person is put before a plain backdrop first: what stands behind them in the photo would be drawn, too.
    """

    @cached_property
    def _mask(self) -> PersonMask:
        return PersonMask()

    @cached_property
    def _parser(self) -> HeadParser:
        return HeadParser()

    @torch.no_grad()
    def prepare(self, identity: "Identity", spec: EngineSpec) -> tuple[torch.Tensor, ArcFaceMaps]:
        """Cut out the best photo's FFHQ-aligned face, RGB in [-1, 1] (1, 3, 256, 256), and ArcFace's maps of it."""
        best = identity.best
        landmarks = best.face.landmarks
        aligned, landmarks = reference_picture(best.image, landmarks, self._mask, lambda: self._parser)
        picture = torch.from_numpy(aligned).permute(2, 0, 1)[None].float() / 127.5 - 1
        return picture, shared_mapper()(picture, landmarks)

    def cutout_words(self, prepared: tuple[torch.Tensor, ArcFaceMaps]) -> tuple[str, ...]:
        """A calm backdrop, and no word on its tone or on clothes: dark ones lengthen hair, light ones bleach it."""
        return ("plain-backdrop",)

    @torch.no_grad()
    def encode(self, pipeline: Any, prepared: tuple[torch.Tensor, ArcFaceMaps]) -> tuple[Structure, ...]:
        """Latents of the face in the UNet's scale, (1, 64, 8, 8), once for each of IDENTITY_FACTORS."""
        vae, (picture, (maps, embedding)) = pipeline.vae, prepared
        arcface = ArcFaceMaps(tuple(m.to(vae.device) for m in maps), embedding.to(vae.device))
        latents = vae.encode(picture.to(vae.device), arcface) * vae.config.scaling_factor
        return tuple(
            Structure(unconditional=UNCONDITIONAL_SHARE * latents, person=latents, identity_factor=factor)
            for factor in IDENTITY_FACTORS
        )

    @contextmanager
    def applied(self, pipeline: Any, spec: EngineSpec, call: Call) -> Iterator[None]:
        """Set the reference of every picture; the unconditional half has it faded."""
        denoiser = getattr(pipeline, self.denoiser)
        denoiser.reference = batch(call.structures, call.guided) * call.settings.structure
        try:
            with super().applied(pipeline, spec, call):
                yield
        finally:
            denoiser.reference = None
