"""What is to be seen in pictures of latents, in a way that a loss can look through."""

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
SHIFT, ZOOM, TURN = 1.5, 0.04, 0.06
"""How differently ArcFace looks at a picture each time: pixels of 256, share of the size, radians (deviations)."""


class Judgement(NamedTuple):
    """What is to be seen in B pictures."""

    picture: torch.Tensor  # (B, 3, 256, 256) RGB, about [-1, 1]
    embedding: torch.Tensor  # (B, 512) unit, ArcFace's
    measures: torch.Tensor  # (B, 12), training.data.attributes
    unsure_share: torch.Tensor  # (B,), training.losses.person_mask


class Judge(nn.Module):
    """Latents -> what is to be seen in the 256 px picture they stand for. Differentiable, not trained through."""

    def __init__(self, vae: FaceAutoencoder, head: RGBHead, landmarks: LandmarkNet, arcface: ArcFace):
        super().__init__()
        self.vae, self.head, self.landmarks, self.arcface = vae, head, landmarks, arcface
        self.segmentation = PersonSegmentation()

        def picture(latents: torch.Tensor) -> torch.Tensor:
            features, style = self.vae.features(latents.contiguous(memory_format=CL))
            return self.head(self.vae.synthesis.features(features, style, blocks=2), style)

        self._picture = torch.compile(picture)

    def picture(self, latents: torch.Tensor) -> torch.Tensor:
        """Latents (B, 64, 8, 8), not scaled -> RGB (B, 3, 256, 256), about [-1, 1]."""
        with devices.half_precision(latents.device):
            return self._picture(latents).float().contiguous(memory_format=CL)

    def forward(self, latents: torch.Tensor) -> Judgement:
        """Latents (B, 64, 8, 8), not scaled."""
        picture = self.picture(latents)
        with devices.half_precision(latents.device):
            landmarks = self.landmarks(picture)
            embedding = self.arcface.embed(picture, jitter_landmarks(landmarks.detach()))
            person = self.segmentation(picture.clamp(-1, 1)).float()
        measures = measure(picture.clamp(-1, 1) * 0.5 + 0.5, landmarks)
        return Judgement(picture, embedding, measures, unsure_share(person, landmarks.detach()))


def jitter_landmarks(landmarks: torch.Tensor) -> torch.Tensor:
    """Landmarks (B, 5, 2) in pixels of 256, moved, zoomed and turned a little, each picture's in its own way.

    What pleases a recogniser in one exact crop alone is not likeness: other recognisers see less of it. Pictures that
    fool one net and others, too, are made with such changes (Xie et al. 2019, arXiv 1803.06978).
    """
    n, device = len(landmarks), landmarks.device
    centre = landmarks.mean(1, keepdim=True)
    angle, zoom = TURN * torch.randn(n, device=device), 1 + ZOOM * torch.randn(n, device=device)
    cos, sin = zoom * angle.cos(), zoom * angle.sin()
    x, y = (landmarks - centre).unbind(2)
    turned = torch.stack([cos[:, None] * x - sin[:, None] * y, sin[:, None] * x + cos[:, None] * y], 2)
    return centre + turned + SHIFT * torch.randn(n, 1, 2, device=device)
