"""Table of recognisers: the face models that go with each, and what its cosines mean. Reading it opens none of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol

import numpy as np

from pipelines.errors import UserError

if TYPE_CHECKING:
    from pipelines.faces.detection import Detection


class FaceModels(Protocol):
    """A detector and a recogniser, loaded. Share one among all threads. Images are RGB uint8 (H, W, 3)."""

    def detect(self, image: np.ndarray) -> "list[Detection]":
        """Return the faces of an image, left to right; [] if there is none."""

    def embed(self, image: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
        """Return the embedding of the face with these landmarks (5, 2), as the recogniser gives it: (D,) float32."""


@dataclass(frozen=True, kw_only=True)
class Recogniser:
    """Row of the table. Cosines are -1 to 1; each recogniser has a scale of its own."""

    models: str
    """Class of its `FaceModels`, as "module:name": it takes the recogniser's name, a number of threads, and
    the `pipelines.faces.alignment.Sampling` of large faces."""
    files: tuple[str, ...]
    """Names of all files that they read in `pipelines.weight_table.FACE_MODELS`."""
    stranger: float
    """Cosine below which two photos show two people. Higher, photos of one person years apart are taken for a
    stranger's; lower, a stranger who looks alike is averaged in."""
    typical_range: tuple[float, float]
    """Cosine of two photos of one person: lowest and highest of ten synthetic people, selfie against portrait."""
    falls_short: float
    """A picture this little below the usual still looks like the person to most."""
    library: tuple[str, str] | None = None
    """Module that runs them, and what pip calls it, where the base requirements do not bring it."""


_ARCFACE = "pipelines.faces.arcface:ArcFaceModels"

RECOGNISERS: Mapping[str, Recogniser] = MappingProxyType(
    {
        # Two different people: 0.1 on average, 0.54 at most; one person years apart: down to 0.35.
        "w600k_mbf": Recogniser(
            models=_ARCFACE,
            files=("scrfd_500m", "w600k_mbf"),
            stranger=0.3,
            typical_range=(0.53, 0.68),
            falls_short=0.1,
        ),
        # No likeness is measured with this one and the next: the range is the smaller one's.
        "w600k_r50": Recogniser(
            models=_ARCFACE,
            files=("scrfd_500m", "w600k_r50"),
            stranger=0.3,
            typical_range=(0.53, 0.68),
            falls_short=0.1,
        ),
        "glintr100": Recogniser(
            models=_ARCFACE,
            files=("scrfd_500m", "glintr100"),
            stranger=0.3,
            typical_range=(0.53, 0.68),
            falls_short=0.1,
        ),
        # Two different people: 0.87 on average, 0.97 at most. Descriptors are 1.5 long, so that dlib's own threshold
        # for one person, a distance of 0.6, is a cosine of 0.92.
        "dlib_resnet": Recogniser(
            models="pipelines.faces.dlib_models:DlibModels",
            files=("dlib_landmarks", "dlib_resnet"),
            stranger=0.92,
            typical_range=(0.958, 0.973),
            falls_short=0.03,
            library=("dlib", "dlib-bin==20.0.1.post1"),
        ),
    }
)
"""Recognisers by the names that the engine table uses."""


def check_installed(recogniser: str) -> None:
    """Refuse a recogniser whose library is not installed. Raises UserError."""
    library = RECOGNISERS[recogniser].library
    if library is not None and find_spec(library[0]) is None:
        raise UserError(
            f"This engine finds and compares faces with {library[0]}, which is not installed here. Install it with: "
            f"pip install {library[1]}"
        )
