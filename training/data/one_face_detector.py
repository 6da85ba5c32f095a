"""Detection of the single face in a generated picture: SCRFD at 256 px, an eighth of the cost of the app's search."""

from collections.abc import Iterable
from concurrent.futures import Executor

import cv2
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

from pipelines.faces.models import DETECTOR, FACE_MODELS, locate, session
from training.losses.onnx_net import OnnxNet

SIDE = 256
THRESHOLD = 0.4
STRIDES = {8: ("437", "439"), 16: ("480", "482"), 32: ("523", "525")}
"""Stride of a grid -> SCRFD 500M's tensors with its scores, before the sigmoid, and its landmarks, in strides."""
ANCHORS = 2
"""Anchors at each place of a grid."""


class FaceDetector:
    """SCRFD for one picture at a time. Safe to share between threads."""

    def __init__(self) -> None:
        from insightface.model_zoo.scrfd import SCRFD

        self._net = SCRFD(session=session(FACE_MODELS[DETECTOR], threads=1))

    def __call__(self, picture: np.ndarray, border: int = 0) -> np.ndarray | None:
        """Detect the largest face near the middle of uint8 RGB (H, W, 3): landmarks (5, 2) float32 pixels, or None.

        `border` pixels are added all round first, so that a face that fills its frame is found.
        """
        bgr = np.ascontiguousarray(picture[:, :, ::-1])
        if border:
            bgr = cv2.copyMakeBorder(bgr, border, border, border, border, cv2.BORDER_REPLICATE)
        _, points = self._net.detect(bgr, input_size=(SIDE, SIDE), max_num=1, det_thresh=THRESHOLD)
        return (points[0] - border).astype(np.float32) if len(points) else None

    def detect_all(self, pool: Executor, pictures: Iterable[np.ndarray], border: int = 0) -> list[np.ndarray | None]:
        """Detect the face of several pictures, in their order."""
        return list(pool.map(lambda picture: self(picture, border), pictures))


class BatchFaceDetector(nn.Module):
    """SCRFD in torch for batches on a GPU: the face with the highest score in each picture."""

    def __init__(self) -> None:
        super().__init__()
        self.net = OnnxNet(locate(FACE_MODELS[DETECTOR]), tuple(name for pair in STRIDES.values() for name in pair))

    @torch.no_grad()
    def forward(self, pictures: torch.Tensor, border: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
        """Detect faces in (B, 3, S, S) float32 RGB in [-1, 1]: landmarks (B, 5, 2) in its pixels, found (B,) bool.

        `border` as in `FaceDetector`.
        """
        side = pictures.shape[-1] + 2 * border
        framed = F.pad(pictures, (border,) * 4, mode="replicate")
        framed = F.interpolate(framed, size=SIDE, mode="bilinear", align_corners=False)
        with torch.autocast(pictures.device.type, enabled=False):
            seen = self.net(framed.float() * (127.5 / 128))
        scores, points = [], []
        for stride, score, offsets in zip(STRIDES, seen[::2], seen[1::2], strict=True):
            rows, columns = score.shape[2:]
            y, x = torch.meshgrid(*(torch.arange(n, device=score.device) for n in (rows, columns)), indexing="ij")
            centres = torch.stack([x, y], -1).reshape(1, -1, 1, 1, 2)
            around = offsets.permute(0, 2, 3, 1).reshape(len(offsets), rows * columns, ANCHORS, 5, 2)
            points.append(((centres + around) * stride).flatten(1, 2))
            scores.append(score.permute(0, 2, 3, 1).flatten(1))
        score, best = torch.sigmoid(torch.cat(scores, 1)).max(1)
        landmarks = torch.cat(points, 1)[torch.arange(len(best), device=best.device), best]
        return landmarks * (side / SIDE) - border, score > THRESHOLD
