"""Landmarks of the one face in a made picture: SCRFD at 256 px, an eighth of the cost of the app's careful search."""

from collections.abc import Iterable
from concurrent.futures import Executor

import cv2
import numpy as np

from pipelines.recognisers import DETECTOR, FACE_MODELS, session

SIDE = 256
THRESHOLD = 0.4


class OneFace:
    """Safe to share between threads."""

    def __init__(self) -> None:
        from insightface.model_zoo.scrfd import SCRFD

        self._net = SCRFD(session=session(FACE_MODELS[DETECTOR], threads=1))

    def __call__(self, picture: np.ndarray, border: int = 0) -> np.ndarray | None:
        """uint8 RGB (H, W, 3) -> landmarks (5, 2) float32 pixels of the largest face near the middle, or None.

        `border` pixels are added all round first: a face that fills its frame is found more surely.
        """
        bgr = np.ascontiguousarray(picture[:, :, ::-1])
        if border:
            bgr = cv2.copyMakeBorder(bgr, border, border, border, border, cv2.BORDER_REPLICATE)
        _, points = self._net.detect(bgr, input_size=(SIDE, SIDE), max_num=1, det_thresh=THRESHOLD)
        return (points[0] - border).astype(np.float32) if len(points) else None

    def each(self, pool: Executor, pictures: Iterable[np.ndarray], border: int = 0) -> list[np.ndarray | None]:
        """The same for several pictures, in their order."""
        return list(pool.map(lambda picture: self(picture, border), pictures))
