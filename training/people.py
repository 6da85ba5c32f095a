"""Who is drawn from which photo in a batch of training.diffusion, and what is said of the picture."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F

from training.attributes import words_for
from training.model import token_ids

SAME_PERSON = 0.4
"""Two shots of a person whose embeddings have a lower cosine are not put together."""
RARE = ("turned-right", "turned-left")
"""Shots of which these are said, a fifth of all, are taken twice as often."""
SPOKEN = 0.75
"""Share of the words that hold for a picture which are said."""
ROOM = 0.4
"""Largest noise on a reference, in the latents' own deviation."""


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
    """(n, 12) what is measured in it, training.attributes."""


class People:
    """All shots of `training.latents`, by person."""

    def __init__(self, files: Sequence[Path], rng: np.random.Generator):
        parts = [torch.load(path, weights_only=True, mmap=True) for path in files]
        data = {name: torch.cat([part[name] for part in parts]) for name in parts[0]}
        self.rng = rng
        self.latents, self.references = data["latents"], data["reference"]
        self.scale = 1 / float(self.latents.float().std())
        self.measures = data["measures"]
        self.deviations = self.measures.std(0)
        self.mean_landmarks = data["landmarks"].mean(0)
        embedding = F.normalize(data["embedding"].float(), dim=1)
        self.projector = without_shared_direction(embedding)
        self.embedding = embedding
        self.said = [words_for(row) for row in self.measures]
        _, person = torch.unique(data["person"], return_inverse=True)
        order, counts = torch.argsort(person, stable=True), torch.bincount(person)
        shots_of = [shots.numpy() for shots in order.split(counts.tolist())]
        self.others = {row: self._alike(row, shots) for shots in shots_of for row in shots if len(shots) > 1}
        self.rows = np.array([row for row, others in self.others.items() for _ in range(self._often(row, others))])

    def _alike(self, row: int, shots: np.ndarray) -> np.ndarray:
        cosine = self.embedding[shots] @ self.embedding[row]
        return shots[(cosine > SAME_PERSON).numpy() & (shots != row)]

    def _often(self, row: int, others: np.ndarray) -> int:
        """How often a shot is taken for once that others are."""
        return 0 if not len(others) else 1 + any(word in RARE for word in self.said[row])

    def batch(self, n: int) -> Batch:
        """Draw n pictures, each of a person of whom there is another shot."""
        target = self.rng.choice(self.rows, n)
        reference = np.array([self.rng.choice(self.others[row]) for row in target])
        return Batch(
            self.latents[target].float() * self.scale,
            self._seen(reference),
            torch.stack([self._identity(row) for row in reference]),
            F.normalize(self.embedding[target] @ self.projector, dim=1),
            [[word for word in self.said[row] if self.rng.random() < SPOKEN] for row in target],
            self.measures[target],
        )

    def _seen(self, rows: np.ndarray) -> torch.Tensor:
        latents = self.references[rows].float() * self.scale
        return latents + ROOM * torch.rand(len(rows), 1, 1, 1) ** 2 * torch.randn_like(latents)

    def _identity(self, row: int) -> torch.Tensor:
        """The embedding of a shot, or, for every second one, the mean of several as `pipelines.faces.fuse` makes it."""
        others = self.others[row]
        count = int(self.rng.integers(0, len(others) + 1)) if self.rng.random() < 0.5 else 0
        rows = [row, *self.rng.choice(others, count, replace=False)]
        return F.normalize(self.embedding[rows].mean(0) @ self.projector, dim=0)


def without_shared_direction(embeddings: torch.Tensor) -> torch.Tensor:
    """The (512, 512) projector that removes the mean direction of embeddings (n, 512)."""
    shared = F.normalize(embeddings.mean(0), dim=0)
    return torch.eye(len(shared)) - torch.outer(shared, shared)


def blurred(embeddings: torch.Tensor, largest: float) -> torch.Tensor:
    """Unit embeddings (B, 512) plus noise of a random length, 0 to `largest` times theirs, made unit again."""
    size = torch.rand(len(embeddings), 1, device=embeddings.device) ** 1.5 * largest
    noise = F.normalize(torch.randn_like(embeddings), dim=1)
    return F.normalize(embeddings + size * noise, dim=1)


def tokens(words: Sequence[Sequence[str]]) -> torch.Tensor:
    """What the text encoder reads of n pictures: (n, 16) int64."""
    return torch.tensor([token_ids(list(said)) for said in words])
