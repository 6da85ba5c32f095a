"""Likeness on one scale from 0 to 1: a stranger, pictures of a run, two photos of the person, and one photo twice."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipelines.faces.identity import FaceAnalyser
from pipelines.faces.likeness import Likeness
from pipelines.faces.photos import largest_face
from pipelines.faces.recognisers import RECOGNISERS
from pipelines.images.decode import open_photo
from pipelines.page.explain import texts


@dataclass(frozen=True, kw_only=True)
class Place:
    """A row of the scale: one or several cosines, or the range between two."""

    label: str
    cosines: Sequence[float]
    band: bool = False
    """True if the cosines are the two ends of a range."""
    word: str = ""
    """The cosines in a word."""

    @property
    def value(self) -> str:
        """The cosines as people read them."""
        low, high = min(self.cosines), max(self.cosines)
        one = f"{low:.2f}" == f"{high:.2f}"
        number = texts.COSINE.format(cosine=low) if one else texts.COSINES.format(low=low, high=high)
        return texts.VALUE_AND_WORD.format(value=number, word=self.word) if self.word else number


def in_a_word(cosine: float, likeness: Likeness, recogniser: str) -> str:
    """A cosine to the person in a word, by what is usual for them."""
    if cosine >= likeness.low:
        return texts.AS_ALIKE
    if cosine >= likeness.low - likeness.falls_short:
        return texts.NEARLY
    return texts.IN_PART if cosine >= RECOGNISERS[recogniser].stranger else texts.SOMEBODY_ELSE


def places(
    likenesses: Sequence[Likeness], recogniser: str, several_photos: bool, stranger: tuple[str, float] | None
) -> list[Place]:
    """Rows of the scale, the least alike first.

    `likenesses` are those of a run's pictures, by this recogniser; `stranger` is a name and a cosine to the person.
    """
    first = likenesses[0]
    found = [one.cosine for one in likenesses if one.cosine is not None]
    usual = texts.YOUR_PHOTOS_AMONG if several_photos else texts.USUAL_PAIR
    result = []
    if stranger is not None:
        name, cosine = stranger
        word = in_a_word(cosine, first, recogniser)
        result.append(Place(label=texts.STRANGER.format(example=name), cosines=[cosine], word=word))
    if found:
        word = in_a_word(float(np.median(found)), first, recogniser)
        result.append(Place(label=texts.MADE_HERE, cosines=found, word=word))
    result.append(Place(label=usual, cosines=[first.low, first.high], band=True))
    result.append(Place(label=texts.SAME_PHOTO, cosines=[1.0]))
    return result


class Strangers:
    """Example people that a person is compared with. It keeps their embeddings, which are nobody's."""

    def __init__(self, examples: Sequence[Path]):
        self._examples = examples
        self._known: dict[tuple[str, Path], np.ndarray] = {}

    def compare(
        self, embedding: np.ndarray, analyser: FaceAnalyser, photos: Sequence[bytes]
    ) -> tuple[int, float] | None:
        """Number of the first example that is not among the photos, counted from 1, and its cosine to an embedding.

        None if there is no such example. `embedding` is (D,) float32, L2-normalised, of the analyser's recogniser.
        """
        for number, file in enumerate(self._examples, 1):
            content = file.read_bytes()
            if content in photos:
                continue
            key = (analyser.recogniser, file)
            if key not in self._known:
                face = largest_face(analyser.analyse(open_photo(content)))
                if face is None:
                    continue
                self._known[key] = face.embedding
            return number, float(self._known[key] @ embedding)
        return None
