"""Draw the pictures of "A good selfie": `python -m tools.draw_selfie_advice`, into assets/selfies.

Each pair is of one of the examples, people who do not exist: as it is, and with one thing that a good selfie lacks.
"""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from pipelines.faces.identity import FaceAnalyser
from pipelines.faces.photos import largest_face
from pipelines.finishing.backdrops.backdrops import backdrop
from pipelines.images.decode import open_photo
from pipelines.images.head_turn import turned, turned_landmarks
from pipelines.matting.person_mask import PersonMask
from pipelines.paths import ASSETS
from pipelines.provenance.save import mark_packet

FOLDER = ASSETS / "selfies"
SIZE = (160, 200)
"""Width and height of a picture."""
QUALITY = 68
HEAD = 0.38
"""Distance from the eyes to the chin, about twice that from eyes to mouth, as a share of a picture's width."""

REACH, NEAREST = 3.4, 0.58
"""Distance from the nose within which a near lens enlarges, in distances from eyes to mouth, and what it shows at the
nose of what lies there otherwise, as a share."""
NOSE = 0.52
"""Height of the nose in a picture, from its top."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Selfie:
    """An example: uint8 RGB (H, W, 3), five landmarks in pixels, and where the person is, float32 (H, W) 0..1."""

    image: np.ndarray
    landmarks: np.ndarray
    alpha: np.ndarray

    @property
    def unit(self) -> float:
        """Pixels from the middle of the eyes to that of the mouth."""
        return float(np.linalg.norm(self.landmarks[3:].mean(0) - self.landmarks[:2].mean(0)))


def framed(selfie: Selfie, image: np.ndarray) -> np.ndarray:
    """Cut out the head with some room, the nose a little below the middle."""
    width = min(selfie.unit * 2 / HEAD, image.shape[1])
    height = width * SIZE[1] / SIZE[0]
    x, y = selfie.landmarks[2]
    left = float(np.clip(x - width / 2, 0, image.shape[1] - width))
    top = float(np.clip(y - NOSE * height, 0, max(image.shape[0] - height, 0)))
    cut = Image.fromarray(image).crop((round(left), round(top), round(left + width), round(top + height)))
    return np.asarray(cut.resize(SIZE, Image.Resampling.LANCZOS))


def good(selfie: Selfie) -> np.ndarray:
    """The selfie as it is."""
    return framed(selfie, selfie.image)


def against_the_light(selfie: Selfie) -> np.ndarray:
    """The person in the dark, before a sky that is far too bright and washes over their edge."""
    picture = selfie.image.astype(np.float32) / 255
    alpha = selfie.alpha[..., None]
    bright = np.clip(1 - (1 - picture) * 0.35, 0, 1)
    haze = cv2.GaussianBlur(1 - selfie.alpha, (0, 0), selfie.unit / 5)[..., None]
    lit = picture**1.35 * 0.34 * alpha + bright * (1 - alpha)
    return framed(selfie, _bytes(lit + (1 - lit) * 0.45 * haze * alpha))


def turned_away(selfie: Selfie) -> np.ndarray:
    """The head turned to the side."""
    image, landmarks = selfie.image, selfie.landmarks
    for _ in range(2):
        image, landmarks = turned(image, landmarks, 13.0), turned_landmarks(landmarks, 13.0)
    return framed(selfie, image)


def far(selfie: Selfie) -> np.ndarray:
    """The person small, before much else."""
    small = cv2.resize(selfie.image, None, fx=0.42, fy=0.42, interpolation=cv2.INTER_AREA) / np.float32(255)
    alpha = cv2.resize(selfie.alpha, small.shape[1::-1], interpolation=cv2.INTER_AREA)[..., None]
    width = selfie.image.shape[1]
    scene = backdrop("outdoor", width, round(width * SIZE[1] / SIZE[0])).copy()
    place = np.s_[scene.shape[0] - small.shape[0] :, (width - small.shape[1]) // 2 :][:2]
    behind = scene[place][:, : small.shape[1]]
    behind[:] = small * alpha + behind * (1 - alpha)
    return np.asarray(Image.fromarray(_bytes(scene)).resize(SIZE, Image.Resampling.LANCZOS))


def near(selfie: Selfie) -> np.ndarray:
    """The head as a lens within a hand's breadth sees it: what is nearest looks large, and the rest falls back."""
    height, width = selfie.image.shape[:2]
    middle, reach = selfie.landmarks[2], REACH * selfie.unit
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    across, down = x - middle[0], y - middle[1]
    far = np.minimum(np.hypot(across, down) / reach, 1)
    share = NEAREST + (1 - NEAREST) * far**1.5
    bent = cv2.remap(selfie.image, middle[0] + across * share, middle[1] + down * share, cv2.INTER_CUBIC)
    return framed(selfie, bent)


