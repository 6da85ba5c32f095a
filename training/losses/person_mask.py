"""The app's person mask in torch, and how far it cannot tell where a person ends: for data on a GPU and for a loss."""

import torch
import torch.nn as nn
import torch.nn.functional as F

from pipelines.engines.builtin.alignment import similarity_transform_torch
from pipelines.matting.alpha import GRID_SIDE
from pipelines.matting.person_mask import MODEL, SHARPNESS, WIDER
from pipelines.matting.uncertain import CLOUD, FACE
from training.losses.onnx_net import OnnxNet

REACH = CLOUD.shape[0] // 2


class PersonSegmentation(nn.Module):
    """MediaPipe's selfie segmentation. Frozen, differentiable."""

    def __init__(self) -> None:
        super().__init__()
        self.net = OnnxNet(MODEL, ("person",))

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """RGB (B, 3, 256, 256) in [-1, 1] -> how probable it is that a place shows the person, (B, 1, 256, 256)."""
        return self.net(pictures * 0.5 + 0.5)[0]


def alpha(probability: torch.Tensor) -> torch.Tensor:
    """A probability (B, 1, H, W) as steep at its edges as in `matting.person_mask`, without the guided filter."""
    return ((probability - 0.5 + WIDER) * SHARPNESS + 0.5).clamp(0, 1)


def unsure_share(probability: torch.Tensor, landmarks: torch.Tensor) -> torch.Tensor:
    """The share of a picture where the mask cannot tell, (B,) 0..1: beside and below the face, and over areas only.

    `pipelines.matting.uncertain.clouds` finds such areas; they become the patches beside a neck. Where the
    mask is just an edge does not count. Probability (B, 1, 256, 256), landmarks (B, 5, 2) in its pixels.
    """
    unsure = 4 * probability * (1 - probability)
    wide = F.max_pool2d(-F.max_pool2d(-unsure, 2 * REACH + 1, 1, REACH), 2 * REACH + 1, 1, REACH)
    return (wide * below_eyes(landmarks)).mean((1, 2, 3))


def below_eyes(landmarks: torch.Tensor) -> torch.Tensor:
    """1 where a place of a 256 px picture lies below the eyes, else 0: (B, 1, 256, 256). Landmarks (B, 5, 2)."""
    face = torch.from_numpy(FACE).to(landmarks)
    matrix = similarity_transform_torch(landmarks.detach(), face.expand(len(landmarks), -1, -1))
    place = torch.arange(GRID_SIDE, device=landmarks.device, dtype=landmarks.dtype)
    x, y = place[None, None, :], place[None, :, None]
    down = matrix[:, 1, 0, None, None] * x + matrix[:, 1, 1, None, None] * y + matrix[:, 1, 2, None, None]
    return (down > 0.55).to(landmarks)[:, None]
