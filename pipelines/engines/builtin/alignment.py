"""A face in the frames that the models were trained on, FFHQ's and ArcFace's; in torch where it must differentiate."""

from typing import Any

import cv2
import numpy as np
import torch
import torch.nn.functional as F

from pipelines.faces.alignment import CROP_SIDE, TEMPLATE


def ffhq_align(image: np.ndarray, landmarks: np.ndarray, side: int = 256) -> tuple[np.ndarray, np.ndarray]:
    """Cut a face out as FFHQ does (Karras et al. 2019, appendix C), from five landmarks instead of 68.

    Args:
        image: uint8 RGB (H, W, 3).
        landmarks: (5, 2) float32 pixels, x right, y down: eyes, nose, mouth corners.
        side: side of the result in pixels.

    Returns:
        The aligned picture, uint8 RGB (side, side, 3), and the landmarks in its pixels, (5, 2) float32. What lies
        outside the photo is filled by mirroring.
    """
    large = side * 4  # warped four times as large, then averaged down: no aliasing
    matrix = ffhq_matrix(landmarks, large)
    wide = cv2.warpAffine(image, matrix, (large, large), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    aligned = cv2.resize(wide, (side, side), interpolation=cv2.INTER_AREA)
    points = np.c_[landmarks, np.ones(5)] @ matrix.T / 4
    return aligned, points.astype(np.float32)


def ffhq_matrix(landmarks: np.ndarray, side: int) -> np.ndarray:
    """Return the (2, 3) float64 rotation, scale and shift that takes a photo's pixels to those of FFHQ's frame."""
    eyes, mouth = (landmarks[0] + landmarks[1]) / 2, (landmarks[3] + landmarks[4]) / 2
    across, down = landmarks[1] - landmarks[0], mouth - eyes
    x = across - np.array([-down[1], down[0]])
    x = x / np.hypot(*x) * max(np.hypot(*across) * 2, np.hypot(*down) * 1.8)
    y, centre = np.array([-x[1], x[0]]), eyes + down * 0.1
    corners = np.array([centre - x - y, centre - x + y, centre + x + y], np.float32)
    result: np.ndarray = cv2.getAffineTransform(corners, np.array([[0, 0], [0, side], [side, side]], np.float32))
    return result


def _exact(tensor: torch.Tensor) -> torch.autocast:
    """Training runs under bfloat16 autocast, whose matrix products would round coordinates to whole pixels."""
    return torch.autocast(tensor.device.type, enabled=False)


def similarity_transform_torch(source: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Least-squares rotation, scale and shift of (B, 5, 2) points onto (B, 5, 2) points: (B, 2, 3) float32."""
    target = target.expand_as(source)
    source_mean, target_mean = source.mean(1, keepdim=True), target.mean(1, keepdim=True)
    a, b = source - source_mean, target - target_mean
    norm = (a**2).sum((1, 2))
    cos = (a * b).sum((1, 2)) / norm
    sin = (a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]).sum(1) / norm
    rotation = torch.stack([torch.stack([cos, -sin], 1), torch.stack([sin, cos], 1)], 1)
    with _exact(source):
        shift = target_mean[:, 0] - (rotation @ source_mean.transpose(1, 2))[..., 0]
    return torch.cat([rotation, shift[..., None]], 2)


def warp(
    images: torch.Tensor, matrix: torch.Tensor, side: int, size_out: int, size_in: int, **kwargs: Any
) -> torch.Tensor:
    """Sample images (B, C, h, w) on a (side, side) grid. Differentiable.

    `matrix` (B, 2, 3) maps pixels of a picture of side `size_out` (the grid's) to pixels of one of side `size_in`
    (the images'); the tensors themselves may be coarser maps of those pictures.
    """
    p = (torch.arange(side, dtype=torch.float32, device=images.device) + 0.5) * size_out / side - 0.5
    y, x = torch.meshgrid(p, p, indexing="ij")
    with _exact(matrix):
        grid = torch.stack([x, y, torch.ones_like(x)], -1).reshape(1, -1, 3) @ matrix.transpose(1, 2)
    grid = ((grid + 0.5) / size_in * 2 - 1).reshape(-1, side, side, 2)
    return F.grid_sample(images, grid, align_corners=False, **kwargs)


def arcface_crop(images: torch.Tensor, landmarks: torch.Tensor) -> torch.Tensor:
    """(B, 3, S, S) RGB and (B, 5, 2) landmarks in its pixels -> (B, 3, 112, 112) for ArcFace. Differentiable."""
    template = torch.from_numpy(TEMPLATE).to(landmarks)
    matrix = similarity_transform_torch(template.expand(len(landmarks), -1, -1), landmarks)
    return warp(images, matrix, CROP_SIDE, CROP_SIDE, images.shape[-1], padding_mode="border")
