"""w600k_mbf (InsightFace's ArcFace MobileFaceNet) in torch, to look through in a loss. Non-commercial weights."""

from pathlib import Path

import onnx
import torch
import torch.nn as nn
import torch.nn.functional as F

from pipelines.engines.builtin.alignment import arcface_crop
from pipelines.engines.builtin.arcface_maps import MAPS, ArcFaceMaps, warp_maps
from training.losses.onnx_net import OnnxNet


class ArcFace(nn.Module):
    """The ONNX graph, differentiable, with its inner maps. Frozen."""

    def __init__(self, path: Path):
        super().__init__()
        self.net = OnnxNet(path, (onnx.load(path).graph.output[0].name, *MAPS))

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, list[torch.Tensor]]:
        """(B, 3, 112, 112) RGB in [-1, 1], aligned -> embedding (B, 512), not normalised, and the values MAPS."""
        embedding, *maps = self.net(x)
        return embedding, maps

    def embed(self, pictures: torch.Tensor, landmarks: torch.Tensor) -> torch.Tensor:
        """(B, 3, S, S) RGB in [-1, 1], landmarks (B, 5, 2) in its pixels -> (B, 512) L2-normalised. Differentiable."""
        return F.normalize(self(arcface_crop(pictures, landmarks))[0].float(), dim=1)

    def maps(self, pictures: torch.Tensor, landmarks: torch.Tensor) -> ArcFaceMaps:
        """What the autoencoder's encoder reads: the same as `pipelines.engines.builtin.arcface_maps`, for batches."""
        embedding, maps = self(arcface_crop(pictures, landmarks))
        return ArcFaceMaps(warp_maps(maps, landmarks, pictures.shape[-1]), F.normalize(embedding.float(), dim=1))
