"""Making of pictures outside a run: of what is made for somebody who leaves meanwhile, nothing stays."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipelines.errors import UserError
from pipelines.page import texts
from pipelines.page.sessions import Sessions


class Making:
    """Pictures that are being made for a session."""

    def __init__(self, sessions: Sessions, session: str) -> None:
        self._sessions, self.session = sessions, session
        self.ended = sessions.ended(session)
        """Set as soon as the session is forgotten: nobody waits for the pictures."""
        self._folders: list[Path] = []

    def new_folder(self) -> Path:
        """Name a folder for one picture's files; UserError once the session has ended, or if the disk is full."""
        if self.ended.is_set():
            raise UserError(texts.FORGOTTEN)
        folder = self._sessions.new_folder(self.session)
        self._folders.append(folder)
        return folder

    def delete_with_visit(self, folder: Path) -> None:
        """Count a folder that further files are written into among those that go once the session has ended."""
        self._folders.append(folder)

    def delete(self) -> None:
        """Delete every file that was made."""
        for folder in self._folders:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def making(sessions: Sessions, session: str) -> Iterator[Making]:
    """Make pictures for a session; if that ends before the block does, they are deleted and any error is FORGOTTEN."""
    work = Making(sessions, session)
    try:
        yield work
    except Exception:
        if work.ended.is_set():
            raise UserError(texts.FORGOTTEN) from None
        raise
    finally:
        if work.ended.is_set():
            work.delete()
