"""Reader of the face shards that `training.stages.make_faces` writes."""

import io
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

HELD_OUT = 64
"""Number of people, the first of the data, that no stage trains on."""


class Faces(NamedTuple):
    """Faces of n people who do not exist, in the order of the shards."""

    style: torch.Tensor
    """(n, 512) float32, MobileStyleGAN's style vector."""
    landmarks: torch.Tensor
    """(n, 5, 2) float32, pixels of the 256 px picture."""
    embedding: torch.Tensor
    """(n, 512) float32, L2-normalised, w600k_mbf."""
    webp: list[bytes]
    """n pictures, RGB 256x256, FFHQ's alignment."""


def load_faces(folder: Path) -> Faces:
    """Load all shards of a folder, without pickle. Raises SystemExit if there are none."""
    style, landmarks, embedding, webp = [], [], [], []
    for path in sorted(folder.glob("*.npz")):
        shard = np.load(path)
        style.append(shard["style"].astype(np.float32))
        landmarks.append(shard["kps"].astype(np.float32) / 2)  # stored for 512 px
        embedding.append(shard["embedding"].astype(np.float32))
        data, cut = shard["webp"], shard["webp_offsets"].astype(int)
        webp += [data[i:j].tobytes() for i, j in pairwise(cut)]
    if not webp:
        raise SystemExit(f"No face shards in {folder}: make some with python -m training.stages.make_faces.")
    styles, points, embeddings = (torch.from_numpy(np.concatenate(part)) for part in (style, landmarks, embedding))
    return Faces(styles, points, F.normalize(embeddings, dim=1), webp)


def decode_pictures(webp: list[bytes], index) -> torch.Tensor:
    """Decode the pictures of these indices: (B, 3, 256, 256) float32 RGB in [-1, 1], channels last in memory."""
    rgb = np.stack([np.asarray(Image.open(io.BytesIO(webp[i])).convert("RGB")) for i in index])
    return torch.from_numpy(rgb.astype(np.float32) / 127.5 - 1).permute(0, 3, 1, 2)
