"""The ten people of the likeness benchmark: openpeople's selfies, and studio portraits that the model never sees."""

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from benchmarks.common.judges import DlibJudge, cheek_colour
from pipelines.faces.identity import FaceAnalyser, Identity, Shot, choose, fuse
from pipelines.images.decode import open_photo

SHOTS = ("amateur_selfie.jpg", "studio_portrait.jpg")
"""File names of a person's selfie and of the portrait."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Person:
    """One of the ten, as the judges see their two photos."""

    id: str
    file: Path  # of the selfie
    identity: Identity  # of the selfie alone
    portrait: np.ndarray  # uint8 RGB (H, W, 3)
    portrait_embedding: np.ndarray  # (512,) float32, L2-normalised, as is the identity's
    selfie_dlib: np.ndarray | None  # (128,) float64; None: dlib sees no face
    portrait_dlib: np.ndarray | None
    cheeks: np.ndarray  # (3,) CIELAB of the cheeks in the selfie

    @property
    def selfie(self) -> np.ndarray:
        """The selfie, uint8 RGB (H, W, 3)."""
        return self.identity.best.image


def load_people(analyser: FaceAnalyser, judge: DlibJudge) -> list[Person]:
    """Load all of openpeople, in the order of their numbers."""
    return [_person(file, analyser, judge) for file in selfies()]


def selfies() -> list[Path]:
    """List the files of the selfies, in the order of the people's numbers."""
    return [folder / "assets" / SHOTS[0] for folder in sorted(_folder().iterdir()) if folder.is_dir()]


def _folder() -> Path:
    spec = find_spec("openpeople")
    if spec is None or spec.origin is None:
        raise SystemExit("The people are missing. Install them with: pip install -r requirements-dev.txt")
    return Path(spec.origin).parent / "data" / "curated"


def _person(file: Path, analyser: FaceAnalyser, judge: DlibJudge) -> Person:
    selfie, portrait = (_shot(file.with_name(name), analyser) for name in SHOTS)
    return Person(
        id=file.parent.parent.name,
        file=file,
        identity=fuse([selfie], analyser.recogniser),
        portrait=portrait.image,
        portrait_embedding=portrait.face.embedding,
        selfie_dlib=judge.describe(selfie.image),
        portrait_dlib=judge.describe(portrait.image),
        cheeks=cheek_colour(selfie.image, selfie.face.landmarks),
    )


def _shot(file: Path, analyser: FaceAnalyser) -> Shot:
    image = open_photo(file)
    return Shot(image=image, face=choose(analyser.analyse(image), photo=f"{file.parent.parent.name}/{file.name}"))
