"""Views of pictures and labels to label by: a coordinate grid in pixels of the 256 px picture, and outlines."""

import cv2
import numpy as np

from training.parser.classes import COLOURS, SIDE


def with_grid(picture: np.ndarray, box: tuple[int, int, int, int] = (0, 0, SIDE, SIDE), zoom: int = 4) -> np.ndarray:
    """A part (x0, y0, x1, y1) of a square picture uint8 RGB (S, S, 3), enlarged, with lines every 16 pixels of 256."""
    x0, y0, x1, y1 = box
    scale = picture.shape[0] / SIDE
    part = picture[round(y0 * scale) : round(y1 * scale), round(x0 * scale) : round(x1 * scale)]
    view = cv2.resize(part, ((x1 - x0) * zoom, (y1 - y0) * zoom), interpolation=cv2.INTER_CUBIC)
    for axis, (start, end) in enumerate(((x0, x1), (y0, y1))):
        for value in range(-(-start // 8) * 8, end, 8):
            at = (value - start) * zoom
            line = view[:, at] if axis == 0 else view[at]
            line[:] = (line * (0.6 if value % 16 == 0 else 0.85) + (100 if value % 16 == 0 else 38)).astype(np.uint8)
            if value % 16 == 0:
                place = (at + 2, 11) if axis == 0 else (2, at + 12)
                cv2.putText(view, str(value), place, cv2.FONT_HERSHEY_SIMPLEX, 0.38, (0, 0, 0), 3, cv2.LINE_AA)
                cv2.putText(view, str(value), place, cv2.FONT_HERSHEY_SIMPLEX, 0.38, (255, 255, 0), 1, cv2.LINE_AA)
    return view


def with_outlines(picture: np.ndarray, labels: np.ndarray, side: int = 2 * SIDE) -> np.ndarray:
    """A picture with the outlines of its labels (256, 256) in their colours, uint8 RGB (side, side, 3)."""
    view = cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA)
    large = cv2.resize(labels, (side, side), interpolation=cv2.INTER_NEAREST)
    for k, colour in enumerate(COLOURS[1:], 1):
        found, _ = cv2.findContours((large == k).astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(view, found, -1, colour.tolist(), 1)
    return view


def with_fills(picture: np.ndarray, labels: np.ndarray, side: int = 2 * SIDE) -> np.ndarray:
    """A picture tinted by its labels (256, 256), uint8 RGB (side, side, 3)."""
    view = cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA)
    large = cv2.resize(COLOURS[labels], (side, side), interpolation=cv2.INTER_NEAREST)
    return cv2.addWeighted(view, 0.55, large, 0.45, 0)
