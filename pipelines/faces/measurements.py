"""Measurements of a face in ArcFace's frame, where the photo's size does not matter."""

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from pipelines.faces.alignment import CROP_SIDE, TEMPLATE, align, similarity_transform, visible
from pipelines.faces.pattern import INNER, face_pattern

NOSE_DEPTH = 0.5  # how far the nose stands out before the eyes and mouth, in eye distances
USUAL_BREADTH, HELD_STRAIGHT = 1.09, 20
"""Middle of the breadths of faces that look up, laugh or do neither (.85 to 1.4), and degrees of turn up to which
breadth tells anything."""
SMILE = 0.94  # width of a smiling mouth, in eye distances; the built-in model learned its words from the same number
UPRIGHT_RATIO = 0.866  # in a face seen from the front, the distance between the eyes over that from eyes to mouth

# Parts of the aligned face: rows, columns. Left and right are as the viewer sees them.
LEFT_CHEEK, RIGHT_CHEEK = np.s_[70:80, 31:41], np.s_[70:80, 71:81]
LEFT_SKIN, RIGHT_SKIN = np.s_[66:80, 31:46], np.s_[66:80, 66:81]  # wider: cheeks from their sides to the nose
LEFT_EYE, RIGHT_EYE = np.s_[45:59, 30:47], np.s_[45:59, 65:82]
NOSE = np.s_[66:78, 49:64]
MOUTH = np.s_[84:101, 42:70]
ONE_CHEEK = 60  # degrees up to which the cheek that faces the camera is where it should be
DISTINCT = 40  # pixels between the eyes from which a moustache is told from a sticker on the nose
COMPARABLE = 45  # degrees; in a head turned further the face's pattern is another
CUT_OFF = 0.4  # share of the face outside the photo, likewise
FACING = 30  # degrees; in a head turned further the parts are not where they should be

BLACK = (18.0, 8.0)
"""CIELAB's L* and chroma below which a place on a face is no skin."""
LIT = (35.0, 12.0)
"""CIELAB's L* and chroma above which a cheek is lit skin."""


