"""The head parser's net: a small U-Net of plain convolutions, whose finest one runs at half the picture's side."""

from itertools import pairwise

import torch
import torch.nn as nn
import torch.nn.functional as F

from training.parser.classes import CLASSES

WIDTHS = (24, 48, 80, 112, 128)
"""Channels at 1/2, 1/4, 1/8, 1/16 and 1/32 of the side."""


class Unit(nn.Sequential):
    """Convolution 3x3, batch norm (folded into it for export), ReLU."""

    def __init__(self, channels_in: int, channels_out: int, stride: int = 1):
        super().__init__(
            nn.Conv2d(channels_in, channels_out, 3, stride, 1, bias=False), nn.BatchNorm2d(channels_out), nn.ReLU(True)
        )


class Residual(nn.Module):
    """Two units around which the input goes."""

    def __init__(self, channels: int):
        super().__init__()
        self.first, self.second = Unit(channels, channels), Unit(channels, channels)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, channels, H, W) -> the same shape."""
        result: torch.Tensor = x + self.second(self.first(x))
        return result


class HeadParserNet(nn.Module):
    """RGB 0..1 (B, 3, S, S), S a multiple of 32 -> logits (B, 5, S, S)."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = Unit(12, WIDTHS[0])
        self.downs = nn.ModuleList(Unit(a, b, 2) for a, b in pairwise(WIDTHS))
        self.stages = nn.ModuleList(Residual(width) for width in WIDTHS[1:])
        self.adapts = nn.ModuleList(nn.Conv2d(b, a, 1) for a, b in pairwise(WIDTHS))
        self.merges = nn.ModuleList(Unit(width, width) for width in WIDTHS[:-1])
        self.last = Unit(WIDTHS[0] + 12, 32)
        self.out = nn.Conv2d(32, 4 * len(CLASSES), 3, padding=1)

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        """RGB 0..1 (B, 3, S, S) -> logits (B, 5, S, S)."""
        fine = F.pixel_unshuffle(2 * picture - 1, 2)
        kept = [self.stem(fine)]
        for down, stage in zip(self.downs, self.stages, strict=True):
            kept.append(stage(down(kept[-1])))
        x = kept[-1]
        for adapt, merge, skip in zip(self.adapts[::-1], self.merges[::-1], kept[-2::-1], strict=True):
            x = merge(skip + F.interpolate(adapt(x), scale_factor=2.0, mode="bilinear", align_corners=False))
        result: torch.Tensor = F.pixel_shuffle(self.out(self.last(torch.cat([x, fine], 1))), 2)
        return result
