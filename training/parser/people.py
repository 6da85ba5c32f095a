"""People by seed: each seed is a style of the generator, and so a picture and its inner maps.

Training seeds lie below `EVALUATION`, those of the evaluation set from there on, so that none is in both.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from pipelines.engines.builtin.mobilestylegan import STYLE_DIM, UpBlock, UpperLayers, inverse_haar
from training.stages.mobilestylegan import Mapping, Synthesis

EVALUATION = 1_000_000
"""First seed of the evaluation set."""
TRUNCATION = (0.7, 1.0)
"""Share of a style's distance to the mean that is kept: 0 gives one face, 1 all kinds and some broken pictures."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Drawing:
    """A drawn picture with the generator's inner maps."""

    picture: np.ndarray
    """uint8 RGB (1024, 1024, 3)."""
    maps: tuple[torch.Tensor, ...]
    """Features float32 (512, 32, 32), (512, 64, 64), (256, 128, 128), (128, 256, 256)."""


def style_of(mapping: Mapping, mean: torch.Tensor, seed: int) -> torch.Tensor:
    """Style (1, 512) of a seed; `mean` is the mapping's."""
    rng = np.random.default_rng([7, seed])
    noise = torch.from_numpy(rng.normal(size=(1, STYLE_DIM)).astype(np.float32))
    return mean + rng.uniform(*TRUNCATION) * (mapping(noise) - mean)


def draw_upper(upper: UpperLayers, features: torch.Tensor, style: torch.Tensor) -> Drawing:
    """Draw features (1, 512, 32, 32) with a style (1, 512) or (1, 13, 512), keeping the inner maps."""
    styles = style[:, None].expand(-1, upper.styles, -1) if style.dim() == 2 else style
    maps, x = [features], features
    for k, block in enumerate(upper.blocks):
        x = block(x, styles[:, UpBlock.styles * k : UpBlock.styles * (k + 1)])
        maps.append(x)
    rgb = inverse_haar(upper.out(upper.out_modulation(x, styles[:, -1])))[0].clamp(-1, 1)
    picture = (rgb.permute(1, 2, 0) * 127.5 + 127.5).round().to(torch.uint8).numpy()
    return Drawing(picture=picture, maps=tuple(m[0].float() for m in maps[:4]))


@torch.no_grad()
def draw(mapping: Mapping, synthesis: Synthesis, seeds: Sequence[int]) -> Iterator[Drawing]:
    """Draw the people of these seeds, one after the other."""
    mean = mapping.mean()
    for seed in seeds:
        style = style_of(mapping, mean, seed)
        lower = synthesis.lower(style[:, None].expand(-1, synthesis.lower.styles, -1))
        yield draw_upper(synthesis.upper, lower, style)
