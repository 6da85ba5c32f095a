"""The weave that the synthesis network leaves goes, and nothing else does."""

import math

import pytest
import torch

from pipelines.engines.builtin.weave import PERIOD, without_weave

SIDE = 256


def skin() -> torch.Tensor:
    """A soft face-like picture with pores: (1, 3, SIDE, SIDE)."""
    x = torch.linspace(-1, 1, SIDE)
    smooth = 0.4 * torch.cos(x)[None] * torch.cos(x)[:, None]
    pores = 0.03 * torch.randn(SIDE, SIDE, generator=torch.Generator().manual_seed(1))
    return (smooth + pores)[None, None].repeat(1, 3, 1, 1)


def weave(period: float) -> torch.Tensor:
    x = torch.arange(SIDE) * (2 * math.pi / period)
    return 0.02 * (torch.sin(x)[None] * torch.cos(x)[:, None])[None, None]


@pytest.mark.parametrize("period", [PERIOD, PERIOD / 2, PERIOD / 3])
def test_what_repeats_with_the_lattice_goes(period: float):
    pattern = weave(period)
    left = without_weave(skin() + pattern) - without_weave(skin())
    assert left.abs().mean() < 0.15 * pattern.abs().mean()


def test_a_pattern_of_another_period_stays():
    pattern = weave(5.3)
    left = without_weave(skin() + pattern) - without_weave(skin())
    assert (left - pattern).abs().mean() < 0.1 * pattern.abs().mean()


def test_pores_and_edges_stay():
    picture = skin()
    picture[..., :, SIDE // 2 :] -= 1  # an edge
    change = (without_weave(picture) - picture).abs()
    assert change.mean() < 0.005
    assert change.max() < 0.03
