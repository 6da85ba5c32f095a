"""Uploads: files that Gradio has put into the server's folder, read by whoever sent them and then deleted."""

import contextlib
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.errors import PhotoError
from pipelines.images.decode import MAX_BYTES, Refusal
from pipelines.page.private_folder import PrivateFolder

if TYPE_CHECKING:
    from pipelines.page.doors.visitors import Visitor

READ_AGAIN_SECONDS = 3  # two calls may name the same upload


class Uploads:
    """Uploaded files of all sessions. Thread-safe."""

    def __init__(self, folder: PrivateFolder):
        self.folder = folder
        self.waiting: Callable[[], set[str]] = set  # paths that calls in the queue have named
        self.sent: Callable[[Visitor, Path], bool] = lambda _visitor, _file: False
        """Tells whether a visitor has sent a file, as the doors know; without them nothing is anybody's."""
        self._lock = threading.Lock()
        self._read: dict[Path, float] = {}  # files to delete, and when they were last read

    def of(self, visitor: "Visitor", path: object) -> Path | None:
        """Return the upload of this name; None if it is not there, or another visitor sent it."""
        file = self.folder.upload(path)
        return file if file is not None and self.sent(visitor, file) else None

    def read(self, path: object, visitor: "Visitor") -> bytes:
        """Read an upload of this visitor's, which is then deleted within seconds. Raises PhotoError."""
        file = self.of(visitor, path)
        if file is None:
            raise PhotoError(Refusal.MISSING)
        try:
            with file.open("rb") as opened:
                content = opened.read(MAX_BYTES + 1)
        except OSError as error:
            raise PhotoError(Refusal.MISSING) from error
        with self._lock:
            self._read[file] = time.monotonic()
        return content

    def sweep(self) -> None:
        """Delete files that were read, and those that nobody came for; those that wait their turn stay."""
        now = time.monotonic()
        with self._lock:
            due = [file for file, when in self._read.items() if now - when > READ_AGAIN_SECONDS]
            for file in due:
                del self._read[file]
        for file in due:
            with contextlib.suppress(OSError):
                file.unlink()
        self.folder.sweep_uploads(wanted=self.waiting())
