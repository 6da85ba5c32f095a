"""Finished runs of each session: nothing that was made is lost before the session is forgotten."""

import secrets
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from pathlib import Path

import numpy as np

from pipelines.drawings.drawing import Drawing
from pipelines.page.explain.grid import Tried
from pipelines.page.film import Frame
from pipelines.page.markup import data_uri
from pipelines.picture import Picture

MOST_DRAWINGS = 160
"""Drawings that are kept of all sessions together, half a gigabyte: of the oldest only the finished pictures stay."""
NO_PIXELS = np.zeros((0, 0, 3), np.uint8)


@dataclass(frozen=True, kw_only=True, eq=False)
class KeptPicture:
    """A finished picture. Its pixels are in its file."""

    picture: Picture
    other: Path | None  # its file in the other format
    thumbnail: str  # data URI
    drawing: Drawing | None  # to finish it again
    name: str = field(default_factory=lambda: secrets.token_urlsafe(8))

    @classmethod
    def of(cls, picture: Picture, other: Path | None, drawing: Drawing | None) -> "KeptPicture":
        """Keep a picture, without its pixels."""
        bare = replace(picture, image=NO_PIXELS)
        return cls(picture=bare, other=other, thumbnail=data_uri(picture.image), drawing=drawing)


@dataclass(frozen=True, kw_only=True, eq=False)
class KeptRun:
    """A run that has ended."""

    pictures: tuple[KeptPicture, ...]  # in the order they are shown
    photos: Sequence[int]  # hashes of the photos it was made of
    faces: Sequence[int | None] = ()  # chosen in them, in their order
    sheet: bool = False  # one drawing in every look
    film: Sequence[Frame] = ()  # of the first picture
    tried: Sequence[Tried] = ()  # that picture with other settings
    name: str = field(default_factory=lambda: secrets.token_urlsafe(8))

    def photos_among(self, photos: Sequence[bytes]) -> list[tuple[bytes, int | None]]:
        """Give those photos of the run that are among these, in the run's order, each with the face chosen in it."""
        there = {hash(photo): photo for photo in photos}
        return [(there[number], face) for number, face in zip_longest(self.photos, self.faces) if number in there]


@dataclass(eq=False)
class _Visit:
    runs: dict[str, KeptRun] = field(default_factory=dict)  # oldest first
    shown: str | None = None
    skip: threading.Event = field(default_factory=threading.Event)


class KeptRuns:
    """Runs of all sessions. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._visits: dict[str, _Visit] = {}
        self._order: list[tuple[str, str]] = []  # sessions and names of runs that may have drawings, oldest first

    def add(self, session: str, run: KeptRun) -> None:
        """Keep a run, and show it."""
        with self._lock:
            visit = self._visits.setdefault(session, _Visit())
            visit.runs[run.name], visit.shown = run, run.name
            self._order.append((session, run.name))
            while len(self._order) > 1 and len(self._drawings()) > MOST_DRAWINGS:
                self._drop_drawings(*self._order.pop(0))

    def _drawings(self) -> set[int]:
        """Every drawing once, though several pictures may be made of it."""
        runs = (run for visit in self._visits.values() for run in visit.runs.values())
        return {id(kept.drawing) for run in runs for kept in run.pictures if kept.drawing is not None}

    def _drop_drawings(self, session: str, name: str) -> None:
        run = self._visits.get(session, _Visit()).runs.get(name)
        if run is not None:
            bare = tuple(replace(kept, drawing=None) for kept in run.pictures)
            self._visits[session].runs[name] = replace(run, pictures=bare)

    def add_beside(self, session: str, name: str, picture: KeptPicture) -> None:
        """Keep another picture after the one of this name in its run."""
        with self._lock:
            visit = self._visits.get(session, _Visit())
            for run in list(visit.runs.values()):
                names = [kept.name for kept in run.pictures]
                if name in names:
                    k = names.index(name) + 1
                    pictures = (*run.pictures[:k], picture, *run.pictures[k:])
                    visit.runs[run.name] = replace(run, pictures=pictures)

    def set_files(self, session: str, kept: KeptPicture, picture: Picture, other: Path | None) -> KeptPicture:
        """Give a kept picture the files that were made after it was shown; return it with them."""
        whole = replace(kept, picture=replace(picture, image=NO_PIXELS), other=other)
        with self._lock:
            visit = self._visits.get(session, _Visit())
            for run in list(visit.runs.values()):
                pictures = tuple(whole if one.name == kept.name else one for one in run.pictures)
                visit.runs[run.name] = replace(run, pictures=pictures)
        return whole

    def set_tried(self, session: str, name: str, tried: Sequence[Tried]) -> None:
        """Keep small pictures with other settings beside the run of this name, if it is still there."""
        with self._lock:
            visit = self._visits.get(session, _Visit())
            if name in visit.runs:
                visit.runs[name] = replace(visit.runs[name], tried=tuple(tried))

    def show(self, session: str, name: str) -> None:
        """Show the run of this name, if there is one."""
        with self._lock:
            visit = self._visits.get(session, _Visit())
            if name in visit.runs:
                visit.shown = name

    def runs(self, session: str) -> list[KeptRun]:
        """Every run of a session, the newest first."""
        with self._lock:
            return list(reversed(self._visits.get(session, _Visit()).runs.values()))

    def shown(self, session: str) -> KeptRun | None:
        """The run that is shown."""
        with self._lock:
            visit = self._visits.get(session, _Visit())
            return visit.runs.get(visit.shown or "")

    def find(self, session: str, name: str | None) -> tuple[KeptRun, KeptPicture] | None:
        """The picture of this name, and its run; None if it is not this session's or was forgotten."""
        return next(((run, kept) for run in self.runs(session) for kept in run.pictures if kept.name == name), None)

    def skip(self, session: str) -> threading.Event:
        """The event that skips the picture which this session's run is drawing."""
        with self._lock:
            return self._visits.setdefault(session, _Visit()).skip

    def forget(self, session: str) -> None:
        """Forget the runs of a session; the session deletes their files."""
        with self._lock:
            self._visits.pop(session, None)
            self._order = [(owner, name) for owner, name in self._order if owner != session]
