"""Work on a row: its photos become a folder of pictures, or the row is refused with a sentence. It never raises."""

import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.errors import PhotoError, UserError
from pipelines.images.decode import MAX_BYTES, read_file
from pipelines.provenance.save import Trouble
from pipelines.team import texts
from pipelines.team.outcome import RECORD, Made, Outcome, Record
from pipelines.team.places import Place
from pipelines.team.tasks import Task

if TYPE_CHECKING:
    from pipelines.studio import Studio

FATAL = (Trouble.DISK_FULL, Trouble.NOT_WRITABLE)


def work(task: Task, place: Place, studio: "Callable[[], Studio]", *, replace: bool = False) -> Outcome:
    """Make a row's pictures, unless they are there.

    Args:
        task: the row.
        place: where its folder goes.
        studio: gives the studio; it is not asked for a row that is done or cannot be done.
        replace: make a folder again that was made of other photos or with other settings.
    """
    try:
        photos = [_photo(task, number) for number in range(1, len(task.photos) + 1)]
        fingerprint = task.fingerprint(photos)
        if _is_done(task, place, fingerprint, replace):
            return Outcome(number=task.number, state="kept")
        with place.working() as folder:
            made = folder / "row"
            _make(task, photos, made, fingerprint, studio())
            place.publish(made, task.folder)
        return Outcome(number=task.number, state="made")
    except UserError as error:
        return Outcome(number=task.number, state="refused", reason=str(error), fatal=str(error) in FATAL)
    except Exception as error:  # noqa: BLE001 - a bug in one row of thousands stops none of the others
        where = traceback.extract_tb(error.__traceback__)[-1]
        fault = f"{type(error).__name__} at {Path(where.filename).name}:{where.lineno}"
        print(f"{task.number}: {fault}", file=sys.stderr)  # never its message, which may hold values
        return Outcome(number=task.number, state="refused", reason=texts.FAULT.format(fault=fault))


def _is_done(task: Task, place: Place, fingerprint: str, replace: bool) -> bool:
    """Return True if the pictures are there. Raises UserError if the folder holds something else."""
    if not place.exists(task.folder):
        return False
    record = Record.from_json(place.read(f"{task.folder}/{RECORD}"))
    if record is None:
        raise UserError(texts.NOT_OURS.format(folder=task.folder))
    if record.fingerprint != fingerprint and not replace:
        raise UserError(texts.OTHER_SETTINGS.format(folder=task.folder))
    return record.fingerprint == fingerprint


def _make(task: Task, photos: list[bytes], folder: Path, fingerprint: str, studio: "Studio") -> None:
    """Fill a folder with the pictures under their names, and the record."""
    # The studio's own names are not among the others: a picture could take the place of one that is renamed later.
    drawn = folder / "drawn"
    pictures = studio.headshots(task.request(photos, drawn), previews=False)
    made = []
    for number, picture in enumerate(pictures, 1):
        stem = task.stem(picture.seed, number)
        path = picture.path.rename(folder / f"{stem}{picture.path.suffix}")
        for size, file in picture.sizes.items():
            file.rename(folder / f"{stem}_{size}{file.suffix}")
        made.append(Made.of(picture, path.name))
    drawn.rmdir()
    (folder / RECORD).write_text(Record(fingerprint=fingerprint, pictures=made).to_json(), "utf-8")


def _photo(task: Task, number: int) -> bytes:
    """Read a photo of a row. Raises UserError, naming its number where there are several."""
    photo = task.photos[number - 1]
    try:
        return _fetched(photo) if "://" in photo else read_file(photo)
    except UserError as error:
        if len(task.photos) == 1:
            raise
        raise PhotoError(texts.PHOTO_NUMBER.format(number=number, sentence=error)) from error


def _fetched(address: str) -> bytes:
    import fsspec

    try:
        with fsspec.open(address, "rb") as file:
            return read_file(bytes(file.read(MAX_BYTES + 1)))
    except (ImportError, ValueError, OSError) as error:
        raise PhotoError(texts.NO_URL.format(reason=type(error).__name__)) from error
