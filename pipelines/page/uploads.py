"""Uploads: files that Gradio has put into the server's folder, read once and then deleted."""

import contextlib
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

from pipelines.errors import PhotoError
from pipelines.images.decode import MAX_BYTES, Refusal
from pipelines.page.private_folder import PrivateFolder

READ_AGAIN_SECONDS = 3  # two events may come with the same upload: Gradio names uploads by their content


class Uploads:
    """Uploaded files of all sessions. Thread-safe."""

    def __init__(self, folder: PrivateFolder):
        self.folder = folder
        self.waiting: Callable[[], set[str]] = set  # paths that calls in the queue have named
        self._lock = threading.Lock()
        self._read: dict[Path, tuple[float, int]] = {}  # files to delete: when they were last read, and their inode

    def read(self, path: object) -> bytes:
        """Read an upload, which is then deleted within seconds. Raises PhotoError."""
        file = self.folder.upload(path)
        if file is None:
            raise PhotoError(Refusal.MISSING)
        try:
            with file.open("rb") as opened:
                content, inode = opened.read(MAX_BYTES + 1), os.fstat(opened.fileno()).st_ino
        except OSError as error:
            raise PhotoError(Refusal.MISSING) from error
        with self._lock:
            self._read[file] = time.monotonic(), inode
        return content

    def sweep(self) -> None:
        """Delete files that were read, and those that nobody came for; those that wait their turn stay."""
        now = time.monotonic()
        with self._lock:
            due = [file for file, (when, _) in self._read.items() if now - when > READ_AGAIN_SECONDS]
            read = [(file, self._read.pop(file)[1]) for file in due]
        for file, inode in read:
            with contextlib.suppress(OSError):
                if file.stat().st_ino == inode:  # else somebody has sent the same photo again, and not read it yet
                    file.unlink()
        self.folder.sweep_uploads(wanted=self.waiting())
