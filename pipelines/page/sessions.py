"""Sessions: photos in memory and finished pictures in a folder, one set for each open page. Nothing of it stays."""

import os
import secrets
import shutil
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.errors import PhotoError, UserError
from pipelines.images.decode import open_photo
from pipelines.page import texts
from pipelines.page.doors import texts as door_texts
from pipelines.page.observation.watch import Observer
from pipelines.page.private_folder import PrivateFolder
from pipelines.page.uploads import Uploads
from pipelines.settings import MAX_PHOTOS

if TYPE_CHECKING:
    import gradio as gr

    from pipelines.page.doors.visitors import SessionName, Visitor

KEEP_SECONDS = 30 * 60  # after a session's last action
KEEP_AT_MOST = 4 * 60 * 60  # seconds from a session's first action, however often the person asks for more time
MAX_DISK_BYTES = 2 * 2**30  # of all sessions together
MAX_PHOTO_BYTES = 2**30
MAX_PHOTO_BYTES_OF_ADDRESS = MAX_PHOTO_BYTES // 4


def session_of(request: "gr.Request") -> "SessionName":
    """Return the session that an event belongs to. Raises UserError for an event without one.

    Its name holds the visitor that the doors have told, so that nobody else can name it. An API call that names no
    session has one of its own, which Gradio calls after the event.
    """
    visitor = visitor_of(request)
    if not request.session_hash:
        raise UserError(door_texts.NO_SESSION)
    return visitor.session(request.session_hash)


def visitor_of(request: "gr.Request") -> "Visitor":
    """Return who sent an event, as the doors have told. Raises UserError for one that passed none."""
    visitor: Visitor | None = request.request.scope.get("visitor") if request.request else None
    if visitor is None:
        raise UserError(door_texts.NO_SESSION)
    return visitor


@dataclass(eq=False)
class Session:
    """Data of one open page or API client."""

    photos: list[bytes] = field(default_factory=list)
    folders: list[Path] = field(default_factory=list)
    runs: set[threading.Event] = field(default_factory=set)  # set one to cancel that run
    works: set[threading.Event] = field(default_factory=set)  # likewise, of what goes on when runs are cancelled
    began: float = field(default_factory=time.monotonic)
    seen: float = field(default_factory=time.monotonic)
    address: str = ""  # that it is used from
    ended: threading.Event = field(default_factory=threading.Event)  # set when it is forgotten

    def until(self, keep_seconds: float, keep_at_most: float) -> float:
        """Time at which the session is forgotten unless something happens, on the monotonic clock."""
        return min(self.seen + keep_seconds, self.latest(keep_seconds, keep_at_most))

    def latest(self, keep_seconds: float, keep_at_most: float) -> float:
        """Time at which the session is forgotten whatever happens."""
        return self.began + max(keep_at_most, keep_seconds)


