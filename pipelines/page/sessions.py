"""What the server holds of each visitor: photos in memory, finished pictures in a folder. Nothing of it stays."""

import contextlib
import os
import secrets
import shutil
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pipelines.errors import PhotoError, UserError
from pipelines.images.decode import MAX_BYTES, Refusal
from pipelines.page.private_folder import PrivateFolder
from pipelines.settings import MAX_PHOTOS

KEEP_SECONDS = 30 * 60  # after the visitor's last action
READ_AGAIN_SECONDS = 3  # two events may come with the same upload: Gradio names uploads by their content
MAX_DISK_BYTES = 2 * 2**30  # of all visitors together
MAX_PHOTO_BYTES = 2**30

TOO_MANY = f"At most {MAX_PHOTOS} photos are used. Remove one before you add another."
HOUSE_FULL = "The studio is full at the moment. Please try again in half an hour."


@dataclass(eq=False)
class Session:
    """One visitor, known by a random name that the browser made up."""

    photos: list[bytes] = field(default_factory=list)
    folders: list[Path] = field(default_factory=list)
    runs: set[threading.Event] = field(default_factory=set)  # set one to cancel that run
    seen: float = field(default_factory=time.monotonic)


class Sessions:
    """All visitors. Thread-safe."""

    def __init__(self, folder: PrivateFolder, keep_seconds: float = KEEP_SECONDS):
        self.folder, self.keep_seconds = folder, keep_seconds
        self._lock = threading.Lock()
        self._visits: dict[str, Session] = {}
        self._read: dict[Path, tuple[float, int]] = {}  # uploads to delete: when they were last read, and their inode

    def photos(self, session: str) -> list[bytes]:
        """The photos of this visitor, as they were uploaded."""
        with self._lock:
            return list(self._of(session).photos)

    def add(self, session: str, photos: Sequence[bytes]) -> None:
        """Keep more photos. Raises UserError if that would be too many."""
        with self._lock:
            visit = self._of(session)
            if len(visit.photos) + len(photos) > MAX_PHOTOS:
                raise UserError(TOO_MANY)
            held = sum(len(photo) for other in self._visits.values() for photo in other.photos)
            if held + sum(map(len, photos)) > MAX_PHOTO_BYTES:
                raise UserError(HOUSE_FULL)
            visit.photos += photos

    def remove(self, session: str, k: int) -> None:
        """Forget photo k, counted from 0."""
        with self._lock:
            del self._of(session).photos[k : k + 1]

    def read_upload(self, path: object) -> bytes:
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

    def new_folder(self, session: str) -> Path:
        """Make a folder for the pictures of one run. Its name cannot be guessed."""
        if self.folder.used_bytes() > MAX_DISK_BYTES:
            raise UserError(HOUSE_FULL)
        folder = self.folder.results / secrets.token_urlsafe(24)
        with self._lock:
            self._of(session).folders.append(folder)
        return folder

    def begin(self, session: str, cancel: threading.Event) -> None:
        """A run has begun; it is cancelled when the visitor leaves."""
        with self._lock:
            self._of(session).runs.add(cancel)

    def end(self, session: str, cancel: threading.Event) -> None:
        """The run is over."""
        with self._lock:
            if session in self._visits:
                self._of(session).runs.discard(cancel)

    def cancel(self, session: str) -> None:
        """Stop the visitor's runs."""
        with self._lock:
            runs = list(self._of(session).runs)
        for run in runs:
            run.set()

    def forget(self, session: str) -> None:
        """The visitor has left: stop their runs, drop their photos, delete their pictures."""
        with self._lock:
            visit = self._visits.pop(session, None)
        if visit is not None:
            for cancel in visit.runs:
                cancel.set()
            for folder in visit.folders:
                shutil.rmtree(folder, ignore_errors=True)

    def forget_all(self) -> None:
        """The server stops."""
        for session in list(self._visits):
            self.forget(session)

    def sweep(self) -> None:
        """Delete what has been read or outstayed its time. Called every second."""
        now = time.monotonic()
        with self._lock:
            idle = [
                session
                for session, visit in self._visits.items()
                if not visit.runs and now - visit.seen > self.keep_seconds
            ]
            due = [file for file, (when, _) in self._read.items() if now - when > READ_AGAIN_SECONDS]
            read = [(file, self._read.pop(file)[1]) for file in due]
        for session in idle:
            self.forget(session)
        for file, inode in read:
            with contextlib.suppress(OSError):
                if file.stat().st_ino == inode:  # else somebody has sent the same photo again, and not read it yet
                    file.unlink()
        self.folder.sweep_uploads()

    def _of(self, session: str) -> Session:
        visit = self._visits.setdefault(session, Session())
        visit.seen = time.monotonic()
        return visit
