"""Unsure areas of the person mask, and what is there after all.

Where the net cannot tell over an area, alpha would be a half-transparent smear in the picture, mostly beside a neck.
"""

from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np

from pipelines.faces.alignment import similarity_transform
from pipelines.matting.alpha import GRID_SIDE, colour_position, largest_component
from pipelines.matting.pixels import mix, ramp

CLOUD = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (9, 9))  # the net's doubt over less than this is just an edge
TEXTURE = (0.09, 0.05)  # from this `detail` to that one, what could be hair becomes what is out of focus
HAIR = (0.25, 0.75)  # where the net cannot tell: from here to there, `between` the backdrop's colour and the person's
LEANING = 1.2  # what the net leans to moves that by this much
CONTRAST = (0.01, 0.05)  # from this squared distance to that one, the two colours can be told apart
SMEAR = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (7, 7))  # half-transparent over less is an edge or a hair
GAP = np.ones((1, 41), np.uint8)  # how wide a gap between neck and shoulder can be to be none
INSET = np.ones((5, 5), np.uint8)  # how far from the edge, on the grid, everybody's colours are taken
FACE = np.array([[0.375, 0.472], [0.626, 0.472], [0.5, 0.619], [0.388, 0.725], [0.614, 0.725]], np.float32)
"""Landmarks in FFHQ's frame (0..1), mean of 500 faces; `Bust` is drawn in that frame."""


def unsure_areas(probability: np.ndarray) -> np.ndarray:
    """Find where the net is unsure over an area, and not just along a line: float32 (256, 256) 0..1."""
    wide = cv2.morphologyEx(4 * probability * (1 - probability), cv2.MORPH_OPEN, CLOUD)
    return ramp(cv2.GaussianBlur(cv2.dilate(wide, CLOUD), (0, 0), 4), 0.1, 0.4)


def detail(picture: np.ndarray) -> np.ndarray:
    """Fine contrast around each place of the grid, as a share of its brightness: (256, 256) float32.

    Hair has much of it, what lies out of focus behind it has none.
    """
    grey = cv2.resize(
        cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), (4 * GRID_SIDE, 4 * GRID_SIDE), interpolation=cv2.INTER_AREA
    )
    fine = cv2.resize(
        np.abs(grey - cv2.GaussianBlur(grey, (0, 0), 2)), (GRID_SIDE, GRID_SIDE), interpolation=cv2.INTER_AREA
    )
    coarse = cv2.resize(grey, (GRID_SIDE, GRID_SIDE), interpolation=cv2.INTER_AREA)
    result: np.ndarray = cv2.blur(fine, (6, 6)) / (cv2.blur(coarse, (6, 6)) + 0.05)
    return result


def out_of_focus(picture: np.ndarray) -> np.ndarray:
    """Confidence that a place of the grid shows nothing sharp, 0..1: float32 (256, 256)."""
    return ramp(detail(picture), *TEXTURE)


@dataclass(frozen=True, kw_only=True, eq=False)
class Bust:
    """Prior of where a person is, given their face. All float32 (256, 256), on the grid."""

    odds: np.ndarray  # log odds that a place shows the person
    low: np.ndarray  # 0..1, how surely it lies below the face
    shoulders: np.ndarray  # 0..1, how surely it lies where the shoulders begin, or below

    @classmethod
    def of(cls, landmarks: np.ndarray, size: tuple[int, int]) -> Self:
        """An ellipse for the head and a slope for the shoulders, in FFHQ's frame.

        Landmarks (5, 2) in pixels of a picture of this size (width, height).
        """
        matrix = similarity_transform(landmarks, FACE)
        across, down = ((np.arange(GRID_SIDE, dtype=np.float32) + 0.5) * (length / GRID_SIDE) - 0.5 for length in size)
        x, y = (row[0] * across[None] + row[1] * down[:, None] + row[2] for row in matrix)
        aside = np.abs(x - 0.5)
        head = 8 * (1 - np.hypot(aside / 0.32, (y - 0.45) / 0.5))
        slope = 10 * np.minimum(y - 0.95 - 0.7 * (aside - 0.5), 0.8 - aside)
        return cls(odds=np.logaddexp(head, slope), low=ramp(y, 0.6, 0.75), shoulders=ramp(y, 0.88, 0.92))


