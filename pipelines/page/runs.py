"""Runs of a session, asked for on the page or through the API."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.errors import UserError
from pipelines.page import texts
from pipelines.page.run_thread import RunThread
from pipelines.page.sessions import Sessions
from pipelines.picture import Picture
from pipelines.provenance.save import save
from pipelines.request import Request
from pipelines.studio import Studio

OTHER_FORMAT = {".png": ".jpg", ".jpg": ".png"}


@dataclass(frozen=True, kw_only=True, eq=False)
class RunResult:
    """Pictures of a run, best first, and each one's file in the other format where that was asked for."""

    pictures: Sequence[Picture]
    others: dict[Path, Path]


def require_consent(consent: Any) -> None:
    """Raise UserError unless the person has confirmed, with exactly True, that they may use the photos."""
    if consent is not True:
        raise UserError(texts.NO_CONSENT)


def face_numbers(faces: Any) -> Any:
    """The face chosen in each photo, counted from the left from 1; None for 0, for None and for photos left out.

    Anything but a list stays as it is: Request refuses it with a sentence.
    """
    if faces is None:
        return ()
    return [number or None for number in faces] if isinstance(faces, list) else faces


@contextmanager
def start_run(
    studio: Studio, sessions: Sessions, session: str, photos: Sequence[bytes], *, both_formats: bool, **wanted: Any
) -> Iterator[RunThread[RunResult]]:
    """Start a run; leaving the block before it has ended cancels it. Raises UserError."""
    if sessions.closing.is_set():
        raise UserError(texts.CLOSING)
    request = Request(photos=photos, out=sessions.new_folder(session), **wanted)

    def work(on_progress: Any, cancel: Any) -> RunResult:
        pictures = studio.headshots(request, on_progress=on_progress, cancel=cancel, session=session)
        others = {}
        for picture in pictures if both_formats else ():
            other = picture.path.with_suffix(OTHER_FORMAT[picture.path.suffix])
            others[picture.path] = save(picture.image, other, picture.recipe)
        return RunResult(pictures=pictures, others=others)

    with RunThread(work, sessions.closing) as run:
        sessions.begin(session, run.cancel)
        try:
            yield run
        finally:
            sessions.end(session, run.cancel)
