"""InstantID: the raw embedding as tokens in cross-attention, and a ControlNet that sets the face by five key points.

Wang et al. 2024, InstantID (https://arxiv.org/abs/2401.07519). Diffusers reads its adapter as IP-Adapter Plus: 16
tokens that look at the embedding in place of CLIP's view of a picture.
"""

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from pipelines.engine_spec import EngineSpec
from pipelines.engines.adapters import Call, FaceIDAdapter, Structure
from pipelines.engines.instantid.keypoints import draw_key_points, middle_place, place_landmarks

if TYPE_CHECKING:
    from pipelines.faces.identity import Identity

KEY_POINTS = 0.8
"""Scale of the ControlNet at structure 1: the published one."""


class InstantIDAdapter(FaceIDAdapter):
    """InstantID. Structure is the ControlNet's scale; the best photo gives it the face's proportions."""

    def prepare(self, identity: "Identity", spec: EngineSpec) -> np.ndarray:
        """Take the landmarks of the best photo's face, (5, 2) float32 pixels of that photo."""
        return identity.best.face.landmarks

    def load(self, pipeline: Any, spec: EngineSpec) -> None:
        """Put the adapter on the UNet, and its projection on the ControlNet, too."""
        super().load(pipeline, spec)
        pipeline.controlnet.projection = copy.deepcopy(getattr(pipeline, self.denoiser).encoder_hid_proj)

    def encode(self, pipeline: Any, prepared: np.ndarray) -> tuple[Structure, ...]:
        """The landmarks as a tensor (1, 5, 2); nobody has none."""
        return (Structure(unconditional=torch.zeros(1, 0, 2), person=torch.from_numpy(prepared.copy())[None]),)

    def call_arguments(self, pipeline: Any, call: Call) -> dict[str, Any]:
        """The embeddings, a picture of key points (B, 3, H, W) in [0, 1], and how much it counts."""
        pictures = [
            draw_key_points(place_landmarks(structure.person[0].numpy(), place or middle_place(call.size)), call.size)
            for structure, place in zip(call.structures, call.places, strict=True)
        ]
        return {
            **super().call_arguments(pipeline, call),
            "image": torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).float() / 255,
            "controlnet_conditioning_scale": KEY_POINTS * call.settings.structure,
        }

    @contextmanager
    def applied(self, pipeline: Any, spec: EngineSpec, call: Call) -> Iterator[None]:
        """Show the ControlNet the same faces as the UNet."""
        pipeline.controlnet.embeds = self._embeds(pipeline, call).to(pipeline._execution_device)
        try:
            with super().applied(pipeline, spec, call):
                yield
        finally:
            pipeline.controlnet.embeds = None

    def _embeds(self, pipeline: Any, call: Call) -> torch.Tensor:
        """Embeddings as the projection reads them, (2B, 1, 1, 512): a picture of one patch each."""
        return super()._embeds(pipeline, call)[:, :, None]
