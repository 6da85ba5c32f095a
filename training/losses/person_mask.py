"""The app's person mask in torch, and the share of a picture where it is unsure: for data on a GPU and for a loss."""

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
        """RGB (B, 3, 256, 256) in [-1, 1] -> probability of the person at each place, (B, 1, 256, 256)."""
        return self.net(pictures * 0.5 + 0.5)[0]


def alpha(probability: torch.Tensor) -> torch.Tensor:
    """Sharpen probabilities (B, 1, H, W) to alpha 0..1 as `matting.person_mask` does, without the guided filter."""
    return ((probability - 0.5 + WIDER) * SHARPNESS + 0.5).clamp(0, 1)


def unsure_share(probability: torch.Tensor, landmarks: torch.Tensor) -> torch.Tensor:
    """Measure the share of a picture where the mask is unsure: (B,) 0..1, differentiable.

    Counts areas below the eyes, not edges, as `pipelines.matting.uncertain.unsure_areas` does.

    Args:
        probability: (B, 1, 256, 256) of the person.
        landmarks: (B, 5, 2) in its pixels.
    """
    unsure = 4 * probability * (1 - probability)
    wide = F.max_pool2d(-F.max_pool2d(-unsure, 2 * REACH + 1, 1, REACH), 2 * REACH + 1, 1, REACH)
    return (wide * below_eyes(landmarks)).mean((1, 2, 3))


def below_eyes(landmarks: torch.Tensor) -> torch.Tensor:
    """Mask of the places below the eyes: (B, 1, 256, 256), 0 or 1. Landmarks (B, 5, 2) in pixels of 256."""
    face = torch.from_numpy(FACE).to(landmarks)
    matrix = similarity_transform_torch(landmarks.detach(), face.expand(len(landmarks), -1, -1))
    place = torch.arange(GRID_SIDE, device=landmarks.device, dtype=landmarks.dtype)
    x, y = place[None, None, :], place[None, :, None]
    down = matrix[:, 1, 0, None, None] * x + matrix[:, 1, 1, None, None] * y + matrix[:, 1, 2, None, None]
    return (down > 0.55).to(landmarks)[:, None]
