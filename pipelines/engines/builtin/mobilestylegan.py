"""The upper layers of MobileStyleGAN: a 32x32 feature map and a style vector become a 1024x1024 picture.

Belousov 2021 (https://arxiv.org/abs/2104.04767), trained on FFHQ, weights from the package random-face (Apache-2.0).
They are taken as they are and never trained.
"""

from itertools import pairwise

import torch
import torch.nn as nn
import torch.nn.functional as F

STYLE_DIM = 512


def inverse_haar(x: torch.Tensor) -> torch.Tensor:
    """Inverse Haar wavelet transform: (B, 4c, H, W) -> (B, c, 2H, 2W).

    The four phases are written straight into place: at 512 px, stacking them and shuffling costs twice as much.
    """
    batch, channels, height, width = x.shape
    quarter = channels // 4
    low, details = x[:, :quarter], x[:, quarter:].reshape(batch, quarter, 3, height, width)
    horizontal, vertical, diagonal = details.unbind(2)
    a, b, c, d = low + horizontal, low - horizontal, vertical + diagonal, vertical - diagonal
    out = x.new_empty(batch, quarter, height, 2, width, 2)
    for row, (even, odd) in enumerate(((a, c), (b, d))):
        out[:, :, :, row, :, 0] = even + odd
        out[:, :, :, row, :, 1] = even - odd
    return out.reshape(batch, quarter, 2 * height, 2 * width).mul_(0.5)


class Modulation(nn.Module):
    """Scales each channel by an affine function of the style."""

    def __init__(self, channels: int):
        super().__init__()
        self.affine = nn.Linear(STYLE_DIM, channels)

    def forward(self, x: torch.Tensor, style: torch.Tensor) -> torch.Tensor:
        """Features (B, channels, H, W), style (B, 512) -> the same shape as the features."""
        result: torch.Tensor = x * self.affine(style)[:, :, None, None]
        return result


class StyledConvolution(nn.Module):
    """Modulation, depthwise 3x3, pointwise 1x1, a fixed noise picture, leaky ReLU."""

    def __init__(self, channels_in: int, channels_out: int, side: int):
        super().__init__()
        self.modulation = Modulation(channels_in)
        self.depthwise = nn.Conv2d(channels_in, channels_in, 3, padding=1, groups=channels_in, bias=False)
        self.pointwise = nn.Conv2d(channels_in, channels_out, 1)
        self.noise = nn.Parameter(torch.zeros(1, 1, side, side), requires_grad=False)

    def forward(self, x: torch.Tensor, style: torch.Tensor) -> torch.Tensor:
        """(B, channels_in, side, side), (B, 512) -> (B, channels_out, side, side)."""
        x = self.pointwise(self._modulated_depthwise(x, style))
        return F.leaky_relu_(x.add_(self.noise), 0.2)

    def _modulated_depthwise(self, x: torch.Tensor, style: torch.Tensor) -> torch.Tensor:
        if len(x) > 1:
            result: torch.Tensor = self.depthwise(self.modulation(x, style))
            return result
        # For one picture the modulation may scale the kernels instead: one pass over the features less.
        kernels = self.depthwise.weight * self.modulation.affine(style)[0, :, None, None, None]
        return F.conv2d(x, kernels, padding=1, groups=len(kernels))


class UpBlock(nn.Module):
    """Doubles the side by an inverse wavelet transform, then convolves twice. Uses three styles."""

    styles = 3

    def __init__(self, channels_in: int, channels_out: int, side: int):
        super().__init__()
        self.modulation = Modulation(channels_in)
        self.first = StyledConvolution(channels_in // 4, channels_out, side)
        self.second = StyledConvolution(channels_out, channels_out, side)

    def forward(self, x: torch.Tensor, styles: torch.Tensor) -> torch.Tensor:
        """(B, channels_in, side / 2, side / 2), styles (B, 3, 512) -> (B, channels_out, side, side)."""
        x = inverse_haar(self.modulation(x, styles[:, 0]))
        result: torch.Tensor = self.second(self.first(x, styles[:, 1]), styles[:, 2])
        return result


class UpperLayers(nn.Module):
    """Layers from 32x32 features to the picture: one block per side 64, 128, 256 and 512, then wavelets to RGB."""

    def __init__(self, channels: tuple[int, ...] = (512, 512, 256, 128, 64), side: int = 32):
        super().__init__()
        pairs = pairwise(channels)
        self.blocks = nn.ModuleList(UpBlock(a, b, side << (k + 1)) for k, (a, b) in enumerate(pairs))
        self.out_modulation = Modulation(channels[-1])
        self.out = nn.Conv2d(channels[-1], 12, 1)

    @property
    def styles(self) -> int:
        """Number of style vectors that the layers take."""
        return UpBlock.styles * len(self.blocks) + 1

    def features(self, x: torch.Tensor, style: torch.Tensor, blocks: int) -> torch.Tensor:
        """Run the first `blocks` blocks only: (B, 512, 32, 32) -> for one block (B, 512, 64, 64), and so on."""
        styles = self._per_layer(style)
        for k, block in enumerate(self.blocks[:blocks]):
            x = block(x, styles[:, UpBlock.styles * k : UpBlock.styles * (k + 1)])
        return x

    def forward(self, x: torch.Tensor, style: torch.Tensor) -> torch.Tensor:
        """Features (B, 512, 32, 32), style (B, 512) or (B, 13, 512) -> RGB (B, 3, 1024, 1024), about [-1, 1]."""
        x = self.features(x, style, len(self.blocks))
        return inverse_haar(self.out(self.out_modulation(x, self._per_layer(style)[:, -1])))

    def _per_layer(self, style: torch.Tensor) -> torch.Tensor:
        return style[:, None].expand(-1, self.styles, -1) if style.dim() == 2 else style


class RGBHead(nn.Module):
    """A small picture straight from the features at 64 or 128 px, of twice that side. For previews, and for losses."""

    def __init__(self, channels: int, hidden: int):
        super().__init__()
        self.squeeze = nn.Conv2d(channels, hidden, 1)
        self.out = nn.Conv2d(hidden, 12, 3, padding=1)
        self.style = nn.Linear(STYLE_DIM, channels)
        nn.init.zeros_(self.style.weight)
        nn.init.zeros_(self.style.bias)

    def forward(self, x: torch.Tensor, style: torch.Tensor) -> torch.Tensor:
        """Features (B, channels, S, S), style (B, 512) -> RGB (B, 3, 2S, 2S), about [-1, 1]."""
        x = x * (1 + self.style(style))[:, :, None, None]
        return F.pixel_shuffle(self.out(F.silu(self.squeeze(x))), 2)
