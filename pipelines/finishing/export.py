"""Export sizes: a finished picture cut to what LinkedIn, a CV or a profile needs."""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from PIL import Image

from pipelines.errors import UserError
from pipelines.finishing.framing import EYES
from pipelines.language.sentence import Sentence

EXPORTS: Mapping[str, tuple[int, int]] = MappingProxyType(
    {
        "linkedin": (800, 800),
        "cv": (413, 531),  # 35 x 45 mm at 300 dpi
        "square": (1024, 1024),
        "portrait-4x5": (819, 1024),
        "portrait-large": (1024, 1280),
        "avatar": (400, 400),
        "avatar-round": (400, 400),
        "portrait-full": (1640, 2048),
    }
)
"""Width and height in pixels of the sizes that a finished picture can be exported in."""
DPI: Mapping[str, int] = MappingProxyType({"cv": 300})
"""Dots per inch of sizes that are printed."""
ROUND = frozenset({"avatar-round"})
"""Sizes that are cut to a circle, transparent around it: PNG, whatever the run's format."""
AT_MOST = frozenset({"portrait-full"})
"""Sizes that ask for all pixels there are: a drawn head is finished again on as large a canvas as it fills."""
TOLERANCE = 1e-6  # pixels; 800 * (460 / 800) < 460
NO_SIZE = Sentence("There is no size called {name}. Choose one of: {sizes}.")
SMALLER = Sentence(
    "The size {size} ({wanted}) was saved as {got} pixels: the picture has no more of them, and nothing is enlarged."
)


def export(picture: np.ndarray, size_id: str, eyes: float = EYES[0]) -> np.ndarray:
    """Cut a finished picture, uint8 RGB (H, W, 3), to the shape of one of EXPORTS, as large as fits around the face.

    It is smaller than the table says where the picture has not so many pixels: nothing is enlarged. `eyes` is the
    height at which finishing puts the eyes, as a share from the top. Raises UserError for a size that is not there.
    """
    if size_id not in EXPORTS:
        raise UserError(NO_SIZE.format(name=size_id[:40], sizes=", ".join(EXPORTS)))
    wanted_width, wanted_height = EXPORTS[size_id]
    height, width = picture.shape[:2]
    scale = min(width / wanted_width, height / wanted_height)
    wide, tall = min(wanted_width * scale, width), min(wanted_height * scale, height)  # 800 * (444 / 800) > 444
    left = max(width / 2 - wide / 2, 0)
    top = max(eyes * (height - tall), 0)
    box = (left, top, left + wide, top + tall)
    size = EXPORTS[size_id] if scale >= 1 else (int(wide + TOLERANCE), int(tall + TOLERANCE))
    resized = Image.fromarray(picture).resize(size, Image.Resampling.LANCZOS, box)
    return np.asarray(resized)


def in_circle(picture: np.ndarray) -> np.ndarray:
    """Cut a square picture, uint8 RGB (S, S, 3), to a circle: RGBA (S, S, 4), transparent around it."""
    side = picture.shape[0]
    across = np.arange(side) - (side - 1) / 2
    beyond = np.hypot(*np.meshgrid(across, across)) - side / 2
    alpha = np.clip(0.5 - beyond, 0, 1)  # one pixel's soft edge
    return np.dstack([picture, (255 * alpha).round().astype(np.uint8)])


def size_note(size_id: str, shape: tuple[int, ...]) -> str:
    """Sentence about an export of this shape (H, W, 3) that is smaller than its size says; "" where it is not."""
    wanted, got = EXPORTS[size_id], (shape[1], shape[0])
    if size_id in AT_MOST or got == wanted:
        return ""
    return SMALLER.format(size=size_id, wanted="{} × {}".format(*wanted), got="{} × {}".format(*got))