def behind_glasses(selfie: Selfie) -> np.ndarray:
    """Dark glasses before the eyes."""
    image = selfie.image.copy()
    left, right = selfie.landmarks[:2]
    gap, ink = float(np.linalg.norm(right - left)), (24, 24, 28)
    angle = float(np.degrees(np.arctan2(*(right - left)[::-1])))
    for eye in (left, right):
        middle = (round(float(eye[0])), round(float(eye[1] + 0.06 * gap)))
        cv2.ellipse(image, middle, (round(0.4 * gap), round(0.33 * gap)), angle, 0, 360, ink, -1, cv2.LINE_AA)
    across = (right - left) / gap
    for start, end in ((left + 0.3 * gap * across, right - 0.3 * gap * across),):
        cv2.line(image, *(tuple(map(round, point)) for point in (start, end)), ink, round(0.07 * gap), cv2.LINE_AA)  # type: ignore[call-overload]
    for eye, side in ((left, -1), (right, 1)):
        ends = (eye + side * 0.36 * gap * across, eye + side * 0.62 * gap * across)
        cv2.line(image, *(tuple(map(round, point)) for point in ends), ink, round(0.06 * gap), cv2.LINE_AA)  # type: ignore[call-overload]
    return framed(selfie, image)


def cut_hair(selfie: Selfie) -> np.ndarray:
    """The upper edge of the photo just above the eyebrows."""
    top = round(float(selfie.landmarks[:2, 1].mean() - 0.75 * selfie.unit))
    height = round(selfie.unit * 2 / HEAD * SIZE[1] / SIZE[0])
    left = round(float(selfie.landmarks[2, 0] - selfie.unit / HEAD))
    right = round(float(selfie.landmarks[2, 0] + selfie.unit / HEAD))
    cut = Image.fromarray(selfie.image).crop((left, top, right, top + height))
    return np.asarray(cut.resize(SIZE, Image.Resampling.LANCZOS))


def blurred(selfie: Selfie) -> np.ndarray:
    """A hand that shook."""
    length = round(selfie.unit / 3.6) | 1
    kernel = np.zeros((length, length), np.float32)
    cv2.line(kernel, (0, length // 3), (length - 1, 2 * length // 3), 1.0)
    return framed(selfie, cv2.filter2D(selfie.image, -1, kernel / kernel.sum()))


PAIRS: Mapping[str, tuple[str, Callable[[Selfie], np.ndarray]]] = {
    "light": ("person-P009", against_the_light),
    "straight": ("person-P006", turned_away),
    "distance": ("person-P005", far),
    "near": ("person-P009", near),
    "face": ("person-P009", behind_glasses),
    "hair": ("person-P006", cut_hair),
    "sharp": ("person-P005", blurred),
}
"""Example and fault by the name of the advice."""


def _bytes(picture: np.ndarray) -> np.ndarray:
    result: np.ndarray = (np.clip(picture, 0, 1) * 255).round().astype(np.uint8)
    return result


def load(file: Path, analyser: FaceAnalyser, mask: PersonMask) -> Selfie:
    """Find the person in an example."""
    image = open_photo(file.read_bytes())
    face = largest_face(analyser.analyse(image))
    assert face is not None
    return Selfie(image=image, landmarks=face.landmarks, alpha=mask(image, face.landmarks))


def main() -> int:
    """Draw all pairs."""
    FOLDER.mkdir(exist_ok=True)
    analyser, mask = FaceAnalyser(), PersonMask()
    for name, (example, spoilt) in PAIRS.items():
        selfie = load(ASSETS / "examples" / f"{example}.jpg", analyser, mask)
        for kind, picture in (("good", good(selfie)), ("bad", spoilt(selfie))):
            file = FOLDER / f"{name}-{kind}.jpg"
            Image.fromarray(picture).save(file, quality=QUALITY, optimize=True, xmp=mark_packet())
    print(f"{sum(file.stat().st_size for file in FOLDER.glob('*.jpg')) / 1000:.0f} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
