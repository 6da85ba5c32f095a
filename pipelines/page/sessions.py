"""Sessions: photos in memory and finished pictures in a folder, one set for each open page. Nothing of it stays."""

import contextlib
import os
import secrets
import shutil
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.errors import PhotoError, UserError
from pipelines.images.decode import MAX_BYTES, Refusal
from pipelines.page import texts
from pipelines.page.private_folder import PrivateFolder
from pipelines.settings import MAX_PHOTOS

if TYPE_CHECKING:
    import gradio as gr

KEEP_SECONDS = 30 * 60  # after a session's last action
READ_AGAIN_SECONDS = 3  # two events may come with the same upload: Gradio names uploads by their content
MAX_DISK_BYTES = 2 * 2**30  # of all sessions together
MAX_PHOTO_BYTES = 2**30


def session_of(request: "gr.Request") -> str:
    """The name of the session that an event belongs to."""
    return str(request.session_hash)


@dataclass(eq=False)
class Session:
    """Data of one open page or API client."""

    photos: list[bytes] = field(default_factory=list)
    folders: list[Path] = field(default_factory=list)
    runs: set[threading.Event] = field(default_factory=set)  # set one to cancel that run
    seen: float = field(default_factory=time.monotonic)


class Sessions:
    """All sessions, by the random name that the browser made up. Thread-safe."""

    def __init__(self, folder: PrivateFolder, keep_seconds: float = KEEP_SECONDS):
        self.folder, self.keep_seconds = folder, keep_seconds
        self._lock = threading.Lock()
        self._sessions: dict[str, Session] = {}
        self._read: dict[Path, tuple[float, int]] = {}  # uploads to delete: when they were last read, and their inode

    def photos(self, session: str) -> list[bytes]:
        """The photos of a session, as they were uploaded."""
        with self._lock:
            return list(self._of(session).photos)

    def add(self, session: str, photos: Sequence[bytes]) -> None:
        """Keep more photos. Raises UserError if that would be too many."""
        with self._lock:
            kept = self._of(session)
            if len(kept.photos) + len(photos) > MAX_PHOTOS:
                raise UserError(texts.TOO_MANY_PHOTOS)
            held = sum(len(photo) for other in self._sessions.values() for photo in other.photos)
            if held + sum(map(len, photos)) > MAX_PHOTO_BYTES:
                raise UserError(texts.STUDIO_FULL)
            kept.photos += photos

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
        """Name a folder for the pictures of one run that nobody can guess. Raises UserError if the disk is full."""
        if self.folder.used_bytes() > MAX_DISK_BYTES:
            raise UserError(texts.STUDIO_FULL)
        folder = self.folder.results / secrets.token_urlsafe(24)
        with self._lock:
            self._of(session).folders.append(folder)
        return folder

    def begin(self, session: str, cancel: threading.Event) -> None:
        """Note a run that has begun; `cancel` is set when the session ends."""
        with self._lock:
            self._of(session).runs.add(cancel)

    def end(self, session: str, cancel: threading.Event) -> None:
        """Note that the run is over."""
        with self._lock:
            if session in self._sessions:
                self._of(session).runs.discard(cancel)

    def cancel(self, session: str) -> None:
        """Stop the session's runs."""
        with self._lock:
            runs = list(self._of(session).runs)
        for run in runs:
            run.set()

    def forget(self, session: str) -> None:
        """End a session: stop its runs, drop its photos, delete its pictures."""
        with self._lock:
            kept = self._sessions.pop(session, None)
        if kept is not None:
            for cancel in kept.runs:
                cancel.set()
            for folder in kept.folders:
                shutil.rmtree(folder, ignore_errors=True)

    def forget_all(self) -> None:
        """End all sessions."""
        for session in list(self._sessions):
            self.forget(session)

    def sweep(self) -> None:
        """Delete uploads that were read, and end sessions that have been idle too long. Called every second."""
        now = time.monotonic()
        with self._lock:
            idle = [
                session
                for session, kept in self._sessions.items()
                if not kept.runs and now - kept.seen > self.keep_seconds
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
        kept = self._sessions.setdefault(session, Session())
        kept.seen = time.monotonic()
        return kept
