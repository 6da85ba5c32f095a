"""Where the faces are: SCRFD on one fixed size first, and a second and third look where a face fills the frame."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import cv2
import numpy as np

from pipelines import recognisers

THRESHOLD = 0.5  # SCRFD's own; faces of ordinary photos score 0.65 to 0.92
SIDES = (640, 320, 160)  # pixels of the square the photo is fitted into; the first is the usual one
BORDER = 0.5  # of the longer side, added all round: a face wider than the frame is found again (20 of 20 tried)
BORDER_GREY = (128, 128, 128)  # black or mirrored borders find fewer (14 and 0 of 20 where the face is 1.7 frames wide)
PROMINENT = 0.3  # a box this long, as a share of the photo's shorter side, ends the search
SMALLEST = 8  # pixels; anything shorter is noise
PASSER_BY = 1 / 64  # of the largest face's area; anything smaller is left out
SAME_FACE = 0.6  # of the smaller box inside the other


@dataclass(frozen=True, kw_only=True, eq=False)
class Detection:
    """One face found. All in pixels of the photo, x right, y down; a box may reach beyond the frame."""

    box: np.ndarray  # (4,) float32: x0 y0 x1 y1
    landmarks: np.ndarray  # (5, 2) float32: left eye, right eye, nose, left and right mouth corner, as the viewer sees
    confidence: float  # 0..1

    @property
    def area(self) -> float:
        """Square pixels."""
        return float(np.prod(self.box[2:] - self.box[:2]))


class Detector:
    """SCRFD, safe to share between threads."""

    def __init__(self, threads: int) -> None:
        from insightface.model_zoo.scrfd import SCRFD

        session = recognisers.session(recognisers.FACE_MODELS[recognisers.DETECTOR], threads)
        self._net = SCRFD(session=session)  # no file: it would open one session for each size

    def __call__(self, image: np.ndarray) -> list[Detection]:
        """Return the faces of an RGB uint8 (H, W, 3) image, left to right; [] if there is none."""
        bgr = np.ascontiguousarray(image[:, :, ::-1])
        shorter = min(image.shape[:2])
        found = self._look(bgr, SIDES[0])
        closer: list[Callable[[np.ndarray], list[Detection]]] = [
            self._look_with_border,
            *(partial(self._look, side=side) for side in SIDES[1:]),
        ]
        for again in closer:
            if any(_length(face) >= PROMINENT * shorter for face in found):
                break
            # Only a face that fills the frame can have been missed so far; small finds here are echoes.
            found += [face for face in again(bgr) if not found or _length(face) >= PROMINENT * shorter]
        return sorted(_sensible(found), key=lambda face: float(face.box[0] + face.box[2]))

    def _look(self, bgr: np.ndarray, side: int, shift: int = 0) -> list[Detection]:
        boxes, landmarks = self._net.detect(bgr, input_size=(side, side), det_thresh=THRESHOLD)
        return [
            Detection(box=box[:4] - shift, landmarks=points - shift, confidence=float(box[4]))
            for box, points in zip(boxes, landmarks, strict=True)
        ]

    def _look_with_border(self, bgr: np.ndarray) -> list[Detection]:
        # Shrunk first: the border would make a large photo four times as large.
        scale = min(1.0, SIDES[0] / max(bgr.shape[:2]))
        if scale < 1:
            bgr = cv2.resize(bgr, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        margin = round(max(bgr.shape[:2]) * BORDER)
        wide = cv2.copyMakeBorder(bgr, margin, margin, margin, margin, cv2.BORDER_CONSTANT, value=BORDER_GREY)
        return [
            Detection(box=face.box / scale, landmarks=face.landmarks / scale, confidence=face.confidence)
            for face in self._look(wide, SIDES[0], margin)
        ]


def _length(face: Detection) -> float:
    """Return the longer side of the box in pixels."""
    return float((face.box[2:] - face.box[:2]).max())


def _sensible(found: list[Detection]) -> list[Detection]:
    """Drop noise, passers-by too small to be meant, and second boxes around one face."""
    largest = max((face.area for face in found), default=0.0)
    kept: list[Detection] = []
    for face in sorted(found, key=lambda face: -face.confidence):
        if _length(face) < SMALLEST or face.area < PASSER_BY * largest:
            continue
        if all(_shared(face, other) < SAME_FACE for other in kept):
            kept.append(face)
    return kept


def _shared(a: Detection, b: Detection) -> float:
    """Return what share of the smaller box lies inside the other."""
    sides = np.minimum(a.box[2:], b.box[2:]) - np.maximum(a.box[:2], b.box[:2])
    return float(np.prod(np.maximum(sides, 0))) / max(min(a.area, b.area), 1e-6)
