"""Inner maps of ArcFace for an aligned picture, for the built-in model's encoder, through onnxruntime."""

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
import onnx
import torch
import torch.nn.functional as F

from pipelines.engines.builtin.alignment import arcface_crop, similarity_transform_torch, warp
from pipelines.faces.alignment import CROP_SIDE, TEMPLATE
from pipelines.faces.models import FACE_MODELS, read_verified
from pipelines.runtime.onnx import onnx_session

MAPS = ("397", "473", "505")
"""Values inside w600k_mbf.onnx that the encoder reads: 28, 14 and 7 px a side."""
SIDES = (32, 16, 8)
"""Sides of the maps after warping them onto the 256 px picture."""
DEVIATIONS = (0.230, 0.202, 0.109)
"""Standard deviation of each map over the training faces; the maps are divided by it."""


class ArcFaceMaps(NamedTuple):
    """ArcFace's inner maps of an aligned picture, warped back onto that picture's own grid."""

    maps: tuple[torch.Tensor, ...]
    """(B, 128, 32, 32), (B, 256, 16, 16), (B, 256, 8, 8) float32, each in units of its deviation."""
    embedding: torch.Tensor
    """(B, 512) float32, L2-normalised."""


def warp_maps(maps: list[torch.Tensor], landmarks: torch.Tensor, side: int) -> tuple[torch.Tensor, ...]:
    """Maps in ArcFace's alignment, landmarks (B, 5, 2) in a picture of `side` pixels -> maps on that picture's grid."""
    template = torch.from_numpy(TEMPLATE).to(landmarks)
    matrix = similarity_transform_torch(landmarks, template)
    return tuple(
        warp(m.float(), matrix, grid, side, CROP_SIDE) / deviation
        for m, grid, deviation in zip(maps, SIDES, DEVIATIONS, strict=True)
    )


class ArcFaceMapper:
    """w600k_mbf, given as its file's bytes, with its inner maps as further outputs."""

    def __init__(self, model: bytes, threads: int = 1):
        self._session = onnx_session(_with_outputs(model, MAPS), threads)
        self._input = self._session.get_inputs()[0].name

    def __call__(self, picture: torch.Tensor, landmarks: np.ndarray) -> ArcFaceMaps:
        """Picture (1, 3, S, S) RGB in [-1, 1], landmarks (5, 2) pixels in it -> maps and embedding of batch 1."""
        points = torch.from_numpy(landmarks).float()[None]
        crop = arcface_crop(picture, points)
        embedding, *maps = self._session.run(None, {self._input: crop.numpy()})
        warped = warp_maps([torch.from_numpy(m) for m in maps], points, picture.shape[-1])
        return ArcFaceMaps(warped, F.normalize(torch.from_numpy(embedding), dim=1))


@cache
def shared_mapper() -> ArcFaceMapper:
    """The mapper of this process, opened when it is first needed. Safe to share between threads: it keeps nothing."""
    return ArcFaceMapper(read_verified(FACE_MODELS["w600k_mbf"]))


def _with_outputs(model: bytes, names: Sequence[str]) -> bytes:
    """An ONNX model with inner values as further outputs, without parsing and writing all of it.

    Protocol buffers written one after the other are one, with the outputs of both:
    https://protobuf.dev/programming-guides/encoding/#last-one-wins
    """
    outputs = [onnx.helper.make_empty_tensor_value_info(name) for name in names]
    further: bytes = onnx.ModelProto(graph=onnx.GraphProto(output=outputs)).SerializeToString()
    return model + further
