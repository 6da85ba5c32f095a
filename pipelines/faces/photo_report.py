"""Photo reports: what was found in each photo, and whether a run can use it, before there is a run."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from pipelines.errors import PhotoError
from pipelines.faces.identity import Face, FaceAnalyser, Shot, choose, fuse
from pipelines.faces.photos import chosen_number, in_full, open_one, well_lit
from pipelines.language.sentence import Sentence

STRANGER = Sentence("This seems to be somebody else; the photo is left out.")
_BOX_COLOUR = (255, 196, 0)


@dataclass(frozen=True, kw_only=True, eq=False)
class PhotoReport:
    """Findings about one photo. It holds the picture but no embedding."""

    image: np.ndarray | None  # uint8 RGB (H, W, 3), upright, with numbered boxes if there are several faces
    faces: int  # how many
    error: str | None  # why the photo cannot be used, and what to do
    notes: tuple[str, ...] = ()  # what could be better, and how; worst first
    boxes: tuple[tuple[float, float, float, float], ...] = ()
    """Left, top, width and height of each of several faces, from the left, in shares of the picture's sides."""
    weight: float | None = None  # share in the identity, 0 to 1; None where nothing was fused


def report_photos(
    photos: Sequence[str | Path | bytes],
    numbers: Sequence[int | None],
    analyser: FaceAnalyser,
    further: Callable[[Shot], tuple[str, ...]] = lambda _: (),
) -> list[PhotoReport]:
    """Report on every photo as a run would take it. `further` gives notes that need other models than a recogniser."""
    reports, shots = [], {}
    for k, photo in enumerate(photos):
        report, shot = _look_at(photo, chosen_number(numbers, k), analyser)
        if shot is not None:
            report = replace(report, notes=report.notes + further(shot))
        reports.append(report)
        if shot is not None:
            shots[k] = shot
    if len(shots) > 1:
        identity = fuse(list(shots.values()), analyser.recogniser)
        for number, (k, weight) in enumerate(zip(shots, identity.weights, strict=True), 1):
            stranger = (STRANGER,) if number in identity.strangers else ()
            reports[k] = replace(reports[k], weight=weight, notes=stranger + reports[k].notes)
    elif shots:
        k = next(iter(shots))
        reports[k] = replace(reports[k], weight=1.0)
    return reports


def _look_at(photo: str | Path | bytes, number: int | None, analyser: FaceAnalyser) -> tuple[PhotoReport, Shot | None]:
    try:
        image = open_one(photo)
    except PhotoError as error:
        return PhotoReport(image=None, faces=0, error=str(error)), None
    faces = analyser.analyse(image)
    several = len(faces) > 1
    shown = draw_numbered_boxes(image, faces) if several else image
    seen: dict[str, Any] = {
        "image": shown,
        "faces": len(faces),
        "boxes": tuple(_share(face, image) for face in faces if several),
    }
    try:
        face = choose(faces, number)
    except PhotoError as error:
        return PhotoReport(**seen, error=str(error)), None
    shot = well_lit(Shot(image=image, face=face), analyser)
    notes = tuple(in_full(finding) for finding in shot.face.quality.findings)
    return PhotoReport(**seen, error=None, notes=notes), shot


def _share(face: Face, image: np.ndarray) -> tuple[float, float, float, float]:
    height, width = image.shape[:2]
    left, top, right, bottom = (float(side) for side in face.box.clip(0, [width, height, width, height]))
    return left / width, top / height, (right - left) / width, (bottom - top) / height


def draw_numbered_boxes(image: np.ndarray, faces: Sequence[Face]) -> np.ndarray:
    """Draw a numbered box around each face, 1 being the leftmost: a copy, uint8 RGB (H, W, 3)."""
    picture = Image.fromarray(image)
    draw = ImageDraw.Draw(picture)
    line = max(2, round(max(picture.size) / 300))
    for number, face in enumerate(faces, 1):
        left, top, right, bottom = (float(side) for side in face.box)
        draw.rectangle((left, top, right, bottom), outline=_BOX_COLOUR, width=line)
        font = ImageFont.load_default(size=max(14.0, (bottom - top) / 4))
        corner = (left + 2 * line, max(0.0, top) + line)
        draw.rectangle(draw.textbbox(corner, str(number), font=font), fill=_BOX_COLOUR)
        draw.text(corner, str(number), font=font, fill=(0, 0, 0))
    return np.asarray(picture)
