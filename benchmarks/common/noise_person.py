"""Identity made of noise, for engines with random weights."""

import numpy as np

from pipelines.faces.alignment import TEMPLATE
from pipelines.faces.identity import Face, Identity, Shot
from pipelines.faces.quality import Quality


def noise_person(seed: int) -> Identity:
    """Make a person of noise by w600k_r50: random weights could not tell a real face from it."""
    random = np.random.default_rng(seed)
    image = random.integers(0, 256, (320, 300, 3), np.uint8)
    embedding = random.standard_normal(512).astype(np.float32)
    face = Face(
        box=np.array([40, 40, 260, 280], np.float32),
        landmarks=(TEMPLATE * 2 + random.normal(20, 3, (5, 2))).astype(np.float32),
        confidence=0.9,
        embedding=embedding / np.linalg.norm(embedding),
        quality=Quality(score=1.0, findings=()),
    )
    shot = Shot(image=image, face=face)
    return Identity(recogniser="w600k_r50", embedding=face.embedding, shots=(shot,), weights=(1.0,), strangers=())
