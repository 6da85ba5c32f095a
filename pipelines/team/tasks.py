"""Tasks: what each row of a table asks for, checked before anything is drawn."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Self

from pipelines.errors import UserError
from pipelines.looks.preset import load_look, with_fields
from pipelines.request import Request
from pipelines.settings import AUTO, SETTINGS
from pipelines.team import texts
from pipelines.team.naming import NAMES, Person, Scheme, file_safe, unlike
from pipelines.team.table import Row, Table

LISTS = ("faces", "sizes", "photos")
"""Columns that hold several values, with ; between."""
NUMBERS = (*SETTINGS, "count")
SETTING_NAMES = tuple(field.name for field in fields(Request) if field.name not in ("photos", "out"))
COLUMNS = ("name", "first", "last", "photos", *SETTING_NAMES)
"""Columns with a meaning."""


@dataclass(frozen=True, kw_only=True)
class Task:
    """A row's pictures. It can be handed to another process or machine."""

    number: int  # of the row
    name: str
    folder: str
    """Name of the folder for its pictures, unlike all others of the table."""
    photos: tuple[str, ...]
    """Files, or addresses that fsspec knows."""
    settings: Mapping[str, Any]
    """Arguments of Request besides the photos and the folder."""
    scheme: Scheme
    values: Mapping[str, Any]
    """Values that the naming scheme takes, but for the seed and the number of a picture."""

    def to_json(self) -> str:
        """Write the task as JSON, for programs that know no Python objects."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read a task that `to_json` wrote."""
        values = json.loads(text)
        scheme, photos = Scheme(**values.pop("scheme")), tuple(values.pop("photos"))
        return cls(scheme=scheme, photos=photos, **values)

    def request(self, photos: Sequence[bytes], out: Path) -> Request:
        """Make the request for photos that were read. Raises UserError."""
        return Request(photos=photos, out=out, **self.settings)

    def stem(self, seed: int, picture: int) -> str:
        """Name of a picture without its ending."""
        stem = self.scheme.render({**self.values, "seed": seed, "picture": picture})
        alone = self.settings.get("count") == 1 or "picture" in self.scheme.names(self.values)
        return stem if alone else f"{stem}_{picture}"

    def fingerprint(self, photos: Sequence[bytes]) -> str:
        """Hash of all that the files depend on: settings, names and the content of the photos; 64 hex digits."""
        named = self.scheme.render({**self.values, "seed": 0, "picture": 0})
        about = {"settings": dict(self.settings), "named": [self.scheme.text, named]}
        whole = hashlib.sha256(json.dumps(about, sort_keys=True).encode())
        for photo in photos:
            whole.update(hashlib.sha256(photo).digest())
        return whole.hexdigest()


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """A row that cannot be made, and why."""

    number: int
    name: str
    reason: str


def tasks_of(table: Table, defaults: Mapping[str, Any], scheme: Scheme) -> Iterator[Task | Refusal]:
    """Yield what each row asks for, in order. Raises UserError for a table without what every row needs."""
    if "photos" not in table.columns:
        raise UserError(texts.NO_COLUMN.format(column="photos"))
    if not {"name", "first", "last"} & set(table.columns):
        raise UserError(texts.NO_COLUMN.format(column="name"))
    scheme.names(table.columns)
    folders: set[str] = set()
    seen: dict[int, int] = {}
    for row in table.rows:
        person = Person.of(row.cells)
        try:
            task = _task(row, person, table, defaults, scheme, folders)
            same = hash((task.name.casefold(), task.photos, json.dumps(dict(task.settings), sort_keys=True)))
            if seen.setdefault(same, row.number) != row.number:
                raise UserError(texts.REPEATED.format(number=seen[same]))
        except UserError as error:
            yield Refusal(number=row.number, name=person.name, reason=str(error))
        else:
            folders.add(task.folder.casefold())
            yield task


def _task(
    row: Row, person: Person, table: Table, defaults: Mapping[str, Any], scheme: Scheme, folders: set[str]
) -> Task:
    if row.fault:
        raise UserError(row.fault)
    if not file_safe(person.name):
        raise UserError(texts.NO_NAME)
    photos = tuple(_located(photo, table.file.parent) for photo in _split(row.cells["photos"]))
    if not photos:
        raise UserError(texts.NO_PHOTOS)
    settings = dict(defaults) | {
        name: read(name, row.cells[name]) for name in SETTING_NAMES if row.cells.get(name, "") != ""
    }
    if settings.get("engine") == AUTO:
        settings["engine"] = None
    request = Request(photos=photos, **settings)
    with_fields(load_look(request.look), **request.fields)
    given = {name: getattr(request, name) for name in settings}
    known: dict[str, Any] = {"number": row.number, "name": person.name, "first": person.first, "last": person.last}
    further = {name: cell for name, cell in row.cells.items() if name not in NAMES}
    values = {**further, **known, "look": request.look}
    scheme.render({**values, "seed": 0, "picture": 0})
    folder = unlike(file_safe(person.name), folders)
    return Task(
        number=row.number,
        name=person.name,
        folder=folder,
        photos=photos,
        settings={"count": request.count, **given},
        scheme=scheme,
        values={name: values[name] for name in values if name in scheme.names(values)},
    )


def read(name: str, cell: str) -> Any:
    """Read a setting as it is written in a table. Raises UserError for one that is no number and should be."""
    if name == "faces":
        return [int(read("seed", number)) or None for number in _split(cell)]
    if name in LISTS:
        return _split(cell)
    if name not in NUMBERS:
        return cell
    try:
        return int(cell)
    except ValueError:
        pass
    try:
        return float(cell.replace(",", "."))
    except ValueError:
        raise UserError(texts.NOT_A_NUMBER.format(value=cell[:40], column=name)) from None


def _split(cell: str) -> list[str]:
    return [part for piece in cell.split(";") if (part := piece.strip())]


def _located(photo: str, folder: Path) -> str:
    """Path of a photo, from the table's folder; an address stays as it is."""
    return photo if "://" in photo else str((folder / photo).resolve())
