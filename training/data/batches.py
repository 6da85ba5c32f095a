"""Batches of the diffusion training: a target shot, a reference shot of the same person, embedding and words."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F

from training.data.attributes import words_for
from training.model import token_ids

SAME_PERSON = 0.4
"""Cosine of embeddings below which two shots of a person are not paired, 0..1."""
RARE_WORDS = ("turned-right", "turned-left")
"""Words whose shots are sampled twice as often."""
WORD_SHARE = 0.75
"""Share of the words that hold for a picture which are given to the text encoder."""
MAX_UNSURE = 0.015
"""Unsure share of a picture (`training.losses.person_mask`), 0..1, above which a shot is a reference only."""
REFERENCE_NOISE = 0.4
"""Largest noise on a reference, in standard deviations of the latents."""


CPU = torch.device("cpu")


class Batch(NamedTuple):
    """Targets to learn, each with another shot of the same person."""

    target: torch.Tensor
    """(n, 64, 8, 8) latents of the target, in the UNet's scale."""
    reference: torch.Tensor
    """(n, 64, 8, 8) latents of the other shot on a plain backdrop."""
    identity: torch.Tensor
    """(n, 512) unit embedding of one or several shots of the person, projected off the mean direction."""
    own: torch.Tensor
    """(n, 512) the same of the target itself."""
    words: list[list[str]]
    """n lists of words that hold for the target."""
    measures: torch.Tensor
    """(n, 12) of the target, training.data.attributes."""


class ShotDataset:
    """Encoded shots of `training.stages.latents`, grouped by person, on a device.

    Args:
        files: written by that stage.
        rng: draws the batches.
        device: where latents and embeddings are kept.
    """

    def __init__(self, files: Sequence[Path], rng: np.random.Generator, device: torch.device = CPU):
        parts = [torch.load(path, weights_only=True, mmap=True) for path in files]
        data = {name: torch.cat([part[name] for part in parts]) for name in parts[0]}
        self.rng, self.device = rng, device
        self.latents, self.references = data["latents"].to(device), data["reference"].to(device)
        self.scale = 1 / float(self.latents.float().std())
        self.measures = data["measures"]
        self.deviations = self.measures.std(0)
        self.embedding = F.normalize(data["embedding"].float(), dim=1).to(device)
        self.projector = mean_direction_projector(self.embedding)
        self.said = [words_for(row) for row in self.measures.tolist()]
        self.others, self.counts = self._others(data["person"])
        unsure_share = data["unsure_share" if "unsure_share" in data else "doubt"]  # the name in older files
        self.rows = np.repeat(np.arange(len(self.said)), self._sampling_weights(unsure_share.numpy()))

    def _others(self, person: torch.Tensor) -> tuple[np.ndarray, np.ndarray]:
        """Find the other shots of each shot's person: indices (n, most), padded with zeros, and their counts (n,)."""
        _, person = torch.unique(person, return_inverse=True)
        shots_of = torch.argsort(person, stable=True).split(torch.bincount(person).tolist())
        others = np.zeros((len(person), max(map(len, shots_of))), np.int64)
        counts = np.zeros(len(person), np.int64)
        embedding = self.embedding.cpu()
        for shots in shots_of:
            alike = (embedding[shots] @ embedding[shots].T > SAME_PERSON) & ~torch.eye(len(shots), dtype=torch.bool)
            for row, same in zip(shots.tolist(), alike, strict=True):
                found = shots[same].numpy()
                others[row, : len(found)], counts[row] = found, len(found)
        return others, counts

    def _sampling_weights(self, unsure_share: np.ndarray) -> np.ndarray:
        """Return how often each shot is listed as a target: 0, 1 or 2, (n,)."""
        rare = np.array([any(word in RARE_WORDS for word in said) for said in self.said])
        return (1 + rare) * (self.counts > 0) * (unsure_share < MAX_UNSURE)

    def batch(self, n: int) -> Batch:
        """Sample n targets, each of a person with another shot."""
        target = self.rng.choice(self.rows, n)
        reference = self.others[target, (self.rng.random(n) * self.counts[target]).astype(int)]
        drawn, seen = (torch.from_numpy(rows).to(self.device) for rows in (target, reference))
        return Batch(
            self.latents[drawn].float() * self.scale,
            self._noisy_references(seen),
            self._identity(reference),
            F.normalize(self.embedding[drawn] @ self.projector, dim=1),
            [[word for word in self.said[row] if self.rng.random() < WORD_SHARE] for row in target],
            self.measures[target],
        )

    def _noisy_references(self, rows: torch.Tensor) -> torch.Tensor:
        latents = self.references[rows].float() * self.scale
        return latents + REFERENCE_NOISE * torch.rand(len(rows), 1, 1, 1, device=self.device) ** 2 * torch.randn_like(
            latents
        )

    def _identity(self, rows: np.ndarray) -> torch.Tensor:
        """Embed shots (n,); for half of them average several of the person, as `faces.identity.fuse` does: (n, 512)."""
        others, count = self.others[rows], self.counts[rows]
        more = (self.rng.random(len(rows)) * (count + 1)).astype(int) * (self.rng.random(len(rows)) < 0.5)
        order = self.rng.random(others.shape) + 2 * (np.arange(others.shape[1]) >= count[:, None])
        chosen = torch.from_numpy(order.argsort(1).argsort(1) < more[:, None]).to(self.device)
        total = self.embedding[torch.from_numpy(rows).to(self.device)]
        total = total + (self.embedding[torch.from_numpy(others).to(self.device)] * chosen[..., None]).sum(1)
        return F.normalize(total @ self.projector, dim=1)


def mean_direction_projector(embeddings: torch.Tensor) -> torch.Tensor:
    """Return the (512, 512) projector that removes the mean direction of embeddings (n, 512)."""
    shared = F.normalize(embeddings.mean(0), dim=0)
    return torch.eye(len(shared), device=shared.device) - torch.outer(shared, shared)


def add_embedding_noise(embeddings: torch.Tensor, largest: float) -> torch.Tensor:
    """Add noise of a random length, 0 to `largest`, to unit embeddings (B, 512) and normalise again."""
    size = torch.rand(len(embeddings), 1, device=embeddings.device) ** 1.5 * largest
    noise = F.normalize(torch.randn_like(embeddings), dim=1)
    return F.normalize(embeddings + size * noise, dim=1)


def token_batch(words: Sequence[Sequence[str]]) -> torch.Tensor:
    """Tokenise the words of n pictures for the text encoder: (n, 16) int64."""
    return torch.tensor([token_ids(list(said)) for said in words])
