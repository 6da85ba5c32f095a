"""Differentiable measurements of the pictures that latents decode to, for losses."""

from typing import NamedTuple

import torch
import torch.nn as nn

from pipelines.engines.builtin.autoencoder import FaceAutoencoder
from pipelines.engines.builtin.mobilestylegan import RGBHead
from training import devices
from training.data.attributes import measure
from training.losses.arcface import ArcFace
from training.losses.person_mask import PersonSegmentation, unsure_share
from training.stages.landmarks import LandmarkNet

CL = torch.channels_last
CROP_SHIFT, CROP_ZOOM, CROP_ROTATION = 1.5, 0.04, 0.06
"""Standard deviations of ArcFace's crop: pixels of 256, share of its size, radians. Without, one exact crop is fooled;
far larger, the crop leaves what ArcFace was trained on."""


class Judgement(NamedTuple):
    """Measurements of B pictures."""

    picture: torch.Tensor  # (B, 3, 256, 256) RGB, about [-1, 1]
    embedding: torch.Tensor  # (B, 512) unit, ArcFace's
    measures: torch.Tensor  # (B, 12), training.data.attributes
    unsure_share: torch.Tensor  # (B,), training.losses.person_mask


class Judge(nn.Module):
    """Frozen nets that turn latents into a 256 px picture and measure it. Differentiable."""

    def __init__(self, vae: FaceAutoencoder, head: RGBHead, landmarks: LandmarkNet, arcface: ArcFace):
        super().__init__()
        self.vae, self.head, self.landmarks, self.arcface = vae, head, landmarks, arcface
        self.segmentation = PersonSegmentation()

        def picture(latents: torch.Tensor) -> torch.Tensor:
            features, style = self.vae.features(latents.contiguous(memory_format=CL))
            return self.head(self.vae.synthesis.features(features, style, blocks=2), style)

        self._picture = torch.compile(picture)

    def picture(self, latents: torch.Tensor) -> torch.Tensor:
        """Decode latents (B, 64, 8, 8), not scaled, to RGB (B, 3, 256, 256), about [-1, 1]."""
        with devices.half_precision(latents.device):
            return self._picture(latents).float().contiguous(memory_format=CL)

    def forward(self, latents: torch.Tensor) -> Judgement:
        """Decode and measure latents (B, 64, 8, 8), not scaled."""
        picture = self.picture(latents)
        with devices.half_precision(latents.device):
            landmarks = self.landmarks(picture)
            embedding = self.arcface.embed(picture, jitter_landmarks(landmarks.detach()))
            person = self.segmentation(picture.clamp(-1, 1)).float()
        measures = measure(picture.clamp(-1, 1) * 0.5 + 0.5, landmarks)
        return Judgement(picture, embedding, measures, unsure_share(person, landmarks.detach()))


def jitter_landmarks(landmarks: torch.Tensor) -> torch.Tensor:
    """Move, zoom and rotate landmarks (B, 5, 2), pixels of 256, at random, each picture's separately.

    A likeness that holds in one exact crop only is seen less by other recognisers. Input diversity: Xie et al. 2019,
    arXiv 1803.06978.
    """
    n, device = len(landmarks), landmarks.device
    centre = landmarks.mean(1, keepdim=True)
    angle, zoom = CROP_ROTATION * torch.randn(n, device=device), 1 + CROP_ZOOM * torch.randn(n, device=device)
    cos, sin = zoom * angle.cos(), zoom * angle.sin()
    x, y = (landmarks - centre).unbind(2)
    turned = torch.stack([cos[:, None] * x - sin[:, None] * y, sin[:, None] * x + cos[:, None] * y], 2)
    return centre + turned + CROP_SHIFT * torch.randn(n, 1, 2, device=device)
