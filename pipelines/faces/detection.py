"""Face detection: SCRFD at one fixed size first, then further passes for what that one misses."""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from insightface.model_zoo.scrfd import SCRFD

from pipelines.faces import models

THRESHOLD = 0.5  # SCRFD's own; upright faces of ordinary photos score 0.65 to 0.92
SURE = 0.72  # a best face below this may be one that lies on its side
INPUT_SIDES = (640, 320, 160)  # pixels of the square the photo is fitted into; the first is the usual one
BORDER = 0.5  # of the longer side, all round: with less, a face wider than the frame is not found
BORDER_GREY = (128, 128, 128)  # with black or a mirrored border most such faces are not found
PROMINENT = 0.3  # a box this long, as a share of the photo's shorter side, is what the photo is about
LARGE = 0.4  # a box this long, as a share of the photo's longer side, is more than the net sees well
SMALLEST = 8  # pixels; anything shorter is noise
PASSER_BY = 1 / 64  # of the largest face's area; anything smaller is left out
SAME_FACE = 0.6  # share of the smaller box inside the other


@dataclass(frozen=True, kw_only=True, eq=False)
class Detection:
    """A face found. Pixels of the photo, x right, y down; a box may reach beyond the frame."""

    box: np.ndarray  # (4,) float32: x0 y0 x1 y1
    landmarks: np.ndarray  # (5, 2) float32: left eye, right eye, nose, mouth corners, as seen with the face upright
    confidence: float  # 0..1

    @property
    def area(self) -> float:
        """Square pixels."""
        return float(np.prod(self.box[2:] - self.box[:2]))

    @property
    def length(self) -> float:
        """The longer side of the box in pixels."""
        return float((self.box[2:] - self.box[:2]).max())


