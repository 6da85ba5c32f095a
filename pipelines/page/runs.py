"""Runs of a session, asked for on the page or through the API."""

import shutil
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pipelines.drawings.drawing import Drawing
from pipelines.drawings.files import with_sizes
from pipelines.errors import UserError
from pipelines.page import texts
from pipelines.page.film import FilmMaker, Frame
from pipelines.page.observation.watch import watched
from pipelines.page.run_thread import RunThread, T, Work
from pipelines.page.sessions import Sessions
from pipelines.picture import Picture
from pipelines.progress import Progress
from pipelines.provenance.folder import OutputFolder
from pipelines.provenance.save import save
from pipelines.request import Request
from pipelines.runtime.allocator import give_back
from pipelines.runtime.early_end import why_early
from pipelines.runtime.incident import sentence_of
from pipelines.settings import COUNT
from pipelines.studio import Studio

OTHER_FORMAT = {".png": ".jpg", ".jpg": ".png"}


@dataclass(frozen=True, kw_only=True, eq=False)
class RunResult:
    """Pictures of a run, look by look, the best first."""

    pictures: Sequence[Picture]
    others: Mapping[Path, Path] = field(default_factory=dict)
    """Each picture's file in the other format, where that was asked for."""
    drawings: Mapping[Path, Drawing] = field(default_factory=dict)
    """Each picture's drawing, where they are kept."""
    film: Sequence[Frame] = ()
    """Frames of the first picture."""
    trouble: str = ""
    """Sentence on why a later look has no pictures."""


def require_consent(consent: Any, sentence: str = texts.NO_CONSENT) -> None:
    """Raise UserError unless the person has confirmed, with exactly True, that they may use the photos."""
    if consent is not True:
        raise UserError(sentence)


def face_numbers(faces: Any) -> Any:
    """The face chosen in each photo, counted from the left from 1; None for 0, for None and for photos left out.

    Anything but a list stays as it is: Request refuses it with a sentence.
    """
    if faces is None:
        return ()
    return [number or None for number in faces] if isinstance(faces, list) else faces


@contextmanager
def start_run(
    studio: Studio, sessions: Sessions, session: str, photos: Sequence[bytes], **wanted: Any
) -> Iterator[RunThread[RunResult]]:
    """Start a run of a Request with these arguments; leaving the block before it has ended cancels it.

    Raises UserError.
    """
    request = Request(photos=photos, out=sessions.new_folder(session), **wanted)

    def work(on_progress: Any, cancel: Any) -> RunResult:
        return RunResult(pictures=studio.headshots(request, on_progress=on_progress, cancel=cancel, session=session))

    with running(sessions, session, work, request.engine or studio.spec.id, [request]) as run:
        yield run


@contextmanager
def start_page_run(
    studio: Studio,
    sessions: Sessions,
    session: str,
    photos: Sequence[bytes],
    looks: Sequence[str],
    skip: threading.Event,
    **wanted: Any,
) -> Iterator[RunThread[RunResult]]:
    """Start a run in several looks, for the page: both formats, and the drawings of what was finished.

    Cancelled, it gives what it has finished. Raises UserError.
    """
    pictures = len(looks) * wanted["count"]
    if pictures > COUNT.high:
        asked = {"looks": len(looks), "count": wanted["count"], "pictures": pictures}
        raise UserError(texts.TOO_MANY_PICTURES.format(**asked, most=COUNT.high))
    ended = sessions.ended(session)
    requests = [Request(photos=photos, out=sessions.new_folder(session), look=look, **wanted) for look in looks]

    def work(on_progress: Callable[[Progress], None], cancel: threading.Event) -> RunResult:
        made: list[Picture] = []
        drawings: dict[Path, Drawing] = {}
        trouble = ""
        films = [FilmMaker() for _ in requests]
        for k, request in enumerate(requests):
            drawn: list[Drawing] = []

            def keep(drawing: Drawing, drawn: list[Drawing] = drawn, film: FilmMaker = films[k]) -> None:
                drawn.append(drawing)
                film.finish(drawing)

            tell = of_all(on_progress, k, len(requests), films[k].see)
            try:
                pictures = studio.headshots(
                    request, on_progress=tell, cancel=cancel, session=session, skip=skip, on_drawing=keep
                )
            except Exception as error:
                if not made:
                    raise
                trouble = "" if cancel.is_set() else sentence_of(error)
                break
            made += pictures
            trouble = why_early(pictures[0].warnings)
            by_seed = {drawing.drawn.seed: drawing for drawing in drawn}
            drawings |= {picture.path: by_seed[picture.seed] for picture in pictures}
            if trouble:
                break
        others: dict[Path, Path] = {}
        for picture in () if ended.is_set() else made:
            with suppress(UserError):  # the disk is full: what there is stays, in one format
                others[picture.path] = save_other(picture)
        film = films[0].film(made[0].seed) if made else ()
        return RunResult(pictures=made, others=others, drawings=drawings, film=film, trouble=trouble)

    with running(sessions, session, work, requests[0].engine or studio.spec.id, requests) as run:
        yield run


def save_sizes(picture: Picture, sizes: Sequence[str], eyes: float) -> Picture:
    """Save a picture in further sizes that are cut from it, beside its own file; `eyes` as `save_picture` has it."""
    with OutputFolder(picture.path.parent) as output:
        return with_sizes(picture, sizes, output, lambda **_: picture.image, eyes)


def save_other(picture: Picture) -> Path:
    """Save a picture in the other format beside its own file; return that file."""
    other = picture.path.with_suffix(OTHER_FORMAT[picture.path.suffix])
    return save(picture.image, other, picture.recipe)


@contextmanager
def running(
    sessions: Sessions, session: str, work: Work[T], engine: str, requests: Sequence[Request] = ()
) -> Iterator[RunThread[T]]:
    """Start work of a session on a thread of its own; leaving the block before it has ended cancels it.

    If the session ends before the work does, what was written for these requests is deleted with it.
    """
    if sessions.closing.is_set():
        raise UserError(texts.CLOSING)
    ended = sessions.ended(session)

    def observed(on_progress: Callable[[Progress], None], cancel: threading.Event) -> T:
        try:
            with watched(sessions.observers, engine) as watch:
                result = work(watch.progress(on_progress), cancel)
                watch.pictures = len(result.pictures) if isinstance(result, RunResult) else 0
                return result
        finally:
            if ended.is_set():  # files that were being written when the others were deleted
                for request in requests:
                    shutil.rmtree(str(request.out), ignore_errors=True)
            give_back()

    with RunThread(observed, sessions.closing) as run:
        sessions.begin(session, run.cancel)
        try:
            yield run
        finally:
            sessions.end(session, run.cancel)


def of_all(
    tell: Callable[[Progress], None], k: int, runs: int, also: Callable[[Progress], None] = lambda _: None
) -> Callable[[Progress], None]:
    """Tell the progress of run k of several, counted from 0, as progress of all; `also` hears it as it is."""

    def told(progress: Progress) -> None:
        also(progress)
        left = progress.seconds_left
        each = progress.count
        tell(
            replace(
                progress,
                done=(k + progress.done) / runs,
                picture=k * each + progress.picture if progress.picture or k else 0,
                count=runs * each,
                seconds_left=None if left is None else left + (runs - k - 1) * (left / max(0.05, 1 - progress.done)),
            )
        )

    return told
