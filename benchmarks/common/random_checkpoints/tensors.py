"""Tensors of random weights, drawn for the shapes of a file."""

import math
from collections.abc import Mapping

import torch

Shapes = dict[str, tuple[int, ...]]
Weights = dict[str, torch.Tensor]


def random_weights(shapes: Mapping[str, tuple[int, ...]], seed: int, dtype: torch.dtype = torch.float32) -> Weights:
    """Draw every tensor: matrices scaled to keep the size of what goes through, norms near 1."""
    generator = torch.Generator().manual_seed(seed)
    weights = {}
    for key, shape in shapes.items():
        drawn = torch.randn(shape, generator=generator)
        if len(shape) > 1:
            weights[key] = (drawn / math.prod(shape[1:]) ** 0.5).to(dtype)
        else:
            weights[key] = (drawn * 0.1 + (1 if key.endswith("weight") else 0)).to(dtype)
    return weights
