"""Faces in photos, and the identity of a person: embeddings of several photos fused into one."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipelines.engine_spec import import_by_path
from pipelines.errors import PhotoError
from pipelines.faces.alignment import Sampling
from pipelines.faces.detection import Detection
from pipelines.faces.measurements import FaceMeasurements
from pipelines.faces.quality import Finding, Quality, assess
from pipelines.faces.recognisers import RECOGNISERS, FaceModels
from pipelines.language.sentence import Sentence
from pipelines.settings import MAX_PHOTOS

__all__ = ["Face", "FaceAnalyser", "Finding", "Identity", "Quality", "Shot", "choose", "fuse"]

THE_PHOTO = Sentence("the photo")
NO_FACE = Sentence("No face was found in {photo}. Use a clear photo from the front, with the whole head in it.")
SEVERAL_FACES = Sentence("There are {faces} faces in {photo}. Choose yours by its number, 1 to {faces} from the left.")
NO_SECOND_FACE = Sentence("There is no face number {number} in {photo}: there is 1 face. Choose one of them.")
NO_SUCH_FACE = Sentence("There is no face number {number} in {photo}: there are {faces} faces. Choose one of them.")
UNUSABLE = Sentence("{photo!u} cannot be used. {reason} {fix}")
NO_PHOTO = Sentence("There is no photo. Choose 1 to {most} photos of one person.")
THREADS = 2  # a face takes 30 ms with one; more than two gain nothing
MAX_FACES = 20  # in one photo; the smallest beyond are left out


@dataclass(frozen=True, kw_only=True, eq=False)
class Face:
    """A face in a photo. Pixels of the photo, x right, y down; left and right as the viewer sees them."""

    box: np.ndarray  # (4,) float32: x0 y0 x1 y1; may reach beyond the frame
    landmarks: np.ndarray  # (5, 2) float32: left eye, right eye, nose, left and right mouth corner
    confidence: float  # of the detector, 0..1
    embedding: np.ndarray  # (D,) float32, L2-normalised; D is the recogniser's: 512, of dlib's 128
    norm: float  # its length as the recogniser gave it; ArcFace's is about 22, more for a clear face
    quality: Quality


@dataclass(frozen=True, kw_only=True, eq=False)
class Shot:
    """A photo and the face that is meant in it."""

    image: np.ndarray  # uint8 RGB (H, W, 3)
    face: Face


@dataclass(frozen=True, kw_only=True, eq=False)
class Identity:
    """A person, as a recogniser sees them in 1 to 6 photos."""

    recogniser: str  # whose embedding space this is
    embedding: np.ndarray  # (D,) float32, L2-normalised
    norm: float  # mean length of the shots' embeddings as the recogniser gave them, with the same weights
    shots: tuple[Shot, ...]  # those averaged in
    weights: tuple[float, ...]  # one per given photo, sum 1; 0 for a stranger
    strangers: tuple[int, ...]  # 1-based numbers of given photos that show somebody else

    @property
    def best(self) -> Shot:
        """The photo with the best quality; its structure is what an engine follows."""
        return max(self.shots, key=lambda shot: shot.face.quality.score)


class FaceAnalyser:
    """A face detector and a recogniser, loaded at construction. Share one among all threads."""

    def __init__(self, recogniser: str = "w600k_mbf", threads: int = THREADS, *, sampling: Sampling = "area") -> None:
        self.recogniser = recogniser
        self._models: FaceModels = import_by_path(RECOGNISERS[recogniser].models)(recogniser, threads, sampling)

    def analyse(self, image: np.ndarray) -> list[Face]:
        """Return the faces of an RGB uint8 (H, W, 3) image, left to right: face k is the k-th from the left."""
        found = self._models.detect(image)
        kept = sorted(found, key=lambda one: -one.area)[:MAX_FACES]
        return [self._face(image, one) for one in found if any(one is other for other in kept)]

    def detect(self, image: np.ndarray) -> list[Detection]:
        """Return where faces are, left to right, and nothing that tells whose they are."""
        return self._models.detect(image)

    def embed(self, image: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
        """Return the embedding of the face with these landmarks (5, 2): (D,) float32, L2-normalised."""
        return self.embed_with_norm(image, landmarks)[0]

    def embed_with_norm(self, image: np.ndarray, landmarks: np.ndarray) -> tuple[np.ndarray, float]:
        """Return the same, and the length that the embedding had before."""
        embedding = self._models.embed(image, landmarks)
        norm = np.linalg.norm(embedding)
        return (embedding / norm).astype(np.float32), float(norm)

    def _face(self, image: np.ndarray, found: Detection) -> Face:
        embedding, norm = self.embed_with_norm(image, found.landmarks)
        return Face(
            box=found.box,
            landmarks=found.landmarks,
            confidence=found.confidence,
            embedding=embedding,
            norm=norm,
            quality=assess(FaceMeasurements.of(image, found.landmarks, found.confidence)),
        )


def choose(faces: Sequence[Face], number: int | None = None, *, photo: str = THE_PHOTO) -> Face:
    """Take the only face, or number k from the left. `photo` is what the sentences call the photo.

    Raises PhotoError where there is no face, where several are there and none was chosen, and where the face chosen
    cannot be used.
    """
    if not faces:
        raise PhotoError(NO_FACE.format(photo=photo))
    if number is None and len(faces) > 1:
        raise PhotoError(SEVERAL_FACES.format(photo=photo, faces=len(faces)))
    if number is not None and not 1 <= number <= len(faces):
        refusal = NO_SECOND_FACE if len(faces) == 1 else NO_SUCH_FACE
        raise PhotoError(refusal.format(number=number, photo=photo, faces=len(faces)))
    face = faces[(number or 1) - 1]
    if refusals := [finding for finding in face.quality.findings if finding.blocking]:
        raise PhotoError(UNUSABLE.format(photo=photo, reason=refusals[0].reason, fix=refusals[0].fix))
    return face


def fuse(shots: Sequence[Shot], recogniser: str) -> Identity:
    """Put 1 to 6 photos of one person together: the mean of their embeddings, weighted by quality, made unit again.

    The photo that agrees most with all others says who the person is (the first, where two disagree); photos of
    somebody else are named and not averaged in. Raises PhotoError if there is no photo.
    """
    if not shots:
        raise PhotoError(NO_PHOTO.format(most=MAX_PHOTOS))
    embeddings = np.stack([shot.face.embedding for shot in shots])
    agreement = embeddings @ embeddings.T
    # Rounded, as two photos agree with each other equally but for the last digit, and argmax takes the first of equals.
    who = int(np.argmax(agreement.sum(1).round(4)))
    same = agreement[who] >= RECOGNISERS[recogniser].stranger
    quality = np.array([shot.face.quality.score for shot in shots]) * same
    weights = quality / quality.sum()
    embedding = weights.astype(np.float32) @ embeddings
    return Identity(
        recogniser=recogniser,
        embedding=embedding / np.linalg.norm(embedding),
        norm=float(weights @ np.array([shot.face.norm for shot in shots])),
        shots=tuple(shot for shot, kept in zip(shots, same, strict=True) if kept),
        weights=tuple(weights.tolist()),
        strangers=tuple((np.flatnonzero(~same) + 1).tolist()),
    )
