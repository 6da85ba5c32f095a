"""Photos of one person: opened, the face that is meant in each chosen, and reported on before a run."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from pipelines.errors import PhotoError
from pipelines.faces.draw_boxes import draw_numbered_boxes
from pipelines.faces.identity import Face, FaceAnalyser, Identity, Shot, choose, fuse
from pipelines.images.decode import open_photo

_DECODERS = threading.BoundedSemaphore(2)  # opening the largest photo takes some 270 MB, whoever's it is


@dataclass(frozen=True, kw_only=True, eq=False)
class PhotoReport:
    """Findings about one photo. It holds the picture but no embedding."""

    image: np.ndarray | None  # uint8 RGB (H, W, 3), upright, with numbered boxes if there are several faces
    faces: int  # how many
    error: str | None  # why the photo cannot be used, and what to do
    notes: tuple[str, ...] = ()  # what could be better, and how; worst first
    weight: float | None = None  # share in the identity, 0 to 1; None where nothing was fused


def open_photos(photos: Sequence[str | Path | bytes], on_photo: Callable[[int, int], None]) -> list[np.ndarray]:
    """Open every photo: uint8 RGB (H, W, 3) each. `on_photo` hears which one is next, and of how many."""
    images = []
    for number, photo in enumerate(photos, 1):
        on_photo(number, len(photos))
        try:
            images.append(_open(photo))
        except PhotoError as error:
            if len(photos) == 1:
                raise
            raise PhotoError(f"Photo {number}: {error}") from error
    return images


def choose_faces(images: Sequence[np.ndarray], numbers: Sequence[int | None], analyser: FaceAnalyser) -> list[Shot]:
    """Take the only face of each photo, or number k from the left. Raises PhotoError where that is not clear."""
    shots = []
    for k, image in enumerate(images):
        name = "the photo" if len(images) == 1 else f"photo {k + 1}"
        face = choose(analyser.analyse(image), _number(numbers, k), photo=name)
        shots.append(Shot(image=image, face=face))
    return shots


def identity_by(analyser: FaceAnalyser, shots: Sequence[Shot]) -> Identity:
    """Fuse the same shots as another recogniser sees them."""
    seen = [replace(shot.face, embedding=analyser.embed(shot.image, shot.face.landmarks)) for shot in shots]
    return fuse(
        [Shot(image=shot.image, face=face) for shot, face in zip(shots, seen, strict=True)], analyser.recogniser
    )


def largest_face(faces: Sequence[Face]) -> Face | None:
    """The face a headshot is of; None if there is none."""
    return max(faces, key=lambda face: float(np.prod(face.box[2:] - face.box[:2])), default=None)


def notes_on(identity: Identity, shots: Sequence[Shot]) -> tuple[str, ...]:
    """Sentences on what could be better about the photos; strangers first."""
    several = len(shots) > 1
    strangers = [
        f"Photo {number} seems to show somebody else and was left out. Check it, or choose another."
        for number in identity.strangers
    ]
    findings = [
        f"{f'Photo {number}: ' if several else ''}{finding.reason} {finding.fix}"
        for number, shot in enumerate(shots, 1)
        for finding in shot.face.quality.findings
    ]
    return (*strangers, *findings)


def report_photos(
    photos: Sequence[str | Path | bytes], numbers: Sequence[int | None], analyser: FaceAnalyser
) -> list[PhotoReport]:
    """Look at every photo as a run would, and say of each whether and how it can be used."""
    reports, shots = [], {}
    for k, photo in enumerate(photos):
        report, shot = _look_at(photo, _number(numbers, k), analyser)
        reports.append(report)
        if shot is not None:
            shots[k] = shot
    if len(shots) > 1:
        identity = fuse(list(shots.values()), analyser.recogniser)
        for number, (k, weight) in enumerate(zip(shots, identity.weights, strict=True), 1):
            stranger = (
                ("This seems to be somebody else; the photo is left out.",) if number in identity.strangers else ()
            )
            reports[k] = replace(reports[k], weight=weight, notes=stranger + reports[k].notes)
    elif shots:
        k = next(iter(shots))
        reports[k] = replace(reports[k], weight=1.0)
    return reports


def _look_at(photo: str | Path | bytes, number: int | None, analyser: FaceAnalyser) -> tuple[PhotoReport, Shot | None]:
    try:
        image = _open(photo)
    except PhotoError as error:
        return PhotoReport(image=None, faces=0, error=str(error)), None
    faces = analyser.analyse(image)
    shown = draw_numbered_boxes(image, faces) if len(faces) > 1 else image
    try:
        face = choose(faces, number)
    except PhotoError as error:
        return PhotoReport(image=shown, faces=len(faces), error=str(error)), None
    notes = tuple(f"{finding.reason} {finding.fix}" for finding in face.quality.findings)
    return PhotoReport(image=shown, faces=len(faces), error=None, notes=notes), Shot(image=image, face=face)


def _open(photo: str | Path | bytes) -> np.ndarray:
    with _DECODERS:
        return open_photo(photo)


def _number(numbers: Sequence[int | None], k: int) -> int | None:
    return numbers[k] if k < len(numbers) else None
