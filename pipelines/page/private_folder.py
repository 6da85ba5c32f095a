"""The server's own folder for uploads and results. Nobody else can read it, and nothing in it outlives the server.

Gradio keeps its list of files to delete in memory only: after a `kill -9` it leaves them, and the next server even
serves them again. So every server has a folder of its own, held by a lock that the system lets go of when the process
ends, however it ends; each server removes at its start the folders that nobody holds any more.
"""

import contextlib
import os
import secrets
import shutil
import stat
import tempfile
import time
from collections.abc import Collection
from pathlib import Path
from types import TracebackType
from typing import Self

from pipelines.errors import UserError
from pipelines.page import texts

try:
    import fcntl
except ImportError:  # Windows; a server that was killed leaves its folder there
    fcntl = None  # type: ignore[assignment]

UPLOAD_SECONDS = 60  # an upload that nobody read; those that are read go at once
RESULTS = "results"


class PrivateFolder:
    """A folder with mode 0700: uploads lie in it, finished pictures in its folder `results`."""

    def __init__(self, parent: str | Path | None = None):
        chosen = parent or os.environ.get("GRADIO_TEMP_DIR")
        user = os.getuid() if hasattr(os, "getuid") else "user"
        self.parent = Path(chosen or Path(tempfile.gettempdir()) / f"headshot-studio-{user}").absolute()
        self.path = self.parent / secrets.token_hex(16)
        self.results = self.path / RESULTS
        self._held: int | None = None

    def __enter__(self) -> Self:
        """Make the folder and remove those of servers that are gone. Raises UserError."""
        try:
            self.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._own_parent()
            guard = _hold(self.parent, wait=True)  # one server at a time: a new folder is not yet held
            try:
                _remove_orphans(self.parent)
                self.path.mkdir(mode=0o700)
                self._held = _hold(self.path)
                self.results.mkdir(mode=0o700)
            finally:
                _let_go(guard)
        except OSError as error:
            raise UserError(texts.UNUSABLE_FOLDER.format(reason=error.strerror)) from error
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        shutil.rmtree(self.path, ignore_errors=True)
        _let_go(self._held)
        self._held = None

    def sweep_uploads(self, now: float | None = None, wanted: Collection[str] = ()) -> None:
        """Remove uploads that nobody came for, but for the `wanted` paths, and what Gradio leaves beside them."""
        now = time.time() if now is None else now
        for entry in [entry for entry in _entries(self.path) if entry != self.results]:
            files = _entries(entry) if entry.is_dir() else [entry]
            for file in files:
                if _age(file, now) > UPLOAD_SECONDS and str(file) not in wanted:
                    file.unlink(missing_ok=True)
            if entry.is_dir() and _age(entry, now) > 10 * UPLOAD_SECONDS:
                with contextlib.suppress(OSError):  # not empty
                    entry.rmdir()

    def upload(self, path: object) -> Path | None:
        """The uploaded file of this name; None if it is not one of ours. Names come from strangers."""
        if not isinstance(path, str) or "\0" in path or len(path) > 4096:
            return None
        file = Path(os.path.realpath(path))
        inside = file.is_relative_to(os.path.realpath(self.path)) and not file.is_relative_to(
            os.path.realpath(self.results)
        )
        return file if inside and file.is_file() else None

    def used_bytes(self) -> int:
        """Size of all pictures in the folder."""
        return sum(_size(Path(root) / name) for root, _, names in os.walk(self.results) for name in names)

    def _own_parent(self) -> None:
        """Refuse a parent that somebody else made under that name in a shared temporary folder."""
        about = self.parent.lstat()
        if not stat.S_ISDIR(about.st_mode) or (hasattr(os, "getuid") and about.st_uid != os.getuid()):
            raise PermissionError(13, texts.NOT_OUR_FOLDER)


def _remove_orphans(parent: Path) -> None:
    for folder in [entry for entry in _entries(parent) if entry.is_dir() and not entry.is_symlink()]:
        if len(folder.name) == 32 and (held := _hold(folder)) is not None:
            shutil.rmtree(folder, ignore_errors=True)
            _let_go(held)


def _hold(folder: Path, *, wait: bool = False) -> int | None:
    """Lock a folder; None if somebody else has."""
    if fcntl is None:
        return None
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def _let_go(descriptor: int | None) -> None:
    if descriptor is not None:
        os.close(descriptor)


def _entries(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except FileNotFoundError:
        return []


def _age(path: Path, now: float) -> float:
    try:
        return now - path.lstat().st_mtime
    except FileNotFoundError:
        return 0.0


def _size(path: Path) -> int:
    try:
        return path.lstat().st_size
    except FileNotFoundError:
        return 0
