"""Shots on a GPU: detection, mask and framing agree with the app's, and shots become latents. Runs on the CPU."""

import cv2
import numpy as np
import pytest
import torch

from pipelines.engines.builtin.alignment import ffhq_align
from pipelines.engines.builtin.autoencoder import FaceAutoencoder
from pipelines.matting.alpha import GRID_SIDE
from pipelines.matting.person_mask import PersonMask
from pipelines.paths import MODELS
from tests.support.made_up_training import LANDMARKS
from training.data.attributes import measure
from training.data.gpu_faces import GpuShots, GpuShotSource, cut_out, ffhq_warp, layer_styles
from training.data.one_face_detector import BatchFaceDetector, FaceDetector
from training.losses.arcface import ArcFace
from training.losses.person_mask import PersonSegmentation, unsure_share
from training.stages.all_on_gpu import encode_shots
from training.stages.latents import PersonShots
from training.stages.latents import cut_out as cut_out_carefully
from training.stages.mobilestylegan import Synthesis

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def face() -> np.ndarray:
    """The astronaut, uint8 RGB (256, 256, 3)."""
    from skimage import data

    return np.ascontiguousarray(data.astronaut()[0:256, 96:352])


def tensor(picture: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 127.5 - 1


def test_a_batch_finds_the_landmarks_that_scrfd_finds_alone(face: np.ndarray) -> None:
    pictures = torch.cat([tensor(face), tensor(face).flip(3), torch.zeros(1, 3, GRID_SIDE, GRID_SIDE)])
    landmarks, found = BatchFaceDetector()(pictures, border=32)
    assert found.tolist() == [True, True, False]
    for ours, picture in zip(landmarks, (face, face[:, ::-1]), strict=False):
        theirs = FaceDetector()(picture, 32)
        assert theirs is not None and np.abs(ours.numpy() - theirs).max() < 0.5


def test_the_segmentation_is_the_apps_mask_before_it_is_sharpened(face: np.ndarray) -> None:
    segmentation, picture = PersonSegmentation(), tensor(face)
    with torch.no_grad():
        ours = (segmentation(picture) + segmentation(picture.flip(3)).flip(3)) / 2
    theirs = PersonMask()._probability(face.astype(np.float32) / 255)
    assert np.abs(ours[0, 0].numpy() - theirs).max() < 1e-3


def test_the_unsure_share_counts_areas_below_the_eyes_and_not_edges() -> None:
    points = torch.from_numpy(LANDMARKS)[None]
    sure = torch.zeros(1, 1, GRID_SIDE, GRID_SIDE)
    sure[:, :, 60:, 60:200] = 1
    edge, area, above = sure.clone(), sure.clone(), sure.clone()
    edge[:, :, :, 58:62] = 0.5
    area[:, :, 180:, 0:60] = 0.5
    above[:, :, 0:60] = 0.5
    seen = [unsure_share(x, points).item() for x in (sure, edge, area, above)]
    assert seen[0] == seen[1] == seen[3] == 0
    assert seen[2] == pytest.approx(76 * 60 / GRID_SIDE**2, rel=0.05)
    leaning = area.requires_grad_(True)
    unsure_share(leaning * 0.9, points).sum().backward()
    assert leaning.grad is not None and leaning.grad.abs().sum() > 0


def test_a_face_is_framed_on_a_gpu_as_in_the_app(face: np.ndarray) -> None:
    points = FaceDetector()(face, 32)
    assert points is not None
    expected, moved = ffhq_align(face, points)
    ours, landmarks = ffhq_warp(tensor(face), torch.from_numpy(points)[None])
    assert np.abs(landmarks[0].numpy() - moved).max() < 1e-3
    difference = ours - tensor(cv2.GaussianBlur(expected, (3, 3), 0))
    assert difference[:, :, 40:-40, 40:-40].abs().mean() < 0.03


def astronaut_shots(face: np.ndarray) -> GpuShots:
    """Two people with two shots each, all the astronaut."""
    points = FaceDetector()(face, 32)
    picture = tensor(face).repeat(4, 1, 1, 1)
    landmarks = torch.from_numpy(points)[None].repeat(4, 1, 1)
    with torch.no_grad():
        probability = PersonSegmentation()(picture)
    return GpuShots(
        ((picture + 1) * 127.5).round().to(torch.uint8), landmarks, measure(picture * 0.5 + 0.5, landmarks),
        torch.randn(4, 2, 512), (probability * 255).round().to(torch.uint8), unsure_share(probability, landmarks),
        torch.tensor([0, 1, 0, 1]),
    )  # fmt: skip


def test_a_person_is_cut_out_much_as_in_the_app(face: np.ndarray) -> None:
    shots = astronaut_shots(face).take(torch.tensor([0]))
    shown = shots.pictures(torch.tensor([0]))
    ours, alpha = cut_out(shown, shots.probability.float() / 255)
    theirs, careful = cut_out_carefully(PersonShots(shown.picture, shown.landmarks, shots.person), PersonMask())
    assert torch.allclose(ours.landmarks, theirs.landmarks, atol=1e-3)
    assert (alpha - careful).abs().mean() < 0.05


def test_shots_become_what_the_diffusion_model_reads(face: np.ndarray, arcface: ArcFace) -> None:
    vae = FaceAutoencoder.from_pretrained(MODELS / "builtin" / "vae").float().eval()
    made = encode_shots(astronaut_shots(face), vae, arcface)
    assert made["person"].tolist() == [0, 0, 1, 1, 2, 2, 3, 3]  # two more people, warped
    assert made["latents"].shape == made["reference"].shape == (8, 64, 8, 8)
    alike = torch.nn.functional.cosine_similarity(made["embedding"][:1].float(), made["embedding"].float())
    assert alike[:4].min() > 0.99 and alike[4:].max() < alike[:4].min()
    assert torch.equal(made["unsure_share"][:4], astronaut_shots(face).unsure_share)


def test_styles_go_to_the_layers_they_are_for(face: np.ndarray, synthesis: Synthesis) -> None:
    shots = astronaut_shots(face)
    each = layer_styles(shots.style, (10, 13))
    assert torch.equal(each[:, 9], shots.style[:, 0]) and torch.equal(each[:, 10], shots.style[:, 1])
    source = GpuShotSource(shots, synthesis)
    assert source.with_style(3).style.shape == (3, 23, 512) and source.augmented(2).picture.shape == (
        2,
        3,
        GRID_SIDE,
        GRID_SIDE,
    )