def resolve_unsure_areas(
    picture: np.ndarray,
    alpha: np.ndarray,
    probability: np.ndarray,
    unsure: np.ndarray,
    usual: np.ndarray,
    smooth: np.ndarray,
) -> np.ndarray:
    """Decide the unsure areas of an alpha (H, W), which would stay in the picture as half-transparent smears.

    There the colours decide, hair by hair: whether a pixel has the person's, as they are around it, or the backdrop's.
    What is smooth and not likely the person is the backdrop out of focus, whatever its colour. Where the two colours
    are alike, it is the person where people usually are, with a smooth outline.

    Args:
        picture: float32 RGB (H, W, 3), 0..1.
        alpha: of the person, float32 (H, W), 0..1.
        probability: what the net says, float32 (256, 256), 0..1, like all that follow.
        unsure: where it cannot tell (`unsure_areas`).
        usual: log odds that people are there (`Bust.odds`).
        smooth: where nothing is sharp (`out_of_focus`).
    """
    # 1. The person's and the backdrop's colours, from around.
    person = cv2.erode(ramp(probability, 0.85, 0.97), INSET) * (1 - unsure)
    behind = cv2.erode(ramp(probability, 0.15, 0.03), INSET) * (1 - unsure)
    place, contrast = colour_position(picture, behind, person)

    # 2. What the net leans to moves the line between them. Smooth places go by the net alone, and what it is sure of,
    # or leans to where people usually are, stays in whatever its colour.
    leaning = largest_component(probability, above=0.25)
    against: np.ndarray = LEANING * np.minimum(leaning - 0.5, 0)
    possible = mix(ramp(leaning, 0.02, 0.15), ramp(leaning, 0.6, 0.9), smooth)
    odds = np.log(np.clip(probability, 0.02, 0.98)) - np.log(np.clip(1 - probability, 0.02, 0.98))
    sure = ramp(odds + np.maximum(usual, 0), 2, 4)

    # 3. The outline that people usually have.
    outline = ramp(cv2.GaussianBlur(1 / (1 + np.exp(-odds - usual)), (0, 0), 7), 0.4, 0.6)

    maps = (against, possible, sure, outline, ramp(contrast, *CONTRAST), unsure)
    against, possible, sure, usually, distinct, share = (cv2.resize(x, picture.shape[1::-1]) for x in maps)
    by_colour = np.maximum(possible * ramp(place + against, *HAIR), sure)
    return mix(alpha, mix(usually, by_colour, distinct), share)


def without_gaps(probability: np.ndarray, shoulders: np.ndarray) -> np.ndarray:
    """The net loses dark clothes before a dark backdrop: below the neck a person reaches from shoulder to shoulder.

    Both float32 (256, 256), 0..1: what the net says, and where that is (`Bust.shoulders`).
    """
    # Beyond the picture nobody is: a gap at its edge is none.
    closed = cv2.morphologyEx(probability, cv2.MORPH_CLOSE, GAP, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    return mix(probability, np.maximum(probability, closed), shoulders)


def sharpen_smears(alpha: np.ndarray) -> np.ndarray:
    """Give what is half-transparent over an area, and not just along an edge, to the side that has more of it.

    Alpha (H, W) float32, 0..1. Single hairs stay as they are: each of them is narrow.
    """
    grid = (GRID_SIDE, GRID_SIDE)
    unsettled = cv2.resize(4 * alpha * (1 - alpha), grid, interpolation=cv2.INTER_AREA)
    wide = cv2.dilate(cv2.morphologyEx(unsettled, cv2.MORPH_OPEN, SMEAR), SMEAR)
    share = ramp(cv2.GaussianBlur(wide, (0, 0), 2), 0.15, 0.4)
    if not share.any():
        return alpha
    small = cv2.GaussianBlur(cv2.resize(alpha, grid, interpolation=cv2.INTER_AREA), (0, 0), 3)
    sides, share = (cv2.resize(x, alpha.shape[::-1]) for x in (small, share))
    return mix(alpha, ramp(sides, 0.4, 0.6), share)
