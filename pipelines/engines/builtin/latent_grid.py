"""Grid of the built-in model's latents: 8 x 8 places of FFHQ's frame, 128 pixels each."""

import torch

LATENT_SIDE = 8
FACE = (slice(1, 7), slice(2, 6))
"""Rows and columns of the face, from the hairline to the chin and from ear to ear."""


def face_and_around(face: float, around: float) -> torch.Tensor:
    """(8, 8) float32: one value inside the face, another one around it."""
    grid = torch.full((LATENT_SIDE, LATENT_SIDE), float(around))
    grid[FACE] = face
    return grid
