"""Head parser: which pixels of a drawn picture are hair, face, neck, clothes and backdrop.

A small net (`models/head_parser`) sees 256 x 256. Near its boundaries a guided filter (He & Sun, "Fast guided filter",
2015) fits on that grid how its answer follows the picture's colours, and applies the fit at FINE_SIDE.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from pipelines.matting.alpha import GRID_SIDE
from pipelines.matting.pixels import dot, ramp
from pipelines.runtime.onnx import onnx_session
from pipelines.runtime.verified_files import read_verified
from pipelines.weight_table import HEAD_PARSER

PARTS = ("backdrop", "hair", "face", "neck", "clothes")
"""Parts in the order of the net's channels."""
FINE_SIDE = 512
"""Side of the grid on which boundaries are made sharp, pixels; smaller pictures keep their own. Twice that takes four
times as long."""
WINDOW = (7, 7)
"""Window of the guided filter on the net's grid: wide ones reach past thin necks and collars."""
FLAT = 4e-4
"""Variance of colours (0..1) below which the filter sees no edge: with less, hair frays along its own strands."""
UNSURE = (0.02, 0.12)
"""Spread of the net's answer around a place from which on the filter's begins to count, and alone counts."""
STEEPER = 1.6
"""Slope of the ramp that undoes the filter's blur: 1 leaves it, more than 3 makes stairs."""


@dataclass(frozen=True, kw_only=True, eq=False)
class HeadParts:
    """Parts of a picture, float32 (H, W) each, 0 to 1. In every place their sum is 1."""

    hair: np.ndarray
    """Hair of the head, with what is worn on it; not the beard."""
    face: np.ndarray
    """Face with ears, beard, glasses and earrings."""
    neck: np.ndarray
    """Skin of neck and chest."""
    clothes: np.ndarray
    backdrop: np.ndarray


class HeadParser:
    """Finds the parts of a head. Loads its model at construction; share one among all threads."""

    def __init__(self, threads: int = 1):
        self._session = onnx_session(read_verified(HEAD_PARSER), threads)

    def parse(self, image: np.ndarray) -> HeadParts:
        """Parts of a picture in FFHQ's alignment, uint8 RGB (S, S, 3), at its own size."""
        small = cv2.resize(image, (GRID_SIDE, GRID_SIDE), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
        parts = self.probabilities(small)
        side = max(GRID_SIDE, min(FINE_SIDE, *image.shape[:2]))
        fine = cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
        sharp = cv2.resize(_sharpened(fine, small, parts), image.shape[1::-1], interpolation=cv2.INTER_LINEAR)
        shares = np.ascontiguousarray(sharp.transpose(2, 0, 1))
        return HeadParts(**dict(zip(PARTS, shares, strict=True)))

    def probabilities(self, small: np.ndarray) -> np.ndarray:
        """The net's own answer for a picture float32 RGB (256, 256, 3) 0..1: float32 (256, 256, 5), in PARTS' order."""
        (answer,) = self._session.run(None, {"image": np.ascontiguousarray(small.transpose(2, 0, 1)[None])})
        result: np.ndarray = np.ascontiguousarray(answer[0].transpose(1, 2, 0))
        return result


def _sharpened(picture: np.ndarray, guide: np.ndarray, parts: np.ndarray) -> np.ndarray:
    """Parts (256, 256, 5) at the picture's size (S, S, 3), their boundaries on its edges; their sum is 1.

    `guide` is the picture on the parts' grid.
    """
    size = picture.shape[1::-1]
    plain = cv2.resize(parts, size, interpolation=cv2.INTER_LINEAR)
    slopes, offsets = _local_fit(guide, parts[..., 1:])
    sharp = np.empty_like(plain)
    for k, (slope, offset) in enumerate(zip(slopes, offsets, strict=True), 1):
        slope, offset = (cv2.resize(x, size, interpolation=cv2.INTER_LINEAR) for x in (slope, offset))
        sharp[..., k] = ramp(dot(slope, picture) + offset, 0.5 - 0.5 / STEEPER, 0.5 + 0.5 / STEEPER)
    sharp[..., 0] = np.clip(1 - sharp[..., 1:].sum(-1), 0, 1)
    spread = (cv2.dilate(parts, np.ones(WINDOW)) - cv2.erode(parts, np.ones(WINDOW))).max(-1)
    unsure = cv2.resize(ramp(spread, *UNSURE), size, interpolation=cv2.INTER_LINEAR)[..., None]
    sharp = plain + (sharp - plain) * unsure
    result: np.ndarray = sharp / sharp.sum(-1, keepdims=True)
    return result


def _local_fit(guide: np.ndarray, masks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Fit masks (h, w, n) around each place as linear functions of the guide's colours (h, w, 3).

    Returns:
        Slopes float32 (n, h, w, 3) and offsets float32 (n, h, w).
    """

    def mean(x: np.ndarray) -> np.ndarray:
        return cv2.blur(x, WINDOW, borderType=cv2.BORDER_REFLECT)

    r, g, b = (np.ascontiguousarray(guide[..., k]) for k in range(3))
    mr, mg, mb = mean(r), mean(g), mean(b)
    rr, gg, bb = mean(r * r) - mr * mr + FLAT, mean(g * g) - mg * mg + FLAT, mean(b * b) - mb * mb + FLAT
    rg, rb, gb = mean(r * g) - mr * mg, mean(r * b) - mr * mb, mean(g * b) - mg * mb
    # the inverse of the symmetric covariance, by its cofactors
    irr, irg, irb = gg * bb - gb * gb, gb * rb - rg * bb, rg * gb - gg * rb
    igg, igb, ibb = rr * bb - rb * rb, rb * rg - rr * gb, rr * gg - rg * rg
    determinant = rr * irr + rg * irg + rb * irb
    slopes, offsets = [], []
    for k in range(masks.shape[-1]):
        mask = np.ascontiguousarray(masks[..., k])
        level = mean(mask)
        cr, cg, cb = mean(r * mask) - mr * level, mean(g * mask) - mg * level, mean(b * mask) - mb * level
        slope = np.dstack(
            [irr * cr + irg * cg + irb * cb, irg * cr + igg * cg + igb * cb, irb * cr + igb * cg + ibb * cb]
        )
        slope /= determinant[..., None]
        offset = level - slope[..., 0] * mr - slope[..., 1] * mg - slope[..., 2] * mb
        slopes.append(mean(slope))
        offsets.append(mean(offset))
    return np.stack(slopes), np.stack(offsets)
