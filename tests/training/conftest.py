"""Fixtures of the training's tests."""

import itertools
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from tests.support.made_up_training import W600K_MBF, landmarks
from training.data.face_shards import HELD_OUT, Faces, load_faces
from training.losses.arcface import ArcFace
from training.stages import make_faces, mobilestylegan


@pytest.fixture(scope="module")
def arcface() -> ArcFace:
    return ArcFace(W600K_MBF)


@pytest.fixture(scope="module")
def synthesis() -> mobilestylegan.Synthesis:
    """The network's shape, with random weights: its own come with the package random-face."""
    torch.manual_seed(0)
    network = mobilestylegan.Synthesis()
    for name, parameter in network.named_parameters():
        parameter.copy_(torch.randn_like(parameter) / parameter[0].numel() ** 0.5 if parameter.dim() > 1 else parameter)
        if name.endswith("affine.bias"):
            parameter.fill_(1.0)
    return network


@pytest.fixture(scope="module")
def faces(tmp_path_factory: pytest.TempPathFactory) -> Faces:
    """A shard of people with noise for faces, written and read back."""
    folder, rng = tmp_path_factory.mktemp("faces"), np.random.default_rng(0)
    noise = rng.integers(0, 256, (HELD_OUT + 16, 8, 8, 3), dtype=np.uint8).repeat(32, 1).repeat(32, 2)
    rows = [
        make_faces.FaceRow(
            rng.normal(size=512), rng.normal(size=512) * 20, landmarks(k) * 2, make_faces.encode_webp(picture)
        )
        for k, picture in enumerate(noise)
    ]
    make_faces.write_shard(folder / "faces_001_000.npz", rows)
    return load_faces(folder)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every look at the clock takes a second, so that a time box holds the same steps each time."""
    ticks = itertools.count()
    monkeypatch.setattr("training.checkpoint.time", SimpleNamespace(monotonic=lambda: float(next(ticks))))
