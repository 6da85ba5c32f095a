"""Multipart: bodies of uploads as Gradio parses them, with names by chance, and without a remainder of what failed.

Gradio calls an upload after its content: whoever has the same photo knows its path, and two visitors who send it share
one file. It takes a thousand files at once and fields of any length, and leaves on the disk what was cut off.
"""

import contextlib
import secrets
import shutil
from collections.abc import Iterator
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from gradio import route_utils

from pipelines.page.doors import texts
from pipelines.page.doors.refusal import Refused

MOST_FILES = 24  # of one upload; more than that a visitor may not have waiting
LONGEST_FIELD = 4096  # bytes of all parts that are no files; nobody's client sends one

_coming: ContextVar[list["_File"]] = ContextVar("coming")  # files of the upload that is being answered


@contextlib.contextmanager
def files_of_one_upload() -> Iterator[list[Path]]:
    """Give a list for the places of an upload's files; what is in none of them at the end is deleted."""
    arrived: list[Path] = []
    coming: list[_File] = []
    before = _coming.set(coming)
    try:
        yield arrived
    finally:
        _coming.reset(before)
        kept = {path.parent for path in arrived}
        for file in coming:
            with contextlib.suppress(OSError):  # the next must go all the same
                file.file.close()  # Windows deletes no open file
                Path(str(file.file.name)).unlink(missing_ok=True)
            if (place := file.place) not in kept:
                shutil.rmtree(place, ignore_errors=True)


def mend_uploads() -> None:
    """Let Gradio parse uploads with the classes below, from now on."""
    route_utils.GradioUploadFile = _File  # type: ignore[misc]
    route_utils.GradioMultiPartParser = _Parser  # type: ignore[misc]


class _File(route_utils.GradioUploadFile):
    """A file that comes."""

    def __init__(self, *given: Any, **named: Any):
        super().__init__(*given, **named)
        self.sha.update(secrets.token_bytes(32))  # Gradio's name for its folder is the digest
        if (coming := _coming.get(None)) is not None:
            coming.append(self)

    @property
    def place(self) -> Path:
        """Folder that Gradio puts the file into."""
        return Path(str(self.file.name)).resolve().parent / self.sha.hexdigest()


class _Parser(route_utils.GradioMultiPartParser):
    """Parser that refuses more files, and longer fields, than anybody's client sends."""

    def __init__(self, *given: Any, **named: Any):
        super().__init__(*given, **named)
        self._room_for_fields = LONGEST_FIELD

    def on_headers_finished(self) -> None:
        """Begin a part. Raises Refused."""
        if self._current_files >= MOST_FILES and b"filename" in (self._current_part.content_disposition or b""):
            raise Refused(413, texts.TOO_LARGE)
        super().on_headers_finished()

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        """Take in a piece of a part. Raises Refused."""
        if self._current_part.file is None:
            self._room_for_fields -= end - start
            if self._room_for_fields < 0:
                raise Refused(413, texts.TOO_LARGE)
            self._current_part.data += data[start:end]
        else:
            super().on_part_data(data, start, end)
