"""Weight table: one row per weight file, with its origin, size, hash, licence and purpose, read from weight_table.toml.

It lies beside `pipelines.engine_table`, below all packages, because faces, matting, engines and weights all read it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Any, Literal

from pipelines.paths import MODELS, read_table, rows_of


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Source of files that share one revision and one licence."""

    kind: Literal["project", "hub", "package", "archive"]
    """A folder of this project's models/, a repo on the model hub, a package from PyPI, or an archive at an address."""
    name: str
    """Folder, hub id, package or address."""
    licence: str
    revision: str | None = None
    """Commit on the hub, 40 hex digits, or version of the package; None where none could be learned."""
    size: int | None = None
    """Bytes of an archive; None for the other kinds."""
    sha256: str | None = None
    """Hash of an archive, 64 hex digits; None for the other kinds."""


@dataclass(frozen=True, kw_only=True)
class WeightFile:
    """Row of the table."""

    origin: Origin
    path: str
    """Path inside the origin; for an archive, the file's name, wherever it lies in it."""
    size: int
    """Bytes."""
    size_is_exact: bool = True
    """False where the hub's page shows a rounded size only."""
    sha256: str | None = None
    """64 hex digits, or None where it could not be learned."""
    purpose: str

    @property
    def name(self) -> str:
        """File name without folders."""
        return PurePosixPath(self.path).name


def _read(table: Mapping[str, Any]) -> tuple[dict[str, Origin], dict[str, WeightFile], tuple[WeightFile, ...]]:
    """Origins by id, face models by name, and all files. Unknown keys and origins raise TypeError and KeyError."""
    origins = {name: Origin(**row) for name, row in table["origins"].items()}
    face_models, files = {}, []
    for row in table["files"]:
        values = dict(row)
        face_model = values.pop("face_model", None)
        file = WeightFile(**{**values, "origin": origins[values["origin"]]})
        files.append(file)
        if face_model is not None:
            face_models[face_model] = file
    return origins, face_models, tuple(files)


TABLE = Path(__file__).with_suffix(".toml")
with rows_of(TABLE):
    _origins, _face_models, _files = _read(read_table(TABLE))

ORIGINS: Mapping[str, Origin] = MappingProxyType(_origins)
"""Origins by id."""
FACE_MODELS: Mapping[str, WeightFile] = MappingProxyType(_face_models)
"""Detector and recognisers, by the names that the engine table uses."""
PROJECT_FILES = tuple(file for file in _files if file.origin.kind == "project")
"""Files that come with the project, in models/."""
HUB_FILES: Mapping[tuple[str, str], WeightFile] = MappingProxyType(
    {(file.origin.name, file.path): file for file in _files if file.origin.kind == "hub"}
)
"""Files on the hub, by repo and path."""
with rows_of(TABLE):
    (PERSON_MASK,) = (file for file in PROJECT_FILES if file.origin is ORIGINS["selfie-segmentation"])
    """Net that cuts the person out of a picture."""
    (HEAD_PARSER,) = (file for file in PROJECT_FILES if file.origin is ORIGINS["head-parser"])
    """Net that finds hair, face, neck and clothes in a drawn picture."""
PLATES: Mapping[str, WeightFile] = MappingProxyType(
    {PurePosixPath(file.path).stem: file for file in PROJECT_FILES if file.origin is ORIGINS["wardrobe"]}
)
"""Rendered garments, by the names that `training/wardrobe/README.md` gives them."""


def face_model(name: str) -> WeightFile:
    """Row of a detector or recogniser."""
    return FACE_MODELS[name]


def hub_file(repo: str, path: str) -> WeightFile | None:
    """Row of a file on the hub, if it has one."""
    return HUB_FILES.get((repo, path))


def hub_files(repo: str) -> list[WeightFile]:
    """Rows of a repo on the hub."""
    return [row for row in HUB_FILES.values() if row.origin.name == repo]


def project_files(folder: str | Path) -> list[WeightFile]:
    """Rows of a folder of models/, in the order of their paths; none for any other folder."""
    rows = [row for row in PROJECT_FILES if MODELS / row.origin.name == Path(folder)]
    return sorted(rows, key=lambda row: PurePosixPath(row.path))