@dataclass(frozen=True, kw_only=True, eq=False)
class FaceMeasurements:
    """A face and where it lies in its photo."""

    shape: tuple[int, ...]  # of the photo
    landmarks: np.ndarray  # (5, 2) float32, pixels of the photo
    confidence: float  # of the detector, 0..1
    crop: np.ndarray  # uint8 RGB (112, 112, 3), aligned
    steps: np.ndarray | None = None  # uint8 (68, 59): differences of the photo's own pixels in the inner face

    @classmethod
    def of(cls, image: np.ndarray, landmarks: np.ndarray, confidence: float) -> "FaceMeasurements":
        """Align one face of an RGB uint8 (H, W, 3) image."""
        crop, steps = align(image, landmarks), _steps(image, landmarks)
        return cls(shape=image.shape, landmarks=landmarks, confidence=confidence, crop=crop, steps=steps)

    @cached_property
    def size(self) -> float:
        """Pixels between the eyes, were the face seen from the front."""
        height, _, _ = self._geometry
        return max(float(np.hypot(*(self.landmarks[1] - self.landmarks[0]))), UPRIGHT_RATIO * height)

    @cached_property
    def turn(self) -> float:
        """Turn of the head, about: degrees, positive where it looks to the viewer's right."""
        _, width, nose = self._geometry
        return float(np.degrees(np.arctan2(nose, NOSE_DEPTH * max(width, 0.0))))

    @cached_property
    def stretch(self) -> float | None:
        """Times that the face seems stretched, to its side or its length, 1 and more; None of a turned head.

        A head that looks up or down has other proportions, too, so up to 1.3 it says nothing.
        """
        height, width, _ = self._geometry
        if abs(self.turn) > HELD_STRAIGHT or width <= 0:
            return None
        breadth = width / height / UPRIGHT_RATIO / np.cos(np.radians(self.turn)) / USUAL_BREADTH
        return float(max(breadth, 1 / breadth))

    @cached_property
    def tilt(self) -> float:
        """Lean of the head: degrees, clockwise positive, -180..180. From eyes to mouth: profiles lose an eye."""
        down = self.landmarks[3:].mean(0) - self.landmarks[:2].mean(0)
        return float(np.degrees(np.arctan2(-down[0], down[1])))

    @cached_property
    def outside(self) -> float:
        """Share of the aligned face that lies beyond the edge of the photo, 0..1."""
        return 1 - float(visible(self.shape, self.landmarks).mean())

    @cached_property
    def pattern(self) -> float | None:
        """Correlation with a mean face, -1..1, or None of a head turned too far to compare them, or cut off."""
        comparable = abs(self.turn) <= COMPARABLE and self.outside <= CUT_OFF
        return face_pattern(self.crop) if comparable else None

    @cached_property
    def lightness(self) -> np.ndarray:
        """L* of the crop: (112, 112) float32, 0..100."""
        return cv2.cvtColor(self.crop.astype(np.float32) / 255, cv2.COLOR_RGB2Lab)[..., 0]

    @cached_property
    def luma(self) -> np.ndarray:
        """Grey values of the inner face: (68, 60) float32, 0..255."""
        return cv2.cvtColor(self.crop, cv2.COLOR_RGB2GRAY)[INNER].astype(np.float32)

    @cached_property
    def contrast(self) -> float:
        """Deviation of L* in the inner face: other contrasts are shares of it, so that light and skin do not matter."""
        return max(float(self.lightness[INNER].std()), 1.0)

    @cached_property
    def eye_contrast(self) -> float | None:
        """Contrast, as a share of the face's, in the eye that shows less of it: behind dark glasses there is none."""
        if abs(self.turn) > FACING:
            return None
        return float(min(self.lightness[eye].std() for eye in (LEFT_EYE, RIGHT_EYE))) / self.contrast

    @cached_property
    def mouth_contrast(self) -> float | None:
        """Contrast in the mouth, mostly that of its rows, as a share of the face's.

        Lips and teeth lie in rows; a mask or a hand shows little.
        """
        if abs(self.turn) > FACING:
            return None
        mouth = self.lightness[MOUTH]
        return float(mouth.std() + 2.8 * mouth.mean(1).std()) / self.contrast

    @cached_property
    def cheeks(self) -> tuple[float, float] | None:
        """L* of the left and the right cheek, or None where the head is turned too far to see both."""
        if abs(self.turn) > FACING:
            return None
        left, right = (float(np.median(self.lightness[part])) for part in (LEFT_CHEEK, RIGHT_CHEEK))
        return left, right

    @cached_property
    def colours(self) -> np.ndarray:
        """CIELAB of the crop: (112, 112, 3) float32."""
        return cv2.cvtColor(self.crop.astype(np.float32) / 255, cv2.COLOR_RGB2Lab)

    @cached_property
    def blocked(self) -> bool:
        """True if something dark without colour is before a cheek or the nose, and a cheek is lit skin."""
        if abs(self.turn) > FACING or self.size < DISTINCT:
            return False
        cheeks = [np.median(self.colours[part].reshape(-1, 3), axis=0) for part in (LEFT_SKIN, RIGHT_SKIN)]
        if not any(lab[0] > LIT[0] and np.hypot(lab[1], lab[2]) > LIT[1] for lab in cheeks):
            return False
        return any(self._black(part) > share for part, share in ((LEFT_SKIN, 0.5), (RIGHT_SKIN, 0.5), (NOSE, 0.12)))

    def _black(self, part: tuple[slice, slice]) -> float:
        """Share of a part's pixels, 0..1, that are dark without colour."""
        lightness, a, b = self.colours[part].transpose(2, 0, 1)
        return float(((lightness < BLACK[0]) & (np.hypot(a, b) < BLACK[1])).mean())

    @cached_property
    def skin(self) -> np.ndarray | None:
        """Colour of both cheeks, (3,) sRGB 0..1; of a turned head that of the cheek that faces the camera, alone.

        None of a profile.
        """
        if abs(self.turn) > ONE_CHEEK:
            return None
        shown = [LEFT_SKIN, RIGHT_SKIN]
        if abs(self.turn) > FACING:
            shown = [LEFT_SKIN] if self.turn > 0 else [RIGHT_SKIN]
        cheeks = [np.median(self.crop[part].reshape(-1, 3), axis=0) for part in shown]
        result: np.ndarray = np.mean(cheeks, axis=0) / 255
        return result

    @cached_property
    def _geometry(self) -> tuple[float, float, float]:
        """Pixels: from eyes to mouth; mean width of eyes and mouth; how far the nose lies to the viewer's right."""
        left_eye, right_eye, nose, left_mouth, right_mouth = self.landmarks
        eyes = (left_eye + right_eye) / 2
        down = (left_mouth + right_mouth) / 2 - eyes
        height = max(float(np.hypot(*down)), 1e-3)
        right = np.array([down[1], -down[0]]) / height
        width = float((right_eye - left_eye + right_mouth - left_mouth) @ right) / 2
        return height, width, float((nose - eyes) @ right)


def smiles(landmarks: np.ndarray) -> bool:
    """True for a mouth as wide as a smile's; landmarks (5, 2) in pixels: eyes, nose, mouth corners."""
    left_eye, right_eye, _, left_mouth, right_mouth = landmarks
    return bool(np.linalg.norm(right_mouth - left_mouth) >= SMILE * np.linalg.norm(right_eye - left_eye))


def _steps(image: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
    """Largest difference over the channels between neighbours in a row of the inner face, sampled without blending."""
    crop = cv2.warpAffine(image, similarity_transform(landmarks, TEMPLATE), (CROP_SIDE,) * 2, flags=cv2.INTER_NEAREST)
    inner = crop[INNER].astype(np.int16)
    result: np.ndarray = np.abs(np.diff(inner, axis=1)).max(-1).astype(np.uint8)
    return result
