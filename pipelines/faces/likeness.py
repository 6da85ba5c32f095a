"""Likeness of a picture to the person, next to the likeness of their own photos to each other."""

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from pipelines.faces.identity import FaceAnalyser, Identity
from pipelines.faces.photos import largest_face

TYPICAL_RANGE = (0.53, 0.68)
"""Cosine of two photos of one person: lowest and highest of ten synthetic people, selfie against studio portrait, with
the recogniser w600k_mbf. Two different people: 0.1 on average, 0.54 at most."""
FALLS_SHORT = 0.1  # a picture this little below the usual still looks like the person to most


@dataclass(frozen=True, kw_only=True)
class Likeness:
    """The cosine of a picture's embedding to the identity, and what is usual."""

    cosine: float | None  # -1..1; None: no face in the picture
    low: float  # the usual range
    high: float
    basis: str  # what the range was taken from: "your photos" or "two shots of one person"

    @property
    def verdict(self) -> str:
        """The number in words."""
        if self.cosine is None:
            return "No face was found in this picture."
        if self.cosine >= self.low:
            return f"As alike as {self.basis}."
        if self.cosine >= self.low - FALLS_SHORT:
            return f"Nearly as alike as {self.basis}."
        return f"Less alike than {self.basis}. Another seed, more structure or another photo may help."


def measure_likeness(picture: np.ndarray, identity: Identity, analyser: FaceAnalyser) -> Likeness:
    """Compare the largest face of a uint8 RGB (H, W, 3) picture with a person, both as this recogniser sees them."""
    if identity.recogniser != analyser.recogniser:
        raise ValueError(f"an identity of {identity.recogniser} cannot be compared by {analyser.recogniser}")
    face = largest_face(analyser.analyse(picture))
    low, high, basis = expected_range(identity)
    cosine = None if face is None else float(face.embedding @ identity.embedding)
    return Likeness(cosine=cosine, low=low, high=high, basis=basis)


def expected_range(identity: Identity) -> tuple[float, float, str]:
    """Return lowest and highest cosine to expect, and where they are from: the person's own photos if there are two."""
    embeddings = [shot.face.embedding for shot in identity.shots]
    if len(embeddings) < 2:
        return (*TYPICAL_RANGE, "two shots of one person")
    cosines = [float(one @ other) for one, other in combinations(embeddings, 2)]
    return min(cosines), max(cosines), "your photos"
