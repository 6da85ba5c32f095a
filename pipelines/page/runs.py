"""One run for one visitor, whether it was asked for on the page or through the API."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.page.run_thread import RunThread
from pipelines.page.sessions import Sessions
from pipelines.picture import Picture
from pipelines.provenance.save import save
from pipelines.request import Request
from pipelines.studio import Studio

CONSENT = "This is me, or I have this person's permission, and they are an adult."
NO_CONSENT = (
    "Please confirm first that the photos show you, or somebody who gave permission, and that they are an adult. "
    "Tick the box (in the API: consent=True) and try again."
)
OTHER_FORMAT = {".png": ".jpg", ".jpg": ".png"}


@dataclass(frozen=True, kw_only=True, eq=False)
class RunResult:
    """What a run gave: the pictures, best first, and a file in the other format for each where that was asked for."""

    pictures: Sequence[Picture]
    others: dict[Path, Path]


@contextmanager
def start_run(
    studio: Studio, visits: Sessions, session: str, photos: Sequence[bytes], *, both_formats: bool, **wanted: Any
) -> Iterator[RunThread[RunResult]]:
    """Start a run; leaving the block before it has ended cancels it. Raises UserError."""
    request = Request(photos=photos, out=visits.new_folder(session), **wanted)

    def work(on_progress: Any, cancel: Any) -> RunResult:
        pictures = studio.headshots(request, on_progress=on_progress, cancel=cancel, session=session)
        others = {}
        for picture in pictures if both_formats else ():
            other = picture.path.with_suffix(OTHER_FORMAT[picture.path.suffix])
            others[picture.path] = save(picture.image, other, picture.recipe)
        return RunResult(pictures=pictures, others=others)

    with RunThread(work) as run:
        visits.begin(session, run.cancel)
        try:
            yield run
        finally:
            visits.end(session, run.cancel)
