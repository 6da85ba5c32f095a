"""Contact sheet: a row of small pictures per person and part, to look at what the figures speak of."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

SIDE, CAPTION = 192, 18  # pixels


class Sheet:
    """Rows of thumbnails."""

    def __init__(self) -> None:
        self._rows: list[tuple[str, list[Image.Image]]] = []

    def add(self, caption: str, images: Sequence[np.ndarray]) -> None:
        """Add a row of uint8 RGB (H, W, 3) pictures; only their thumbnails are kept."""
        thumbnails = [Image.fromarray(image) for image in images]
        for thumbnail in thumbnails:
            thumbnail.thumbnail((SIDE, SIDE))
        self._rows.append((caption, thumbnails))

    def save(self, path: Path) -> None:
        """Write all rows, one below the other."""
        width = SIDE * max((len(row) for _, row in self._rows), default=1)
        paper = Image.new("RGB", (width, (SIDE + CAPTION) * max(1, len(self._rows))), "white")
        pen, font = ImageDraw.Draw(paper), ImageFont.load_default(size=CAPTION - 6)
        for number, (caption, row) in enumerate(self._rows):
            top = number * (SIDE + CAPTION)
            pen.text((4, top + 2), caption, fill="black", font=font)
            for k, thumbnail in enumerate(row):
                paper.paste(thumbnail, (k * SIDE + (SIDE - thumbnail.width) // 2, top + CAPTION))
        paper.save(path)
