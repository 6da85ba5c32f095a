"""Numbered boxes around the faces of a photo, for the person to choose from."""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from pipelines.faces.identity import Face

_BOX_COLOUR = (255, 196, 0)


def draw_numbered_boxes(image: np.ndarray, faces: Sequence[Face]) -> np.ndarray:
    """Draw a numbered box around each face, 1 being the leftmost: a copy, uint8 RGB (H, W, 3)."""
    picture = Image.fromarray(image)
    draw = ImageDraw.Draw(picture)
    line = max(2, round(max(picture.size) / 300))
    for number, face in enumerate(faces, 1):
        left, top, right, bottom = (float(side) for side in face.box)
        draw.rectangle((left, top, right, bottom), outline=_BOX_COLOUR, width=line)
        font = ImageFont.load_default(size=max(14.0, (bottom - top) / 4))
        corner = (left + 2 * line, max(0.0, top) + line)
        draw.rectangle(draw.textbbox(corner, str(number), font=font), fill=_BOX_COLOUR)
        draw.text(corner, str(number), font=font, fill=(0, 0, 0))
    return np.asarray(picture)
