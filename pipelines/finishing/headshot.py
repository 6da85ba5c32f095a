"""Finishing of a drawn head: cut out, dressed, lit, set before the backdrop, graded."""

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from pipelines.finishing.backdrops.backdrops import GRAIN, backdrop
from pipelines.finishing.composition import composition
from pipelines.finishing.dress import Setting, dress
from pipelines.finishing.grading import composite, grade, undo_contrast
from pipelines.finishing.head import HeadMeasures, measure_head
from pipelines.finishing.lighting import drawn_side, lighting, relit
from pipelines.finishing.tones import Tones, cheek_tone, grey_of, match_beard_tone, match_hair_tone, match_skin_tone
from pipelines.images.head_turn import PER_DEGREE, turn_of, turned, turned_landmarks
from pipelines.looks.preset import Look
from pipelines.looks.shoot import Pose
from pipelines.matting.head_parser import HeadParser, HeadParts
from pipelines.matting.person_mask import PersonMask
from pipelines.matting.strands import HeadMatte, head_matte
from pipelines.wardrobe.outfit import Outfit
from pipelines.wardrobe.plates import load_plate

if TYPE_CHECKING:
    from pipelines.faces.identity import Face

BUILDS = {"slim": (0.95, 0.94), "average": (1.0, 1.0), "broad": (1.06, 1.1)}
"""Factors of the widths of neck and shoulders."""
FIT = {"male": (0.91, 1.06, 0.89, 0.015), "female": (1.0, 1.06, 0.88, -0.065)}
"""Size of a cut's torso beside this head, and widths of its neck and shoulders, as factors; and height of the drawn
chin above that of the plate's own head, in skulls: below 0 the neck is shorter than rendered. Rendered bodies are
broader than most people."""
LAMP_PLACES = 2
"""Places of the lamp on the backdrop to either side: the pictures of a run mostly share one, which is drawn once."""
SHADOW = 0.14
"""Most light that a backdrop loses in the person's shadow."""
SHADOW_PLACE = (0.05, 0.02)
"""Shift of the shadow away from the lamp and downwards, in shares of the picture's height."""
SHADOW_SOFT = 0.045
"""Deviation of its blur, likewise."""


Kept = Callable[[str, object, Callable[[], Any]], Any]
"""Gives the part of a name that was made before of the same key, or makes it."""


def anew(_name: str, _key: object, make: Callable[[], Any]) -> Any:
    """Make every part."""
    return make()


def finish_headshot(
    image: np.ndarray,
    face: "Face",
    look: Look,
    pose: Pose,
    outfit: Outfit,
    *,
    mask: PersonMask,
    parser: HeadParser,
    tones: Tones,
    largest: tuple[int, int] | None = None,
    kept: Kept = anew,
) -> np.ndarray:
    """Dress a drawn head and finish the picture.

    Args:
        image: uint8 RGB (S, S, 3), a head in FFHQ's frame.
        face: the face in it.
        look: backdrop, light, crop and grade.
        pose: torso, tilt and framing.
        outfit: what the person wears.
        mask: cuts the person out.
        parser: tells hair, skin and clothes apart.
        tones: of skin and hair in the person's photos.
        largest: another canvas than the crop's own, width and height.
        kept: gives parts that were made before of the same head.

    Returns:
        uint8 RGB (H, W, 3). The same arguments give the same picture.
    """
    # 1. Turn the head with the torso; cut the person out, and tell hair, skin and the drawn clothes apart.
    drawn = partial(_cut_out, image, face, pose.turn, mask, parser)
    image, face, parts, head, matte = kept("cut out", pose.turn, drawn)

    # Clothes and light stay as they are where only the backdrop is another.
    made_of = (look.crop, look.light, look.grade, pose, outfit, tones.key, largest)
    dressed_head = partial(_dressed, image, face, parts, head, matte, look, pose, outfit, tones, largest)
    dressed, alpha, side = kept("dressed", made_of, dressed_head)

    # 4. Set them before the backdrop of this look, with their shadow on it, and grade.
    lamp = round(side * LAMP_PLACES) / LAMP_PLACES
    behind = _shadowed(backdrop(look.backdrop, *alpha.shape[::-1], light=lamp), alpha, side)
    return _to_bytes(grade(composite(dressed, alpha, behind), look.grade))


