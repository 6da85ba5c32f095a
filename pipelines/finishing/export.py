"""Export sizes: a finished picture cut to what LinkedIn, a CV or a profile needs."""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from PIL import Image

from pipelines.errors import UserError
from pipelines.finishing.framing import EYES

EXPORTS: Mapping[str, tuple[int, int]] = MappingProxyType(
    {
        "linkedin": (800, 800),
        "cv": (413, 531),  # 35 x 45 mm at 300 dpi
        "square": (1024, 1024),
        "portrait-4x5": (819, 1024),
        "portrait-large": (1024, 1280),
        "avatar": (400, 400),
        "portrait-full": (1640, 2048),
    }
)
"""Width and height in pixels of the sizes that a finished picture can be exported in."""
AT_MOST = frozenset({"portrait-full"})
"""Sizes that are smaller where a picture has not so many pixels: nothing is enlarged for them."""


def export(picture: np.ndarray, size_id: str, eyes: float = EYES[0]) -> np.ndarray:
    """Cut a finished picture, uint8 RGB (H, W, 3), to one of EXPORTS, as large as fits around the face.

    `eyes` is the height at which finishing puts the eyes, as a share from the top. Raises UserError for a size that is
    not in the table.
    """
    if size_id not in EXPORTS:
        raise UserError(f"There is no size called {size_id[:40]}. Choose one of: {', '.join(EXPORTS)}.")
    wanted_width, wanted_height = EXPORTS[size_id]
    height, width = picture.shape[:2]
    scale = min(width / wanted_width, height / wanted_height)
    wide, tall = min(wanted_width * scale, width), min(wanted_height * scale, height)  # 800 * (444 / 800) > 444
    left = max(width / 2 - wide / 2, 0)
    top = max(eyes * (height - tall), 0)
    box = (left, top, left + wide, top + tall)
    size = EXPORTS[size_id]
    if size_id in AT_MOST:
        size = min(size, (int(wide), int(tall)))
    resized = Image.fromarray(picture).resize(size, Image.Resampling.LANCZOS, box)
    return np.asarray(resized)
