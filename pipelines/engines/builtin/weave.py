"""Removal of the weave that the synthesis network leaves over skin: a faint pattern that repeats every eight pixels.

MobileStyleGAN makes a picture by inverse wavelet transforms, three of them from 128 px on, so what it does unevenly
lies on a lattice of eight pixels. A pattern that keeps its phase over many cells of the lattice is nobody's skin.
"""

import torch
import torch.nn.functional as F

PERIOD = 8
"""Pixels after which the pattern repeats, in both directions."""
CELLS = 2.5
"""Reach of the mean over the lattice's cells, as a Gaussian's deviation in cells. With less, pores are taken for it."""
MOST = 0.06
"""Most that a pixel may differ from its surroundings to be counted, of a range of 2: edges are no pattern."""


def without_weave(pictures: torch.Tensor) -> torch.Tensor:
    """Pictures, RGB (B, 3, S, S) in [-1, 1], S a multiple of PERIOD, without what repeats with the lattice."""
    smooth = F.interpolate(F.avg_pool2d(pictures, PERIOD), scale_factor=PERIOD, mode="bilinear", align_corners=False)
    detail = (pictures - smooth).clamp_(-MOST, MOST)
    phases = F.pixel_unshuffle(detail, PERIOD)  # one channel for each place in a cell
    reach = round(3 * CELLS)
    kernel = torch.exp(-0.5 * (torch.arange(-reach, reach + 1, device=pictures.device) / CELLS) ** 2)
    kernel = (kernel / kernel.sum()).to(pictures.dtype)
    channels = phases.shape[1]
    mean = F.pad(phases, (reach, reach, reach, reach), mode="replicate")
    mean = F.conv2d(mean, kernel.view(1, 1, 1, -1).expand(channels, 1, 1, -1), groups=channels)
    mean = F.conv2d(mean, kernel.view(1, 1, -1, 1).expand(channels, 1, -1, 1), groups=channels)
    return pictures - F.pixel_shuffle(mean, PERIOD)
