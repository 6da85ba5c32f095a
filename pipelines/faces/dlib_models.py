"""dlib's face models, free for any use: they find faces, mark eyes and nose, and embed them.

The detector is part of dlib's code (Boost licence). The five-point landmarks and the recogniser are CC0 1.0. The
package that carries them has a 68-point file too, whose training pictures (iBUG 300-W) may not be used commercially:
it is never opened. Five points without the mouth are the price; the mouth's corners are placed by the mean face.
"""

import threading
from typing import Any

import cv2
import numpy as np

from pipelines.faces.alignment import TEMPLATE, Sampling, align
from pipelines.faces.detection import Detection
from pipelines.faces.models import FACE_MODELS, locate, read_verified
from pipelines.faces.recognisers import check_installed

LONGEST = 640
"""Longer side of the photo that dlib searches, pixels: it then finds faces from 40 px on in 0.1 s."""
SMALL = 320
"""The same for a photo in which it found none: a face that fills the frame is found when it is smaller."""
SURE_SCORE = 1.0
"""Score of the detector that counts as fully certain; it begins at 0, and photos of a clear face have 0.6 to 3.5."""
CHIP_SIDE = 150  # pixels of the square that the recogniser was trained on
_PADDING = 0.25  # of the face around it in that square

# dlib's mean face (image_processing/frontal_face_detector and interpolation.h, Boost licence), as shares of a square.
_LEFT_EYE, _RIGHT_EYE, _NOSE_BASE = (0.2273, 0.2214), (0.7528, 0.2212), (0.4901, 0.6278)
_EYES = _RIGHT_EYE[0] - _LEFT_EYE[0]
_TO_BASE = (_NOSE_BASE[1] - _LEFT_EYE[1]) / _EYES
"""Distance from the eyes down to the base of the nose, in eye distances."""

# ArcFace's mean face below the eyes, in eye distances; the nose's tip and the mouth.
_TEMPLATE_EYES = float(TEMPLATE[1, 0] - TEMPLATE[0, 0])
_TO_TIP = float(TEMPLATE[2, 1] - TEMPLATE[:2, 1].mean()) / _TEMPLATE_EYES
_TO_MOUTH = float(TEMPLATE[3:, 1].mean() - TEMPLATE[:2, 1].mean()) / _TEMPLATE_EYES
_MOUTH_WIDTH = float(TEMPLATE[4, 0] - TEMPLATE[3, 0]) / _TEMPLATE_EYES
_TIP_DEPTH = 1.5
"""Height of the nose's tip over the plane of eyes and mouth, with its base's as 1: by how much more it moves to the
side when the head turns."""


def five_landmarks(left_eye: np.ndarray, right_eye: np.ndarray, nose_base: np.ndarray) -> np.ndarray:
    """Place nose tip and mouth corners by eyes and nose base, (2,) pixels each: (5, 2) float32 as SCRFD's.

    Eyes and mouth lie in one plane, the nose before it: in a head that is turned, only the nose moves to the side.
    """
    middle, across = (left_eye + right_eye) / 2, right_eye - left_eye
    along = across / max(float(np.hypot(*across)), 1e-3)
    down = np.array([-along[1], along[0]])
    offset = nose_base - middle
    height, aside = float(offset @ down), float(offset @ along)
    tip = middle + down * height * (_TO_TIP / _TO_BASE) + along * aside * _TIP_DEPTH
    mouth = middle + down * height * (_TO_MOUTH / _TO_BASE)
    half = across * _MOUTH_WIDTH / 2
    return np.array([left_eye, right_eye, tip, mouth - half, mouth + half], np.float32)


def _chip_template() -> np.ndarray:
    mean = five_landmarks(*(np.array(point) for point in (_LEFT_EYE, _RIGHT_EYE, _NOSE_BASE)))
    result: np.ndarray = ((mean + _PADDING) / (1 + 2 * _PADDING) * CHIP_SIDE).astype(np.float32)
    return result


CHIP_TEMPLATE = _chip_template()
"""(5, 2) pixels: where the recogniser wants the landmarks in its square."""


class DlibModels:
    """`FaceModels` of dlib, whose embeddings are (128,). Faces that lie on their side are not found."""

    def __init__(self, recogniser: str, _threads: int, sampling: Sampling) -> None:
        check_installed(recogniser)
        import dlib

        files = []
        for row in (FACE_MODELS["dlib_landmarks"], FACE_MODELS[recogniser]):
            read_verified(row)  # dlib opens paths only
            files.append(str(locate(row)))
        self._detector = dlib.get_frontal_face_detector()
        self._landmarks = dlib.shape_predictor(files[0])
        self._net = dlib.face_recognition_model_v1(files[1])
        self._sampling = sampling
        self._lock = threading.Lock()  # detector and net keep what they computed last

    def detect(self, image: np.ndarray) -> list[Detection]:
        """Return the faces of an RGB uint8 (H, W, 3) image, left to right; [] if there is none."""
        found = self._detect(image, LONGEST) or self._detect(image, SMALL)
        return sorted(found, key=lambda face: float(face.box[0] + face.box[2]))

    def embed(self, image: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
        """Return the embedding of the face with these landmarks (5, 2), as the recogniser gives it: (128,) float32."""
        chip = np.ascontiguousarray(align(image, landmarks, CHIP_TEMPLATE, CHIP_SIDE, self._sampling))
        with self._lock:
            return np.array(self._net.compute_face_descriptor(chip))

    def _detect(self, image: np.ndarray, longest: int) -> list[Detection]:
        scale = min(1.0, longest / max(image.shape[:2]))
        small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else image
        small = np.ascontiguousarray(small)
        with self._lock:
            boxes, scores, _ = self._detector.run(small, 1, 0.0)
        return [self._detection(small, box, score, scale) for box, score in zip(boxes, scores, strict=True)]

    def _detection(self, small: np.ndarray, box: Any, score: float, scale: float) -> Detection:
        points = np.array([(part.x, part.y) for part in self._landmarks(small, box).parts()], np.float64)
        # Corners of the eye to the viewer's right, of the other one, and the nose's base.
        landmarks = five_landmarks(points[2:4].mean(0), points[:2].mean(0), points[4])
        corners = np.array([box.left(), box.top(), box.right() + 1, box.bottom() + 1], np.float32)
        return Detection(box=corners / scale, landmarks=landmarks / scale, confidence=confidence(score))


def confidence(score: float) -> float:
    """Return the detector's score, 0 and more, as a confidence of SCRFD's kind: 0.5 to 1."""
    return min(1.0, 0.5 + 0.5 * max(score, 0.0) / SURE_SCORE)
