"""Identity made of noise, for engines with random weights."""

import numpy as np

from pipelines.faces.alignment import TEMPLATE
from pipelines.faces.identity import Face, Identity, Shot
from pipelines.faces.quality import Quality

NORM = 22.0
"""Usual length of a recogniser's embedding before it is made unit."""


def noise_person(seed: int, recogniser: str = "w600k_r50") -> Identity:
    """Make a person of noise: random weights could not tell a real face from it."""
    random = np.random.default_rng(seed)
    image = random.integers(0, 256, (320, 300, 3), np.uint8)
    embedding = random.standard_normal(512).astype(np.float32)
    face = Face(
        box=np.array([40, 40, 260, 280], np.float32),
        landmarks=(TEMPLATE * 2 + random.normal(20, 3, (5, 2))).astype(np.float32),
        confidence=0.9,
        embedding=embedding / np.linalg.norm(embedding),
        norm=NORM,
        quality=Quality(score=1.0, findings=()),
    )
    shot = Shot(image=image, face=face)
    return Identity(
        recogniser=recogniser, embedding=face.embedding, norm=NORM, shots=(shot,), weights=(1.0,), strangers=()
    )
