"""Cutting the person out: MediaPipe's selfie segmentation, sharpened on the picture itself, and colours without spill.

The net sees 256 x 256. A guided filter (He & Sun, "Fast guided filter", 2015) fits on that grid how the mask follows
the picture's colours, and applies the fit at full size, so that the edge lies where the picture's edge is.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import cv2
import numpy as np

from pipelines.alignment import similarity
from pipelines.errors import UserError
from pipelines.matting import between, guided, unmix
from pipelines.pixels import mix, ramp

MODEL = Path(__file__).parent.parent / "models" / "selfie_segmentation" / "model.onnx"
SIDE = 256  # of the net's input and output: the grid
SHARPNESS = 2.0  # the guided filter blurs what it moves; its ramp is made this much steeper
WIDER = 0.08  # and starts a little further out, where thin hair is
HOLE = 0.01  # a gap in the person smaller than this share of the picture is filled
CLOUD = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (9, 9))  # the net's doubt over less than this is just an edge
TEXTURE = (0.09, 0.05)  # from this `detail` to that one, what could be hair becomes what is out of focus
HAIR = (0.25, 0.75)  # where the net cannot tell: from here to there, `between` the backdrop's colour and the person's
LEANING = 1.2  # what the net leans to moves that by this much
CONTRAST = (0.01, 0.05)  # from this squared distance to that one, the two colours can be told apart
INSET = np.ones((5, 5), np.uint8)  # how far from the edge, on the grid, everybody's colours are taken
RIM = np.ones((9, 9), np.uint8)  # around a region of the grid: where its soft edge lies
FACE = np.array([[0.375, 0.472], [0.626, 0.472], [0.5, 0.619], [0.388, 0.725], [0.614, 0.725]], np.float32)
"""Where FFHQ's frame (0..1) has the landmarks, on average of 500 faces; `Bust` is drawn in that frame."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Cutout:
    """A person without what was behind them."""

    alpha: np.ndarray  # float32 (H, W), 0 nobody .. 1 person
    colour: np.ndarray  # float32 RGB (H, W, 3) 0..1, the person's own colours, also where alpha is small


class PersonMask:
    """Finds the person in a picture. Loads its model at construction; share one among all threads."""

    def __init__(self, threads: int = 1):
        import onnxruntime

        if not MODEL.is_file():
            raise UserError(f"{MODEL.parent.name}/{MODEL.name} is missing. Get the project's models folder again.")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = onnxruntime.InferenceSession(MODEL, options, providers=["CPUExecutionProvider"])

    def __call__(self, image: np.ndarray, landmarks: np.ndarray | None = None) -> np.ndarray:
        """Alpha float32 (H, W) 0..1 of a uint8 RGB (H, W, 3) picture, at its full size.

        With the face's five landmarks (5, 2), in pixels, areas that the net cannot tell go by where people usually are.
        """
        return self.cut_out(image, landmarks).alpha

    def cut_out(self, image: np.ndarray, landmarks: np.ndarray | None = None) -> Cutout:
        """The person in a uint8 RGB (H, W, 3) picture, with alpha (see `__call__`) and clean colours."""
        picture = image.astype(np.float32) / 255
        alpha, colour = unmix(picture, self._silhouette(picture, landmarks))
        return Cutout(alpha=alpha, colour=colour)

    def _silhouette(self, picture: np.ndarray, landmarks: np.ndarray | None) -> np.ndarray:
        """Alpha float32 (H, W), 0..1; the colours of its edge still have something of what was behind."""
        small = cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
        probability = self._probability(small)
        mask = one_piece(probability)
        sharp = ramp(guided(picture, small, mask), 0.5 - WIDER - 0.5 / SHARPNESS, 0.5 - WIDER + 0.5 / SHARPNESS)
        if landmarks is None:
            return sharp
        bust = Bust.of(landmarks, picture.shape[1::-1])
        smooth = ramp(detail(picture), *TEXTURE)
        cloud = clouds(probability) * np.maximum(bust.low, ramp(bust.odds, 1, -1) * smooth)
        return clear(picture, sharp, probability, cloud, bust.odds, smooth) if cloud.any() else sharp

    def _probability(self, small: np.ndarray) -> np.ndarray:
        """What the net says of a picture and of its mirror image, averaged: float32 (256, 256) 0..1."""
        views = [np.ascontiguousarray(view.transpose(2, 0, 1)[None]) for view in (small, small[:, ::-1])]
        seen = [self._session.run(None, {"image": view})[0][0, 0] for view in views]
        return (seen[0] + seen[1][:, ::-1]) / 2


