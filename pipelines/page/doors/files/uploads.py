"""Door of the uploads: how many files and bytes may wait to be read, in all, from one address and of one visitor.

Whose they are is known here, too.
"""

import json
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pipelines.page.doors import texts
from pipelines.page.doors.files.multipart import MOST_FILES, files_of_one_upload, mend_uploads
from pipelines.page.doors.refusal import Refused
from pipelines.page.doors.routes import UPLOAD
from pipelines.page.doors.visitors import Visitor

MEGABYTE = 2**20


@dataclass(frozen=True, kw_only=True)
class Room:
    """Uploads that may wait together."""

    files: int
    size: int  # bytes


EVERYBODY = Room(files=300, size=1024 * MEGABYTE)
ADDRESS = Room(files=100, size=400 * MEGABYTE)
VISITOR = Room(files=MOST_FILES, size=200 * MEGABYTE)


@dataclass(frozen=True, kw_only=True, eq=False)
class Upload:
    """A file of a visitor's, while it comes and until it is deleted."""

    visitor: Visitor
    size: int  # bytes
    path: Path | None = None  # without links; None while it is coming

    @property
    def waits(self) -> bool:
        """True until it is deleted."""
        return self.path is None or self.path.exists()


def senders(uploads: Iterable[Upload], file: Path) -> set[str]:
    """Names of the visitors who sent a file, whose path has no links; of nobody if it is no upload that waits."""
    return {upload.visitor.name for upload in list(uploads) if upload.path == file}


class UploadDoor:
    """Refuses an upload for which there is no room, before a byte of it is written; `uploads` holds those that wait."""

    def __init__(self, app: ASGIApp, uploads: list[Upload]):
        self.app, self._uploads = app, uploads
        mend_uploads()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or raise Refused."""
        if scope["door"].body is not UPLOAD:
            await self.app(scope, receive, send)
            return
        declared = dict(scope["headers"]).get(b"content-length", b"")
        if not declared.isdigit():
            raise Refused(411, texts.NO_LENGTH)
        with self._room(scope["visitor"], int(declared)) as arrived:
            said = _Answer(send, arrived)
            await self.app(scope, receive, said.send)

    @contextmanager
    def _room(self, visitor: Visitor, size: int) -> Iterator[Callable[[list[str]], None]]:
        """Keep room for an upload while it comes, and for its files until they are gone."""
        self._uploads[:] = [upload for upload in self._uploads if upload.waits]
        _check(self._uploads, size, EVERYBODY, texts.UPLOADS_FULL)
        own = [upload for upload in self._uploads if upload.visitor.address == visitor.address]
        _check(own, size, ADDRESS, texts.UPLOADS_YOURS)
        own = [upload for upload in own if upload.visitor.page == visitor.page]
        _check(own, size, VISITOR if visitor.page else ADDRESS, texts.UPLOADS_YOURS)
        coming = Upload(visitor=visitor, size=size)
        self._uploads.append(coming)

        try:
            with files_of_one_upload() as places:

                def arrived(paths: list[str]) -> None:
                    files = [Path(os.path.realpath(path)) for path in paths]
                    places.extend(files)
                    self._uploads.extend(
                        Upload(visitor=visitor, size=file.stat().st_size, path=file) for file in files if file.exists()
                    )

                yield arrived
        finally:
            self._uploads.remove(coming)


class _Answer:
    """Gradio's answer to an upload: a list of the paths of its files."""

    def __init__(self, send: Send, arrived: Callable[[list[str]], None]):
        self._send, self._arrived, self._taken, self._body = send, arrived, False, b""

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._taken = message["status"] == 200
        elif self._taken:
            self._body += message.get("body", b"")
            if not message.get("more_body", False):
                self._arrived(json.loads(self._body))
        await self._send(message)


def _check(uploads: list[Upload], size: int, room: Room, sentence: str) -> None:
    if len(uploads) >= room.files or sum(upload.size for upload in uploads) + size > room.size:
        raise Refused(429, sentence)
