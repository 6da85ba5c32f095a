"""Photos of one person: opened, the face that is meant in each chosen, and sentences on what could be better."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from pipelines.errors import PhotoError
from pipelines.faces.identity import THE_PHOTO, Face, FaceAnalyser, Finding, Identity, Shot, choose, fuse
from pipelines.faces.studio_light import in_studio_light, studio_light
from pipelines.images.decode import open_photo
from pipelines.language.sentence import Sentence, joined

PHOTO_NUMBER = Sentence("photo {number}")
OF_PHOTO = Sentence("Photo {number}: {said}")
STRANGER = Sentence("Photo {number} seems to show somebody else and was left out. Check it, or choose another.")
_DECODERS = threading.BoundedSemaphore(2)  # opening the largest photo takes some 270 MB, whoever's it is


def open_photos(photos: Sequence[str | Path | bytes], on_photo: Callable[[int, int], None]) -> list[np.ndarray]:
    """Open every photo: uint8 RGB (H, W, 3) each. `on_photo` hears which one is next, and of how many."""
    images = []
    for number, photo in enumerate(photos, 1):
        on_photo(number, len(photos))
        try:
            images.append(open_one(photo))
        except PhotoError as error:
            if len(photos) == 1:
                raise
            raise PhotoError(OF_PHOTO.format(number=number, said=error)) from error
    return images


def choose_faces(images: Sequence[np.ndarray], numbers: Sequence[int | None], analyser: FaceAnalyser) -> list[Shot]:
    """Take the only face of each photo, or number k from the left. Raises PhotoError where that is not clear."""
    shots = []
    for k, image in enumerate(images):
        name = THE_PHOTO if len(images) == 1 else PHOTO_NUMBER.format(number=k + 1)
        face = choose(analyser.analyse(image), chosen_number(numbers, k), photo=name)
        shots.append(well_lit(Shot(image=image, face=face), analyser))
    return shots


def well_lit(shot: Shot, analyser: FaceAnalyser) -> Shot:
    """The photo in a studio's light, with a finding that says so; one in ordinary light as it is."""
    light = studio_light(shot.image, shot.face.landmarks)
    finding = light.finding
    if finding is None:
        return shot
    image = in_studio_light(shot.image, light)
    embedding, norm = analyser.embed_with_norm(image, shot.face.landmarks)
    quality = replace(shot.face.quality, findings=(*shot.face.quality.findings, finding))
    return Shot(image=image, face=replace(shot.face, embedding=embedding, norm=norm, quality=quality))


def identity_by(analyser: FaceAnalyser, shots: Sequence[Shot]) -> Identity:
    """Fuse the same shots as another recogniser sees them."""
    seen = []
    for shot in shots:
        embedding, norm = analyser.embed_with_norm(shot.image, shot.face.landmarks)
        seen.append(Shot(image=shot.image, face=replace(shot.face, embedding=embedding, norm=norm)))
    return fuse(seen, analyser.recogniser)


def largest_face(faces: Sequence[Face]) -> Face | None:
    """The face a headshot is of; None if there is none."""
    return max(faces, key=lambda face: float(np.prod(face.box[2:] - face.box[:2])), default=None)


def notes_on(identity: Identity, shots: Sequence[Shot]) -> tuple[str, ...]:
    """Sentences on what could be better about the photos; strangers first."""
    several = len(shots) > 1
    strangers = [STRANGER.format(number=number) for number in identity.strangers]
    findings = [
        OF_PHOTO.format(number=number, said=in_full(finding)) if several else in_full(finding)
        for number, shot in enumerate(shots, 1)
        for finding in shot.face.quality.findings
    ]
    return (*strangers, *findings)


def in_full(finding: Finding) -> Sentence:
    """Both sentences of a finding: what is the matter, and what to do."""
    return joined(" ", (finding.reason, finding.fix))


def open_one(photo: str | Path | bytes) -> np.ndarray:
    """Open a photo: uint8 RGB (H, W, 3). Raises PhotoError."""
    with _DECODERS:
        return open_photo(photo)


def chosen_number(numbers: Sequence[int | None], k: int) -> int | None:
    """Number of the face that was chosen in photo k, counted from 0; None if none was."""
    return numbers[k] if k < len(numbers) else None