class Sessions:
    """All sessions, by the names that `session_of` gives. Thread-safe.

    `opens` raises PhotoError for what is no photo, and is asked before one is kept.
    """

    def __init__(
        self,
        folder: PrivateFolder,
        keep_seconds: float = KEEP_SECONDS,
        keep_at_most: float = KEEP_AT_MOST,
        opens: Callable[[bytes], object] = open_photo,
    ):
        self.folder, self.keep_seconds, self.keep_at_most, self._opens = folder, keep_seconds, keep_at_most, opens
        self.on_forget: list[Callable[[str], None]] = []  # called with the name of a session that has ended
        self.uploads = Uploads(folder)
        self._lock = threading.Lock()
        self._sessions: dict[str, Session] = {}
        self._running = 0
        self.closing = threading.Event()
        self.alone = False  # True if this server is for visitors on its own computer only
        self.observers: list[Observer] = []  # told of every run

    def photos(self, session: str) -> list[bytes]:
        """The photos of a session, as they were uploaded."""
        with self._lock:
            return list(self._of(session).photos)

    def add(self, session: str, photos: Sequence[bytes]) -> None:
        """Keep more photos. Raises UserError if they are too many; PhotoError if one is none, and keeps the others."""
        good, error = [], None
        for photo in photos:
            try:
                self._opens(photo)
            except PhotoError as refused:
                error = error or refused
            else:
                good.append(photo)
        with self._lock:
            kept = self._of(session)
            if len(kept.photos) + len(good) > MAX_PHOTOS:
                raise UserError(texts.TOO_MANY_PHOTOS)
            held = [(other.address, sum(map(len, other.photos))) for other in self._sessions.values()]
            more = sum(map(len, good))
            own = sum(size for address, size in held if address == kept.address)
            if sum(size for _, size in held) + more > MAX_PHOTO_BYTES or own + more > MAX_PHOTO_BYTES_OF_ADDRESS:
                raise UserError(texts.STUDIO_FULL)
            kept.photos += good
        if error is not None:
            raise error

    def take(self, session: str, photos: Sequence[bytes]) -> int:
        """Keep as many of these photos as there is room for, each once; return how many are too many.

        Raises UserError if the studio is full.
        """
        with self._lock:
            new = [photo for photo in dict.fromkeys(photos) if photo not in self._of(session).photos]
            room = MAX_PHOTOS - len(self._of(session).photos)
        self.add(session, new[:room])
        return len(new[room:])

    def remove(self, session: str, k: int) -> None:
        """Forget photo k, counted from 0."""
        with self._lock:
            del self._of(session).photos[k : k + 1]

    def seconds_left(self, session: str) -> float | None:
        """Seconds until a session is forgotten if nothing happens; None if there is nothing to forget."""
        with self._lock:
            kept = self._sessions.get(session)
            if kept is None or not (kept.photos or kept.folders):
                return None
            return max(0.0, kept.until(self.keep_seconds, self.keep_at_most) - time.monotonic())

    def can_keep(self, session: str) -> bool:
        """True if `keep` can give a session more time than it has: the host's limit may be near."""
        with self._lock:
            kept = self._sessions.get(session)
            limits = (self.keep_seconds, self.keep_at_most)
            return kept is not None and kept.latest(*limits) > kept.until(*limits) + 1

    def keep(self, session: str) -> None:
        """Begin the time until a session is forgotten anew, as any action does."""
        with self._lock:
            if session in self._sessions:
                self._of(session)

    def new_folder(self, session: str) -> Path:
        """Name a folder for the pictures of one run that nobody can guess. Raises UserError if the disk is full."""
        if self.folder.used_bytes() > MAX_DISK_BYTES:
            raise UserError(texts.STUDIO_FULL)
        folder = self.folder.results / secrets.token_urlsafe(24)
        with self._lock:
            self._of(session).folders.append(folder)
        return folder

    def ended(self, session: str) -> threading.Event:
        """The event that is set as soon as this session is forgotten."""
        with self._lock:
            return self._of(session).ended

    def anothers(self, visitor: str, file: Path) -> bool:
        """Tell whether a file, without links in its path, is a picture of another than this visitor's sessions."""
        with self._lock:
            own = [kept for session, kept in self._sessions.items() if session.startswith(f"{visitor}/")]
            folders = [Path(os.path.realpath(folder)) for kept in own for folder in kept.folders]
        pictures = Path(os.path.realpath(self.folder.results))
        return file.is_relative_to(pictures) and not any(folder in file.parents for folder in folders)

    def begin(self, session: str, cancel: threading.Event, *, run: bool = True) -> None:
        """Note a run that has begun; `cancel` is set when the session ends, and by `cancel` if it is a `run`."""
        with self._lock:
            self._running += 1
            kept = self._of(session)
            (kept.runs if run else kept.works).add(cancel)

    def end(self, session: str, cancel: threading.Event) -> None:
        """Note that the run is over."""
        with self._lock:
            self._running -= 1
            if session in self._sessions:
                kept = self._of(session)
                kept.runs.discard(cancel)
                kept.works.discard(cancel)

    def has_runs(self, session: str) -> bool:
        """Tell whether a run of the session has not ended."""
        with self._lock:
            kept = self._sessions.get(session)
            return kept is not None and bool(kept.runs)

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
            kept.ended.set()
            for cancel in kept.runs | kept.works:
                cancel.set()
            for folder in kept.folders:
                shutil.rmtree(folder, ignore_errors=True)
        for told in self.on_forget:
            told(session)

    def forget_visitor(self, visitor: str) -> None:
        """End all sessions of a visitor, by the visitor's name."""
        for session in [session for session in list(self._sessions) if session.startswith(f"{visitor}/")]:
            self.forget(session)

    def forget_all(self) -> None:
        """End all sessions."""
        for session in list(self._sessions):
            self.forget(session)

    def close(self) -> None:
        """End all sessions for good: `closing` is set, runs end with a sentence, and no other begins."""
        self.closing.set()
        self.forget_all()

    def running(self) -> bool:
        """True while there are runs that have not ended."""
        return self._running > 0

    def sweep(self) -> None:
        """Delete uploads that were read, and end sessions that have been idle too long. Called every second."""
        now = time.monotonic()
        with self._lock:
            idle = [
                session
                for session, kept in self._sessions.items()
                if not (kept.runs or kept.works) and now > kept.until(self.keep_seconds, self.keep_at_most)
            ]
        for session in idle:
            self.forget(session)
        self.uploads.sweep()

    def _of(self, session: str) -> Session:
        kept = self._sessions.setdefault(session, Session(address=getattr(session, "address", "")))
        kept.seen = time.monotonic()
        return kept
