"""Person mask: MediaPipe's selfie segmentation, sharpened on the picture itself, and colours without spill.

The net sees 256 x 256. A guided filter (He & Sun, "Fast guided filter", 2015) fits on that grid how the mask follows
the picture's colours, and applies the fit at full size, so that the edge lies where the picture's edge is.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from pipelines.matting.alpha import GRID_SIDE, decontaminate_colours, guided_filter, one_piece
from pipelines.matting.pixels import ramp
from pipelines.matting.uncertain import (
    Bust,
    out_of_focus,
    resolve_unsure_areas,
    sharpen_smears,
    unsure_areas,
    without_gaps,
)
from pipelines.runtime.onnx import onnx_session
from pipelines.runtime.verified_files import locate, read_verified
from pipelines.weight_table import PERSON_MASK

MODEL = locate(PERSON_MASK)
SHARPNESS = 2.0  # the guided filter blurs what it moves; its ramp is made this much steeper
WIDER = 0.08  # and starts a little further out, where thin hair is


@dataclass(frozen=True, kw_only=True, eq=False)
class Cutout:
    """A person without what was behind them."""

    alpha: np.ndarray  # float32 (H, W), 0 nobody .. 1 person
    colour: np.ndarray  # float32 RGB (H, W, 3) 0..1, the person's own colours, also where alpha is small


class PersonMask:
    """Finds the person in a picture. Loads its model at construction; share one among all threads."""

    def __init__(self, threads: int = 1):
        self._session = onnx_session(read_verified(PERSON_MASK), threads)

    def __call__(self, image: np.ndarray, landmarks: np.ndarray | None = None) -> np.ndarray:
        """Alpha float32 (H, W) 0..1 of a uint8 RGB (H, W, 3) picture, at its full size.

        With the face's five landmarks (5, 2), in pixels, areas that the net is unsure of are decided by colour.
        """
        return self.cut_out(image, landmarks).alpha

    def cut_out(self, image: np.ndarray, landmarks: np.ndarray | None = None) -> Cutout:
        """The person in a uint8 RGB (H, W, 3) picture, with alpha (see `__call__`) and clean colours."""
        picture = image.astype(np.float32) / 255
        alpha, colour = decontaminate_colours(picture, self.silhouette(picture, landmarks))
        return Cutout(alpha=alpha, colour=colour)

    def silhouette(self, picture: np.ndarray, landmarks: np.ndarray | None) -> np.ndarray:
        """Alpha float32 (H, W) 0..1 of a float32 RGB (H, W, 3) picture 0..1, before colours thin out its edge."""
        small = cv2.resize(picture, (GRID_SIDE, GRID_SIDE), interpolation=cv2.INTER_AREA)
        probability = self._probability(small)
        bust = None if landmarks is None else Bust.of(landmarks, picture.shape[1::-1])
        if bust is not None:
            probability = without_gaps(probability, bust.shoulders)
        mask = one_piece(probability)
        sharp = ramp(guided_filter(picture, small, mask), 0.5 - WIDER - 0.5 / SHARPNESS, 0.5 - WIDER + 0.5 / SHARPNESS)
        if bust is None:
            return sharp
        smooth = out_of_focus(picture)
        unsure = unsure_areas(probability) * np.maximum(bust.low, ramp(bust.odds, 1, -1) * smooth)
        cleared = (
            resolve_unsure_areas(picture, sharp, probability, unsure, bust.odds, smooth) if unsure.any() else sharp
        )
        return sharpen_smears(cleared)

    def _probability(self, small: np.ndarray) -> np.ndarray:
        """Mean of the net's answers for a picture and for its mirror image: float32 (256, 256) 0..1."""
        views = [np.ascontiguousarray(view.transpose(2, 0, 1)[None]) for view in (small, small[:, ::-1])]
        straight, mirrored = (self._session.run(None, {"image": view})[0][0, 0] for view in views)
        mean: np.ndarray = (straight + mirrored[:, ::-1]) / 2
        return mean