class Detector:
    """SCRFD, safe to share between threads."""

    def __init__(self, threads: int) -> None:
        # The session alone: given the file too, it would open one more session for each size.
        self._net = SCRFD(session=models.session(models.FACE_MODELS[models.DETECTOR], threads))

    def __call__(self, image: np.ndarray) -> list[Detection]:
        """Return the faces of an RGB uint8 (H, W, 3) image, left to right; [] if there is none."""
        bgr = np.ascontiguousarray(image[:, :, ::-1])
        found, look = self._detect(bgr, INPUT_SIDES[0]), self._detect_plainly
        if not found and (found := self._detect_with_border(bgr)):
            look = self._detect_with_border
        elif not found:
            found = self._detect(bgr, INPUT_SIDES[1]) or self._detect(bgr, INPUT_SIDES[2])
        elif not _prominent(found, bgr):
            # All are small: one that fills the frame would have been missed.
            found += _prominent(self._detect(bgr, INPUT_SIDES[2]), bgr)
        elif max(face.length for face in found) > LARGE * max(bgr.shape[:2]):
            # Of a face this large the landmarks may lie anywhere; seen smaller it is found better, and surer.
            found += self._detect(bgr, INPUT_SIDES[1])
        if _best(found) < SURE or _lies(max(found, key=lambda face: face.confidence)):
            found = self._detect_sideways(bgr, found, look)
        return sorted(_sensible(found), key=lambda face: float(face.box[0] + face.box[2]))

    def detect_portrait(self, image: np.ndarray) -> Detection | None:
        """The largest face of a small RGB uint8 (H, W, 3) picture that one face fills, in one look; None without any.

        For what an engine draws: at a sixth of the time, without the further looks that strangers' photos need.
        """
        found = self._detect(np.ascontiguousarray(image[:, :, ::-1]), INPUT_SIDES[1])
        return max(found, key=lambda face: face.area, default=None)

    def _detect(self, bgr: np.ndarray, side: int) -> list[Detection]:
        boxes, landmarks = self._net.detect(bgr, input_size=(side, side), det_thresh=THRESHOLD)
        return [
            Detection(box=box[:4], landmarks=points, confidence=float(box[4]))
            for box, points in zip(boxes, landmarks, strict=True)
        ]

    def _detect_plainly(self, bgr: np.ndarray) -> list[Detection]:
        return self._detect(bgr, INPUT_SIDES[0]) or self._detect(bgr, INPUT_SIDES[1])

    def _detect_with_border(self, bgr: np.ndarray) -> list[Detection]:
        # Shrunk first: the border would make a large photo four times as large.
        scale = min(1.0, INPUT_SIDES[0] / max(bgr.shape[:2]))
        if scale < 1:
            bgr = cv2.resize(bgr, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        margin = round(max(bgr.shape[:2]) * BORDER)
        wide = cv2.copyMakeBorder(bgr, margin, margin, margin, margin, cv2.BORDER_CONSTANT, value=BORDER_GREY)
        return [_moved(face, lambda points: (points - margin) / scale) for face in self._detect(wide, INPUT_SIDES[0])]

    def _detect_sideways(
        self, bgr: np.ndarray, found: list[Detection], look: Callable[[np.ndarray], list[Detection]]
    ) -> list[Detection]:
        """Return the faces of a photo that lies on its side or upside down if they are clearer that way, else `found`.

        An upside-down face is found in place too, but with its mouth for eyes: only the confidence tells. So it must be
        `look`ed for as `found` was: without the border, upright close-ups can be clearer upside down.
        """
        height, width = bgr.shape[:2]
        back = {  # a pixel of the photo turned k quarter turns to the left, taken back to the photo
            1: lambda p: np.stack([width - 1 - p[..., 1], p[..., 0]], -1),
            2: lambda p: np.stack([width - 1 - p[..., 0], height - 1 - p[..., 1]], -1),
            3: lambda p: np.stack([p[..., 1], height - 1 - p[..., 0]], -1),
        }
        for quarters, turn_back in back.items():
            faces = look(np.ascontiguousarray(np.rot90(bgr, quarters)))
            if _best(faces) > max(SURE, _best(found) + 0.03):
                found = [_moved(face, turn_back) for face in faces]
        return found


def _moved(face: Detection, move: Callable[[np.ndarray], np.ndarray]) -> Detection:
    """Take a face to other coordinates: `move` takes points (..., 2) to points (..., 2)."""
    corners = move(face.box.reshape(2, 2))
    box = np.concatenate([corners.min(0), corners.max(0)])
    landmarks = move(face.landmarks)
    return Detection(box=box.astype(np.float32), landmarks=landmarks.astype(np.float32), confidence=face.confidence)


def _best(found: list[Detection]) -> float:
    return max((face.confidence for face in found), default=0.0)


def _lies(face: Detection) -> bool:
    """True if the line through the eyes is nearer to upright than to level."""
    across, down = face.landmarks[1] - face.landmarks[0]
    result: bool = abs(down) > across
    return result


def _prominent(found: list[Detection], bgr: np.ndarray) -> list[Detection]:
    return [face for face in found if face.length >= PROMINENT * min(bgr.shape[:2])]


def _sensible(found: list[Detection]) -> list[Detection]:
    """Drop noise, passers-by too small to be meant, and second boxes around one face."""
    largest = max((face.area for face in found), default=0.0)
    kept: list[Detection] = []
    for face in sorted(found, key=lambda face: -face.confidence):
        if face.length < SMALLEST or face.area < PASSER_BY * largest:
            continue
        if all(_shared(face, other) < SAME_FACE for other in kept):
            kept.append(face)
    return kept


def _shared(a: Detection, b: Detection) -> float:
    """Return what share of the smaller box lies inside the other."""
    sides = np.minimum(a.box[2:], b.box[2:]) - np.maximum(a.box[:2], b.box[:2])
    return float(np.prod(np.maximum(sides, 0))) / max(min(a.area, b.area), 1e-6)