@dataclass(frozen=True, kw_only=True, eq=False)
class Bust:
    """Where people usually are, told from where the face is. All float32 (256, 256), on the grid."""

    odds: np.ndarray  # log odds that a place shows the person
    low: np.ndarray  # 0..1, how surely it lies below the face

    @classmethod
    def of(cls, landmarks: np.ndarray, size: tuple[int, int]) -> Self:
        """An ellipse for the head and a slope for the shoulders, in FFHQ's frame.

        Landmarks (5, 2) in pixels of a picture of this size (width, height).
        """
        matrix = similarity(landmarks, FACE)
        across, down = ((np.arange(SIDE, dtype=np.float32) + 0.5) * (length / SIDE) - 0.5 for length in size)
        x, y = (row[0] * across[None] + row[1] * down[:, None] + row[2] for row in matrix)
        aside = np.abs(x - 0.5)
        head = 8 * (1 - np.hypot(aside / 0.32, (y - 0.45) / 0.5))
        slope = 10 * np.minimum(y - 0.95 - 0.7 * (aside - 0.5), 0.8 - aside)
        return cls(odds=np.logaddexp(head, slope), low=ramp(y, 0.6, 0.75))


def detail(picture: np.ndarray) -> np.ndarray:
    """How much fine contrast there is around each place of the grid, as a share of its brightness: (256, 256) float32.

    Hair has much of it, what lies out of focus behind it has none.
    """
    grey = cv2.resize(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), (4 * SIDE, 4 * SIDE), interpolation=cv2.INTER_AREA)
    fine = cv2.resize(np.abs(grey - cv2.GaussianBlur(grey, (0, 0), 2)), (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    coarse = cv2.resize(grey, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    return cv2.blur(fine, (6, 6)) / (cv2.blur(coarse, (6, 6)) + 0.05)


def clouds(probability: np.ndarray) -> np.ndarray:
    """Where the net cannot tell over an area, and not just along a line: float32 (256, 256) 0..1."""
    wide = cv2.morphologyEx(4 * probability * (1 - probability), cv2.MORPH_OPEN, CLOUD)
    return ramp(cv2.GaussianBlur(cv2.dilate(wide, CLOUD), (0, 0), 4), 0.1, 0.4)


def clear(
    picture: np.ndarray,
    alpha: np.ndarray,
    probability: np.ndarray,
    cloud: np.ndarray,
    usual: np.ndarray,
    smooth: np.ndarray,
) -> np.ndarray:
    """Clear the clouds of an alpha (H, W), which would stay in the picture as half-transparent smears.

    There the colours decide, hair by hair: whether a pixel has the person's, as they are around it, or the backdrop's.
    What is smooth and not likely the person is the backdrop out of focus, whatever its colour. Where the two colours
    are alike, it is the person where people usually are, with a smooth outline.

    Args:
        picture: float32 RGB (H, W, 3), 0..1.
        alpha: of the person, float32 (H, W), 0..1.
        probability: what the net says, float32 (256, 256), 0..1, like all that follow.
        cloud: where it cannot tell (`clouds`).
        usual: log odds that people are there (`Bust.odds`).
        smooth: where there is no fine contrast (`detail`).
    """
    # 1. The person's and the backdrop's colours, from around.
    person = cv2.erode(ramp(probability, 0.85, 0.97), INSET) * (1 - cloud)
    behind = cv2.erode(ramp(probability, 0.15, 0.03), INSET) * (1 - cloud)
    place, contrast = between(picture, behind, person)

    # 2. What the net leans to moves the line between them; it alone rules out smooth places.
    leaning = largest(probability, above=0.25)
    against = LEANING * np.minimum(leaning - 0.5, 0)
    possible = mix(ramp(leaning, 0.02, 0.15), ramp(leaning, 0.5, 0.8), smooth)

    # 3. The outline that people usually have.
    odds = np.log(np.clip(probability, 0.02, 0.98)) - np.log(np.clip(1 - probability, 0.02, 0.98))
    outline = ramp(cv2.GaussianBlur(1 / (1 + np.exp(-odds - usual)), (0, 0), 7), 0.4, 0.6)

    maps = np.dstack([against, possible, outline, ramp(contrast, *CONTRAST), cloud])
    against, possible, outline, told, share = np.moveaxis(cv2.resize(maps, picture.shape[1::-1]), -1, 0)
    return mix(alpha, mix(outline, possible * ramp(place + against, *HAIR), told), share)


def largest(mask: np.ndarray, above: float = 0.5) -> np.ndarray:
    """The largest part of a mask (256, 256) that is connected by values above this, with its soft edge."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats((mask > above).astype(np.uint8), connectivity=4)
    if count <= 2:
        return mask
    part = labels == 1 + np.argmax(stats[1:, cv2.CC_STAT_AREA])
    return mask * cv2.dilate(part.astype(np.uint8), RIM)


def one_piece(mask: np.ndarray) -> np.ndarray:
    """The largest connected part of a mask (256, 256), its small holes filled."""
    mask = largest(mask)
    _, labels, stats, _ = cv2.connectedComponentsWithStats((mask <= 0.5).astype(np.uint8), connectivity=4)
    inside = (stats[:, :2] > 0).all(1) & (stats[:, :2] + stats[:, 2:4] < SIDE).all(1)
    small = inside & (stats[:, cv2.CC_STAT_AREA] < HOLE * mask.size)
    small[0] = False  # label 0 is the person
    return np.maximum(mask, cv2.dilate(small[labels].astype(np.float32), RIM))
