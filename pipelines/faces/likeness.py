"""Likeness of a picture to the person, next to the likeness of their own photos to each other."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from pipelines.faces.identity import Face, FaceAnalyser, Identity
from pipelines.faces.photos import largest_face
from pipelines.faces.recognisers import RECOGNISERS
from pipelines.language.sentence import Sentence, joined

HIDDEN: Mapping[str, Sentence] = {
    "mouth": Sentence("But the lower face, which the photo does not show, is a guess."),
    "eyes": Sentence("But the part around the eyes, which the photo does not show, is a guess."),
    "before": Sentence("But a part of the face, which the photo does not show, is a guess."),
}
"""Sentences on hidden parts of a face by the measure, `pipelines.faces.quality.MEASURES`, that finds them so."""
NO_FACE = Sentence("No face was found in this picture.")
FACE_ALIKE = Sentence("The face is as alike as {basis}; the rest is not.")
ALIKE = Sentence("As alike as {basis}.")
NEARLY_ALIKE = Sentence("Nearly as alike as {basis}.")
LESS_ALIKE = Sentence("Less alike than {basis}. Another seed, more structure or another photo may help.")
TWO_SHOTS, OWN_PHOTOS = Sentence("two shots of one person"), Sentence("your photos")


@dataclass(frozen=True, kw_only=True)
class Likeness:
    """The cosine of a picture's embedding to the identity, and what is usual."""

    cosine: float | None  # -1..1; None: no face in the picture
    low: float  # the usual range
    high: float
    basis: str  # what the range was taken from: OWN_PHOTOS or TWO_SHOTS
    falls_short: float = RECOGNISERS["w600k_mbf"].falls_short
    """A cosine this little below the range still looks like the person to most."""
    drift: tuple[str, ...] = ()
    """Sentences on what the picture has changed besides the face, which no recogniser sees."""
    guessed: str | None = None
    """Sentence on a part of the face that no photo shows, so that no likeness says whether it is right."""

    @property
    def from_photos(self) -> bool:
        """True if the usual range is that of the person's own photos."""
        return self.basis == OWN_PHOTOS

    @property
    def verdict(self) -> str:
        """The number in words, and what it cannot tell."""
        return self._compared if self.guessed is None else joined(" ", (self._compared, self.guessed))

    @property
    def _compared(self) -> str:
        if self.cosine is None:
            return NO_FACE
        if self.cosine >= self.low and self.drift:
            return FACE_ALIKE.format(basis=self.basis)
        if self.cosine >= self.low:
            return ALIKE.format(basis=self.basis)
        if self.cosine >= self.low - self.falls_short:
            return NEARLY_ALIKE.format(basis=self.basis)
        return LESS_ALIKE.format(basis=self.basis)


def measure_likeness(picture: np.ndarray, identity: Identity, analyser: FaceAnalyser) -> Likeness:
    """Compare the largest face of a uint8 RGB (H, W, 3) picture with a person, both as this recogniser sees them."""
    return likeness_of(largest_face(analyser.analyse(picture)), identity, analyser)


def likeness_of(face: Face | None, identity: Identity, analyser: FaceAnalyser) -> Likeness:
    """Compare a face with a person, both as this recogniser sees them."""
    if identity.recogniser != analyser.recogniser:
        raise ValueError(f"an identity of {identity.recogniser} cannot be compared by {analyser.recogniser}")
    low, high, basis = expected_range(identity)
    cosine = None if face is None else float(face.embedding @ identity.embedding)
    falls_short = RECOGNISERS[analyser.recogniser].falls_short
    return Likeness(cosine=cosine, low=low, high=high, basis=basis, falls_short=falls_short, guessed=hidden(identity))


def hidden(identity: Identity) -> str | None:
    """Sentence on the part of the face that each of a person's photos hides; None if one shows all of it."""
    for measure, sentence in HIDDEN.items():
        if all(any(f.measure.startswith(measure) for f in shot.face.quality.findings) for shot in identity.shots):
            return sentence
    return None


def expected_range(identity: Identity) -> tuple[float, float, str]:
    """Return lowest and highest cosine to expect, and where they are from: the person's own photos if there are two."""
    embeddings = [shot.face.embedding for shot in identity.shots]
    if len(embeddings) < 2:
        return (*RECOGNISERS[identity.recogniser].typical_range, TWO_SHOTS)
    cosines = [float(one @ other) for one, other in combinations(embeddings, 2)]
    return min(cosines), max(cosines), OWN_PHOTOS
