"""Who is drawn from which photo in a batch of training.stages.diffusion, and what is said of the picture."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F

from training.data.attributes import words_for
from training.model import token_ids

SAME_PERSON = 0.4
"""Two shots of a person whose embeddings have a lower cosine are not put together."""
RARE_WORDS = ("turned-right", "turned-left")
"""Shots of which these are said, a fifth of all, are taken twice as often."""
WORD_SHARE = 0.75
"""Share of the words that hold for a picture which are said."""
MAX_UNSURE = 0.015
"""Shots where the mask cannot tell over a larger share of the picture (`training.losses.person_mask.doubt`), a
fifth to a third of all, are references only and nothing to learn to draw."""
REFERENCE_NOISE = 0.4
"""Largest noise on a reference, in the latents' own deviation."""


CPU = torch.device("cpu")


class Batch(NamedTuple):
    """n pictures to learn, each with another shot of the same person beside it."""

    target: torch.Tensor
    """(n, 64, 8, 8) latents of the picture, in the UNet's scale."""
    reference: torch.Tensor
    """(n, 64, 8, 8) latents of the other shot before a plain backdrop."""
    identity: torch.Tensor
    """(n, 512) unit embedding of one or several shots of the person, without the direction that all share."""
    own: torch.Tensor
    """(n, 512) the target's own."""
    words: list[list[str]]
    """What is said of the target."""
    measures: torch.Tensor
    """(n, 12) what is measured in it, training.data.attributes."""


class ShotDataset:
    """All shots of `training.stages.latents`, by person, on a device."""

    def __init__(self, files: Sequence[Path], rng: np.random.Generator, device: torch.device = CPU):
        parts = [torch.load(path, weights_only=True, mmap=True) for path in files]
        data = {name: torch.cat([part[name] for part in parts]) for name in parts[0]}
        self.rng, self.device = rng, device
        self.latents, self.references = data["latents"].to(device), data["reference"].to(device)
        self.scale = 1 / float(self.latents.float().std())
        self.measures = data["measures"]
        self.deviations = self.measures.std(0)
        self.mean_landmarks = data["landmarks"].mean(0)
        self.embedding = F.normalize(data["embedding"].float(), dim=1).to(device)
        self.projector = mean_direction_projector(self.embedding)
        self.said = [words_for(row) for row in self.measures.tolist()]
        self.others, self.counts = self._others(data["person"])
        self.rows = np.repeat(np.arange(len(self.said)), self._sampling_weights(data["doubt"].numpy()))

    def _others(self, person: torch.Tensor) -> tuple[np.ndarray, np.ndarray]:
        """For each shot those that show the same person, (n, most) with zeros behind, and how many they are (n,)."""
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
        """How often each shot is taken for once that others are, as a picture to learn: (n,)."""
        rare = np.array([any(word in RARE_WORDS for word in said) for said in self.said])
        return (1 + rare) * (self.counts > 0) * (unsure_share < MAX_UNSURE)

    def batch(self, n: int) -> Batch:
        """Draw n pictures, each of a person of whom there is another shot."""
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
        """The embedding of a shot, or, for every second one, the mean of several as `faces.identity.fuse` makes it."""
        others, count = self.others[rows], self.counts[rows]
        more = (self.rng.random(len(rows)) * (count + 1)).astype(int) * (self.rng.random(len(rows)) < 0.5)
        order = self.rng.random(others.shape) + 2 * (np.arange(others.shape[1]) >= count[:, None])
        chosen = torch.from_numpy(order.argsort(1).argsort(1) < more[:, None]).to(self.device)
        total = self.embedding[torch.from_numpy(rows).to(self.device)]
        total = total + (self.embedding[torch.from_numpy(others).to(self.device)] * chosen[..., None]).sum(1)
        return F.normalize(total @ self.projector, dim=1)


def mean_direction_projector(embeddings: torch.Tensor) -> torch.Tensor:
    """The (512, 512) projector that removes the mean direction of embeddings (n, 512)."""
    shared = F.normalize(embeddings.mean(0), dim=0)
    return torch.eye(len(shared), device=shared.device) - torch.outer(shared, shared)


def add_embedding_noise(embeddings: torch.Tensor, largest: float) -> torch.Tensor:
    """Unit embeddings (B, 512) plus noise of a random length, 0 to `largest` times theirs, made unit again."""
    size = torch.rand(len(embeddings), 1, device=embeddings.device) ** 1.5 * largest
    noise = F.normalize(torch.randn_like(embeddings), dim=1)
    return F.normalize(embeddings + size * noise, dim=1)


def token_batch(words: Sequence[Sequence[str]]) -> torch.Tensor:
    """What the text encoder reads of n pictures: (n, 16) int64."""
    return torch.tensor([token_ids(list(said)) for said in words])