def _cut_out(
    image: np.ndarray, face: "Face", degrees: float, mask: PersonMask, parser: HeadParser
) -> tuple[np.ndarray, "Face", HeadParts, HeadMeasures, HeadMatte]:
    """Drawn head, turned, with its face, its parts, its measures and its matte."""
    image, face = _turned(image, face, degrees)
    picture = image.astype(np.float32) / 255
    person = mask.silhouette(picture, face.landmarks)
    parts = parser.parse(image)
    return image, face, parts, measure_head(face, parts, person), head_matte(picture, person, parts)


def _dressed(
    image: np.ndarray,
    face: "Face",
    parts: HeadParts,
    head: HeadMeasures,
    matte: HeadMatte,
    look: Look,
    pose: Pose,
    outfit: Outfit,
    tones: Tones,
    largest: tuple[int, int] | None,
) -> tuple[np.ndarray, np.ndarray, float]:
    """Head in its light and clothes: float32 RGB (H, W, 3), alpha (H, W), and the side of the key light, -1 .. 1."""
    # 2. Light them so that skin, hair and beard have the tones of their photos, and from the side that the look wants.
    skin, hair = (
        None if tone is None else undo_contrast(tone, look.grade)
        for tone in (tones.skin, None if tones.hair is None else grey_of(tones.hair))
    )
    colour = match_skin_tone(matte.colour, cheek_tone(image, face), skin)
    colour = match_hair_tone(colour, matte, parts, hair)
    colour = match_beard_tone(colour, face, parts, tones.beard)
    light = lighting(look.light, drawn_side(colour, parts, head))
    colour = relit(colour, head, light.shift)

    # 3. Compose the picture, and dress the head in it.
    place = composition(look.crop, pose.head, head, largest=largest)
    setting = Setting(
        size=place.size,
        chin=place.chin,
        scale=place.scale,
        tilt=pose.tilt,
        lamps=light.lamps,
        side=light.side,
        light=np.ones(3, np.float32),
    )
    plate = load_plate(outfit.garment, outfit.cut, outfit.turn)
    neck, shoulders = BUILDS[outfit.build]
    size, slimmer, narrower, lift = FIT[outfit.cut]
    dressed, alpha = dress(
        colour,
        matte,
        parts,
        head,
        plate,
        outfit.colours,
        setting,
        stripes=outfit.stripes,
        neck=neck * slimmer,
        shoulders=shoulders * narrower,
        size=size,
        lift=lift,
        neckline=outfit.neckline,
    )

    dressed += grain(place.size)
    return dressed, alpha, light.side


def _turned(image: np.ndarray, face: "Face", degrees: float) -> tuple[np.ndarray, "Face"]:
    """Drawn head and its face, turned; one that is already drawn turned that way stays."""
    if turn_of(face.landmarks) * np.sign(degrees) >= abs(degrees) * PER_DEGREE:
        return image, face
    landmarks = turned_landmarks(face.landmarks, degrees)
    return turned(image, face.landmarks, degrees), replace(face, landmarks=landmarks)


@lru_cache(maxsize=2)
def grain(size: tuple[int, int]) -> np.ndarray:
    """Grain of a picture (width, height): float32 (H, W, 1), as a backdrop has it. Rendered cloth has none."""
    result = GRAIN * np.random.default_rng(1).standard_normal((size[1], size[0], 1), np.float32)
    result.flags.writeable = False
    return result


def _shadowed(behind: np.ndarray, alpha: np.ndarray, side: float) -> np.ndarray:
    """Backdrop with the soft shadow that the person throws on it, away from the lamp."""
    height, width = alpha.shape
    small = (max(1, width // 8), max(1, height // 8))
    shade = cv2.resize(alpha, small, interpolation=cv2.INTER_AREA)
    shift = np.array([[1, 0, -side * SHADOW_PLACE[0] * small[1]], [0, 1, SHADOW_PLACE[1] * small[1]]], np.float32)
    shade = cv2.warpAffine(shade, shift, small, borderMode=cv2.BORDER_REPLICATE)
    shade = cv2.GaussianBlur(shade, (0, 0), SHADOW_SOFT * small[1])
    kept = cv2.resize(1 - SHADOW * shade, (width, height), interpolation=cv2.INTER_LINEAR)
    result: np.ndarray = cv2.multiply(behind, cv2.merge((kept,) * 3))
    return result


def _to_bytes(picture: np.ndarray) -> np.ndarray:
    result: np.ndarray = cv2.convertScaleAbs(np.maximum(picture, 0), alpha=255)  # rounds, and stops at 255
    return result
