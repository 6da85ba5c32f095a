"""Judges that had no part in making the model: dlib's face recogniser, and the colour of the cheeks in CIELAB."""

from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np

SAME_PERSON = 0.6
"""dlib's own threshold: two descriptors closer than this are of one person (dlib.net, dnn_face_recognition_ex)."""

LONGEST = 640
"""Longer side of what dlib is shown, pixels: its detector then finds faces from 40 px on in a fraction of a second."""

PATCH = 0.26
"""Side of the patch on each cheek, in eye distances: 16 px where FFHQ's alignment is 256 px wide."""


class DlibJudge:
    """dlib's detector, landmarks and ResNet: 128 numbers per face, none of them from our models or InsightFace's."""

    def __init__(self) -> None:
        import dlib

        folder = _weights()
        self._find = dlib.get_frontal_face_detector()
        self._landmarks = dlib.shape_predictor(str(folder / "shape_predictor_5_face_landmarks.dat"))
        self._net = dlib.face_recognition_model_v1(str(folder / "dlib_face_recognition_resnet_model_v1.dat"))

    def describe(self, image: np.ndarray) -> np.ndarray | None:
        """Describe the largest face in a uint8 RGB (H, W, 3) picture: (128,) float64; None if dlib sees none."""
        scale = min(1.0, LONGEST / max(image.shape[:2]))
        small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        faces = self._find(small, 1)
        if not faces:
            return None
        largest = max(faces, key=lambda box: box.area())
        return np.array(self._net.compute_face_descriptor(small, self._landmarks(small, largest)))


def distance(one: np.ndarray | None, other: np.ndarray | None) -> float:
    """Euclidean distance of two descriptors; infinite where there was no face."""
    return float("inf") if one is None or other is None else float(np.linalg.norm(one - other))


def _weights() -> Path:
    """Find the model files of face-recognition-models without importing it, which needs pkg_resources."""
    spec = find_spec("face_recognition_models")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("The judge is missing. Install it with: pip install -r requirements-dev.txt")
    return Path(spec.submodule_search_locations[0]) / "models"


def cheek_colour(image: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
    """Mean CIELAB (L* 0 to 100, a*, b*) of both cheeks, halfway between eye and mouth corner: (3,) float32.

    `image` is uint8 RGB (H, W, 3), `landmarks` (5, 2) pixels: eyes, nose, mouth corners.
    """
    half = max(1, round(PATCH / 2 * float(np.linalg.norm(landmarks[1] - landmarks[0]))))
    means = []
    for eye, corner in ((0, 3), (1, 4)):
        x, y = ((landmarks[eye] + landmarks[corner]) / 2).round().astype(int)
        patch = image[max(0, y - half) : y + half, max(0, x - half) : x + half]
        means.append(cv2.cvtColor(patch.astype(np.float32) / 255, cv2.COLOR_RGB2LAB).mean((0, 1)))
    colour: np.ndarray = np.mean(means, axis=0)
    return colour


def hue_difference(one: np.ndarray, other: np.ndarray) -> float:
    """Difference of the hue angles of two colours in CIELAB, (3,): degrees, -180 to 180."""
    angles = np.degrees(np.arctan2([one[2], other[2]], [one[1], other[1]]))
    return float((angles[0] - angles[1] + 180) % 360 - 180)
