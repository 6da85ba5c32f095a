"""Faces in FFHQ's and ArcFace's frames."""

import cv2
import numpy as np
import pytest
import torch
from insightface.utils.face_align import norm_crop

from pipelines.engines.builtin.alignment import arcface_crop, ffhq_align, similarity_transform_torch, warp
from pipelines.engines.builtin.arcface_maps import ArcFaceMapper
from pipelines.faces import alignment
from pipelines.faces.models import FACE_MODELS, read_verified, session

FACE = np.array([[150, 160], [250, 150], [205, 215], [165, 270], [245, 262]], np.float32)
"""Landmarks of a slightly turned head, pixels."""


def dotted(landmarks: np.ndarray, size: tuple[int, int] = (420, 400)) -> np.ndarray:
    """A grey picture with a soft white dot at each landmark."""
    image = np.full((*size, 3), 40, np.uint8)
    for x, y in landmarks:
        cv2.circle(image, (round(float(x)), round(float(y))), 5, (255, 255, 255), -1)
    return cv2.GaussianBlur(image, (0, 0), 2)


def brightest_near(image: np.ndarray, point: np.ndarray, reach: int = 12) -> np.ndarray:
    """Centre of the light around a point."""
    x, y = (round(float(v)) for v in point)
    patch = image[y - reach : y + reach + 1, x - reach : x + reach + 1].mean(2) - 40
    rows, columns = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    return np.array([x + (patch * columns).sum() / patch.sum(), y + (patch * rows).sum() / patch.sum()])


@pytest.mark.parametrize("turn", [0, 35, 180])
def test_ffhq_alignment_says_where_the_landmarks_went(turn: int) -> None:
    matrix = cv2.getRotationMatrix2D((200, 210), turn, 1.0)
    landmarks = (np.c_[FACE, np.ones(5)] @ matrix.T).astype(np.float32)
    aligned, moved = ffhq_align(dotted(landmarks), landmarks, side=256)
    assert aligned.shape == (256, 256, 3) and moved.dtype == np.float32
    for point in moved:
        assert np.abs(brightest_near(aligned, point) - point).max() < 1
    eyes, mouth = moved[:2].mean(0), moved[3:].mean(0)
    assert abs(moved[0, 1] - moved[1, 1]) < 12 and abs(eyes[0] - 128) < 8  # upright, in the middle
    assert 95 < eyes[1] < 130 < mouth[1] < 200


def test_what_lies_outside_the_photo_is_mirrored_not_black() -> None:
    aligned, _ = ffhq_align(np.full((300, 280, 3), 200, np.uint8), FACE - [100, 100], side=128)
    assert aligned.min() == 200


def test_arcfaces_crop_is_insightfaces() -> None:
    image = cv2.GaussianBlur(np.random.default_rng(0).integers(0, 256, (420, 400, 3), np.uint8), (0, 0), 6)
    with pytest.warns(FutureWarning):  # scikit-image's, in insightface
        theirs = norm_crop(image, FACE, image_size=112)
    square = cv2.copyMakeBorder(image, 0, 0, 0, 20, cv2.BORDER_REPLICATE)
    tensor = torch.from_numpy(square).permute(2, 0, 1)[None].float() / 127.5 - 1
    ours = arcface_crop(tensor, torch.from_numpy(FACE)[None])[0].permute(1, 2, 0).numpy() * 127.5 + 127.5
    assert ours.shape == (112, 112, 3)
    assert np.abs(ours - theirs).mean() < 0.5


def test_the_two_similarities_agree() -> None:
    in_torch = similarity_transform_torch(torch.from_numpy(FACE)[None], torch.from_numpy(alignment.TEMPLATE)[None])[
        0
    ].numpy()
    assert np.allclose(in_torch, alignment.similarity_transform(FACE, alignment.TEMPLATE), atol=1e-3)


def test_gradients_flow_through_the_crop() -> None:
    picture = torch.zeros(1, 3, 256, 256, requires_grad=True)
    arcface_crop(picture, torch.from_numpy(FACE)[None] * 0.6).sum().backward()
    assert picture.grad is not None and picture.grad.abs().sum() > 0


def test_warping_by_nothing_changes_nothing() -> None:
    picture = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    same = torch.tensor([[[1.0, 0, 0], [0, 1, 0]]])
    assert torch.allclose(warp(picture, same, 32, 32, 32), picture, atol=1e-5)


def test_the_encoders_arcface_is_the_recogniser_with_its_inner_maps() -> None:
    mapper = ArcFaceMapper(read_verified(FACE_MODELS["w600k_mbf"]))
    image = cv2.GaussianBlur(np.random.default_rng(1).integers(0, 256, (256, 256, 3), np.uint8), (0, 0), 3)
    picture = torch.from_numpy(image).permute(2, 0, 1)[None].float() / 127.5 - 1
    landmarks = FACE * 0.6
    seen = mapper(picture, landmarks)
    assert [tuple(m.shape) for m in seen.maps] == [(1, 128, 32, 32), (1, 256, 16, 16), (1, 256, 8, 8)]

    crop = arcface_crop(picture, torch.from_numpy(landmarks)[None]).numpy()
    plain = session(FACE_MODELS["w600k_mbf"], 1)
    embedding = plain.run(None, {plain.get_inputs()[0].name: crop})[0][0]
    assert np.allclose(seen.embedding[0], embedding / np.linalg.norm(embedding), atol=1e-5)
