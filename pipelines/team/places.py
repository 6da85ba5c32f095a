"""Places for the pictures of a team: a folder, or storage elsewhere. A row's folder appears complete or not at all."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex
from typing import Any, Protocol

from pipelines.errors import UserError
from pipelines.provenance.folder import cannot_save
from pipelines.team import texts
from pipelines.team.outcome import RECORD

WORKING, LOCK = ".working", "lock"
"""Folder of rows that are not done, and its file that a run holds; what else is left is of runs that were killed."""


class Place(Protocol):
    """Place of the folders and the report."""

    def exists(self, folder: str) -> bool:
        """Return True if there is such a folder."""

    def read(self, name: str) -> bytes | None:
        """Return a file's content, None where there is none."""

    def write(self, name: str, file: Path) -> None:
        """Put a local file there, which is moved. Raises UserError."""

    def write_text(self, name: str, text: str) -> None:
        """Write a short file."""

    def remove(self, name: str) -> None:
        """Remove a file, if it is there."""

    def working(self) -> Any:
        """Give a local folder to make a row in, until the `with` block ends."""

    def publish(self, made: Path, folder: str) -> None:
        """Put a local folder there, in the place of one of this name. Raises UserError."""


class LocalPlace:
    """A folder of this machine, or one that several machines share."""

    def __init__(self, root: Path):
        self.root = root

    def exists(self, folder: str) -> bool:
        """Return True if there is such a folder."""
        return (self.root / folder).exists()

    def read(self, name: str) -> bytes | None:
        """Return a file's content, None where there is none."""
        try:
            return (self.root / name).read_bytes()
        except OSError:
            return None

    def write(self, name: str, file: Path) -> None:
        """Put a local file there, which is moved. Raises UserError."""
        try:
            shutil.move(file, self.root / name)
        except OSError as error:
            raise cannot_save(error) from error

    def write_text(self, name: str, text: str) -> None:
        """Write a short file."""
        try:
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            (self.root / name).write_text(text, "utf-8")
        except OSError as error:
            raise cannot_save(error) from error

    def remove(self, name: str) -> None:
        """Remove a file, if it is there."""
        (self.root / name).unlink(missing_ok=True)

    def clear(self) -> None:
        """Remove rows that were not done when a run was killed."""
        for entry in list((self.root / WORKING).iterdir()):
            if entry.is_dir():
                shutil.rmtree(entry, ignore_errors=True)
            elif entry.name != LOCK:
                entry.unlink()

    @contextmanager
    def working(self) -> Iterator[Path]:
        """Give a folder inside, so that it can be put into its place by a rename."""
        folder = self.root / WORKING / token_hex(8)
        try:
            folder.mkdir(parents=True)
        except OSError as error:
            raise UserError(texts.NO_FOLDER.format(reason=error.strerror)) from error
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def publish(self, made: Path, folder: str) -> None:
        """Rename a folder into its place; one that was there is moved away and deleted. Raises UserError."""
        target, earlier = self.root / folder, made.with_name(token_hex(8))
        try:
            if target.exists():
                os.rename(target, earlier)
            os.rename(made, target)
        except OSError as error:
            raise cannot_save(error) from error
        shutil.rmtree(earlier, ignore_errors=True)


class RemotePlace:
    """Storage behind an address that fsspec knows. A row is done once its record lies there, which is sent last."""

    def __init__(self, address: str):
        import fsspec

        try:
            self._files, self._root = fsspec.core.url_to_fs(address)
        except (ImportError, ValueError, OSError) as error:
            raise UserError(texts.NO_FSSPEC.format(address=address, reason=error)) from error

    def exists(self, folder: str) -> bool:
        """Return True if anything lies there."""
        return bool(self._files.exists(f"{self._root}/{folder}/{RECORD}"))

    def read(self, name: str) -> bytes | None:
        """Return a file's content, None where there is none."""
        try:
            return bytes(self._files.cat_file(f"{self._root}/{name}"))
        except FileNotFoundError:
            return None

    def write(self, name: str, file: Path) -> None:
        """Put a local file there. Raises UserError."""
        try:
            self._files.makedirs(f"{self._root}/{name}".rpartition("/")[0], exist_ok=True)
            self._files.put_file(str(file), f"{self._root}/{name}")
        except OSError as error:
            raise UserError(texts.NO_FSSPEC.format(address=self._root, reason=error)) from error

    def write_text(self, name: str, text: str) -> None:
        """Write a short file."""
        with tempfile.NamedTemporaryFile("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            self.write(name, Path(file.name))

    def remove(self, name: str) -> None:
        """Remove a file, if it is there."""
        if self._files.exists(f"{self._root}/{name}"):
            self._files.rm_file(f"{self._root}/{name}")

    @contextmanager
    def working(self) -> Iterator[Path]:
        """Give a private temporary folder."""
        with tempfile.TemporaryDirectory(prefix="headshots-team-") as folder:
            yield Path(folder)

    def publish(self, made: Path, folder: str) -> None:
        """Send a folder's files, the record last; those of an earlier folder go first. Raises UserError."""
        if self.exists(folder):
            self.remove(f"{folder}/{RECORD}")
            self._files.rm(f"{self._root}/{folder}", recursive=True)
        for file in sorted(made.iterdir(), key=lambda file: (file.name == RECORD, file.name)):
            self.write(f"{folder}/{file.name}", file)


def place_at(out: str) -> Place:
    """Return the place at a folder or an address. Raises UserError."""
    return RemotePlace(out) if "://" in out else LocalPlace(Path(out).resolve())
