"""Differentiable w600k_mbf (InsightFace's ArcFace MobileFaceNet) for losses. Its weights are non-commercial."""

from pathlib import Path

import onnx
import torch
import torch.nn as nn
import torch.nn.functional as F

from pipelines.engines.builtin.alignment import arcface_crop
from pipelines.engines.builtin.arcface_maps import MAPS, ArcFaceMaps, warp_maps
from training.losses.onnx_net import OnnxNet


class ArcFace(nn.Module):
    """Frozen ArcFace with its embedding and the inner maps MAPS.

    Args:
        path: w600k_mbf.onnx.
    """

    def __init__(self, path: Path):
        super().__init__()
        self.net = OnnxNet(path, (onnx.load(path).graph.output[0].name, *MAPS))

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, list[torch.Tensor]]:
        """Aligned faces (B, 3, 112, 112) RGB in [-1, 1] -> embedding (B, 512), not normalised, and inner maps."""
        embedding, *maps = self.net(x)
        return embedding, maps

    def embed(self, pictures: torch.Tensor, landmarks: torch.Tensor) -> torch.Tensor:
        """Embed pictures (B, 3, S, S) RGB in [-1, 1] with landmarks (B, 5, 2) in pixels: (B, 512) L2-normalised."""
        return F.normalize(self(arcface_crop(pictures, landmarks))[0].float(), dim=1)

    def maps(self, pictures: torch.Tensor, landmarks: torch.Tensor) -> ArcFaceMaps:
        """Return the encoder's input for a batch, as `pipelines.engines.builtin.arcface_maps` does for one picture."""
        embedding, maps = self(arcface_crop(pictures, landmarks))
        return ArcFaceMaps(warp_maps(maps, landmarks, pictures.shape[-1]), F.normalize(embedding.float(), dim=1))
