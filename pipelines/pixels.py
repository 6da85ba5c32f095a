"""Two functions of image arithmetic that masks, backdrops and finishing share."""

import numpy as np


def ramp(x: np.ndarray, low: float, high: float) -> np.ndarray:
    """0 up to `low`, 1 from `high`, straight in between; `low` may be the greater one."""
    return np.clip((x - low) / (high - low), 0, 1)


def mix(first: np.ndarray, second: np.ndarray, share: np.ndarray | float) -> np.ndarray:
    """`first` where `share` is 0, `second` where it is 1; a share (H, W) also mixes pictures (H, W, 3)."""
    if isinstance(share, np.ndarray) and share.ndim < np.ndim(first):
        share = share[..., None]
    return first + (second - first) * share
