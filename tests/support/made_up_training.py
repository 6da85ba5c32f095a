"""Made-up faces, shots and landmarks for tests of the training."""

import numpy as np
import torch
import torch.nn.functional as F

from pipelines.faces.models import FACE_MODELS, locate
from training.stages.autoencoder_finetune import FacePictures

W600K_MBF = locate(FACE_MODELS["w600k_mbf"])
LANDMARKS = np.array([[98, 120], [158, 120], [128, 155], [103, 188], [153, 188]], np.float32)
"""Landmarks of a face that looks straight ahead, in a 256 px picture."""


def landmarks(person: int) -> np.ndarray:
    """LANDMARKS, a little different for each person."""
    return LANDMARKS + np.random.default_rng(person).integers(-3, 4, (5, 2)).astype(np.float32)


def dots() -> FacePictures:
    """Two black pictures with a bright dot at every landmark."""
    landmarks = torch.tensor([[96.0, 120], [160, 118], [128, 150], [104, 180], [150, 184]])
    y, x = torch.meshgrid(torch.arange(256.0), torch.arange(256.0), indexing="ij")
    blobs = torch.stack([torch.exp(-((x - px) ** 2 + (y - py) ** 2) / 18) for px, py in landmarks]).sum(0)
    return FacePictures((2 * blobs - 1).expand(2, 3, -1, -1).contiguous(), landmarks.expand(2, -1, -1).contiguous())


def encoded_shots(people: int, shots: int) -> dict[str, torch.Tensor]:
    """Made-up columns of training.stages.latents: shots of one person have nearly the same embedding."""
    n = people * shots
    person = torch.arange(people).repeat_interleave(shots)
    embedding = F.normalize(torch.randn(people, 512), dim=1)[person] + 0.01 * torch.randn(n, 512)
    return {
        "latents": torch.randn(n, 64, 8, 8).half(), "reference": torch.randn(n, 64, 8, 8).half(),
        "embedding": F.normalize(embedding, dim=1).half(), "measures": torch.rand(n, 12),
        "landmarks": torch.from_numpy(LANDMARKS).repeat(n, 1, 1), "unsure_share": torch.zeros(n), "person": person,
    }  # fmt: skip
